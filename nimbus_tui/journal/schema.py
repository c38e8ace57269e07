"""The journal's schema: numbered SQL files, forward only, each in one transaction."""

import hashlib
import re
import sqlite3
from importlib import resources

import msgspec

from nimbus_tui.core.errors import JournalError

APPLICATION_ID = 0x6E626A6C
"""Marks an SQLite file as a journal of ours."""


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Notices a file that was changed after it was released."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All steps that this program knows, in order."""
    folder = resources.files("nimbus_tui.journal") / "migrations"
    found = []
    for file in folder.iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name)
        if match:
            found.append(Migration(int(match[1]), match[2], file.read_text("utf-8")))
    return sorted(found, key=lambda migration: migration.version)


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of a file; 0 when it is empty.

    Raises:
        JournalError: it is a database of something else.
    """
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner == 0 and tables == 0:
        return 0
    if owner != APPLICATION_ID:
        raise JournalError("the file is a database, but not a journal of nimbus-tui")
    return int(connection.execute("SELECT max(version) FROM schema_version").fetchone()[0])


def newer(version: int) -> JournalError:
    """The refusal of a file that a later program has written, naming both versions."""
    return JournalError(
        f"the journal has schema version {version}, this program knows up to "
        f"{migrations()[-1].version}: use the newer nimbus-tui that wrote it"
    )


def bring_up_to_date(connection: sqlite3.Connection) -> list[Migration]:
    """Apply what is missing; returns that.

    Raises:
        JournalError: the file is newer than this program, or not ours.
    """
    known = migrations()
    version = version_of(connection)
    newest = known[-1].version
    if version > newest:
        raise newer(version)
    missing = known[version:]
    for migration in missing:
        _apply(connection, migration)
    return missing


def _apply(connection: sqlite3.Connection, migration: Migration) -> None:
    table = (
        "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, checksum TEXT);"
    )
    connection.executescript(
        f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; {table} {migration.sql}"
    )
    connection.execute(
        "INSERT INTO schema_version VALUES (?, ?)", (migration.version, migration.checksum)
    )
    connection.execute("COMMIT")
