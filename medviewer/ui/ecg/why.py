"""Why one beat was called what it is: its trace over the mean normal beat, what the network looked at, and facts in numbers."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from medviewer.core.beat_why import BeatFacts
from medviewer.core.ecg import Saliency, Vote, moment
from medviewer.core.ecg_marks import AROUND_S, CLASSES, Event, Template
from medviewer.core.finding import SelfCheck, probability_words
from medviewer.ui import theme
from medviewer.ui.answer import network_tag, put_tag, weak_tag
from medviewer.ui.ecg import words

TRACE_H = 96


class _Trace(QWidget):
    """Solid: this beat. Dashed: the mean normal beat. Violet: what the network used."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.facts: BeatFacts | None = None
        self.normal: Template | None = None
        self.saliency: Saliency | None = None
        self.at_s = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, TRACE_H)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        wide, high = float(self.width()), float(self.height())
        total = sum(AROUND_S)
        if self.saliency is not None:
            one = self.saliency
            start = self.at_s - AROUND_S[0]
            for n in range(max(0, int((start - one.start_s) / one.step_s)), len(one.values)):
                x = (one.start_s + n * one.step_s - start) / total * wide
                if x > wide:
                    break
                colour = QColor(theme.MACHINE)
                colour.setAlphaF(min(1.0, 0.55 * one.values[n]))
                painter.fillRect(QRectF(x, 0, one.step_s / total * wide + 0.5, high), colour)
        if self.facts is not None:
            shapes = [self.facts.shape] + ([self.normal.mean] if self.normal is not None else [])
            finite = np.concatenate([s[np.isfinite(s)] for s in shapes])
            if finite.size:
                low, span = float(finite.min()), max(float(np.ptp(finite)), 0.2)
                dashed = QPen(QColor(theme.TEXT3), 1.2, Qt.PenStyle.DashLine)
                for shape, pen in zip(reversed(shapes), (dashed, QPen(QColor(theme.TEXT1), 1.5))[-len(shapes) :], strict=True):
                    points = [
                        QPointF(n / max(len(shape) - 1, 1) * wide, high - 6 - (v - low) / span * (high - 12))
                        for n, v in enumerate(shape)
                        if np.isfinite(v)
                    ]
                    painter.setPen(pen)
                    painter.drawPolyline(QPolygonF(points))
        painter.end()


class WhyCard(QFrame):
    """For the beat or episode that is chosen. `decided` carries state and label."""

    decided = Signal(str, str)
    map_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "chosen")
        self.title, self.tag, self.says, self.facts_line = QLabel(self), QLabel(self), QLabel(self), QLabel(self)
        self.title.setFont(theme.font(13, bold=True))
        self.title.setWordWrap(True)
        for label in (self.says, self.facts_line):
            label.setWordWrap(True)
            label.setProperty("role", "second")
        self.trace = _Trace(self)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.tag, 0, Qt.AlignmentFlag.AlignTop)
        self.buttons: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.setSpacing(3)
        for name, text in (("accepted", self.tr("Accept")), *((c, c) for c in CLASSES), ("rejected", self.tr("Reject"))):
            button = QPushButton(text, self)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            if name in CLASSES:
                button.setFixedWidth(24)
                button.setStyleSheet("padding: 3px 0;")
                button.setToolTip(words.beat_class(name))
                button.clicked.connect(lambda _=False, name=name: self.decided.emit("accepted", name))
            else:
                button.setStyleSheet("padding: 3px 8px;")
                button.clicked.connect(lambda _=False, name=name: self.decided.emit(name, ""))
            self.buttons[name] = button
            row.addWidget(button)
        self.ask = QPushButton(self.tr("Why?"), self)
        self.ask.setToolTip(self.tr("Ask the network what it used of this beat"))
        self.ask.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.ask.clicked.connect(self.map_wanted)
        self.back = QPushButton(self.tr("Undo"), self)
        self.back.clicked.connect(lambda: self.decided.emit("proposed", ""))
        row.addWidget(self.back)
        row.addStretch(1)
        second = QHBoxLayout()
        second.addWidget(self.ask)
        second.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self.trace)
        column.addWidget(self.says)
        column.addWidget(self.facts_line)
        column.addLayout(row)
        column.addLayout(second)
        self.hide()

    def show_beat(
        self,
        one: Event,
        facts: BeatFacts,
        normal: Template | None,
        saliency: Saliency | None,
        check: SelfCheck | None,
        vote: Vote | None = None,
    ) -> None:
        """`vote`: whose word the class is, of this beat."""
        self._head(one, self.tr("Why {label} at {time}?").format(label=one.label, time=moment(one.start_s)), check)
        self.trace.facts, self.trace.normal, self.trace.saliency, self.trace.at_s = facts, normal, saliency, one.start_s
        self.trace.show()
        self.trace.update()
        said = [self.tr("Solid: this beat.")]
        if normal is not None:
            said.append(self.tr("Dashed: mean of {n} N beats.").format(n=normal.count))
        if saliency is not None:
            said.append(self.tr("Violet: what the network used."))
        weak = saliency is None and check is not None and not check.passed
        self.ask.setVisible(saliency is None)
        if weak:
            said.append(self.tr("The map that was made did not pass its check."))
        if vote is not None and vote.changed:
            told = self.tr("{label} by vote of {n} beats of like QRS; the network alone said {alone} ({share}).")
            said.append(told.format(label=vote.symbol, n=vote.likes, alone=vote.alone, share=probability_words(vote.share)))
        self.says.setText(" ".join(said))
        self.facts_line.setText(" · ".join(self._numbers(facts)))
        for name in CLASSES:
            self.buttons[name].setVisible(name != one.label and one.decision.state == "proposed")
        self.show()

    def show_episode(self, one: Event, saliency: Saliency | None, check: SelfCheck | None) -> None:
        self._head(one, self.tr("{rhythm}, {time}").format(rhythm=words.rhythm(one.label), time=moment(one.start_s)), check)
        self.trace.hide()
        self.ask.hide()
        length = words.length_words(one.end_s - one.start_s)
        self.says.setText(
            self.tr("Lasts {length}, score {share}.").format(length=length, share=probability_words(one.probability))
        )
        weak = check is not None and not check.passed
        ribbon = self.tr("The ribbon under the trace shows what the network used.") if saliency is not None else ""
        self.facts_line.setText(self.tr("Its explanation did not pass its check: no ribbon is drawn.") if weak else ribbon)
        for name in CLASSES:
            self.buttons[name].hide()
        self.show()

    def _head(self, one: Event, title: str, check: SelfCheck | None) -> None:
        self.title.setText(title)
        state = one.decision.state
        if state != "proposed":
            said = self.tr("accepted, {who}") if state == "accepted" else self.tr("rejected, {who}")
            put_tag(self.tag, ("accepted" if state == "accepted" else "quiet", said.format(who=one.decision.who)))
        elif check is not None:
            put_tag(self.tag, ("accepted", self.tr("explanation checked")) if check.passed else weak_tag())
        else:
            put_tag(self.tag, network_tag())
        self.buttons["accepted"].setVisible(state == "proposed")
        self.buttons["rejected"].setVisible(state == "proposed")
        self.back.setVisible(state != "proposed")

    def _numbers(self, facts: BeatFacts) -> list[str]:
        said = []
        if facts.qrs_ms is not None:
            said.append(f"QRS {facts.qrs_ms:.0f} ms")
        if facts.early is not None:
            share = round(abs(facts.early) * 100)
            said.append((self.tr("{n} % early") if facts.early > 0 else self.tr("{n} % late")).format(n=share))
        if facts.has_p is not None:
            said.append(self.tr("P wave before it") if facts.has_p else self.tr("no P wave before it"))
        if facts.likeness is not None:
            said.append(self.tr("shape like N: {n}").format(n=f"{facts.likeness:.2f}"))
        return said
