"""The window: places toolbar, docks, panes and status bar, and nothing else."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from medviewer.ui import theme
from medviewer.ui.research import research_notice

NARROWEST = 150
"""Pixels of a dock below which its rows say nothing."""
HEAD = 480
"""Pixels of the top bar that identity and research notice keep however narrow the window is."""


class Window(QMainWindow):
    """Shown empty; the desk fills it. `dropped` carries local paths; `closed` comes once, when it goes."""

    first_paint = Signal()
    dropped = Signal(list)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._painted = False
        self.setWindowTitle("medviewer")
        self.resize(1400, 900)
        self.setAcceptDrops(True)
        self.toolbar = QToolBar(self.tr("Tools"), self)
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setMovable(False)
        self.toolbar.setIconSize(theme.icon_size())
        self.addToolBar(self.toolbar)
        self.identity = IdentityLine(self)
        self.notice = QLabel(research_notice(), self)
        self.notice.setProperty("tag", "quiet")
        self._head()
        self.empty = EmptyPage(self)
        self.centre = QStackedWidget(self)
        self.centre.addWidget(self.empty)
        self.setCentralWidget(self.centre)
        self.left = self._dock("browser", self.tr("Browser"), Qt.DockWidgetArea.LeftDockWidgetArea, theme.LEFT_DOCK)
        self.right = self._dock("findings", self.tr("Findings"), Qt.DockWidgetArea.RightDockWidgetArea, theme.RIGHT_DOCK)
        self._status()

    def _head(self) -> None:
        """Identity in the middle of the top bar, the research notice at its right end.

        A bar of its own: in a narrow window the tools go into their bar's menu, never these two (VT-09).
        """
        self.head = QWidget(self)
        row = QHBoxLayout(self.head)
        row.setContentsMargins(12, 0, 4, 0)
        row.addWidget(self.identity, 1)
        row.addWidget(self.notice, 0, Qt.AlignmentFlag.AlignVCenter)
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.head.setMinimumWidth(HEAD)
        bar = QToolBar(self.tr("Patient"), self)
        bar.setObjectName("head")
        bar.setMovable(False)
        bar.addWidget(self.head)
        self.addToolBar(bar)

    def _dock(self, name: str, title: str, area: Qt.DockWidgetArea, width: int) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setTitleBarWidget(QWidget(dock))
        dock.setFeatures(QDockWidget.DockWidgetFeature.DockWidgetClosable)
        room = QWidget(dock)
        room.setMinimumWidth(NARROWEST)
        dock.setWidget(room)
        self.addDockWidget(area, dock)
        self.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        return dock

    def _status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self.device = QLabel(self)
        self.work = QLabel(self)
        self.progress = QProgressBar(self)
        self.progress.setFixedWidth(140)
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.stop = QPushButton(self.tr("Stop (Esc)"), self)
        self.stop.setFlat(True)
        self.stop.hide()
        self.probe = QLabel(self)
        self.language = QLabel(self)
        for widget in (self.device, self.work, self.progress, self.stop):
            bar.addWidget(widget)
        self.help = QLabel(self.tr("F1 keys"), self)
        for widget in (self.probe, self.help, self.language):
            bar.addPermanentWidget(widget)
        for label in (self.device, self.work, self.probe, self.language, self.help):
            label.setProperty("role", "second")
            label.setContentsMargins(6, 0, 6, 0)

    def fill(self, browser: QWidget, right: QWidget, panes: QWidget) -> None:
        """Put the real docks and panes where the empty ones were."""
        widths = self.left.width(), self.right.width()
        browser.setMinimumWidth(NARROWEST)
        self.left.setWidget(browser)
        self.right.setWidget(right)
        self.centre.addWidget(panes)
        self.resizeDocks([self.left, self.right], list(widths), Qt.Orientation.Horizontal)

    def show_panes(self, there: bool) -> None:
        """The panes, or the empty page while nothing is open."""
        self.centre.setCurrentIndex(1 if there and self.centre.count() > 1 else 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.first_paint.emit)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        self.closed.emit()


class IdentityLine(QLabel):
    """Who is shown, on one line where it fits, else on two: nothing of it is cut where there is room at all (VT-09)."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._name, self._rest = "", [""]

    def tell(self, name: str, rest: list[str]) -> None:
        self._name, self._rest = name, rest
        self._write()

    def _write(self) -> None:
        from html import escape

        rest = "  ·  ".join(self._rest)
        wide = self.fontMetrics().horizontalAdvance(f"{self._name}   {rest}") * 1.05
        name, grey = f"<b>{escape(self._name)}</b>", f'<span style="color:{theme.TEXT2}">'
        if wide > self.width():
            first, second = escape(self._rest[0] if self._rest else ""), escape("  ·  ".join(self._rest[1:]))
            said = f'<span style="font-size:11px">{name}&nbsp; {grey}{first}<br>{second}</span></span>'
        else:
            said = f"{name}&nbsp; {grey}{escape(rest)}</span>"
        self.setText(said if self._name else "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()


class EmptyPage(QWidget):
    """What stands in the middle while nothing is open."""

    open_wanted = Signal()
    sample_wanted = Signal()
    recent_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        title = QLabel(self.tr("Drop a study anywhere"), self)
        title.setFont(theme.font(18, bold=True))
        second = QLabel(self.tr("CT and X-ray (DICOM, PNG, JPEG, TIFF), ECG, notes: files, folders or ZIPs"), self)
        second.setProperty("role", "second")
        self.open = QPushButton(self.tr("Open…") + "  Ctrl O", self)
        self.open.setProperty("primary", True)
        self.sample = QPushButton(self.tr("Sample patients"), self)
        self.open.clicked.connect(self.open_wanted)
        self.sample.clicked.connect(self.sample_wanted)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.open)
        row.addWidget(self.sample)
        row.addStretch(1)
        self.recent = QLabel(self)
        self.recent.setTextFormat(Qt.TextFormat.RichText)
        self.recent.linkActivated.connect(self.recent_wanted)
        for words in (second, self.recent):
            words.setWordWrap(True)  # the longest row would else be the least width of the whole window
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(2)
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(second)
        column.addLayout(row)
        column.addSpacing(12)
        column.addWidget(self.recent)
        column.addStretch(3)

    def show_recent(self, paths: list[str]) -> None:
        """Names of what was opened last; the whole path is in the tooltip of the link."""
        from html import escape
        from pathlib import PurePath

        rows = [
            f'<a style="color:{theme.TEXT2}; text-decoration:none" href="{escape(path)}">{escape(PurePath(path).name or path)}'
            f'</a> <span style="color:{theme.TEXT3}">{escape(str(PurePath(path).parent))}</span>'
            for path in paths[:6]
        ]
        heading = f'<span style="color:{theme.TEXT3}">{escape(self.tr("Recent"))}</span>'
        self.recent.setText("<br>".join([heading, *rows]) if rows else "")
