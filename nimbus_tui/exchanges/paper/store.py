"""The paper venue's own file: written before anybody hears of an answer or a fill."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec

from nimbus_tui.accounting.position import Position
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Asset, ClientOrderId, Symbol
from nimbus_tui.exchanges.paper.matching import PaperOrder

_SCHEMA = """
CREATE TABLE IF NOT EXISTS venue (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    client_order_id TEXT PRIMARY KEY, live INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS live_orders ON orders (client_order_id) WHERE live = 1;
CREATE TABLE IF NOT EXISTS fills (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
"""
_APPLICATION_ID = 0x6E627078


class VenueState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the venue that is not an order or a fill."""

    balances: dict[Asset, Decimal]
    positions: dict[Symbol, Position] = msgspec.field(default_factory=dict)
    prices: dict[Symbol, Decimal] = msgspec.field(default_factory=dict)
    orders: int = 0
    """How many orders there have been; numbers the next one."""
    fills: int = 0
    source_position: str = ""
    ts: int = 0
    """Venue time: that of the newest tick, ns."""


class PaperStore:
    """SQLite in WAL mode: survives a killed process, one transaction for each tick or request."""

    def __init__(self, path: Path | str) -> None:
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._claim(path)
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise ExchangeError(f"{path}, the paper exchange's file: {error}") from error

    def _claim(self, path: Path | str) -> None:
        owner = self._connection.execute("PRAGMA application_id").fetchone()[0]
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if owner not in (0, _APPLICATION_ID) or (owner == 0 and tables):
            raise ExchangeError(f"{path} is a database, but not one of the paper exchange")
        self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise ExchangeError(f"the paper exchange can't write its file: {error}") from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def load(self) -> tuple[VenueState | None, list[PaperOrder]]:
        """The venue as it was left: its state, or None at first, and the live orders."""
        row = self._connection.execute("SELECT body FROM venue").fetchone()
        state = None if row is None else msgspec.json.decode(row[0], type=VenueState)
        rows = self._connection.execute("SELECT body FROM orders WHERE live = 1")
        return state, [msgspec.json.decode(body, type=PaperOrder) for (body,) in rows]

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

    def save_fill(self, number: int, fill: Fill) -> None:
        """Write a fill under its number."""
        self._connection.execute(
            "INSERT INTO fills VALUES (?, ?)", (number, msgspec.json.encode(fill))
        )

    def order(self, identity: ClientOrderId) -> PaperOrder | None:
        """One order, also one that has ended."""
        row = self._connection.execute(
            "SELECT body FROM orders WHERE client_order_id = ?", (identity,)
        ).fetchone()
        return None if row is None else msgspec.json.decode(row[0], type=PaperOrder)

    def fills_after(self, number: int, limit: int) -> list[tuple[int, Fill]]:
        """Fills with higher numbers, oldest first."""
        rows = self._connection.execute(
            "SELECT number, body FROM fills WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [(found, msgspec.json.decode(body, type=Fill)) for found, body in rows]

    def close(self) -> None:
        """Close the file. Harmless the second time."""
        self._connection.close()
