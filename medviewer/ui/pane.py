"""What every pane is, whatever it shows: the grid and the desk know panes by this alone."""

from collections.abc import Callable
from typing import Any, ClassVar

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from medviewer.core.errors import Notice
from medviewer.core.finding import Evidence, Result
from medviewer.services.session import Item
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge
from medviewer.ui.strip import Strip

ITEM_MIME = "application/x-medviewer-item"


class Pane(QWidget):
    """Shows one item of its `kind`, or nothing; announces what the hand wants that is not its own business.

    `view` is the frozen wish of that kind (ImageView …); `results` the networks' answers by model.
    """

    kind: ClassVar[str]
    activated = Signal(object)
    maximised = Signal(object)
    item_dropped = Signal(object, str)
    probed = Signal(str)
    view_changed = Signal(object)
    menu_wanted = Signal(object, object)

    def __init__(self, bridge: Bridge, say: Callable[[Notice], Sentence], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge, self._say = bridge, say
        self.item: Item | None = None
        self.view: Any = None
        self.results: dict[str, Result] = {}
        self.active = False
        self.banner = Strip(self)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 120)
        # Places share the window evenly whatever is in them: a note whose words arrive does not push the others about.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def hasHeightForWidth(self) -> bool:
        """Never: a pane takes the height of its place, wrapped lines in it or not."""
        return False

    def show_item(self, item: Item | None) -> None:
        """Another item from its opening state, or the same one grown: then everything the user set stays."""
        raise NotImplementedError

    def set_view(self, view: Any) -> None:
        """Show another view; only what differs is done again."""
        raise NotImplementedError

    def set_results(self, results: tuple[Result, ...]) -> None:
        """The networks' answers about the item that is shown."""
        self.results = {result.model: result for result in results}
        self.update()

    def show_evidence(self, model: str, evidence: Evidence | None) -> None:
        """Bring the place of a finding into view, marked as the network `model` saw it."""
        raise NotImplementedError

    def set_tool(self, which: str) -> None:
        """Take a tool in the hand; one that this kind does not have is left alone."""

    @property
    def tool_id(self) -> str:
        return ""

    @property
    def frame(self) -> int | None:
        """Which frame a network is asked about; None where an item is read as a whole."""
        return None

    def tell_banner(self, words: str, short: str) -> None:
        """An amber line at the upper rim; "" hides it."""
        self.banner.tell("banner", "", words, short)
        self.place_strips()

    def place_strips(self) -> None:
        """Put the bands at the rims where they belong in this size."""
        self.banner.setGeometry(2, 2, self.width() - 4, self.banner.fit(self.width() - 4))

    def paint_rim(self, painter: QPainter) -> None:
        """The thin frame, blue around the active pane."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.HAND if self.active else theme.LINE), 2 if self.active else 1))
        painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.maximised.emit(self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(ITEM_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.item_dropped.emit(self, bytes(event.mimeData().data(ITEM_MIME).data()).decode())
        event.acceptProposedAction()
