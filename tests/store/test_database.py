"""The database: what was said to be kept is there again; what fails leaves the last good state."""

import shutil
import sqlite3
import time

import pytest

from medviewer.core.errors import MedviewerError
from medviewer.store import database
from medviewer.store.database import MIGRATIONS, Database, migrate


def put(place):
    return lambda connection: connection.execute(
        "INSERT INTO decisions VALUES ('i', 'm', '1', ?, 'accepted', '', 'w', 't')", (place,)
    )


def places(base):
    return [place for (place,) in base.read("SELECT place FROM decisions ORDER BY place")]


def test_what_is_written_is_read_at_once_and_after_a_new_start(tmp_path):
    base = Database(tmp_path / "data" / "kept.db")
    base.write(put("a"))
    assert places(base) == ["a"]
    assert base.close()
    again = Database(tmp_path / "data" / "kept.db")
    assert places(again) == ["a"]
    assert again.read("PRAGMA journal_mode") == [("wal",)]
    again.close()


def test_of_waiting_changes_with_one_key_the_last_is_written_no_later_than_the_first_was_due(tmp_path):
    base = Database(tmp_path / "kept.db")
    start = time.monotonic()
    for n in range(30):
        base.write(put(f"{n:02}"), key="typing", delay=0.4)
        time.sleep(0.02)
    with sqlite3.connect(tmp_path / "kept.db") as other:
        while not (rows := other.execute("SELECT place FROM decisions").fetchall()):
            assert time.monotonic() - start < 2
            time.sleep(0.01)
    assert time.monotonic() - start < 1.5
    assert len(rows) == 1
    assert places(base)[-1] == "29"
    base.close()


def test_an_earlier_delayed_change_is_written_before_a_later_one_that_is_due(tmp_path):
    base = Database(tmp_path / "kept.db")
    order = []
    base.write(lambda _: order.append("first"), key="x", delay=5)
    base.write(lambda _: order.append("second"))
    assert base.flush()
    assert order == ["first", "second"]
    base.close()


def test_a_refused_change_takes_no_other_with_it_and_is_told(tmp_path):
    told = []
    base = Database(tmp_path / "kept.db", told.append)
    base.write(put("a"))
    base.write(lambda c: c.execute("INSERT INTO decisions VALUES ('i', 'm', '1', 'b', 'no such state', '', '', '')"))
    base.write(put("c"))
    assert places(base) == ["a", "c"]
    assert [notice.code for notice in told] == ["database-refused"]
    base.close()


def test_a_failed_save_keeps_the_last_good_state_and_is_made_good_later(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "RETRY_S", 0.05)
    monkeypatch.setattr(database, "WAIT_S", 0.05)
    told = []
    base = Database(tmp_path / "kept.db", told.append)
    base.write(put("a"))
    assert places(base) == ["a"]
    with sqlite3.connect(tmp_path / "kept.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        base.write(put("b"))
        base.write(put("c"))
        end = time.monotonic() + 5
        while not told and time.monotonic() < end:
            time.sleep(0.01)
        assert told[0].code == "database-not-written"
        assert places(base) == ["a"]
        other.execute("ROLLBACK")
    end = time.monotonic() + 5
    while told[-1] is not None and time.monotonic() < end:
        time.sleep(0.01)
    assert told[-1] is None
    assert places(base) == ["a", "b", "c"]
    assert base.close()
    other.close()


def test_audit_lines_can_neither_be_changed_nor_removed(tmp_path):
    base = Database(tmp_path / "kept.db")
    base.write(lambda c: c.execute("INSERT INTO audit VALUES (1, 't', 'w', 'accept', 'p', 'i', 's', '{}')"))
    base.write(lambda c: c.execute("UPDATE audit SET who = 'another'"))
    base.write(lambda c: c.execute("DELETE FROM audit"))
    assert base.read("SELECT who FROM audit") == [("w",)]
    base.close()


def test_cr03_a_damaged_file_is_set_aside_and_the_backup_takes_its_place(tmp_path):
    path = tmp_path / "kept.db"
    base = Database(path)
    base.write(put("a"))
    base.close()
    (tmp_path / "kept.backup.db").unlink()
    Database(path).close()
    assert (tmp_path / "kept.backup.db").is_file()
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 5000)
    again = Database(path)
    assert [notice.code for notice in again.notices] == ["database-restored"]
    assert places(again) == ["a"]
    assert (tmp_path / again.notices[0].facts["kept"]).read_bytes().endswith(b"\xa5")
    again.close()


def test_a_damaged_file_without_backup_is_set_aside_and_a_new_one_begun(tmp_path):
    (tmp_path / "kept.db").write_bytes(b"no database at all, but a text" * 100)
    base = Database(tmp_path / "kept.db")
    assert [notice.code for notice in base.notices] == ["database-damaged"]
    assert places(base) == []
    base.close()


def test_a_file_of_a_newer_program_is_left_alone_and_nothing_is_kept(tmp_path):
    path = tmp_path / "kept.db"
    Database(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    before = path.read_bytes()
    base = Database(path)
    assert [notice.code for notice in base.notices] == ["database-newer"]
    assert base.path is None
    base.write(put("a"))
    assert places(base) == ["a"]
    base.close()
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_leaves_the_session_in_memory(tmp_path):
    (tmp_path / "file").write_text("x")
    base = Database(tmp_path / "file" / "kept.db")
    assert [notice.code for notice in base.notices] == ["database-unusable"]
    base.write(put("a"))
    assert places(base) == ["a"]
    base.close()


def test_an_older_file_is_copied_and_taken_to_the_newest_version(tmp_path, monkeypatch):
    path = tmp_path / "kept.db"
    base = Database(path)
    base.write(put("a"))
    base.close()
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, "ALTER TABLE decisions ADD COLUMN more TEXT DEFAULT 'x'"))
    newer = Database(path)
    assert newer.read("SELECT place, more FROM decisions") == [("a", "x")]
    newer.close()
    with sqlite3.connect(tmp_path / f"kept.v{len(MIGRATIONS)}.db") as copy:
        assert copy.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        assert copy.execute("SELECT place FROM decisions").fetchall() == [("a",)]
    copy.close()


def test_a_migration_that_fails_leaves_the_old_version_whole(tmp_path, monkeypatch):
    path = tmp_path / "kept.db"
    base = Database(path)
    base.write(put("a"))
    base.close()
    shutil.copy(path, tmp_path / "before.db")
    broken = "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1);"
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, broken))
    with sqlite3.connect(path, isolation_level=None) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall()
    assert tables == []
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


def test_reading_a_table_that_is_not_there_is_an_error_with_a_sentence(tmp_path):
    base = Database(tmp_path / "kept.db")
    with pytest.raises(MedviewerError, match="database-unreadable"):
        base.read("SELECT * FROM nowhere")
    base.close()


def test_two_programs_write_into_one_file_and_see_each_others_changes(tmp_path):
    first, second = Database(tmp_path / "kept.db"), Database(tmp_path / "kept.db")
    for n in range(20):
        first.write(put(f"a{n:02}"))
        second.write(put(f"b{n:02}"))
    assert first.flush(10) and second.flush(10)
    assert len(places(first)) == len(places(second)) == 40
    first.close()
    second.close()
