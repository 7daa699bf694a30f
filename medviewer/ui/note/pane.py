"""One pane with one note: its text with the marks of networks and rules, its classes, its findings; read or edited."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from medviewer.core.errors import Notice
from medviewer.core.finding import Evidence, Result, Span
from medviewer.core.note import Identifier, Mention, NoteDocument
from medviewer.core.page import NotePicture, NoteView, resolve
from medviewer.services.privacy import at_once, identified
from medviewer.services.session import Item
from medviewer.services.words import Sentence
from medviewer.ui import theme
from medviewer.ui.bridge import Bridge
from medviewer.ui.note import words
from medviewer.ui.note.find import FindBar
from medviewer.ui.note.panel import Classes, Legend, MentionLine
from medviewer.ui.note.text import LARGEST_SHOWN, NoteText
from medviewer.ui.pane import Pane
from medviewer.ui.strip import Strip

GUESSES = ("charset-guessed", "charset-mixed", "charset-damaged")
"""Warnings after which a person may choose another encoding."""
LOW = 460
"""Below this height the line of findings takes one row: the text comes first."""
PAUSE_MS = 300
"""After this long without a key the networks read the text again."""
Corrected = Callable[[NoteDocument, Sequence[Mention]], Sequence[Mention]]


class NotePane(Pane):
    """`drafted` comes with every key, `edited` after a pause; `asked` with the mention that a person may correct, and where;
    `touched` with the identifier."""

    kind = "note"
    drafted = Signal(object, str)
    edited = Signal(object, str)
    asked = Signal(object, object, object)
    touched = Signal(object, object, object)
    encoding_wanted = Signal(object)
    clean_wanted = Signal(object)

    def __init__(self, bridge: Bridge, say: Callable[[Notice], Sentence], parent: QWidget | None = None) -> None:
        super().__init__(bridge, say, parent)
        self.view = NoteView()
        self.label_of: Callable[[str, str], str] = lambda model, label: label or model
        self.corrected: Corrected = lambda note, mentions: mentions
        self.identified: Callable[[NoteDocument], tuple[Identifier, ...]] = identified
        self._known: tuple[str, tuple[Identifier, ...]] | None = None
        self._looking = False
        self._picture = NotePicture()
        self._waiting = False
        self._note: NoteDocument | None = None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._paused)
        self.text = NoteText(self._describe, self)
        self.finder = FindBar(self)
        self.classes = Classes(self._label, self)
        self.findings = MentionLine(self._mention_words, self)
        self.legend = Legend(self)
        self.strip, self.private = Strip(self), Strip(self)
        self._lay_out()
        self.text.typed.connect(self._typed)
        self.text.pressed.connect(lambda mention, where: self.asked.emit(self, mention, where))
        self.text.touched.connect(lambda one, where: self.touched.emit(self, one, where))
        self.text.zoomed.connect(lambda factor: self.set_view(self.view.zoomed(factor)))
        self.text.told.connect(lambda words: self.probed.emit(words.split("<br>")[0].replace("<b>", "").replace("</b>", "")))
        self.text.find_wanted.connect(self.begin_find)
        self.text.focused.connect(lambda: self.activated.emit(self))
        self.text.customContextMenuRequested.connect(self._menu)
        self.finder.found.connect(self.text.set_found)
        self.finder.gone.connect(self._found)
        self.findings.pressed.connect(lambda mention: self.text.go_to(mention.start, mention.end))
        self.findings.asked.connect(lambda mention, where: self.asked.emit(self, mention, where))
        self.strip.followed.connect(lambda: self.encoding_wanted.emit(self))
        self.private.followed.connect(lambda: self.clean_wanted.emit(self))

    def _lay_out(self) -> None:
        head = QWidget(self)
        head.setFixedHeight(34)
        self._title, self._state, self._language, self._tag = (QLabel(head) for _ in range(4))
        self._title.setFont(theme.font(13, bold=True))
        self._state.setProperty("role", "second")
        self._language.setProperty("tag", "quiet")
        self._tag.setProperty("tag", "machine")
        self.edit_button = QPushButton(self.tr("Edit"), head)
        self.edit_button.setCheckable(True)
        self.edit_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.edit_button.clicked.connect(lambda on: self.set_editing(on))
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 0, 8, 0)
        row.addWidget(self._title)
        row.addWidget(self._state)
        row.addStretch(1)
        for widget in (self._tag, self._language, self.edit_button):
            row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._head = head
        self._empty = QLabel(self.tr("Drag a note here"), self)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setStyleSheet(f"color: {theme.TEXT3}")
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(0)
        for part in (self.banner, head, self.strip, self.private, self.classes, self.finder):
            column.addWidget(part)
        column.addWidget(self.text, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(self.findings)
        column.addWidget(self.legend)
        self._show_parts()

    # What every pane does

    @property
    def note(self) -> NoteDocument | None:
        return self._note

    def show_item(self, item: Item | None) -> None:
        note = item if isinstance(item, NoteDocument) else None
        same = note is not None and self._note is not None and note.item == self._note.item
        self._flush()
        self.item, self._note = note, note
        if note is None:
            self.text.fill("")
        elif not same or note.text[:LARGEST_SHOWN] != self.text.text():
            self.text.fill(note.text, note.sections)
        else:
            self.text.set_sections(note.sections)
        if same and self.view.private and self._known is not None and self._known[0] != note.text:
            self.look()
        if not same:
            self._known = None
            self.results, self._picture, self._waiting = {}, NotePicture(), False
            self.view = NoteView(zoom=self.view.zoom)
            self.set_editing(False)
            self.finder.end()
            self._draw()
        self._tell()
        self._show_parts()

    def set_view(self, view: NoteView) -> None:
        if view == self.view:
            return
        self.view = view
        self.text.set_zoom(view.zoom)
        if not self._waiting:
            self._draw()
        self.view_changed.emit(self)

    def set_results(self, results: tuple[Result, ...]) -> None:
        """While an edited text waits for its answer the older marks stay, moved with their words."""
        if not results and self._waiting:
            return
        self._waiting = False
        self.results = {result.model: result for result in results}
        self._draw()

    def show_evidence(self, model: str, evidence: Evidence | None) -> None:
        if model in self.results:
            self.set_view(replace(self.view, overlay=model))
        span = evidence if isinstance(evidence, Span) else max(self._picture.words, key=lambda w: w.weight, default=None)
        if span is not None:
            self.text.go_to(span.start, span.end)

    def place_strips(self) -> None:
        """The layout does it."""
        self.banner.fit(self.width() - 4)

    # Marks

    def refresh_mentions(self) -> None:
        """A person may have corrected a mention; while an answer is awaited the marks there are the older text's, moved."""
        if not self._waiting:
            self._draw()

    def look(self, *, wait: bool = False) -> None:
        """Look for identifiers anew; in a thread where it takes long, unless asked to `wait`."""
        note = self._note
        if note is None:
            return
        find = self.identified
        if wait or at_once(note):
            self._known, self._looking = (note.text, find(note)), False
            self._draw_known()
        else:
            shown = replace(note, text=note.text[:LARGEST_SHOWN])
            self._known, self._looking = (note.text, self._picture.identifiers), True
            asked = self._known
            self._bridge.background(lambda: find(shown), lambda found, error: self._take(asked, found, error))

    def _take(self, asked: object, found: tuple[Identifier, ...], error: BaseException | None) -> None:
        """What a thread found, unless something else was asked for since."""
        if error is not None:
            raise error
        if self._known is asked and self._known is not None:
            self._known, self._looking = (self._known[0], found), False
            self._draw_known()

    def _draw_known(self) -> None:
        if self._known is not None:
            self._picture = replace(self._picture, identifiers=self._known[1] if self.view.private else ())
            self.text.set_picture(self._picture)
            self._tell()

    def _draw(self) -> None:
        note = self._note
        if note is None:
            self._picture = NotePicture()
        else:
            said = next((r.mentions for r in self.results.values() if r.mentions), ())
            self._picture = resolve(self.view, note, self.results, self.corrected(note, said) if said else ())
            if self.view.private and (self._known is None or self._known[0] != note.text):
                self.look()
            if self.view.private and self._known is not None:
                self._picture = replace(self._picture, identifiers=self._known[1])
        self.text.set_picture(self._picture)
        self.classes.show_picture(self._picture)
        self.findings.show_mentions(self._picture.mentions)
        self.legend.tell(bool(self._picture.words), (mention.state for mention in self._picture.mentions), self.view.private)
        self._tell()

    def picture(self) -> NotePicture:
        return self._picture

    def set_labels(self, label_of: Callable[[str, str], str]) -> None:
        """How classes and networks are called in the user's language."""
        self.label_of = label_of
        self._draw()

    def _label(self, model: str, label: str) -> str:
        return self.label_of(model, label)

    def _tell(self) -> None:
        """Title, what is kept, language, whose words are marked, and the strips."""
        note, picture = self._note, self._picture
        if note is None:
            return
        author = f"{note.author} · " if note.author else ""
        _fit(self._title, note.title or note.item, 0.25 * self.width())
        self._language.setText(words.language(note))
        first = picture.classes[0] if picture.classes else None
        told = ""
        if self._waiting:
            told = self.tr("reading …")
        elif first is not None and picture.unsure:
            told = self.tr("not sure")
        elif first is not None and picture.words:
            told = self.tr("words that decided: {label}").format(label=self._label(picture.model, first.label))
        _fit(self._tag, told, 0.24 * self.width())
        self._tag.setVisible(bool(told) and self.width() > 420)
        tag = self._tag.sizeHint().width() + 6 if self._tag.isVisibleTo(self) else 0
        beside = sum(w.sizeHint().width() + 8 for w in (self._title, self._language, self.edit_button)) + tag + 30
        _fit(self._state, f"{author}{note.date[:10]}  {words.kept(note)}".strip(), max(40, self.width() - beside))
        self.edit_button.setEnabled(not note.signed_at and len(note.text) <= LARGEST_SHOWN)
        self._tell_strips(note)

    def _tell_strips(self, note: NoteDocument) -> None:
        guessed = [w for w in note.warnings if w.code in GUESSES]
        others = [w for w in note.warnings if w not in guessed]
        if len(note.text) > LARGEST_SHOWN:
            others.append(Notice("note-shown-in-part", note.path, {"shown": LARGEST_SHOWN, "all": len(note.text)}))
        told = [escape(self._say(w).message) for w in (*guessed, *others)]
        if guessed and note.format in ("txt", "html", "hl7", "fhir", "cda"):
            told.append(f'<a style="color:{theme.TEXT1}" href="encoding">{self.tr("Choose the encoding …")}</a>')
        self.strip.tell("attention" if guessed else "quiet", "", " ".join(told))
        said = self.tr("reading …") if self._looking else words.counted(self._picture.identifiers)
        link = f'<a style="color:{theme.TEXT1}" href="clean">{self.tr("Make a clean copy")}</a>'
        asks = self.tr(
            "Rules miss some: read it before it leaves. Click a frame to change it; select words and right-click to mark them."
        )
        self.private.tell("attention", self.tr("who it is"), f"{escape(said)}. {asks} {link}" if self.view.private else "")

    def _show_parts(self) -> None:
        there = self._note is not None
        for part in (self._head, self.text):
            part.setVisible(there)
        self._empty.setVisible(not there)
        if not there:
            for part in (self.classes, self.findings, self.legend, self.strip, self.private, self.finder):
                part.hide()

    # What the pointer is told

    def _describe(self, at: int) -> str:
        """What stands at a character, as rich text: a mention's cue, rule and scope; a word's weight."""
        said = [self._mention_words(m) for m in self._picture.mentions if m.start <= at < m.end]
        first = self._picture.classes[0] if self._picture.classes else None
        for word in self._picture.words:
            if word.start <= at < word.end and first is not None:
                label = self._label(self._picture.model, first.label)
                said.append(self.tr("weight {w} for {label}").format(w=f"{word.weight:+.2f}", label=escape(label)))
        return "<br>".join(said)

    def _mention_words(self, mention: Mention) -> str:
        assert self._note is not None
        return words.mention(mention, self._note.text)

    # Editing

    @property
    def editing(self) -> bool:
        return not self.text.isReadOnly()

    def set_editing(self, on: bool) -> None:
        """Typing on or off; a signed or very long note stays as it is."""
        note = self._note
        on = on and note is not None and not note.signed_at and len(note.text) <= LARGEST_SHOWN
        if not on:
            self._flush()
        self.text.setReadOnly(not on)
        self.edit_button.setChecked(on)
        self.edit_button.setText(self.tr("Done") if on else self.tr("Edit"))
        if on:
            self.text.setFocus()

    def _typed(self) -> None:
        if self._note is None:
            return
        self._pause.start()
        self.drafted.emit(self, self.text.text())
        self._picture = self.text.picture()
        self.finder.renew(self.text.text())
        self._waiting = bool(self.results) or self._waiting

    def _paused(self) -> None:
        if self._note is not None and self.text.text() != self._note.text:
            self._waiting = bool(self.results)
            self.edited.emit(self, self.text.text())

    def _flush(self) -> None:
        """What was typed a moment ago is handed on before the pane shows something else."""
        if self._pause.isActive():
            self._pause.stop()
            self._paused()

    # Find

    def begin_find(self) -> None:
        if self._note is not None:
            self.finder.begin(self.text.text() if self.editing else self._note.text, self.text.textCursor().selectedText())

    def _found(self, place: tuple[int, int] | None) -> None:
        if place is None:
            self.text.setFocus()
        elif place[1] <= self.text.shown:
            self.text.go_to(*place)

    # Hands

    def _menu(self, at: QPoint) -> None:
        self.menu_wanted.emit(self, self.text.viewport().mapToGlobal(at))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit(self)
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.text.setFocus(event.reason())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.findings.set_rows(1 if self.height() < LOW else 2 if self.height() < 1.4 * LOW else 3)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.WINDOW)
        self.paint_rim(painter)
        painter.end()


def _fit(label: QLabel, words: str, width: float) -> None:
    """The words cut with an ellipsis where the pane is narrow; the tooltip has them all."""
    label.ensurePolished()
    shown = label.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(width))
    label.setText(shown)
    label.setToolTip(words if shown != words else "")
