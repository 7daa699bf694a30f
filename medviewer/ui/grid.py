"""Panes in rows and columns; one of them is active, one may fill the place of all."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from medviewer.ui.pane import Pane


class PaneGrid(QWidget):
    """`make(kind, parent)` gives a new pane; empty places hold one for images."""

    active_changed = Signal(object)

    def __init__(self, make: Callable[[str, QWidget], Pane]) -> None:
        super().__init__()
        self._make = make
        self.panes: list[Pane] = []
        self.shape = (0, 0)
        self.wide = False
        self._alone: Pane | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self.lay_out(1, 1)

    @property
    def active(self) -> Pane:
        return next((pane for pane in self.panes if pane.active), self.panes[0])

    def lay_out(self, rows: int, columns: int, wide: bool = False) -> None:
        """Another number of panes, with `wide` one pane across in the last row; what is in the first of them stays."""
        self._alone = None
        count = rows * columns - (columns - 1 if wide else 0)
        while len(self.panes) > count:
            self._drop(self.panes.pop())
        while len(self.panes) < count:
            self.panes.append(self._new("image"))
        self._stretch(range(max(*self.shape, 1)), range(max(*self.shape, 1)), 0)
        self.shape, self.wide = (rows, columns), wide
        for pane in self.panes:
            self._grid.addWidget(pane, *self._place(pane))
            pane.show()
        self._stretch(range(rows), range(columns), 1)
        self.activate(self.active)

    def turn(self, pane: Pane, kind: str) -> Pane:
        """The pane of this kind in the place of `pane`, which goes away if it is of another kind."""
        if pane.kind == kind:
            return pane
        new = self._new(kind)
        place = self.panes.index(pane)
        self.panes[place] = new
        self._grid.replaceWidget(pane, new)
        if self._alone is pane:
            self._alone = new
        new.setVisible(pane.isVisibleTo(self))
        new.active = pane.active
        self._drop(pane)
        return new

    def _place(self, pane: Pane) -> tuple[int, int, int, int]:
        """Row, column, rows and columns covered."""
        rows, columns = self.shape
        row, column = divmod(self.panes.index(pane), columns)
        return row, column, 1, columns if self.wide and row == rows - 1 else 1

    def _stretch(self, rows: Iterable[int], columns: Iterable[int], share: int) -> None:
        for row in rows:
            self._grid.setRowStretch(row, share)
        for column in columns:
            self._grid.setColumnStretch(column, share)

    def _new(self, kind: str) -> Pane:
        pane = self._make(kind, self)
        pane.activated.connect(self.activate)
        pane.maximised.connect(self.maximise)
        return pane

    def _drop(self, pane: Pane) -> None:
        pane.show_item(None)
        pane.setParent(None)
        pane.deleteLater()

    def activate(self, pane: Pane) -> None:
        for one in self.panes:
            if one.active != (one is pane):
                one.active = one is pane
                one.update()
        self.active_changed.emit(pane)

    def maximise(self, pane: Pane) -> None:
        """This pane alone, or all of them again (double click)."""
        self._alone = None if self._alone is pane else pane
        rows, columns = self.shape
        for one in self.panes:
            one.setVisible(self._alone in (None, one))
        self._stretch(range(rows), range(columns), int(self._alone is None))
        if self._alone is not None:
            row, column, _, across = self._place(pane)
            self._stretch((row,), range(column, column + across), 1)
        self.activate(pane)

    def step(self, by: int) -> None:
        """The next or previous visible pane becomes active."""
        shown = [pane for pane in self.panes if pane.isVisibleTo(self)]
        if self.active in shown:
            pane = shown[(shown.index(self.active) + by) % len(shown)]
            self.activate(pane)
            pane.setFocus()
