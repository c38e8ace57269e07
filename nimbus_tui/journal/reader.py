"""Reads a journal's tables row by row on a connection of its own, beside the engine that writes."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import AnyEvent, Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order
from nimbus_tui.journal.base import BotRecord
from nimbus_tui.journal.schema import migrations, newer, version_of
from nimbus_tui.journal.words import in_words

ROWS_AT_ONCE = 500
"""How many rows are in memory at a time."""

T = TypeVar("T")


class OrderRow(msgspec.Struct, frozen=True):
    """An order with what its columns, which the engine searches by, say of it."""

    client_order_id: str
    bot_id: str
    key: str
    generation: int
    state: str
    live: bool
    order: Order


class EquityRow(msgspec.Struct, frozen=True):
    """One point of one bot's curve; the equity as it is written."""

    bot_id: BotId
    ts: int
    equity: str


class JournalReader:
    """One moment of a journal: whatever is written meanwhile is not seen.

    While it is open the write-ahead log can't be emptied, so it should not stay open for hours.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> "JournalReader":
        """Open and take hold of this moment.

        Raises:
            JournalError: there is no journal, or its schema is not the one that is known here.
        """
        if not path.exists():
            raise JournalError(f"there is no journal at {path}")
        connection = None
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
            connection.isolation_level = None
            connection.execute("BEGIN")
            _check_version(version_of(connection))
        except (sqlite3.Error, JournalError) as error:
            if connection is not None:
                connection.close()
            raise in_words(error, str(path)) from error
        return cls(connection, path)

    def close(self) -> None:
        """Let go."""
        self._connection.close()

    def __enter__(self) -> "JournalReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def complaints(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when it is whole."""
        try:
            found = [str(line) for (line,) in self._rows("PRAGMA integrity_check")]
        except JournalError as error:
            return [str(error)]
        return [] if found == ["ok"] else found

    def checksums(self) -> list[tuple[int, str]]:
        """Version and checksum of each migration that was applied."""
        return list(self._rows("SELECT version, checksum FROM schema_version ORDER BY version"))

    def events(self, bots: Sequence[str] = ()) -> Iterator[tuple[int, Event]]:
        """Number and event, in order."""
        decode = msgspec.json.Decoder(AnyEvent).decode
        for seq, body in self._of_bots("seq, body", "events", "seq", bots):
            yield seq, self._decoded(decode, body, f"event {seq}")

    def orders(self, bots: Sequence[str] = ()) -> Iterator[OrderRow]:
        """Orders by bot, key and generation."""
        decode = msgspec.json.Decoder(Order).decode
        columns = "client_order_id, bot_id, key, generation, state, live, body"
        rows = self._of_bots(columns, "orders", "bot_id, key, generation", bots)
        for identity, bot_id, key, generation, state, live, body in rows:
            order = self._decoded(decode, body, f"order {identity}")
            yield OrderRow(identity, bot_id, key, generation, state, bool(live), order)

    def fills(self, bots: Sequence[str] = ()) -> Iterator[Fill]:
        """Fills in the order of their absorption."""
        decode = msgspec.json.Decoder(Fill).decode
        for number, body in self._of_bots("number, body", "fills", "number", bots):
            yield self._decoded(decode, body, f"fill {number}")

    def funding(self, bots: Sequence[str] = ()) -> Iterator[FundingPayment]:
        """Funding payments in the order of their absorption."""
        decode = msgspec.json.Decoder(FundingPayment).decode
        for number, body in self._of_bots("number, body", "funding", "number", bots):
            yield self._decoded(decode, body, f"funding payment {number}")

    def equity(self, bots: Sequence[str] = ()) -> Iterator[EquityRow]:
        """All curves, one after the other."""
        for row in self._of_bots("bot_id, ts, equity", "equity", "bot_id, ts", bots):
            yield EquityRow(*row)

    def bots(self, bots: Sequence[str] = ()) -> Iterator[BotRecord]:
        """Bots in the order of their creation."""
        decode = msgspec.json.Decoder(BotRecord).decode
        for bot_id, body in self._of_bots("bot_id, body", "bots", "rowid", bots):
            yield self._decoded(decode, body, f"bot {bot_id}")

    def config_versions(self) -> Iterator[tuple[int, str, str]]:
        """When each config began to be followed, its hash and its text, in order."""
        return self._rows("SELECT ts, hash, text FROM config_versions ORDER BY number")

    def facts(self) -> Iterator[tuple[str, str]]:
        """Names and texts."""
        return self._rows("SELECT name, text FROM facts ORDER BY name")

    def copy_to(self, path: Path) -> None:
        """Write this moment of the whole journal into a new file."""
        try:
            with closing(sqlite3.connect(path)) as target:
                self._connection.backup(target)
        except sqlite3.Error as error:
            raise in_words(error, str(path)) from error

    def _of_bots(
        self, columns: str, table: str, order: str, bots: Sequence[str]
    ) -> Iterator[tuple[Any, ...]]:
        marks = ", ".join("?" * len(bots))
        where = f"WHERE bot_id IN ({marks})" if bots else ""
        return self._rows(f"SELECT {columns} FROM {table} {where} ORDER BY {order}", bots)  # noqa: S608

    def _rows(self, sql: str, values: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            cursor = self._connection.execute(sql, values)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows
        except sqlite3.Error as error:
            raise in_words(error, str(self._path)) from error

    def _decoded(self, decode: Callable[[bytes], T], body: bytes, what: str) -> T:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise JournalError(f"{what} in {self._path} can't be read: {error}") from error


def _check_version(version: int) -> None:
    newest = migrations()[-1].version
    if version > newest:
        raise newer(version)
    if version < newest:
        raise JournalError(
            f"it has schema version {version}, this program needs {newest}: "
            "bring it up to date with `nimbus-tui journal migrate`"
        )
