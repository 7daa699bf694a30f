"""What commands and menus do to the active pane's note; one for each desk."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox

from medviewer.core.errors import MedviewerError
from medviewer.core.identity import Patient
from medviewer.core.note import KINDS, Hand, Identifier, Mention, NoteDocument, State
from medviewer.core.task import Priority
from medviewer.inference.contract import Fit
from medviewer.services.notes import encodings, reread
from medviewer.services.privacy import at_once, clean_text, identified
from medviewer.ui.commands import group_title
from medviewer.ui.controls import Controls
from medviewer.ui.note import ink
from medviewer.ui.note.encoding import EncodingChoice
from medviewer.ui.note.lexicon import LexiconEditor
from medviewer.ui.note.pane import NotePane


class NoteControls(Controls):
    """Methods are named in the command table."""

    def adopt(self, pane: NotePane) -> None:  # type: ignore[override]
        pane.corrected = self._desk.notebook.corrected
        pane.identified = lambda note: identified(note, self._desk.notes.hand(note.item))
        pane.touched.connect(self._ask_kind)
        pane.drafted.connect(self._drafted)
        pane.edited.connect(self._edited)
        pane.asked.connect(self._ask)
        pane.encoding_wanted.connect(self.choose_encoding)
        pane.clean_wanted.connect(self.clean_copy)
        cards = {card.id: card for card in self._desk.analyst.models()} if self._desk.analyst is not None else {}

        def label_of(model: str, label: str) -> str:
            card = cards.get(model)
            if card is None:
                return label or model
            return card.label(label, self._desk.lang) if label else card.title(self._desk.lang)

        pane.set_labels(label_of)

    def menu(self, pane: NotePane, where: QPoint) -> None:
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if pane.editing or pane.text.textCursor().hasSelection():
            copy = menu.addAction(self.tr("Copy"), pane.text.copy)
            copy.setEnabled(pane.text.textCursor().hasSelection())
            if pane.editing:
                menu.addAction(self.tr("Paste"), pane.text.paste)
            menu.addSeparator()
        start, end = pane.text.selected()
        if pane.view.private and pane.note is not None and pane.note.text[start:end].strip():
            self._kinds(menu.addMenu(self.tr("Mark as")), pane, pane.note.text[start:end].strip(), "")
        self._desk.actions.fill(menu, ("note",))
        self._desk.actions.fill(menu.addMenu(group_title("networks")), ("networks",))
        menu.popup(where)

    def change(self, change: str, *arguments: Any) -> None:
        """One change of the active note's view, by the name of the command table."""
        pane = self._desk.grid.active
        view = pane.view
        if change == "zoom":
            pane.set_view(view.zoomed(*arguments))
        elif change == "reset":
            pane.set_view(replace(view, zoom=1.0))
        elif change in ("words", "mentions", "private"):
            pane.set_view(replace(view, **{change: not getattr(view, change)}))
        elif change == "network":
            there = [result.model for result in pane.results.values() if result.status == "ok" and result.scores]
            if there:
                now = pane.picture().model
                at = there.index(now) + 1 if now in there else 0
                pane.set_view(replace(view, overlay=there[at % len(there)]))

    def tell(self, pane: NotePane) -> None:
        """A correction may have changed what is drawn."""
        pane.refresh_mentions()

    def before_analysis(self, pane: NotePane, fits: Sequence[Fit]) -> None:
        if not pane.view.words:
            pane.set_view(replace(pane.view, words=True))

    def step_event(self, pane: NotePane, by: int) -> bool:
        """The next or previous finding named in the text."""
        mentions = pane.picture().mentions
        if not mentions:
            return False
        here = pane.text.selected_start()
        places = [m.start for m in mentions]
        after = [m for m in mentions if m.start > here] if by > 0 else [m for m in reversed(mentions) if m.start < here]
        found = after[0] if after else mentions[0 if by > 0 else len(places) - 1]
        pane.text.go_to(found.start, found.end)
        return True

    # Writing

    def new(self, text: str = "") -> None:
        """A new note about the person in the active pane, in an editing pane."""
        shown = self._desk.grid.active.item
        note = self._desk.notebook.start(
            shown.patient if shown is not None else None, shown.study if shown is not None else None, text
        )
        self._show(note, edit=True)

    def paste(self) -> None:
        """A new note with the words on the clipboard."""
        words = QApplication.clipboard().text().replace("\r\n", "\n").replace("\r", "\n")
        if words.strip():
            self.new(words)
            self._read(self._desk.grid.active)
        else:
            self._say(self.tr("There is no text on the clipboard."))

    def edit(self) -> None:
        pane = self._desk.grid.active
        pane.set_editing(not pane.editing)

    def ask_sign(self) -> None:
        """Signing cannot be taken back, so it is asked."""
        words = self.tr("Sign this note? Its text then stays as it is; what is to be said more is an addendum.")
        box = QMessageBox(QMessageBox.Icon.Question, self.tr("Sign the note"), words, parent=self._desk.window)
        box.setStandardButtons(QMessageBox.StandardButton.Cancel)
        box.addButton(self.tr("Sign"), QMessageBox.ButtonRole.AcceptRole).clicked.connect(self.sign)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    def sign(self) -> None:
        """The active note, as it stands now."""
        pane = self._desk.grid.active
        if isinstance(pane, NotePane) and pane.note is not None:
            pane.set_editing(False)
            self._guarded(lambda: self._desk.notebook.sign(pane.note))

    def add(self) -> None:
        """An addendum to the active note, which must be signed."""
        pane = self._desk.grid.active
        if isinstance(pane, NotePane) and pane.note is not None:
            made: list[NoteDocument] = []
            if self._guarded(lambda: made.append(self._desk.notebook.add_to(pane.note))):
                self._show(made[0], edit=True)

    def _show(self, note: NoteDocument, edit: bool = False) -> None:
        self._desk.show_item(note.item)
        pane = self._desk.grid.active
        if edit and isinstance(pane, NotePane) and pane.note is not None and pane.note.item == note.item:
            pane.set_editing(True)

    def _drafted(self, pane: NotePane, text: str) -> None:
        if pane.note is not None:
            self._guarded(lambda: self._desk.notebook.draft(pane.note, text))

    def _edited(self, pane: NotePane, text: str) -> None:
        if pane.note is not None and self._guarded(lambda: self._desk.notebook.edit(pane.note, text)):
            self._read(pane)

    def _read(self, pane: NotePane) -> None:
        """Networks read the text that is there now; an older job about it is superseded."""
        if self._desk.analyst is not None and pane.item is not None:
            self._desk.analyst.run(pane.item.item, None, priority=Priority.INTERACTION)

    def _guarded(self, act) -> bool:
        try:
            act()
        except MedviewerError as error:
            self._say(self._desk.say(error.notice).message)
            return False
        return True

    # Mentions

    def _ask(self, pane: NotePane, mention: Mention, where: QPoint) -> None:
        """How is it meant? The answer is kept with the note (NT-05)."""
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSection(self.tr("“{text}” is").format(text=mention.text))
        for state, style in ink.STYLES.items():
            action = menu.addAction(
                f"{ink.tr(style.word)}  ({ink.tr(style.letter)})", partial(self.correct, pane, mention, state)
            )
            action.setCheckable(True)
            action.setChecked(state == mention.state)
        menu.popup(where)

    def correct(self, pane: NotePane, mention: Mention, state: State) -> None:
        if pane.note is not None:
            self._desk.notebook.correct(pane.note, mention, state)
            pane.refresh_mentions()

    # Who it is

    def _ask_kind(self, pane: NotePane, one: Identifier, where: QPoint) -> None:
        """What a framed piece of text is; the answer counts wherever the same words stand."""
        if pane.note is None:
            return
        words = pane.note.text[one.start : one.end]
        menu = QMenu(self._desk.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addSection(self.tr("“{text}” is").format(text=words))
        self._kinds(menu, pane, words, one.kind)
        menu.popup(where)

    def _kinds(self, menu: QMenu, pane: NotePane, words: str, now: str) -> None:
        for kind in KINDS:
            action = menu.addAction(ink.tr(ink.KINDS[kind]), partial(self.mark, pane, words, kind))
            action.setCheckable(bool(now))
            action.setChecked(kind == now)
        menu.addSeparator()
        menu.addAction(self.tr("Nothing that tells who it is"), partial(self.mark, pane, words, "none"))

    def mark(self, pane: NotePane, words: str, kind: Hand) -> None:
        """A person says what the words are: a kind, or "none"."""
        if pane.note is not None:
            self._desk.notes.mark(pane.note.item, words, kind)
            pane.look()

    # Files

    def choose_encoding(self, pane: NotePane) -> None:
        note = pane.note
        if note is None:
            return
        try:
            choices = encodings(note)
        except MedviewerError as error:
            self._say(self._desk.say(error.notice).message)
            return
        dialog = EncodingChoice(choices, note.encoding, self._desk.window)
        dialog.accepted.connect(lambda: self.take_encoding(note, dialog.chosen))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def take_encoding(self, note: NoteDocument, encoding: str) -> None:
        """Read the file again in the encoding that a person chose."""
        if encoding and encoding != note.encoding:
            self._guarded(lambda: self._desk.session.put([reread(note, encoding)]))

    def clean_copy(self, pane: NotePane) -> None:
        """A new note without what identifies the patient, about nobody; its words are on the clipboard too."""
        if pane.note is None:
            return
        note, hand = pane.note, dict(self._desk.notes.hand(pane.note.item))
        if at_once(note):
            self._cleaned(note, clean_text(note, hand))
        else:
            self._desk.bridge.background(lambda: clean_text(note, hand), lambda words, error: self._cleaned(note, words, error))

    def _cleaned(self, note: NoteDocument, words: str, error: BaseException | None = None) -> None:
        if error is not None:
            raise error
        copy = self._desk.notebook.start(Patient(), None, words, language=note.language, title=self.tr("Clean copy"))
        QApplication.clipboard().setText(words)
        self._say(self.tr("The clean copy is a note of its own and on the clipboard. Look at it before it leaves."))
        self._show(copy)

    def edit_lexicon(self) -> None:
        pane = self._desk.grid.active
        language = pane.note.language if isinstance(pane, NotePane) and pane.note is not None else ""
        editor = LexiconEditor(self._desk.notes, language or "en", self._desk.window)
        editor.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        editor.saved.connect(lambda: self._read(pane) if isinstance(pane, NotePane) else None)
        editor.open()

    def _say(self, words: str) -> None:
        self._desk.window.statusBar().showMessage(words, 6000)
