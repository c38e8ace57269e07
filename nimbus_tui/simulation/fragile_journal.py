"""A journal in memory that outlives its engine, and can lose power or its writer at any step."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from nimbus_tui.journal.schema import bring_up_to_date
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal

T = TypeVar("T")


class WriterDied(BaseException):
    """The process has died in the middle of a transaction; nobody may catch it."""


class Disk:
    """What is on the disk: everything committed, and what of it had been synced."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(MEMORY, isolation_level=None)
        bring_up_to_date(self.connection)
        self._synced = self.connection.serialize()

    def sync(self) -> None:
        """What is committed now survives a power cut too."""
        if not self.connection.in_transaction:
            self._synced = self.connection.serialize()

    def writer_gone(self) -> None:
        """The writer was killed: its open transaction never happened."""
        if self.connection.in_transaction:
            self.connection.rollback()

    def power_cut(self) -> None:
        """Only what was synced is left."""
        self.connection.close()
        self.connection = sqlite3.connect(MEMORY, isolation_level=None)
        self.connection.deserialize(self._synced)


class FragileJournal(SqliteJournal):
    """The production journal on such a disk, in the hands of one life of an engine."""

    def __init__(self, disk: Disk, on_death: Callable[[], None]) -> None:
        super().__init__(disk.connection, MEMORY, None)
        self._disk = disk
        self._on_death = on_death
        self.is_dead = False
        self.dies_in: int | None = None
        """Statements until the writer dies; None while it doesn't."""

    def make_durable(self) -> None:
        """What is committed now survives a power cut too."""
        super().make_durable()
        self._disk.sync()

    def close(self) -> None:
        """The disk stays."""

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        self._step()
        return super()._execute(sql, values)

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._step()
        super()._many(sql, rows)

    def _decoded(self, sql: str, values: Sequence[Any], decode: Callable[[bytes], T]) -> list[T]:
        self._step()
        return super()._decoded(sql, values, decode)

    def _step(self) -> None:
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in <= 0 and not self.is_dead:
                self.is_dead = True
                self._on_death()
        if self.is_dead:
            raise WriterDied
