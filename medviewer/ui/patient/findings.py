"""Findings: what every network and every note says, as cards; accepted, rejected or called otherwise by a person.

At most one amber card stands on top: where a note and a network contradict each other. Refusals are answers too, in grey.
"""

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medviewer.core.ecg import EcgRecord
from medviewer.core.errors import Notice
from medviewer.core.finding import Finding, Interval, Result
from medviewer.core.image import ImageSeries
from medviewer.core.note import NoteDocument, State
from medviewer.services.analyse import Analyst, ModelCard
from medviewer.services.annotate import Notebook
from medviewer.services.compare import Side
from medviewer.services.gather import ORDERS, Gathered, Row, concept_title
from medviewer.services.session import DecisionState, Session
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.patient import states
from medviewer.ui.patient.cards import Card, MentionRow, score_words
from medviewer.ui.patient.disagree import DisagreementCard

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
        for words, wanted in (
            (self.tr("Accept"), "accepted"),
            (self.tr("Reject"), "rejected"),
            (self.tr("Undecided"), "proposed"),
        ):
            action = menu.addAction(words)
            action.setEnabled(state != wanted)
            action.triggered.connect(lambda _=False, to=wanted: self._session.decide(finding.id, to))
        menu.addSeparator()
        said = str(finding.facts.get("state", ""))
        if said:
            for other in states.STATES:
                action = menu.addAction(self.tr("It is meant as: {state}").format(state=states.words(other)))
                action.setEnabled(other != said)
                action.triggered.connect(lambda _=False, to=other: self._correct(finding, to))
        else:
            model = self._models.get(finding.provenance.model)
            for label in model.bundle.labels if model is not None else ():
                title = model.label(label, self._lang) if model is not None else label
                action = menu.addAction(self.tr("Call it: {label}").format(label=title))
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
        card = Card("chosen" if chosen else kind, title, self._where(result), self, state)
        if finding is not None:
            card.finding = finding.id
            card.clicked.connect(lambda: self._select(finding))
            card.menu_wanted.connect(lambda where: self._menu(finding).popup(where))
        else:
            card.clicked.connect(lambda: self.shown.emit(result.item, result.model, None))
        return card

    def _where(self, result: Result) -> str:
        """The item in a few words: "CR Chest PA", "ECG 12 leads", the note's title."""
        item = self._session.item(result.item)
        if isinstance(item, ImageSeries):
            return " ".join(part for part in (item.modality, item.description) if part)
        if isinstance(item, EcgRecord):
            return self.tr("ECG, {n} leads").format(n=len(item.leads)) if len(item.leads) > 1 else self.tr("ECG, 1 lead")
        return (item.title or self.tr("Note")) if item is not None else ""

    def _card_of(self, result: Result, finding: Finding) -> Card:
        model = self._models.get(result.model)
        called = model.label(finding.called, self._lang) if model is not None else finding.called
        card = self._card(result, "plain", called, finding)
        state = finding.decision.state
        score = finding.score
        if score.threshold is not None or "count" not in finding.facts:
            card.bar(score, {"accepted": theme.ACCEPTED, "rejected": theme.TEXT3}.get(state, theme.MACHINE))
            words = score_words(score)
            threshold = f"{score.threshold:.2f}" if score.threshold is not None else ""
            card.line(self.tr("{score}, threshold {threshold}").format(score=words, threshold=threshold) if threshold else words)
        if finding.decision.label:
            said = model.label(finding.label, self._lang) if model is not None else finding.label
            card.line(self.tr("The network called it {label}.").format(label=said))
        self._why(card, result, finding)
        card.end([*self._tags(result), *self._decided(finding)], self._buttons(finding))
        return card

    def _tags(self, result: Result) -> list[tuple[str, str]]:
        """Who says it, whether its explanation passed the check, whether there is a caution: the same for all kinds."""
        tags = [("machine", self.tr("network"))]
        check = result.attribution.self_check if result.attribution is not None else result.self_check
        if check is not None:
            weak = ("attention", self.tr("explanation weak"))
            tags.append(("accepted", self.tr("checked")) if check.passed else weak)
        elif result.spans:
            tags.append(("quiet", self.tr("check running…")))
        return tags + ([("attention", self.tr("caution"))] if result.cautions else [])

    def _decided(self, finding: Finding) -> list[tuple[str, str]]:
        words = self._decision_words(finding)
        return [("accepted" if finding.decision.state == "accepted" else "quiet", words)] if words else []

    def _decision_words(self, finding: Finding) -> str:
        """ "accepted 10:04, you" """
        state = finding.decision.state
        if state == "proposed":
            return ""
        said = self.tr("accepted {when}, {who}") if state == "accepted" else self.tr("rejected {when}, {who}")
        return said.format(when=states.moment(finding.decision.when), who=finding.decision.who)

    def _buttons(self, finding: Finding) -> list[tuple[str, Callable[[], None]]]:
        if finding.decision.state != "proposed":
            return [(self.tr("Undo"), lambda: self._session.decide(finding.id, "proposed"))]
        return [
            (self.tr("Accept"), lambda: self._session.decide(finding.id, "accepted")),
            (self.tr("Reject"), lambda: self._session.decide(finding.id, "rejected")),
        ]

    def _why(self, card: Card, result: Result, finding: Finding | None = None) -> None:
        """One sentence why, then the cautions in amber."""
        for words in self._reasons(result, finding):
            card.line(words)
        for caution in result.cautions:
            card.line(self._say(caution).message, "attention")

    def _reasons(self, result: Result, finding: Finding | None) -> list[str]:
        item = self._session.item(result.item)
        heat = result.attribution
        if heat is not None and heat.empty:
            return [self.tr("No region of the image supports the score.")]
        if heat is not None:
            rows, columns = (round(v) for v in heat.cell)
            said = self.tr("{method}: G shows what influenced the score; one cell is {rows} × {columns} pixels.")
            return [said.format(method=heat.method, rows=rows, columns=columns)]
        found = []
        if isinstance(item, EcgRecord) and finding is not None:
            if "count" in finding.facts and result.beats is not None:
                said = self.tr("{n} of {of} beats ({share} %).")
                share = f"{100 * finding.score.probability:.2g}"
                found.append(said.format(n=finding.facts["count"], of=len(result.beats.sample), share=share))
            if isinstance(finding.evidence, Interval) and item.rate_hz > 0:
                start, end = (states.clock(s / item.rate_hz) for s in (finding.evidence.start, finding.evidence.end))
                found.append(self.tr("First from {start} to {end}.").format(start=start, end=end))
            if result.saliency is not None:
                found.append(self.tr("{method} on lead {lead}.").format(method=result.method, lead=result.saliency.lead))
        if isinstance(item, NoteDocument) and result.spans:
            best = sorted((s for s in result.spans if s.weight > 0), key=lambda span: -span.weight)[:3]
            quoted = ", ".join(f"“{' '.join(item.text[s.start : s.end].split())}”" for s in best)
            found.append(self.tr("Words: {words}.").format(words=quoted))
            if result.self_check is not None:
                found.append(self._agreement(result.self_check.agreement))
        return found

    def _agreement(self, agreement: float | None) -> str:
        if agreement is None:
            return self.tr("Integrated gradients do not add up here: no comparison.")
        return self.tr("Integrated gradients rank the words alike: {r}.").format(r=f"{agreement:.2f}")

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
            words = self.tr("fewer") if result.item in self._opened else self.tr("all {n}").format(n=len(rows))
            more.append((words, lambda: self._open(result.item)))
        card.end([("machine", self.tr("rules"))], more)
        return card

    def _open(self, item: str) -> None:
        self._opened ^= {item}
        self.refresh()

    def _mention(self, finding: Finding) -> MentionRow:
        facts, state = finding.facts, finding.decision.state
        said = [states.words(str(facts["state"]))]
        said += [str(facts["size"])] if facts.get("size") else []
        said += [states.words(str(facts["side"]))] if facts.get("side") else []
        count = int(facts.get("count", 1))
        said += [f"×{count}"] if count > 1 else []

        def turn(wanted: DecisionState) -> Callable[[], None]:
            return lambda: self._session.decide(finding.id, "proposed" if state == wanted else wanted)

        acts = (("check", self.tr("Accept"), turn("accepted")), ("x", self.tr("Reject"), turn("rejected")))
        title = concept_title(finding.label, self._lang)
        row = MentionRow(title, " · ".join(said), state, self._decision_words(finding), acts)
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
            label = model.label(score.label, self._lang) if model is not None else score.label
            below = self.tr("{label} {score}, below the threshold {threshold}")
            words = self.tr("{label} {score}, threshold {threshold}") if score.positive else below
            card.line(words.format(label=label, score=score_words(score), threshold=f"{score.threshold:.2f}"))
        self._why(card, result)
        card.end(self._tags(result), [])
        return card

    def _refusal(self, result: Result) -> Card:
        title = self.tr("{model} does not read this") if result.status == "refused" else self.tr("{model} failed")
        card = self._card(result, "quiet", title.format(model=result.model))
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
        model = self._models.get(side.model)
        label = model.label(side.label, self._lang) if model is not None else side.label
        return f"{side.model} · {label}"


def _remove(widget: QWidget) -> None:
    widget.hide()
    widget.deleteLater()
