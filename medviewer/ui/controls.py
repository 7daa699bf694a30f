"""What commands, menus and docks do to panes of one kind; the desk knows controls by this alone."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QPoint

from medviewer.inference.contract import Fit
from medviewer.ui.pane import Pane


class Controls(QObject):
    """One for each kind that is shown and each desk."""

    def __init__(self, desk: Any) -> None:
        super().__init__(desk)
        self._desk = desk

    def adopt(self, pane: Pane) -> None:
        """A new pane of this kind, before it is shown: connect what only this kind announces."""

    def menu(self, pane: Any, where: QPoint) -> None:
        """The context menu at a place on the screen."""

    def change(self, change: str, *arguments: Any) -> None:
        """One change of the active pane's view, by the name of the command table."""

    def tell(self, pane: Any) -> None:
        """A pane of this kind became the active one, or its view, results or marks changed."""

    def before_analysis(self, pane: Any, fits: Sequence[Fit]) -> None:
        """Networks are about to be asked, those that fit first: show whose answer is awaited."""

    def step_event(self, pane: Any, by: int) -> bool:
        """Go to the next or previous event inside the item; False where there is none, then findings are stepped."""
        return False
