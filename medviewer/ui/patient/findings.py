"""Findings: what every network and every note says, as cards; accepted, rejected or called otherwise by a person.

At most one amber card stands on top: where a note and a network contradict each other. Refusals are answers too, in grey.
"""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medviewer.core.errors import Notice
from medviewer.core.finding import Finding, Result
from medviewer.core.note import NoteDocument, State
from medviewer.services.analyse import Analyst, ModelCard
from medviewer.services.annotate import Notebook
from medviewer.services.compare import Side
from medviewer.services.gather import ORDERS, Gathered, Row, concept_title
from medviewer.services.session import DecisionState, Session
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.answer import decided_colour
from medviewer.ui.patient import words
from medviewer.ui.patient.cards import Card, MentionRow
from medviewer.ui.patient.disagree import DisagreementCard
from medviewer.ui.strip import refusal

Say = Callable[[Notice], Sentence]
TOP = 3
"""Of many classes below their thresholds only the likeliest are shown."""
MOST = 80
"""Rows that are shown before "n more"."""
FEW = 6
"""Mentions of a note that are shown before "all"."""


class FindingsPanel(QWidget):
    """All findings and refusals of what is open; `shown` carries item, model and the evidence (or None) of a clicked card,
    `both_wanted` a Discordance whose two sides are to be seen at once."""

    shown = Signal(str, str, object)
    both_wanted = Signal(object)

    def __init__(self, session: Session, analyst: Analyst | None, say: Say, lang: str, notebook: Notebook | None = None) -> None:
        super().__init__()
        self._session, self._analyst, self._say, self._lang, self._notebook = session, analyst, say, lang, notebook
        self.gathered = Gathered(session, notebook)
        self._marked, self.selected = "", ""
        self._models: dict[str, ModelCard] = {}
        self._opened: set[str] = set()
        self._rows: tuple[Row, ...] = ()
        self._made: dict[str, tuple[tuple, Result, Card]] = {}
        """Key of a card → what it depends on, its result, itself."""
        self._most = MOST
        self._more = QPushButton(self)
        self._more.setFlat(True)
        self._more.clicked.connect(self._show_more)
        self.order = QComboBox(self)
        self.order.setAccessibleName(self.tr("Order of the findings"))
        titles = (
            self.tr("This pane first"),
            self.tr("Newest first"),
            self.tr("Highest score"),
            self.tr("Name"),
            self.tr("Open first"),
        )
        for order, title in zip(ORDERS, titles, strict=True):
            self.order.addItem(title, order)
        self.order.currentIndexChanged.connect(lambda _: self.refresh())
        heading = QLabel(self.tr("FINDINGS"), self)
        heading.setProperty("role", "heading")
        head = QHBoxLayout()
        head.addWidget(heading, 1)
        head.addWidget(self.order)
        self.disagreement = DisagreementCard(say, self._side_words, self)
        self.disagreement.show_wanted.connect(lambda side: self.shown.emit(side.item, side.model, side.evidence))
        self.disagreement.both_wanted.connect(self.both_wanted)
        self.disagreement.seen.connect(self.gathered.see)
        self._none = QLabel(self.tr("Nothing analysed yet. Ctrl+Return asks the networks about the active pane."), self)
        self._none.setProperty("role", "quiet")
        self._none.setWordWrap(True)
        room = QWidget(self)
        self._cards = QVBoxLayout(room)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(8)
        self._area = QScrollArea(self)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(room)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addLayout(head)
        column.addWidget(self.disagreement)
        column.addWidget(self._none)
        column.addWidget(self._area, 1)
        column.addWidget(self._more)
        self.refresh()

    def mark(self, item: str) -> None:
        """The item in the active pane: its first finding is the one that keys act on."""
        if item != self._marked:
            self._marked = item
            chosen = self._finding(self.selected)
            if chosen is None or chosen.item != item:
                mine = [row.finding for row in self._rows if row.finding is not None and row.finding.item == item]
                self.selected = mine[0].id if mine else ""
            self.refresh()

    def refresh(self) -> None:
        """What is unchanged keeps its card, so a decision is seen at once in a long list too."""
        self._models = {card.id: card for card in self._analyst.models()} if self._analyst is not None else {}
        self._rows = self.gathered.rows(self.order.currentData() or "pane", self._marked)
        mentioned: dict[str, list[Row]] = {}
        for row in self._rows:
            if row.said:
                mentioned.setdefault(row.result.item, []).append(row)
        before, self._made = self._made, {}
        while self._cards.takeAt(0) is not None:
            pass
        for row in self._rows[: self._most]:
            key, state = self._state(row, mentioned)
            if key in self._made:
                continue
            kept = before.pop(key, None)
            if kept is None or kept[0] != state or kept[1] is not row.result:
                if kept is not None:
                    _remove(kept[2])
                kept = (state, row.result, self._make(row, mentioned))
            self._made[key] = kept
            self._cards.addWidget(kept[2])
        for _, _, widget in before.values():
            _remove(widget)
        self._more.setVisible(len(self._rows) > self._most)
        self._more.setText(self.tr("{n} more").format(n=len(self._rows) - self._most))
        self._cards.addStretch(1)
        self._none.setVisible(not self._rows)
        self.disagreement.tell(self.gathered.discordances())

    def _state(self, row: Row, mentioned: dict[str, list[Row]]) -> tuple[str, tuple]:
        """Which card a row belongs to, and what it depends on besides its result."""
        if row.said:
            ids = [one.finding.id for one in mentioned[row.result.item] if one.finding is not None]
            chosen = self.selected if self.selected in ids else ""
            return f"mentions/{row.result.item}", (chosen, row.result.item in self._opened)
        if row.finding is not None:
            return row.finding.id, (row.finding.id == self.selected,)
        return f"{row.result.item}/{row.result.model}", ()

    def _make(self, row: Row, mentioned: dict[str, list[Row]]) -> Card:
        if row.said:
            return self._mentions(mentioned[row.result.item])
        if row.finding is not None:
            return self._card_of(row.result, row.finding)
        return self._below(row.result) if row.result.status == "ok" else self._refusal(row.result)

    def _show_more(self) -> None:
        self._most += MOST
        self.refresh()

    def cards(self) -> list[Card]:
        places = (self._cards.itemAt(n).widget() for n in range(self._cards.count()))
        return [widget for widget in places if isinstance(widget, Card)]

    # What keys and menus do

    def decide(self, state: DecisionState, label: str = "") -> None:
        """Accept or reject the selected finding; the next open one is selected then."""
        if self._finding(self.selected) is not None:
            self._session.decide(self.selected, state, label=label)

    def step(self, by: int) -> None:
        """Select the next or previous finding and show its place."""
        findings = [row.finding for row in self._rows if row.finding is not None]
        if not findings:
            return
        ids = [one.id for one in findings]
        at = ids.index(self.selected) + by if self.selected in ids else (0 if by > 0 else -1)
        self._select(findings[at % len(findings)])

    def relabel(self, where: QPoint | None = None) -> None:
        """Ask what the selected finding is called instead."""
        finding = self._finding(self.selected)
        if finding is not None:
            self._menu(finding).popup(where or self.mapToGlobal(self.rect().center()))

    def _select(self, finding: Finding) -> None:
        self.selected = finding.id
        self.shown.emit(finding.item, finding.provenance.model, finding.evidence)
        self.refresh()

    def _finding(self, which: str) -> Finding | None:
        return next((row.finding for row in self._rows if row.finding is not None and row.finding.id == which), None)

    def _menu(self, finding: Finding) -> QMenu:
        menu = QMenu(self)
        state = finding.decision.state
        for title, wanted in (
            (self.tr("Accept"), "accepted"),
            (self.tr("Reject"), "rejected"),
            (self.tr("Undecided"), "proposed"),
        ):
            action = menu.addAction(title)
            action.setEnabled(state != wanted)
            action.triggered.connect(lambda _=False, to=wanted: self._session.decide(finding.id, to))
        menu.addSeparator()
        said = str(finding.facts.get("state", ""))
        if said:
            for other in words.STATES:
                action = menu.addAction(self.tr("It is meant as: {state}").format(state=words.state_words(other)))
                action.setEnabled(other != said)
                action.triggered.connect(lambda _=False, to=other: self._correct(finding, to))
        else:
            model = self._models.get(finding.provenance.model)
            for label in model.bundle.labels if model is not None else ():
                action = menu.addAction(self.tr("Call it: {label}").format(label=self._label(finding.provenance.model, label)))
                action.setEnabled(label != finding.called)
                to = "" if label == finding.label else label
                action.triggered.connect(lambda _=False, to=to: self._session.decide(finding.id, "accepted", label=to))
        return menu

    def _correct(self, finding: Finding, state: State) -> None:
        """A mention is meant otherwise: every one of this concept that the rules took so."""
        note = self._session.item(finding.item)
        result = self._session.result(finding.item, finding.provenance.model)
        if self._notebook is not None and result is not None and isinstance(note, NoteDocument):
            said = self._notebook.corrected(note, result.mentions)
            meant = [m for m in said if (m.concept, m.state) == (finding.label, finding.facts.get("state"))]
            self._notebook.correct_all(note, meant, state)

    # Cards

    def _card(self, result: Result, kind: str, title: str, finding: Finding | None = None) -> Card:
        chosen = finding is not None and finding.id == self.selected
        state = finding.decision.state if finding is not None else ""
        card = Card("chosen" if chosen else kind, title, words.where(self._session.item(result.item)), self, state)
        if finding is not None:
            card.finding = finding.id
            card.clicked.connect(lambda: self._select(finding))
            card.menu_wanted.connect(lambda where: self._menu(finding).popup(where))
        else:
            card.clicked.connect(lambda: self.shown.emit(result.item, result.model, None))
        return card

    def _label(self, model: str, label: str) -> str:
        """What a network calls a label; the label itself where the network is not there."""
        card = self._models.get(model)
        return card.label(label, self._lang) if card is not None else label

    def _card_of(self, result: Result, finding: Finding) -> Card:
        card = self._card(result, "plain", self._label(result.model, finding.called), finding)
        score = finding.score
        if score.threshold is not None or "count" not in finding.facts:
            card.bar(score, decided_colour(finding.decision.state))
            said = self.tr("{score}, threshold {threshold}") if score.limit else "{score}"
            card.line(said.format(score=score.words, threshold=score.limit))
        if finding.decision.label:
            said = self._label(result.model, finding.label)
            card.line(self.tr("The network called it {label}.").format(label=said))
        self._why(card, result, finding)
        card.end([*words.tags(result), *self._decided(finding)], self._buttons(finding))
        return card

    def _decided(self, finding: Finding) -> list[tuple[str, str]]:
        said = words.decision(finding)
        return [("accepted" if finding.decision.state == "accepted" else "quiet", said)] if said else []

    def _buttons(self, finding: Finding) -> list[tuple[str, Callable[[], None]]]:
        if finding.decision.state != "proposed":
            return [(self.tr("Undo"), lambda: self._session.decide(finding.id, "proposed"))]
        return [
            (self.tr("Accept"), lambda: self._session.decide(finding.id, "accepted")),
            (self.tr("Reject"), lambda: self._session.decide(finding.id, "rejected")),
        ]

    def _why(self, card: Card, result: Result, finding: Finding | None = None) -> None:
        """One sentence why, then the cautions in amber."""
        for reason in words.reasons(result, finding, self._session.item(result.item)):
            card.line(reason)
        for caution in result.cautions:
            card.line(self._say(caution).message, "attention")

    def _mentions(self, rows: list[Row]) -> Card:
        """The findings that one note names, a line each."""
        result = rows[0].result
        card = self._card(result, "plain", self.tr("Named in the note"))
        shown = rows if result.item in self._opened else rows[:FEW]
        for row in shown:
            if row.finding is not None:
                card.add(self._mention(row.finding))
        more: list[tuple[str, Callable[[], None]]] = []
        if len(rows) > FEW:
            said = self.tr("fewer") if result.item in self._opened else self.tr("all {n}").format(n=len(rows))
            more.append((said, lambda: self._open(result.item)))
        card.end([("machine", self.tr("rules"))], more)
        return card

    def _open(self, item: str) -> None:
        self._opened ^= {item}
        self.refresh()

    def _mention(self, finding: Finding) -> MentionRow:
        state = finding.decision.state

        def turn(wanted: DecisionState) -> Callable[[], None]:
            return lambda: self._session.decide(finding.id, "proposed" if state == wanted else wanted)

        acts = (("check", self.tr("Accept"), turn("accepted")), ("x", self.tr("Reject"), turn("rejected")))
        title = concept_title(finding.label, self._lang)
        row = MentionRow(title, words.mention(finding), state, words.decision(finding), acts)
        row.setProperty("chosen", finding.id == self.selected)
        row.finding = finding.id
        row.clicked.connect(lambda: self._select(finding))
        row.menu_wanted.connect(lambda where: self._menu(finding).popup(where))
        return row

    def _below(self, result: Result) -> Card:
        """An answer without a finding, mostly every score below its threshold."""
        model = self._models.get(result.model)
        card = self._card(result, "quiet", model.title(self._lang) if model is not None else result.model)
        judged = [score for score in result.scores if score.threshold is not None]
        if len(judged) > TOP + 1:
            judged = sorted(judged, key=lambda score: -score.probability)[:TOP]
        for score in judged:
            card.bar(score, theme.MACHINE)
            label = self._label(result.model, score.label)
            below = self.tr("{label} {score}, below the threshold {threshold}")
            said = self.tr("{label} {score}, threshold {threshold}") if score.positive else below
            card.line(said.format(label=label, score=score.words, threshold=score.limit))
        self._why(card, result)
        card.end(words.tags(result), [])
        return card

    def _refusal(self, result: Result) -> Card:
        card = self._card(result, "quiet", refusal(result))
        if result.reason is not None:
            said = self._say(result.reason)
            card.line(said.message)
            if said.remedy:
                card.line(said.remedy)
        return card

    def _side_words(self, side: Side) -> str:
        """What stands over one side of a disagreement."""
        item = self._session.item(side.item)
        if isinstance(item, NoteDocument):
            return item.title or self.tr("Note")
        return f"{side.model} · {self._label(side.model, side.label)}"


def _remove(widget: QWidget) -> None:
    widget.hide()
    widget.deleteLater()
