"""Does Qt start here, with a platform plug-in, and does it have letters for Chinese?"""


def qt_platform() -> str:
    """Qt's version and platform plug-in."""
    from PySide6.QtCore import qVersion

    from medviewer.ui.headless import application

    return f"Qt {qVersion()}, platform {application().platformName()}"


def chinese_font() -> str:
    """The family that draws Chinese; RuntimeError where no family does."""
    from PySide6.QtGui import QFont, QFontMetrics, QRawFont

    from medviewer.ui.theme import load_fonts

    qt_platform()
    families = load_fonts()
    font = QFont()
    font.setFamilies(families)
    for family in [*families, QFont().family()]:
        if QRawFont.fromFont(QFont(family)).supportsCharacter(ord("肺")):
            return f"{family}, 肺炎 is {QFontMetrics(font).horizontalAdvance('肺炎')} px wide"
    raise RuntimeError("no font for Chinese")
