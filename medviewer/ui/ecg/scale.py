"""How large a millimetre is on a screen: what the screen says of itself, or what a ruler said (ED-01)."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medviewer.core.ecg_layout import SCREEN_MM
from medviewer.store.settings import Settings
from medviewer.ui import theme

PLAUSIBLE = (1.5, 20.0)
"""Logical pixels in a millimetre of any screen."""
BAR_PX = 400


def screen_key(widget: QWidget) -> str:
    """Names the screen and its scaling: another resolution is to be measured again."""
    screen = widget.screen()
    size = screen.size()
    return f"{screen.name()} {size.width()}x{size.height()}@{screen.devicePixelRatio():g}"


def screen_scale(settings: Settings, widget: QWidget) -> tuple[float, bool]:
    """(logical pixels in a millimetre, whether somebody measured it)."""
    measured = settings.get("ecg_scale").get(screen_key(widget))
    if isinstance(measured, float) and PLAUSIBLE[0] <= measured <= PLAUSIBLE[1]:
        return measured, True
    stated = widget.screen().physicalDotsPerInchX() / 25.4
    return (stated if PLAUSIBLE[0] <= stated <= PLAUSIBLE[1] else SCREEN_MM), False


class _Bar(QWidget):
    """A bar of known pixels to lay a ruler on."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        left = (self.width() - BAR_PX) / 2
        painter.fillRect(QRectF(left, 14, BAR_PX, 12), QColor(theme.HAND))
        painter.setPen(QPen(QColor(theme.TEXT1), 1))
        painter.drawLine(int(left), 4, int(left), 36)
        painter.drawLine(int(left) + BAR_PX, 4, int(left) + BAR_PX, 36)
        painter.end()


class ScaleDialog(QDialog):
    """Asks how long a bar is on this screen."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Calibrate this screen"))
        self._settings, self._key = settings, screen_key(parent)
        now, _ = screen_scale(settings, parent)
        says = QLabel(self.tr("Hold a ruler against the screen and enter the length of the bar between the two lines."), self)
        says.setWordWrap(True)
        bar = _Bar(self)
        bar.setFixedSize(BAR_PX + 40, 40)
        self.length = QDoubleSpinBox(self)
        self.length.setRange(BAR_PX / PLAUSIBLE[1], BAR_PX / PLAUSIBLE[0])
        self.length.setDecimals(1)
        self.length.setSingleStep(0.5)
        self.length.setSuffix(" mm")
        self.length.setValue(BAR_PX / now)
        row = QHBoxLayout()
        row.addWidget(QLabel(self.tr("Length"), self))
        row.addWidget(self.length)
        row.addStretch(1)
        buttons = QDialogButtonBox(self)
        save = buttons.addButton(self.tr("Save"), QDialogButtonBox.ButtonRole.AcceptRole)
        save.setProperty("primary", True)
        forget = buttons.addButton(self.tr("Forget"), QDialogButtonBox.ButtonRole.ResetRole)
        buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self._save)
        buttons.rejected.connect(self.reject)
        forget.clicked.connect(self._forget)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(says)
        column.addWidget(bar, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(row)
        column.addWidget(buttons)

    def _save(self) -> None:
        self._settings.set("ecg_scale", self._settings.get("ecg_scale") | {self._key: BAR_PX / self.length.value()})
        self.accept()

    def _forget(self) -> None:
        kept = {key: value for key, value in self._settings.get("ecg_scale").items() if key != self._key}
        self._settings.set("ecg_scale", kept)
        self.accept()
