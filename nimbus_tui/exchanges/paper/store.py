"""The paper venue's own file: written before anybody hears of an answer or a fill."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.exchanges.paper.account import VenueState
from nimbus_tui.exchanges.paper.matching import PaperOrder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS venue (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    client_order_id TEXT PRIMARY KEY, live INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS live_orders ON orders (client_order_id) WHERE live = 1;
CREATE TABLE IF NOT EXISTS fills (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS funding (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""
_APPLICATION_ID = 0x6E627078
_VERSION = 2
"""2 has funding; an older file is only to be given the new table."""
MEMORY = ":memory:"
MEMORY_KEEPS = 10_000
"""How many ended orders, fills and funding payments a store without a file remembers of each."""
_FORGET_EVERY = 1_000

T = TypeVar("T")


class PaperStore:
    """SQLite in WAL mode: survives a killed process, one transaction for each tick or request."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._written = 0
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.Error as error:
            raise ExchangeError(f"{path}, the paper exchange's file: {error}") from error
        try:
            with self._in_words():
                self._claim()
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._connection.executescript(_SCHEMA)
        except ExchangeError:
            self._connection.close()
            raise

    def _claim(self) -> None:
        owner = self._connection.execute("PRAGMA application_id").fetchone()[0]
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if owner not in (0, _APPLICATION_ID) or (owner == 0 and tables):
            raise ExchangeError(f"{self._path} is a database, but not one of the paper exchange")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > _VERSION:
            raise ExchangeError(
                f"{self._path} is of version {version}, written by a newer nimbus-tui; "
                f"this one knows version {_VERSION}"
            )
        self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {_VERSION}")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, msgspec.MsgspecError) as error:
            raise ExchangeError(
                f"{self._path}, the paper exchange's file, can't be used: {error}"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        with self._in_words():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def load(self) -> tuple[VenueState | None, list[PaperOrder]]:
        """The venue as it was left: its state, or None at first, and the live orders by arrival."""
        with self._in_words():
            row = self._connection.execute("SELECT body FROM venue").fetchone()
            state = None if row is None else msgspec.json.decode(row[0], type=VenueState)
            rows = self._connection.execute("SELECT body FROM orders WHERE live = 1")
            orders = [msgspec.json.decode(body, type=PaperOrder) for (body,) in rows]
        return state, sorted(orders, key=lambda order: order.number)

    def save_state(self, state: VenueState) -> None:
        """Write the venue's state."""
        self._connection.execute(
            "INSERT OR REPLACE INTO venue VALUES (1, ?)", (msgspec.json.encode(state),)
        )

    def save_order(self, order: PaperOrder) -> None:
        """Write an order."""
        self._connection.execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?)",
            (
                order.request.client_order_id,
                not order.state.is_final,
                msgspec.json.encode(order),
            ),
        )
        if self._path == MEMORY:
            self._forget()

    def save_fill(self, number: int, fill: Fill) -> None:
        """Write a fill under its number."""
        self._connection.execute(
            "INSERT INTO fills VALUES (?, ?)", (number, msgspec.json.encode(fill))
        )

    def save_payment(self, number: int, payment: FundingPayment) -> None:
        """Write a funding payment under its number."""
        self._connection.execute(
            "INSERT INTO funding VALUES (?, ?)", (number, msgspec.json.encode(payment))
        )

    def _forget(self) -> None:
        """Drop the oldest of what has ended, so that memory does not grow for ever."""
        self._written += 1
        if self._written % _FORGET_EVERY:
            return
        # A replaced row gets a new rowid: their order is that of the last change.
        self._connection.execute(
            "DELETE FROM orders WHERE live = 0 AND rowid NOT IN "
            "(SELECT rowid FROM orders WHERE live = 0 ORDER BY rowid DESC LIMIT ?)",
            (MEMORY_KEEPS,),
        )
        for table in ("fills", "funding"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE number <= (SELECT max(number) FROM {table}) - ?",  # noqa: S608
                (MEMORY_KEEPS,),
            )

    def order(self, identity: ClientOrderId) -> PaperOrder | None:
        """One order, also one that has ended."""
        with self._in_words():
            row = self._connection.execute(
                "SELECT body FROM orders WHERE client_order_id = ?", (identity,)
            ).fetchone()
            return None if row is None else msgspec.json.decode(row[0], type=PaperOrder)

    def fills_after(self, number: int, limit: int) -> list[tuple[int, Fill]]:
        """Fills with higher numbers, oldest first."""
        return self._after("fills", Fill, number, limit)

    def payments_after(self, number: int, limit: int) -> list[tuple[int, FundingPayment]]:
        """Funding payments with higher numbers, oldest first."""
        return self._after("funding", FundingPayment, number, limit)

    def _after(self, table: str, kind: type[T], number: int, limit: int) -> list[tuple[int, T]]:
        sql = f"SELECT number, body FROM {table} WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608
        with self._in_words():
            rows = self._connection.execute(sql, (number, limit))
            return [(found, msgspec.json.decode(body, type=kind)) for found, body in rows]

    def close(self) -> None:
        """Close the file. Harmless the second time."""
        self._connection.close()


def state_in(path: Path) -> VenueState | None:
    """What a store says of its venue, read beside its owner or without one; None where none is.

    Raises:
        ExchangeError: the file is no paper exchange's, or can't be read.
    """
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            row = opened.execute("SELECT body FROM venue").fetchone()
            return None if row is None else msgspec.json.decode(row[0], type=VenueState)
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        raise ExchangeError(f"{path}, the paper exchange's file, can't be read: {error}") from error
