"""What a person does is kept: the session over its database, undo and redo in words, and what is told when saving fails."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from medviewer.core.errors import Notice
from medviewer.services.acts import Act, system_user
from medviewer.services.annotate import Notebook
from medviewer.services.assign import Assigner
from medviewer.services.session import Changes, Session
from medviewer.services.words import Sentence
from medviewer.store.database import Database
from medviewer.store.profile import Profile
from medviewer.store.records import Records
from medviewer.store.settings import Settings
from medviewer.ui.bridge import Bridge

FILE = "medviewer.db"


class Keeping(QObject):
    """`told` carries a sentence for the status bar and whether it needs attention."""

    told = Signal(str, bool)

    def __init__(
        self, profile: Profile, settings: Settings, bridge: Bridge, say: Callable[[Notice], Sentence], *, safe_mode: bool = False
    ) -> None:
        super().__init__()
        self._settings, self._say = settings, say
        path = None if safe_mode else profile.data / FILE
        self.database = Database(path, lambda notice: bridge.post(lambda: self._saving(notice)))
        self.records = Records(self.database)
        self.session = Session(self.records, self.who)
        self.notebook = Notebook(self.session, self.records)
        self.assigner = Assigner(self.session, self.records)
        self.problem: Notice | None = None
        self._seen: set[tuple[str, str, str]] = set()
        self.session.listen(self._came)

    def who(self) -> str:
        """The name in the settings, else the system account's."""
        return str(self._settings.get("user")) or system_user()

    def begin(self) -> None:
        """Tell what was found at opening; bring back notes of nobody that were written here."""
        for notice in self.database.notices:
            self._tell(notice)
        self.notebook.recall(unassigned=True)

    def undo(self) -> None:
        self._step(self.session.history.undo(), self.tr("Undone: {what}"), self.tr("Nothing to undo"))

    def redo(self) -> None:
        self._step(self.session.history.redo(), self.tr("Done again: {what}"), self.tr("Nothing to do again"))

    def close(self) -> bool:
        """Write what waits; False if something could not be written."""
        return self.database.close()

    def _came(self, changes: Changes) -> None:
        """With a patient come the notes that were written here about them."""
        new = [who for who in self.session.patients if who.key not in self._seen] if changes.items else []
        if new:
            self._seen |= {who.key for who in new}
            self.notebook.recall(new)
        if changes.removed:
            self._seen &= {who.key for who in self.session.patients}

    def _step(self, act: Act | None, words: str, nothing: str) -> None:
        self.told.emit(words.format(what=self._say(Notice(act.what)).message) if act else nothing, False)

    def _saving(self, notice: Notice | None) -> None:
        if notice is None:
            self.problem = None
            self.told.emit(self.tr("Everything is saved again."), False)
        else:
            self.problem = notice
            self._tell(notice)

    def _tell(self, notice: Notice) -> None:
        said = self._say(notice)
        self.told.emit(said.text, True)
