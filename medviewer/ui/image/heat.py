"""Opacity and cut-off of the heat by hand, shown while a pane has heat (AI-08)."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from medviewer.core.view import ImageView


class HeatControls(QWidget):
    """`changed` carries the setting's key and its value 0…1."""

    changed = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 4, 12, 8)
        self._grid.setHorizontalSpacing(8)
        self.opacity, self._opacity_says = self._row(0, self.tr("Heat opacity"), "overlay_opacity", 10)
        self.cutoff, self._cutoff_says = self._row(1, self.tr("Heat cut-off"), "overlay_cutoff", 0)
        self.hide()

    def _row(self, row: int, title: str, key: str, least: int) -> tuple[QSlider, QLabel]:
        label, says = QLabel(title, self), QLabel(self)
        label.setProperty("role", "second")
        says.setProperty("role", "second")
        says.setMinimumWidth(32)
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setRange(least, 100 if key == "overlay_opacity" else 95)
        slider.setAccessibleName(title)

        def moved(value: int) -> None:
            says.setText(f"{value / 100:.2f}")
            self.changed.emit(key, value / 100)

        slider.valueChanged.connect(moved)
        for column, widget in enumerate((label, slider, says)):
            self._grid.addWidget(widget, row, column)
        return slider, says

    def tell(self, view: ImageView, there: bool) -> None:
        """What the active pane draws; hidden without heat."""
        self.setVisible(there)
        rows = ((self.opacity, self._opacity_says, view.opacity), (self.cutoff, self._cutoff_says, view.cutoff))
        for slider, says, value in rows:
            if not slider.isSliderDown():
                slider.blockSignals(True)
                slider.setValue(round(value * 100))
                slider.blockSignals(False)
                says.setText(f"{value:.2f}")
