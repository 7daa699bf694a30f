"""Panes in rows and columns; one of them is active, one may fill the place of all."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from medviewer.ui.image.pane import ImagePane


class PaneGrid(QWidget):
    """`pane_made` comes for each new pane, before it is shown."""

    active_changed = Signal(object)

    def __init__(self, make: Callable[[QWidget], ImagePane]) -> None:
        super().__init__()
        self._make = make
        self.panes: list[ImagePane] = []
        self.shape = (0, 0)
        self._alone: ImagePane | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self.lay_out(1, 1)

    @property
    def active(self) -> ImagePane:
        return next((pane for pane in self.panes if pane.active), self.panes[0])

    def lay_out(self, rows: int, columns: int) -> None:
        """Another number of panes; what is in the first of them stays."""
        self._alone = None
        for index in range(max(*self.shape, 1)):
            self._grid.setRowStretch(index, 0)
            self._grid.setColumnStretch(index, 0)
        while len(self.panes) > rows * columns:
            gone = self.panes.pop()
            gone.show_series(None)
            gone.setParent(None)
            gone.deleteLater()
        while len(self.panes) < rows * columns:
            pane = self._make(self)
            pane.activated.connect(self.activate)
            pane.maximised.connect(self.maximise)
            self.panes.append(pane)
        for index, pane in enumerate(self.panes):
            self._grid.addWidget(pane, index // columns, index % columns)
            pane.show()
        for row in range(rows):
            self._grid.setRowStretch(row, 1)
        for column in range(columns):
            self._grid.setColumnStretch(column, 1)
        self.shape = (rows, columns)
        self.activate(self.active)

    def activate(self, pane: ImagePane) -> None:
        for one in self.panes:
            if one.active != (one is pane):
                one.active = one is pane
                one.update()
        self.active_changed.emit(pane)

    def maximise(self, pane: ImagePane) -> None:
        """This pane alone, or all of them again (double click)."""
        self._alone = None if self._alone is pane else pane
        rows, columns = self.shape
        for index, one in enumerate(self.panes):
            shown = self._alone in (None, one)
            one.setVisible(shown)
            row, column = divmod(index, columns)
            if self._alone is None:
                self._grid.setRowStretch(row, 1)
                self._grid.setColumnStretch(column, 1)
        if self._alone is not None:
            row, column = divmod(self.panes.index(pane), columns)
            for r in range(rows):
                self._grid.setRowStretch(r, int(r == row))
            for c in range(columns):
                self._grid.setColumnStretch(c, int(c == column))
        self.activate(pane)

    def step(self, by: int) -> None:
        """The next or previous visible pane becomes active."""
        shown = [pane for pane in self.panes if pane.isVisibleTo(self)]
        if self.active in shown:
            pane = shown[(shown.index(self.active) + by) % len(shown)]
            self.activate(pane)
            pane.setFocus()
