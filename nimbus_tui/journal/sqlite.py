"""The journal's tables in SQLite: what is written of each kind, and how it is found again."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

import msgspec

from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.events import AnyEvent, Event, event_type
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId, ClientOrderId, OrderKey
from nimbus_tui.core.order import Order
from nimbus_tui.journal.base import BotRecord, ConfigVersion
from nimbus_tui.journal.sqlite_file import MEMORY as MEMORY
from nimbus_tui.journal.sqlite_moments import SqliteMoments
from nimbus_tui.journal.sqlite_pages import SqlitePages

CONFIG_VERSIONS_KEPT = 1_000
"""Of more config texts the oldest go."""
DURABLE = "durable"
"""The fact that is written when the journal is made durable: the newest event by then."""
_encode = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(AnyEvent).decode
_decode_order = msgspec.json.Decoder(Order).decode
_decode_fill = msgspec.json.Decoder(Fill).decode
_decode_funding = msgspec.json.Decoder(FundingPayment).decode
_decode_bot = msgspec.json.Decoder(BotRecord).decode

T = TypeVar("T")


class SqliteJournal(SqliteMoments, SqlitePages):
    """What the engine keeps: events, bots, orders, fills, funding, equity, configs and facts."""

    def make_durable(self) -> None:
        """A commit with synchronous = FULL syncs the write-ahead log with all that is before it."""
        level = self._execute("PRAGMA synchronous").fetchone()[0]
        self._execute("PRAGMA synchronous = FULL")
        with self.transaction():
            self.save_fact(DURABLE, str(self.last_seq()))
        self._execute(f"PRAGMA synchronous = {level}")

    # events

    def last_seq(self) -> int:
        """The highest event number, 0 at first."""
        return int(self._execute("SELECT max(seq) FROM events").fetchone()[0] or 0)

    def append_events(self, events: Sequence[Event]) -> None:
        """Write stamped events."""
        rows = [(e.seq, e.ts, e.bot_id, event_type(e), _encode(e)) for e in events]
        self._many("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def events(
        self,
        *,
        after: int = 0,
        limit: int = 1000,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        newest: bool = False,
    ) -> list[Event]:
        """Events with seq > after in order; `newest` gives the last `limit` of them."""
        where, values = ["seq > ?"], [after]
        arguments: list[Any] = list(values)
        if bot_id is not None:
            where.append("bot_id = ?")
            arguments.append(bot_id)
        if types:
            where.append(f"type IN ({', '.join('?' * len(types))})")
            arguments += types
        order = "DESC" if newest else "ASC"
        condition = " AND ".join(where)
        sql = f"SELECT body FROM events WHERE {condition} ORDER BY seq {order} LIMIT ?"  # noqa: S608
        found = self._decoded(sql, (*arguments, limit), _decode_event)
        return found[::-1] if newest else found

    def events_before(
        self, before: int, *, bot_id: BotId, types: Sequence[str], limit: int
    ) -> list[Event]:
        """A bot's last events with seq < before, in order."""
        kinds = ", ".join("?" * len(types))
        where = f"bot_id = ? AND seq < ? AND type IN ({kinds})"
        sql = f"SELECT body FROM events WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608
        return self._decoded(sql, (bot_id, before, *types, limit), _decode_event)[::-1]

    def events_between(self, after: int, upto: int) -> int:
        """How many events are numbered after one and up to another."""
        sql = "SELECT count(*) FROM events WHERE seq > ? AND seq <= ?"
        return int(self._execute(sql, (after, upto)).fetchone()[0])

    # bots

    def save_bot(self, record: BotRecord) -> None:
        """Insert or replace a bot's record."""
        self._execute(
            "INSERT OR REPLACE INTO bots VALUES (?, ?, ?, ?)",
            (record.bot_id, record.incarnation, record.state, _encode(record)),
        )

    def bots(self) -> list[BotRecord]:
        """All bots ever created."""
        return self._decoded("SELECT body FROM bots ORDER BY rowid", (), _decode_bot)

    # orders

    def save_order(self, order: Order) -> None:
        """Insert or replace by client order id."""
        self._execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.client_order_id,
                order.bot_id,
                order.key,
                order.generation,
                order.state.value,
                order.is_live,
                order.created_ns,
                _encode(order),
            ),
        )

    def order(self, client_order_id: ClientOrderId) -> Order | None:
        """One order by our id."""
        sql = "SELECT body FROM orders WHERE client_order_id = ?"
        return next(iter(self._decoded(sql, (client_order_id,), _decode_order)), None)

    def last_order(self, bot_id: BotId, key: OrderKey) -> Order | None:
        """The order of the highest generation under a key."""
        sql = (
            "SELECT body FROM orders WHERE bot_id = ? AND key = ? ORDER BY generation DESC LIMIT 1"
        )
        return next(iter(self._decoded(sql, (bot_id, key), _decode_order)), None)

    def orders_under(self, bot_id: BotId, key: OrderKey) -> list[Order]:
        """Every order under a key, by generation."""
        sql = "SELECT body FROM orders WHERE bot_id = ? AND key = ? ORDER BY generation"
        return self._decoded(sql, (bot_id, key), _decode_order)

    def live_orders(self, bot_id: BotId | None = None) -> list[Order]:
        """Orders that are not final, oldest first."""
        sql = "SELECT body FROM orders WHERE live = 1"
        if bot_id is None:
            return self._decoded(f"{sql} ORDER BY created_ns, rowid", (), _decode_order)
        sql = f"{sql} AND bot_id = ? ORDER BY created_ns, rowid"
        return self._decoded(sql, (bot_id,), _decode_order)

    def orders(self, *, bot_id: BotId | None = None, limit: int = 1000) -> list[Order]:
        """The newest orders of any state, newest first."""
        where, values = ("", ()) if bot_id is None else ("WHERE bot_id = ?", (bot_id,))
        sql = f"SELECT body FROM orders {where} ORDER BY created_ns DESC, rowid DESC LIMIT ?"  # noqa: S608
        return self._decoded(sql, (*values, limit), _decode_order)

    # fills

    def record_fill(self, fill: Fill) -> bool:
        """Write a fill; False when it is there already."""
        cursor = self._execute(
            "INSERT OR IGNORE INTO fills (exchange, trade_id, bot_id, ts, body)"
            " VALUES (?, ?, ?, ?, ?)",
            (fill.exchange, fill.trade_id, fill.bot_id, fill.ts, _encode(fill)),
        )
        return cursor.rowcount == 1

    def has_fill(self, fill: Fill) -> bool:
        """Whether a fill is there already."""
        sql = "SELECT 1 FROM fills WHERE exchange = ? AND trade_id = ?"
        return self._execute(sql, (fill.exchange, fill.trade_id)).fetchone() is not None

    def fills(
        self, *, bot_id: BotId | None = None, limit: int | None = None, newest: bool = False
    ) -> list[Fill]:
        """Fills in the order of their absorption; `newest` gives the last `limit`."""
        return self._absorbed("fills", bot_id, limit, newest, _decode_fill)

    def fills_after(self, bot_id: BotId, number: int, limit: int) -> list[tuple[int, Fill]]:
        """A bot's fills behind one that was read before, each with its number."""
        sql = (
            "SELECT number, body FROM fills WHERE bot_id = ? AND number > ? ORDER BY number LIMIT ?"
        )
        rows = self._execute(sql, (bot_id, number, limit)).fetchall()
        return [(int(number), _decode_fill(body)) for number, body in rows]

    def record_foreign_fill(self, fill: Fill) -> bool:
        """Write a fill of an order that isn't ours; False when it is there already."""
        cursor = self._execute(
            "INSERT OR IGNORE INTO foreign_fills VALUES (?, ?, ?, ?)",
            (fill.exchange, fill.trade_id, fill.ts, _encode(fill)),
        )
        return cursor.rowcount == 1

    # funding

    def record_funding(self, payment: FundingPayment) -> bool:
        """Write a funding payment; False when it is there already."""
        cursor = self._execute(
            "INSERT OR IGNORE INTO funding (exchange, funding_id, bot_id, ts, body)"
            " VALUES (?, ?, ?, ?, ?)",
            (payment.exchange, payment.funding_id, payment.bot_id, payment.ts, _encode(payment)),
        )
        return cursor.rowcount == 1

    def funding(
        self, *, bot_id: BotId | None = None, limit: int | None = None, newest: bool = False
    ) -> list[FundingPayment]:
        """Payments in the order of their absorption; `newest` gives the last `limit`."""
        return self._absorbed("funding", bot_id, limit, newest, _decode_funding)

    def unclaimed_fills(self) -> list[Fill]:
        """There are few: an order is unknown only while its journal's tail is lost."""
        sql = "SELECT body FROM fills WHERE bot_id IS NULL ORDER BY number"
        return self._decoded(sql, (), _decode_fill)

    def take_unclaimed_fills(self, client_order_id: ClientOrderId) -> list[Fill]:
        """Those fills, removed."""
        mine = [f for f in self.unclaimed_fills() if f.client_order_id == client_order_id]
        for fill in mine:
            self._execute(
                "DELETE FROM fills WHERE exchange = ? AND trade_id = ?",
                (fill.exchange, fill.trade_id),
            )
        return mine

    # equity

    def save_equity(self, bot_id: BotId, point: EquityPoint) -> None:
        """Write a point of a bot's curve; a later one of the same moment replaces it."""
        self._execute(
            "INSERT OR REPLACE INTO equity VALUES (?, ?, ?)",
            (bot_id, point.ts, str(point.equity)),
        )

    def equity(self, bot_id: BotId, *, since_ns: int = 0, limit: int = 1000) -> list[EquityPoint]:
        """The newest points of a bot's curve from a moment on, oldest first."""
        sql = "SELECT ts, equity FROM equity WHERE bot_id = ? AND ts >= ? ORDER BY ts DESC LIMIT ?"
        rows = self._execute(sql, (bot_id, since_ns, limit)).fetchall()
        return [EquityPoint(ts, Decimal(equity)) for ts, equity in reversed(rows)]

    def thin_equity(
        self, bot_id: BotId, *, after_ns: int, until_ns: int, apart_ns: int, limit: int
    ) -> int | None:
        """Keep the last point of each `apart_ns`; returns from where to go on."""
        sql = "SELECT ts FROM equity WHERE bot_id = ? AND ts >= ? AND ts < ? ORDER BY ts LIMIT ?"
        times = [ts for (ts,) in self._execute(sql, (bot_id, after_ns, until_ns, limit)).fetchall()]
        surplus = [ts for ts, later in pairwise(times) if ts // apart_ns == later // apart_ns]
        self._many(
            "DELETE FROM equity WHERE bot_id = ? AND ts = ?", [(bot_id, ts) for ts in surplus]
        )
        return times[-1] if len(times) == limit else None

    # config versions

    def save_config_version(self, version: ConfigVersion) -> None:
        """Write the text that is followed from now on; nothing where the newest is the same."""
        newest = self.config_versions(limit=1)
        if newest and newest[0].text == version.text:
            return
        self._execute(
            "INSERT INTO config_versions (ts, hash, text) VALUES (?, ?, ?)",
            (version.ts, version.hash, version.text),
        )
        self._execute(
            "DELETE FROM config_versions"
            " WHERE number <= (SELECT max(number) FROM config_versions) - ?",
            (CONFIG_VERSIONS_KEPT,),
        )

    def config_versions(self, *, limit: int = 100) -> list[ConfigVersion]:
        """The texts that were followed, the newest first."""
        rows = self._execute(
            "SELECT ts, hash, text FROM config_versions ORDER BY number DESC LIMIT ?", (limit,)
        )
        return [ConfigVersion(*row) for row in rows.fetchall()]

    # small facts

    def fact(self, name: str) -> str | None:
        """A named text."""
        row = self._execute("SELECT text FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def save_fact(self, name: str, text: str | None) -> None:
        """Set or (None) remove a named text."""
        if text is None:
            self._execute("DELETE FROM facts WHERE name = ?", (name,))
        else:
            self._execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, text))

    # details

    def _absorbed(
        self,
        table: str,
        bot_id: BotId | None,
        limit: int | None,
        newest: bool,
        decode: Callable[[bytes], T],
    ) -> list[T]:
        """Rows in the order of their absorption, the last `limit` of them when `newest`."""
        order = "DESC" if newest else "ASC"
        where, values = ("", ()) if bot_id is None else ("WHERE bot_id = ?", (bot_id,))
        sql = f"SELECT body FROM {table} {where} ORDER BY number {order} LIMIT ?"  # noqa: S608
        found = self._decoded(sql, (*values, -1 if limit is None else limit), decode)
        return found[::-1] if newest else found
