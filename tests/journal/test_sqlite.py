"""The SQLite journal: the contract, one writer, and errors in words."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nimbus_tui.core.errors import JournalError, JournalLocked
from nimbus_tui.journal.schema import migrations
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal
from tests.contracts.journal import JournalContract, a_fill


class TestSqlite(JournalContract):
    @pytest.fixture(params=["memory", "file"])
    def journal(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteJournal]:
        opened = SqliteJournal.open(MEMORY if request.param == "memory" else tmp_path / "j.db")
        yield opened
        opened.close()


def test_a_second_writer_is_refused_by_the_pid_of_the_first(tmp_path: Path) -> None:
    import os

    first = SqliteJournal.open(tmp_path / "j.db")
    with pytest.raises(JournalLocked, match=str(os.getpid())):
        SqliteJournal.open(tmp_path / "j.db")
    first.close()
    SqliteJournal.open(tmp_path / "j.db").close()


def test_a_reader_sees_what_is_committed_beside_the_writer(tmp_path: Path) -> None:
    writer = SqliteJournal.open(tmp_path / "j.db")
    with writer.transaction():
        writer.record_fill(a_fill())
    reader = SqliteJournal.read(tmp_path / "j.db")
    assert len(reader.fills()) == 1
    reader.close()
    writer.close()


def test_a_newer_journal_is_refused_with_both_versions(tmp_path: Path) -> None:
    SqliteJournal.open(tmp_path / "j.db").close()
    connection = sqlite3.connect(tmp_path / "j.db")
    connection.execute("INSERT INTO schema_version VALUES (99, 'x')")
    connection.commit()
    connection.close()
    with pytest.raises(JournalError, match=rf"99.*{migrations()[-1].version}"):
        SqliteJournal.open(tmp_path / "j.db")


def test_what_is_no_journal_is_told(tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_bytes(b"this is not a database, by far not one" * 50)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE x (y)")
    connection.commit()
    connection.close()
    for path, words in ((text, "not a database"), (other, "not a journal")):
        with pytest.raises(JournalError, match=words):
            SqliteJournal.open(path)
    with pytest.raises(JournalError, match="no journal at"):
        SqliteJournal.read(tmp_path / "none.db")


def test_a_full_store_fails_in_words_and_keeps_what_was_whole(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "j.db")
    pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
    journal._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    written = 0
    with pytest.raises(JournalError, match="disk is full"):
        for number in range(10_000):
            with journal.transaction():
                journal.record_fill(a_fill(str(number)))
            written += 1
    assert len(journal.fills()) == written > 0
    journal.close()
