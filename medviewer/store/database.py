"""The one file of what a person did: a connection for reading, one thread that writes, migrations with a backup.

WAL, each commit on the disk before it counts as saved. What cannot be written stays in memory and is tried again; a file
that cannot be read is set aside, never overwritten, and the last backup takes its place.
"""

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medviewer.core.errors import MedviewerError, Notice

log = logging.getLogger(__name__)

Work = Callable[[sqlite3.Connection], object]
"""Statements of one transaction, run on the writer's thread."""

RETRY_S = 1.0
"""Pause before what could not be written is tried again."""
WAIT_S = 5.0
"""How long another program may hold the file."""
BACKUP_DAYS = 1.0
APPLICATION = 0x4D565752
"""`PRAGMA application_id`: another program's file is not taken for ours."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE decisions (
        input TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, place TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('accepted', 'rejected')), label TEXT NOT NULL DEFAULT '',
        who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (input, model, version, place)) WITHOUT ROWID;
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, act TEXT NOT NULL,
        patient TEXT NOT NULL, item TEXT NOT NULL, subject TEXT NOT NULL, facts TEXT NOT NULL);
    CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
    CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append only'); END;
    CREATE TABLE notes (
        id TEXT PRIMARY KEY, item TEXT NOT NULL, patient TEXT NOT NULL, study TEXT NOT NULL, path TEXT NOT NULL,
        format TEXT NOT NULL, encoding TEXT NOT NULL, language TEXT NOT NULL, date TEXT NOT NULL, author TEXT NOT NULL,
        title TEXT NOT NULL, addendum_to TEXT NOT NULL, signed_by TEXT NOT NULL DEFAULT '', signed_at TEXT NOT NULL DEFAULT '');
    CREATE TABLE revisions (
        note TEXT NOT NULL REFERENCES notes (id), revision INTEGER NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL,
        text TEXT NOT NULL, PRIMARY KEY (note, revision)) WITHOUT ROWID;
    CREATE TRIGGER signed_text_stays BEFORE INSERT ON revisions
        WHEN (SELECT signed_at FROM notes WHERE id = NEW.note) <> '' BEGIN SELECT RAISE(ABORT, 'signed'); END;
    CREATE TRIGGER signed_text_is_kept BEFORE DELETE ON revisions
        WHEN (SELECT signed_at FROM notes WHERE id = OLD.note) <> '' BEGIN SELECT RAISE(ABORT, 'signed'); END;
    CREATE TABLE corrections (
        note TEXT NOT NULL, concept TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, text TEXT NOT NULL,
        state TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (note, concept, start, text)) WITHOUT ROWID;
    CREATE TABLE assignments (
        content TEXT PRIMARY KEY, patient TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE marks (
        item TEXT NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, frame INTEGER NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (item, kind, path, frame, value)) WITHOUT ROWID;
    """,
)
"""Statements that take the file from version n to n + 1; never changed once they are out, only followed by others."""


@dataclass(slots=True)
class _Waiting:
    due: float
    work: Work


class Database:
    """`write` returns at once; `read` sees everything written before it. Any thread may call both."""

    def __init__(self, path: Path | None, problem: Callable[[Notice | None], None] = lambda _: None) -> None:
        """`path` None keeps everything in memory (safe mode). `problem` hears, on the writer's thread, that saving fails
        (`database-not-written`) and None when it works again."""
        self._problem = problem
        self.notices: list[Notice] = []
        self._path, reader = self._open(path)
        self._reader, self._reading = reader, threading.Lock()
        self._queue: dict[object, _Waiting] = {}
        self._changed = threading.Condition()
        self._running, self._closing, self._failing, self._resume = False, False, False, 0.0
        self._thread = threading.Thread(target=self._write_all, name="database", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path | None:
        """Where it is kept; None while nothing is kept on the disk."""
        return self._path

    def write(self, work: Work, key: object = None, delay: float = 0.0) -> None:
        """Run `work` in a transaction soon, at the latest `delay` seconds from now.

        Of waiting works with one `key` the last is run, no later than the first of them was due.
        """
        with self._changed:
            if self._closing:
                log.warning("a change came after the database was closed")
                return
            key = object() if key is None else key
            now = time.monotonic()
            due = min(now + delay, self._queue[key].due if key in self._queue else now + delay)
            self._queue.pop(key, None)  # the last one is run last
            self._queue[key] = _Waiting(due, work)
            self._changed.notify_all()

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query, after everything that was to be written. Raises `database-unreadable`."""
        self.flush()
        with self._reading:
            try:
                return list(self._reader.execute(statement, values))
            except sqlite3.Error as error:
                raise MedviewerError("database-unreadable", str(self._path or ""), reason=str(error)) from error

    def flush(self, timeout: float = 2.0) -> bool:
        """Write what waits now; False if it is not on the disk in time."""
        if threading.current_thread() is self._thread:
            return False
        end = time.monotonic() + timeout
        with self._changed:
            for waiting in self._queue.values():
                waiting.due = 0.0
            self._changed.notify_all()
            while self._queue or self._running:
                if self._failing or not self._changed.wait(max(0.0, end - time.monotonic())):
                    return not (self._queue or self._running)
        return True

    def close(self, timeout: float = 2.0) -> bool:
        """Write what waits and end; False if something could not be written."""
        written = self.flush(timeout)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        with self._reading:
            self._reader.close()
        return written

    # The writer's thread

    def _write_all(self) -> None:
        connection = _connect(self._path) if self._path else self._reader
        try:
            self._back_up(connection)
            while (batch := self._take()) is not None:
                self._commit(connection, batch)
        finally:
            if self._path:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()

    def _take(self) -> list[tuple[object, _Waiting]] | None:
        """What is due and all that came before it, waiting for it; None at the end. The order of changes is kept."""
        with self._changed:
            while True:
                now = time.monotonic()
                keys = list(self._queue)
                due = [n for n, one in enumerate(self._queue.values()) if max(one.due, self._resume) <= now or self._closing]
                if due:
                    self._running = True
                    return [(key, self._queue.pop(key)) for key in keys[: due[-1] + 1]]
                if self._closing:
                    return None
                first = min((one.due for one in self._queue.values()), default=now + 3600)
                self._changed.wait(max(first, self._resume) - now)

    def _commit(self, connection: sqlite3.Connection, batch: list[tuple[object, _Waiting]]) -> None:
        """One transaction each: a change that is refused does not take others with it, one that fails lets all others wait."""
        failure = ""
        while batch and not failure:
            try:
                with self._reading if self._path is None else contextlib.nullcontext(), connection:
                    connection.execute("BEGIN IMMEDIATE")
                    batch[0][1].work(connection)
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
                log.error("a change was refused by the database: %s", error)
                self._problem(Notice("database-refused", facts={"reason": str(error)}))
            except sqlite3.Error as error:
                failure = str(error)
                break
            except Exception:  # a defect in one change lets the writer go on
                log.exception("a change could not be made")
            batch.pop(0)
        with self._changed:
            newer = self._queue
            self._queue = {key: one for key, one in batch if key not in newer} | newer
            if self._closing and failure:
                self._queue.clear()
            self._running = False
            self._resume = time.monotonic() + RETRY_S if failure else 0.0
            was, self._failing = self._failing, bool(failure)
            self._changed.notify_all()
        if failure and not was:
            log.warning("the database could not be written: %s", failure)
            self._problem(Notice("database-not-written", str(self._path or ""), {"reason": failure}))
        elif was and not failure:
            self._problem(None)

    # Opening

    def _open(self, path: Path | None) -> tuple[Path | None, sqlite3.Connection]:
        """The file at its newest version; in memory where it cannot be used, with the reason in `notices`."""
        if path is None:
            return None, _in_memory()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                return path, self._ready(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:  # no database, or a damaged one
                self._set_aside(path, str(error))
                return path, self._ready(path)
        except MedviewerError as error:
            self.notices.append(error.notice)
        except (OSError, sqlite3.Error) as error:
            self.notices.append(Notice("database-unusable", str(path), {"reason": str(error)}))
        log.warning("nothing is kept in this session: %s", self.notices[-1].code)
        return None, _in_memory()

    def _ready(self, path: Path) -> sqlite3.Connection:
        """Raises sqlite3.DatabaseError for damage, `database-newer` for a file of a later program."""
        connection = _connect(path)
        try:
            (whole,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if whole != "ok":
                raise sqlite3.DatabaseError(str(whole))
            (owner,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if (owner and owner != APPLICATION) or version > len(MIGRATIONS):
                raise MedviewerError("database-newer", str(path), version=version, known=len(MIGRATIONS))
            if version < len(MIGRATIONS):
                if version:
                    _copy(connection, path.with_name(f"{path.stem}.v{version}.db"))
                migrate(connection)
            return connection
        except BaseException:
            connection.close()
            raise

    def _set_aside(self, path: Path, reason: str) -> None:
        """The damaged file keeps a name of its own; the last good copy takes its place."""
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for tail in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + tail).replace(path.with_name(f"{path.stem}.damaged-{stamp}.db{tail}"))
        backup = _backup_of(path)
        restored = backup.is_file()
        if restored:
            try:
                source = sqlite3.connect(f"file:{backup}?mode=ro", uri=True)
                with contextlib.closing(source):
                    _copy(source, path)
            except sqlite3.Error:
                restored = False
                path.unlink(missing_ok=True)
        code = "database-restored" if restored else "database-damaged"
        day = time.strftime("%Y-%m-%d", time.localtime(backup.stat().st_mtime)) if restored else ""
        kept = f"{path.stem}.damaged-{stamp}.db"
        self.notices.append(Notice(code, str(path), {"kept": kept, "reason": reason, "day": day}))

    def _back_up(self, connection: sqlite3.Connection) -> None:
        """A copy of the good file, once a day, before anything is written."""
        if self._path is None:
            return
        backup = _backup_of(self._path)
        with contextlib.suppress(OSError, sqlite3.Error):
            if not backup.is_file() or time.time() - backup.stat().st_mtime > BACKUP_DAYS * 86400:
                _copy(connection, backup)


def migrate(connection: sqlite3.Connection, to: int | None = None) -> None:
    """Take the file from its version to `to` (None = the newest), each step whole or not at all."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(version, len(MIGRATIONS) if to is None else to):
        script = f"BEGIN IMMEDIATE;{MIGRATIONS[number]};PRAGMA user_version = {number + 1};PRAGMA application_id = {APPLICATION};"
        try:
            connection.executescript(script + "COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _backup_of(path: Path) -> Path:
    return path.with_name(f"{path.stem}.backup.db")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
    with contextlib.suppress(OSError):
        path.chmod(0o600)
    _set_up(connection, ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"))
    return connection


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _set_up(connection, ("foreign_keys = ON",))
    migrate(connection)
    return connection


def _set_up(connection: sqlite3.Connection, pragmas: Iterable[str]) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _copy(source: sqlite3.Connection, target: Path) -> None:
    """A whole copy, or none."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    with contextlib.suppress(OSError):
        part.chmod(0o600)
    part.replace(target)
