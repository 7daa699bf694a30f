"""The bar over the paper: layout, speed, gain, filters, paper or dark; it shows the view and asks for another."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from medviewer.core.ecg import EcgRecord
from medviewer.core.ecg_layout import disclosed
from medviewer.core.ecg_view import GAINS, LAYOUTS, SPEEDS, STANDARD, EcgView
from medviewer.core.signal import HIGH_PASS, LOW_PASS, NOTCH
from medviewer.ui import theme
from medviewer.ui.ecg import words

HEIGHT = 32


class EcgBar(QFrame):
    """Buttons with menus; those at the right go first where the pane is narrow."""

    changed = Signal(object)
    stepped = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = EcgView()
        self._record: EcgRecord | None = None
        self.setStyleSheet(
            f"EcgBar {{ background: {theme.WINDOW}; border: 0; }}"
            f"EcgBar QToolButton {{ border: 1px solid {theme.LINE}; border-radius: 6px; padding: 2px 8px; }}"
            "EcgBar QToolButton:disabled { border-color: transparent; }"
        )
        self.layout_button, self.speed_button = self._button(self.tr("Layout")), self._button(self.tr("Paper speed"))
        self.gain_button, self.filter_button = self._button(self.tr("Gain")), self._button(self.tr("Filters of the display"))
        self.theme_button = QToolButton(self)
        self.theme_button.setToolTip(self.tr("Paper or dark"))
        self.theme_button.clicked.connect(self._turn_theme)
        self.back, self.on = QPushButton("‹", self), QPushButton("›", self)
        for button, by, tip in ((self.back, -1, self.tr("Previous event")), (self.on, 1, self.tr("Next event"))):
            button.setFixedWidth(26)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(partial(self.stepped.emit, by))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(6)
        for widget in (self.layout_button, self.speed_button, self.gain_button, self.filter_button, self.theme_button):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.on)

    def sizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, HEIGHT)

    def _button(self, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(tip)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.aboutToShow.connect(partial(self._fill, button, menu))
        button.setMenu(menu)
        return button

    def show_view(self, view: EcgView, record: EcgRecord | None) -> None:
        self._view, self._record = view, record
        for widget in (self.layout_button, self.speed_button, self.gain_button, self.filter_button, self.theme_button):
            widget.setEnabled(record is not None)
        self.layout_button.setText(words.layout_title(view.layout))
        self.speed_button.setText(f"{words.number(view.speed)} mm/s")
        self.gain_button.setText(f"{words.number(view.gain)} mm/mV")
        self.filter_button.setText(words.filter_title(view.filters))
        self.theme_button.setText(self.tr("paper") if view.theme == "paper" else self.tr("dark"))
        self._fit(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit(event.size().width())

    def _fit(self, wide: int) -> None:
        """Whole buttons only: the first that does not fit goes, and those after it."""
        left = wide - 20
        pair = (self.back, self.on)
        for buttons in (
            (self.layout_button,),
            (self.speed_button,),
            (self.gain_button,),
            pair,
            (self.filter_button,),
            (self.theme_button,),
        ):
            left -= sum(button.sizeHint().width() + 6 for button in buttons)
            for button in buttons:
                button.setVisible(left >= 0)

    def _turn_theme(self) -> None:
        self.changed.emit(replace(self._view, theme="dark" if self._view.theme == "paper" else "paper"))

    def _fill(self, button: QToolButton, menu: QMenu) -> None:
        menu.clear()
        view = self._view
        if button is self.layout_button:
            twelve = self._record is not None and all(self._record.lead(name) is not None for name in STANDARD)
            named = [n for n in LAYOUTS if twelve or n in ("stacked", "holter")]
            self._choices(menu, named, view.layout, words.layout_title, lambda one: replace(view, layout=one))
            if view.layout == "holter" and self._record is not None:
                menu.addSection(self.tr("Lead of the lines"))
                leads = [lead.name for lead in self._record.leads]
                now = leads[disclosed(view, self._record)]
                self._choices(menu, leads, now, str, lambda one: replace(view, lead=one))
            menu.addSeparator()
            self._switch(menu, self.tr("Columns at the same moment"), view.simultaneous, "simultaneous")
            self._switch(menu, self.tr("Fitted to the pane"), view.fit, "fit")
        elif button is self.speed_button:
            self._choices(menu, SPEEDS, view.speed, lambda v: f"{words.number(v)} mm/s", lambda v: replace(view, speed=v))
        elif button is self.gain_button:
            self._choices(menu, GAINS, view.gain, lambda v: f"{words.number(v)} mm/mV", lambda v: replace(view, gain=v))
        else:
            self.fill_filters(menu)

    def fill_filters(self, menu: QMenu) -> None:
        """Three groups, each with "off": high-pass, low-pass, mains."""
        view = self._view
        for title, steps, field in (
            (self.tr("High-pass"), HIGH_PASS, "high_pass"),
            (self.tr("Low-pass"), LOW_PASS, "low_pass"),
            (self.tr("Mains"), NOTCH, "notch"),
        ):
            menu.addSection(title)
            now = getattr(view.filters, field)

            def asked(value, field=field):
                return replace(view, filters=replace(view.filters, **{field: value}))

            self._choices(menu, (None, *steps), now, lambda v: self.tr("off") if v is None else f"{v:g} Hz", asked)

    def _choices(self, menu: QMenu, values: Sequence, now, title: Callable, ask: Callable) -> None:
        group = QActionGroup(menu)
        for value in values:
            action = QAction(title(value), group)
            action.setCheckable(True)
            action.setChecked(value == now)
            action.triggered.connect(lambda _=False, value=value: self.changed.emit(ask(value)))
            menu.addAction(action)

    def _switch(self, menu: QMenu, title: str, on: bool, field: str) -> None:
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(on)
        action.triggered.connect(lambda checked: self.changed.emit(replace(self._view, **{field: checked})))
