"""Candles: a made-up past that is the same on every asking, and what was traded here since."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zlib import crc32

from tests.exchanges.hyperliquid.server.grain import snap, text
from tests.exchanges.hyperliquid.server.universe import Market

MINUTE_MS = 60_000
DAY_MS = 86_400_000
INTERVALS = {
    **{f"{count}m": count * MINUTE_MS for count in (1, 3, 5, 15, 30)},
    **{f"{count}h": count * 60 * MINUTE_MS for count in (1, 2, 4, 8, 12)},
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
    "1M": 30 * DAY_MS,
}
MOST = 5000
SWING = Decimal("0.01")


@dataclass
class Bar:
    """What was traded in one minute."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(0)
    count: int = 0


@dataclass
class Tape:
    """The minutes of one market in which something was traded."""

    market: Market
    bars: dict[int, Bar] = field(default_factory=dict)

    def add(self, time: int, px: Decimal, size: Decimal) -> None:
        """Note a trade."""
        bar = self.bars.setdefault(time // MINUTE_MS, Bar(px, px, px, px))
        bar.high, bar.low, bar.close = max(bar.high, px), min(bar.low, px), px
        bar.volume += size
        bar.count += 1

    def candles(self, interval: str, start: int, end: int, now: int) -> list[dict[str, Any]]:
        """Oldest first; the last one may still be forming."""
        step = INTERVALS[interval]
        last = min(end, now) // step
        first = max(start // step, last - MOST + 1)
        return [self._candle(interval, index, step) for index in range(first, last + 1)]

    def forming(self, interval: str, now: int) -> dict[str, Any]:
        """The candle of this moment."""
        step = INTERVALS[interval]
        return self._candle(interval, now // step, step)

    def _candle(self, interval: str, index: int, step: int) -> dict[str, Any]:
        begin = index * step
        minutes = range(begin // MINUTE_MS, (begin + step) // MINUTE_MS)
        few = sorted(self.bars) if len(self.bars) < len(minutes) else minutes
        bars = [self.bars[minute] for minute in few if minute in self.bars and minute in minutes]
        bar = _joined(bars) if bars else self._made_up(index, step)
        return {
            "t": begin,
            "T": begin + step - 1,
            "s": self.market.coin,
            "i": interval,
            "o": text(bar.open),
            "c": text(bar.close),
            "h": text(bar.high),
            "l": text(bar.low),
            "v": text(bar.volume),
            "n": bar.count,
        }

    def _made_up(self, index: int, step: int) -> Bar:
        before, after = self._price(index * step), self._price((index + 1) * step)
        return Bar(before, max(before, after), min(before, after), after, Decimal(100), 10)

    def _price(self, time: int) -> Decimal:
        share = Decimal(crc32(f"{self.market.coin} {time}".encode())) / 2**31 - 1
        return snap(self.market.start * (1 + SWING * share), **self.market.grain)


def _joined(bars: list[Bar]) -> Bar:
    return Bar(
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum((bar.volume for bar in bars), Decimal(0)),
        sum(bar.count for bar in bars),
    )
