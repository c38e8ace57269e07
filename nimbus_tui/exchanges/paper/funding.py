"""When the paper venue's perpetuals pay funding, and at what rate: constant, or as recorded."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import FundingRate

INTERVAL_NS = 8 * 3_600 * NS_PER_SECOND
"""A constant rate is due at 00:00, 08:00 and 16:00 UTC."""


class FundingSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """The funding times of every perpetual; a symbol with recorded rates has no constant one."""

    rate: Decimal = Decimal(0)
    recorded: Mapping[Symbol, tuple[FundingRate, ...]] = msgspec.field(default_factory=dict)
    """By symbol, in time order."""

    def due(self, symbol: Symbol, after: int, until: int) -> list[FundingRate]:
        """A symbol's funding times later than `after`, up to and with `until`."""
        recorded = self.recorded.get(symbol)
        if recorded is not None:
            return list(recorded[_behind(recorded, after) : _behind(recorded, until)])
        if not self.rate:
            return []
        numbers = range(after // INTERVAL_NS + 1, until // INTERVAL_NS + 1)
        return [FundingRate(number * INTERVAL_NS, self.rate) for number in numbers]

    def next_after(self, symbols: Iterable[Symbol], after: int) -> int | None:
        """The first funding time of any of the symbols later than `after`."""
        times = (self._next_of(symbol, after) for symbol in symbols)
        return min((at for at in times if at is not None), default=None)

    def _next_of(self, symbol: Symbol, after: int) -> int | None:
        recorded = self.recorded.get(symbol)
        if recorded is not None:
            at = _behind(recorded, after)
            return recorded[at].ts if at < len(recorded) else None
        return (after // INTERVAL_NS + 1) * INTERVAL_NS if self.rate else None


def _behind(recorded: tuple[FundingRate, ...], ts: int) -> int:
    """How many rates there are up to and with a time."""
    return bisect_right(recorded, ts, key=lambda rate: rate.ts)
