"""The steps of the schema: an older journal is brought up to date and keeps what it holds."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nimbus_tui.journal import schema
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.contracts.journal import a_fill, a_payment, an_order


def test_the_steps_are_numbered_without_a_gap() -> None:
    versions = [migration.version for migration in schema.migrations()]
    assert versions == list(range(1, len(versions) + 1))


@pytest.mark.parametrize("version", range(1, len(schema.migrations()) + 1))
def test_a_journal_of_any_version_goes_on(
    tmp_path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j.db"
    known = schema.migrations()
    monkeypatch.setattr(schema, "migrations", lambda: known[:version])
    older = SqliteJournal.open(path)
    with older.transaction():
        older.record_fill(a_fill())
        older.save_order(an_order())
    older.close()
    monkeypatch.undo()

    journal = SqliteJournal.open(path)
    assert (journal.fills(), journal.orders()) == ([a_fill()], [an_order()])
    with journal.transaction():
        assert journal.record_funding(a_payment("f1", "eth"))
    assert journal.funding() == [a_payment("f1", "eth")]
    journal.close()
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT version, checksum FROM schema_version").fetchall()
    assert found == [(step.version, step.checksum) for step in known]
