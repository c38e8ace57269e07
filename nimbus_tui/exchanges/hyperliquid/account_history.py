"""The account's past by cursor: fills and funding payments, oldest first, to the end.

Source: the protocol reference, "Info requests: userFillsByTime, userFunding". A reply holds at most
2,000 fills or 500 payments from a time on, both ends included. What happened a moment ago may turn
up late, so every read begins a little before its cursor; what this life has given out before that
is left out.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

from nimbus_tui.core.errors import ExchangeError

OVERLAP_MS = 60_000
MOST_REMEMBERED = 20_000


class Dated(Protocol):
    """A row of the venue's history."""

    @property
    def time(self) -> int:
        """Unix ms."""
        ...


Row = TypeVar("Row", bound=Dated)
ReadRows = Callable[[int], Awaitable[Sequence[Row]]]
"""Reads rows from a time (ms) on, it included."""


class History(Generic[Row]):
    """One kind of rows, in the order of time and what else `order` gives.

    `page_rows` is how many the venue gives at most at once.
    """

    def __init__(
        self,
        read: ReadRows[Row],
        identity: Callable[[Row], str],
        order: Callable[[Row], tuple[int, int]],
        page_rows: int,
        venue: str,
    ) -> None:
        self._read = read
        self._identity = identity
        self._order = order
        self._page_rows = page_rows
        self._venue = venue
        self._given: OrderedDict[str, int] = OrderedDict()

    async def after(self, cursor: str) -> tuple[list[Row], str, bool]:
        """Rows behind a cursor, the cursor behind them, and whether there are more.

        Raises:
            ExchangeError: it is no cursor of this venue, or the venue doesn't answer.
        """
        reached = self._time(cursor)
        start = max(0, reached - OVERLAP_MS) if cursor else 0
        rows: list[Row] = []
        more = True
        while more and not rows:
            read = sorted(await self._read(start), key=self._order)
            more = len(read) >= self._page_rows
            rows = [row for row in read if not self._is_given(row, reached)]
            if more:
                # A page full of one instant can't be left by its own last time.
                last = read[-1].time
                start = last if last > start else start + 1
        for row in rows:
            self._give(row)
        newest = max((row.time for row in rows), default=reached)
        return rows, str(max(reached, newest)) if rows or cursor else cursor, more

    def _time(self, cursor: str) -> int:
        if cursor and not (cursor.isascii() and cursor.isdecimal()):
            raise ExchangeError(f"{cursor!r} is not a cursor of {self._venue}")
        return int(cursor or 0)

    def _is_given(self, row: Row, reached: int) -> bool:
        return row.time <= reached and self._identity(row) in self._given

    def _give(self, row: Row) -> None:
        self._given[self._identity(row)] = row.time
        while len(self._given) > MOST_REMEMBERED:
            self._given.popitem(last=False)
