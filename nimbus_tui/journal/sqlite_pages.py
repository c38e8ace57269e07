"""Orders, fills and events page by page from the newest on, out of SQLite."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import AnyEvent, Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order
from nimbus_tui.journal.sqlite_file import SqliteFile

T = TypeVar("T")
_order = msgspec.json.Decoder(Order).decode
_fill = msgspec.json.Decoder(Fill).decode
_event = msgspec.json.Decoder(AnyEvent).decode


class SqlitePages(SqliteFile):
    """What a journal in SQLite lists from the newest row on."""

    def orders_page(
        self, before: str = "", *, bot_id: BotId | None = None, live_only: bool = False, limit: int
    ) -> tuple[list[Order], str | None]:
        """Orders by the time of their making, and where the next page begins."""
        where, values = ["live = 1"] if live_only else [], list[Any]()
        if bot_id is not None:
            where, values = [*where, "bot_id = ?"], [bot_id]
        if before:
            created_ns, _, identity = before.partition(":")
            where.append("(created_ns, client_order_id) < (?, ?)")
            values += [_number(created_ns), identity]
        sql = (
            "SELECT created_ns || ':' || client_order_id, body FROM orders"  # noqa: S608
            f" WHERE {' AND '.join(where) or '1'}"
            " ORDER BY created_ns DESC, client_order_id DESC LIMIT ?"
        )
        return self._paged(sql, values, limit, _order)

    def fills_page(
        self, before: str = "", *, bot_id: BotId | None = None, limit: int
    ) -> tuple[list[Fill], str | None]:
        """Fills that a bot has absorbed, and where the next page begins."""
        where, values = ["bot_id IS NOT NULL"], list[Any]()
        if bot_id is not None:
            where, values = ["bot_id = ?"], [bot_id]
        if before:
            where.append("number < ?")
            values.append(_number(before))
        sql = (
            f"SELECT number, body FROM fills WHERE {' AND '.join(where)}"  # noqa: S608
            " ORDER BY number DESC LIMIT ?"
        )
        return self._paged(sql, values, limit, _fill)

    def events_page(
        self,
        before: str = "",
        *,
        bot_id: BotId | None = None,
        types: Sequence[str] = (),
        limit: int,
    ) -> tuple[list[Event], str | None]:
        """Events of some types (default: all), and where the next page begins."""
        where, values = ["1"], list[Any]()
        if bot_id is not None:
            where.append("bot_id = ?")
            values.append(bot_id)
        if before:
            where.append("seq < ?")
            values.append(_number(before))
        rest = f"{' AND '.join(where)} ORDER BY seq DESC LIMIT ?"
        if not types or bot_id is not None:
            kinds = f"+type IN ({', '.join('?' * len(types))}) AND" if types else ""
            sql = f"SELECT seq, body FROM events WHERE {kinds} {rest}"  # noqa: S608
            return self._paged(sql, [*types, *values], limit, _event)
        # One look into the index for each type: together they would be sorted whole.
        one = f"SELECT * FROM (SELECT seq, body FROM events WHERE type = ? AND {rest})"  # noqa: S608
        each = " UNION ALL ".join([one] * len(types))
        sql = f"SELECT seq, body FROM ({each}) ORDER BY seq DESC LIMIT ?"  # noqa: S608
        asked = [value for kind in types for value in (kind, *values, limit + 1)]
        return self._paged(sql, asked, limit, _event)

    def _paged(
        self, sql: str, values: Sequence[Any], limit: int, decode: Callable[[bytes], T]
    ) -> tuple[list[T], str | None]:
        """One row more than is wanted tells whether there is another page."""
        rows = self._execute(sql, (*values, limit + 1)).fetchall()
        try:
            found = [decode(body) for _, body in rows[:limit]]
        except msgspec.DecodeError as error:
            raise JournalError(f"a row of the journal can't be read: {error}") from error
        more = len(rows) > limit and limit > 0
        return found, str(rows[limit - 1][0]) if more else None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise JournalError(f"{text!r} is no place in a table") from None
