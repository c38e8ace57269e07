"""The tables of past moments in SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.journal.lock import WriterLock
from nimbus_tui.journal.moments import (
    ROWS_PER_BASE,
    TRIM_AT_ONCE,
    BotMoment,
    PastPrice,
    Span,
    packed,
    quote_of,
    unpacked,
)
from nimbus_tui.journal.sqlite_file import SqliteFile


class SqliteMoments(SqliteFile):
    """What a journal in SQLite remembers of past moments."""

    def __init__(self, connection: sqlite3.Connection, path: str, lock: WriterLock | None) -> None:
        super().__init__(connection, path, lock)
        self._bases: dict[BotId, tuple[int, bytes, int]] = {}
        """Of each bot: the row that others are compressed with, and how many are."""

    def _roll_back(self) -> None:
        self._forget_bases()
        super()._roll_back()

    # writing

    def save_moment(self, moment: BotMoment, span: Span) -> None:
        """Write how a bot is after a span of events."""
        base = self._bases.get(moment.bot_id)
        if base is not None and base[2] >= ROWS_PER_BASE:
            base = None
        row = packed(moment.body, None if base is None else base[:2])
        cursor = self._execute(
            "INSERT INTO bot_history (bot_id, life, first_seq, seq, ts, base, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                moment.bot_id, moment.life, span.first_seq, span.seq, span.ts, row.base, row.body,
            ),
        )  # fmt: skip
        if base is None:
            base = (int(cursor.lastrowid or 0), moment.body, 0)
        self._bases[moment.bot_id] = (base[0], base[1], base[2] + 1)

    def _forget_bases(self) -> None:
        """After a rollback: a row that was to be compared with may not be there."""
        self._bases.clear()

    def save_price(self, exchange: ExchangeName, quote: Quote, span: Span) -> None:
        """Write a price as it is after a span of events; an empty span is between two."""
        self._execute(
            "INSERT INTO price_history"
            " (exchange, symbol, first_seq, seq, ts, price, price_ts, mark_price)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                exchange, quote.symbol, span.first_seq, span.seq, span.ts, str(quote.price),
                quote.ts, None if quote.mark_price is None else str(quote.mark_price),
            ),
        )  # fmt: skip

    def trim_moments(
        self, before_ns: int, bots: Iterable[BotId], markets: Iterable[tuple[ExchangeName, Symbol]]
    ) -> int:
        """Remove what is older than that, but what still held then; returns how many rows went."""
        gone = 0
        for bot_id in bots:
            held = self._execute(
                "SELECT number, base FROM bot_history WHERE bot_id = ? AND ts < ?"
                " ORDER BY ts DESC, number DESC LIMIT 1",
                (bot_id, before_ns),
            ).fetchone()
            if held is not None:
                first = held[0] if held[1] is None else held[1]
                gone += self._trim("bot_history", "bot_id = ? AND number < ?", (bot_id, first))
        for market in markets:
            held = self._execute(
                "SELECT number FROM price_history WHERE exchange = ? AND symbol = ? AND ts < ?"
                " ORDER BY ts DESC, number DESC LIMIT 1",
                (*market, before_ns),
            ).fetchone()
            if held is not None:
                condition = "exchange = ? AND symbol = ? AND number < ?"
                gone += self._trim("price_history", condition, (*market, held[0]))
        return gone

    def _trim(self, table: str, condition: str, values: Sequence[Any]) -> int:
        rows = f"SELECT number FROM {table} WHERE {condition} LIMIT {TRIM_AT_ONCE}"  # noqa: S608
        return self._execute(f"DELETE FROM {table} WHERE number IN ({rows})", values).rowcount  # noqa: S608

    # reading

    def end_of_commit(self, seq: int) -> int:
        """The last event of the commit that an event belongs to, as far as that is known."""
        ends = [seq]
        for table in ("bot_history", "price_history"):
            sql = f"SELECT first_seq, seq FROM {table} WHERE seq >= ? ORDER BY seq LIMIT 1"  # noqa: S608
            row = self._execute(sql, (seq,)).fetchone()
            if row is not None and row[0] <= seq:
                ends.append(row[1])
        return max(ends)

    def bots_at(self, seq: int) -> list[BotMoment]:
        """Every bot that was hosted when a commit ended with this event."""
        sql = "SELECT life FROM bot_history WHERE seq <= ? ORDER BY seq DESC, number DESC LIMIT 1"
        life = self._execute(sql, (seq,)).fetchone()
        if life is None:
            return []
        names = self._execute("SELECT DISTINCT bot_id FROM bot_history").fetchall()
        found = (self._bot_at(bot_id, life[0], seq) for (bot_id,) in names)
        return [moment for moment in found if moment is not None]

    def _bot_at(self, bot_id: BotId, life: int, seq: int) -> BotMoment | None:
        row = self._execute(
            "SELECT life, base, body FROM bot_history WHERE bot_id = ? AND seq <= ?"
            " ORDER BY seq DESC, number DESC LIMIT 1",
            (bot_id, seq),
        ).fetchone()
        if row is None or row[0] != life:
            return None
        base = None
        if row[1] is not None:
            sql = "SELECT body FROM bot_history WHERE number = ?"
            base = unpacked(self._execute(sql, (row[1],)).fetchone()[0], None)
        return BotMoment(bot_id, life, unpacked(row[2], base))

    def prices_at(self, seq: int, ts: int | None = None) -> list[PastPrice]:
        """The newest price of every market after an event; or, with `ts`, at that time."""
        markets = self._execute("SELECT DISTINCT exchange, symbol FROM price_history").fetchall()
        return [
            quote_of((*market, *row))
            for market in markets
            if (row := self._price_at(market, seq, ts)) is not None
        ]

    def _price_at(self, market: Iterable[str], seq: int, ts: int | None) -> Any:
        columns = "SELECT price, price_ts, mark_price FROM price_history"
        where = "WHERE exchange = ? AND symbol = ?"
        if ts is not None:
            sql = f"{columns} {where} AND ts <= ? ORDER BY ts DESC, number DESC LIMIT 1"
            return self._execute(sql, (*market, ts)).fetchone()
        sql = f"{columns} {where} AND seq <= ? AND first_seq <= ? ORDER BY seq DESC, number DESC"
        return self._execute(f"{sql} LIMIT 1", (*market, seq, seq)).fetchone()

    def seq_at(self, ts: int) -> int:
        """The newest event at a time, 0 before the first; events are numbered without a gap."""
        low, high = self._ends()
        low -= 1
        while low < high:
            middle = (low + high + 1) // 2
            row = self._execute("SELECT ts FROM events WHERE seq = ?", (middle,)).fetchone()
            low, high = (middle, high) if row is not None and row[0] <= ts else (low, middle - 1)
        return low

    def _ends(self) -> tuple[int, int]:
        first, last = self._execute("SELECT min(seq), max(seq) FROM events").fetchone()
        return int(first or 1), int(last or 0)

    def jump(self, seq: int, types: Sequence[str] = (), *, back: bool) -> tuple[int, int] | None:
        """Number and time of the nearest event of some types (default: any) after or before one."""
        where, order = ("seq < ?", "DESC") if back else ("seq > ?", "ASC")
        kind, asked = (" AND type = ?", [(seq, one) for one in types]) if types else ("", [(seq,)])
        sql = f"SELECT seq, ts FROM events WHERE {where}{kind} ORDER BY seq {order} LIMIT 1"  # noqa: S608
        rows = [self._execute(sql, values).fetchone() for values in asked]
        found = [(int(row[0]), int(row[1])) for row in rows if row is not None]
        return (max(found) if back else min(found)) if found else None
