"""The tokens of the look: colours, letters, shapes. No colour stands anywhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPalette
from PySide6.QtWidgets import QApplication

IMAGE = "#000000"
WINDOW, DOCK, CARD, LINE = "#0E1116", "#151A21", "#1C232C", "#2B3440"
TEXT1, TEXT2, TEXT3 = "#E8ECF1", "#A9B4C0", "#7F8B98"
HAND, MACHINE = "#4DB1FF", "#B9A3FF"
ACCEPTED, ATTENTION, DAMAGE = "#63CE93", "#E9B64C", "#F47C74"
ATTENTION_GROUND, MACHINE_GROUND, ACCEPTED_GROUND, CHOSEN = "#3A2C0A", "#2A2440", "#14301F", "#1B2D3D"
PLANE = "#7FE3D2"
"""Overlay planes of a file: neither the machine's violet nor the hand's blue."""
VERTICAL = Qt.Orientation.Vertical
PLATE = QColor(0, 0, 0, 107)
"""42 % black behind corner text."""
TINTED_PLATE = "#C8000000"
"""78 % black behind words in a colour: 4.5 : 1 on a white image too."""

LEFT_DOCK, RIGHT_DOCK, TOOLBAR, STATUS_BAR, ICON = 272, 344, 44, 26, 18
HEAT = ((0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85), (227, 89, 51), (249, 140, 10), (249, 201, 50),
        (252, 255, 164))  # fmt: skip
"""Anchors of the inferno map (perceptually uniform; van der Walt and Smith, CC0)."""


@dataclass(frozen=True, slots=True)
class EcgInk:
    """Colours of one ECG theme: paper, thin and thick grid, trace, its words, the machine's violet, the hand's blue, attention,
    and beats by class (each always with its letter)."""

    paper: str
    thin: str
    thick: str
    trace: str
    words: str
    quiet: str
    machine: str
    hand: str
    attention: str
    accepted: str
    beats: Mapping[str, str] = field(compare=False)


ECG_INK: Mapping[str, EcgInk] = {
    "dark": EcgInk(
        "#0B0E12", "#1D2229", "#2C333D", "#E8ECF1", TEXT1, TEXT3, MACHINE, HAND, ATTENTION, ACCEPTED,
        {"N": TEXT3, "S": "#E58BD8", "V": "#FF9A62", "F": "#5FD4C4", "Q": TEXT2},
    ),
    "paper": EcgInk(
        "#FFFAF8", "#F9DCD7", "#EFB5AC", "#15181C", "#15181C", "#5F6B77", "#6D4FD0", "#0B63B0", "#8A5A00", "#1B7A45",
        {"N": "#5F6B77", "S": "#A0309A", "V": "#B4450B", "F": "#0F766A", "Q": "#4A545E"},
    ),
}  # fmt: skip

FAMILIES = ["Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans"]
FONT_FILE = "fonts/NotoSansSC-subset.otf"


@lru_cache(maxsize=1)
def load_fonts() -> list[str]:
    """Families in order: a sans face of the system, then the bundled Chinese one, then what else the system has."""
    from medviewer.store.assets import asset

    path: Path = asset(FONT_FILE)
    number = QFontDatabase.addApplicationFont(str(path)) if path.is_file() else -1
    bundled = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    there = set(QFontDatabase.families())
    system = [family for family in FAMILIES if family in there]
    return [*system, *bundled, "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC"]


@lru_cache(maxsize=32)
def font(pixels: int = 13, bold: bool = False) -> QFont:
    """The interface's face at a size in logical pixels; figures in columns are tabular."""
    face = QFont()
    face.setFamilies(load_fonts())
    face.setPixelSize(pixels)
    face.setBold(bold)
    face.setFeature(QFont.Tag("tnum"), 1)
    return face


def apply(application: QApplication) -> None:
    """Fusion with the dark palette, one style sheet, the fonts."""
    application.setStyle("Fusion")
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, WINDOW),
        (role.Base, CARD),
        (role.AlternateBase, DOCK),
        (role.Button, CARD),
        (role.Text, TEXT1),
        (role.WindowText, TEXT1),
        (role.ButtonText, TEXT1),
        (role.ToolTipBase, CARD),
        (role.ToolTipText, TEXT1),
        (role.PlaceholderText, TEXT3),
        (role.Highlight, HAND),
        (role.HighlightedText, WINDOW),
        (role.Link, HAND),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(TEXT3))
    application.setPalette(palette)
    application.setFont(font())
    application.setStyleSheet(_SHEET)


def icon(name: str, colour: str = TEXT2) -> QIcon:
    """An icon of the Phosphor family (MIT, by qtawesome), e.g. "folder-open"."""
    from medviewer.ui import icons

    return icons.icon(name, colour, TEXT1, LINE)


def icon_size() -> QSize:
    return QSize(ICON, ICON)


_SHEET = f"""
QMainWindow, QDialog {{ background: {WINDOW}; }}
QMainWindow::separator {{ background: {LINE}; width: 1px; height: 1px; }}
QDockWidget > QWidget, QSplitter, QScrollArea, QScrollArea > QWidget > QWidget {{ background: {DOCK}; }}
QToolBar {{ background: {WINDOW}; border: 0; border-bottom: 1px solid {LINE}; spacing: 4px; padding: 0 8px; min-height: {TOOLBAR - 1}px; }}
QToolBar QToolButton#qt_toolbar_ext_button {{ padding: 0; min-width: 14px; max-width: 14px; }}
QToolButton {{ border: 0; border-radius: 6px; padding: 6px; color: {TEXT1}; }}
QToolButton:hover {{ background: {CARD}; }}
QToolButton:checked {{ background: {CHOSEN}; }}
QPushButton {{ background: transparent; border: 1px solid {LINE}; border-radius: 6px; padding: 3px 10px; min-height: 18px; }}
QPushButton:hover {{ border-color: {TEXT3}; }}
QPushButton:focus, QLineEdit:focus, QTreeView:focus, QDoubleSpinBox:focus {{ border: 1px solid {HAND}; }}
QPushButton[primary="true"] {{ background: {HAND}; color: {WINDOW}; border: 0; padding: 4px 12px; font-weight: bold; }}
QPushButton:disabled {{ color: {TEXT3}; background: transparent; border: 1px solid {LINE}; }}
QLineEdit {{ background: {CARD}; border: 1px solid {LINE}; border-radius: 6px; padding: 4px 8px; min-height: 20px; }}
QTreeView {{ background: {DOCK}; border: 1px solid {DOCK}; outline: 0; }}
QTabWidget::pane {{ background: {DOCK}; border: 1px solid {LINE}; border-radius: 6px; }}
QTabWidget QWidget[page="true"] {{ background: {DOCK}; }}
QTabBar::tab {{ padding: 6px 14px; color: {TEXT2}; background: {WINDOW}; border-bottom: 2px solid {WINDOW}; }}
QTabBar::tab:selected {{ color: {TEXT1}; border-bottom: 2px solid {HAND}; }}
QComboBox, QSpinBox, QDoubleSpinBox, QKeySequenceEdit QLineEdit {{ min-height: 24px; }}
QTreeView::item {{ min-height: 22px; }}
QStatusBar {{ background: {DOCK}; border-top: 1px solid {LINE}; color: {TEXT2}; min-height: {STATUS_BAR}px; }}
QStatusBar::item {{ border: 0; }}
QMenu {{ background: {CARD}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {CHOSEN}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px; }}
QToolTip {{ background: {CARD}; color: {TEXT1}; border: 1px solid {LINE}; padding: 4px; }}
QLabel[role="heading"] {{ color: {TEXT3}; font-size: 11px; font-weight: bold; }}
QLabel[role="second"] {{ color: {TEXT2}; font-size: 12px; }}
QLabel[role="attention"] {{ color: {ATTENTION}; font-size: 12px; }}
QLabel[role="quiet"] {{ color: {TEXT3}; font-size: 12px; }}
QLabel[tag="machine"] {{ background: {MACHINE_GROUND}; color: {MACHINE}; border-radius: 4px; padding: 2px 6px; font-size: 11px; font-weight: bold; }}
QLabel[tag="accepted"] {{ background: {ACCEPTED_GROUND}; color: {ACCEPTED}; border-radius: 4px; padding: 2px 6px; font-size: 11px; font-weight: bold; }}
QLabel[tag="attention"] {{ background: {ATTENTION_GROUND}; color: {ATTENTION}; border-radius: 4px; padding: 2px 6px; font-size: 11px; font-weight: bold; }}
QLabel[tag="quiet"] {{ background: {CARD}; color: {TEXT2}; border: 1px solid {LINE}; border-radius: 4px; padding: 2px 6px; font-size: 11px; font-weight: bold; }}
QFrame[card="plain"] {{ background: {CARD}; border: 1px solid {CARD}; border-radius: 8px; }}
QFrame[card="chosen"] {{ background: {CARD}; border: 1px solid {MACHINE}; border-radius: 8px; }}
QFrame[card][state="proposed"] {{ border-left: 2px dashed {MACHINE}; }}
QFrame[card][state="accepted"] {{ border-left: 2px solid {ACCEPTED}; }}
QFrame[card][state="rejected"] {{ border-left: 2px solid {LINE}; }}
QFrame[mention="true"] {{ border: 0; border-left: 2px dashed {MACHINE}; }}
QFrame[mention="true"][state="accepted"] {{ border-left: 2px solid {ACCEPTED}; }}
QFrame[mention="true"][state="rejected"] {{ border-left: 2px solid {LINE}; }}
QFrame[mention="true"][chosen="true"] {{ background: {CHOSEN}; }}
QFrame[card="quiet"] {{ background: {DOCK}; border: 1px solid {LINE}; border-radius: 8px; }}
QFrame[card="attention"] {{ background: {ATTENTION_GROUND}; border: 1px solid {ATTENTION}; border-radius: 8px; }}
QTreeView::item:selected {{ background: {CHOSEN}; color: {TEXT1}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QHeaderView::section {{ background: {CARD}; color: {TEXT2}; border: 0; padding: 4px 8px; }}
QSplitter::handle {{ background: {LINE}; height: 1px; }}
QProgressBar {{ background: {LINE}; border: 0; border-radius: 2px; max-height: 4px; }}
QProgressBar::chunk {{ background: {HAND}; border-radius: 2px; }}
QScrollBar:vertical {{ background: {DOCK}; width: 10px; }}
QScrollBar::handle:vertical {{ background: {LINE}; border-radius: 5px; min-height: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
"""  # noqa: E501
