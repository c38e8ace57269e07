"""One market: prices on a synthetic book, our clients' orders in it, the trades of both."""

from collections import deque
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_UP, Decimal
from typing import Any

from tests.exchanges.hyperliquid.server.grain import snap, text, tick
from tests.exchanges.hyperliquid.server.orders import Order
from tests.exchanges.hyperliquid.server.universe import Market

LEVELS = 20
LEVEL_USDC = Decimal(100_000)
KEPT_TRADES = 500
REPLAYED = 30


@dataclass
class Level:
    """What strangers offer at a price."""

    px: Decimal
    left: Decimal


@dataclass
class Book:
    """A market that stands still until it is moved."""

    market: Market
    last: Decimal
    mark: Decimal
    oracle: Decimal
    funding: Decimal = Decimal("0.0000125")
    liquidity: Decimal | None = None
    """Base coins a level; None: what 100,000 USDC buy."""
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)
    resting: list[Order] = field(default_factory=list)
    trades: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_TRADES))
    volume: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        self.refill()

    @property
    def tick(self) -> Decimal:
        """The step of prices here."""
        return tick(self.last, **self.market.grain)

    def refill(self) -> None:
        """Let strangers offer anew on both sides of the last price."""
        unit = Decimal(1).scaleb(-self.market.sz_decimals)
        size = self.liquidity
        if size is None:
            size = (LEVEL_USDC / self.last).quantize(unit, rounding=ROUND_UP)
        below = [self.last - step * self.tick for step in range(1, LEVELS + 1)]
        above = [self.last + step * self.tick for step in range(1, LEVELS + 1)]
        bids = [snap(px, **self.market.grain) for px in below if px > 0]
        asks = [snap(px, up=True, **self.market.grain) for px in above]
        self.bids = [Level(px, size) for px in dict.fromkeys(bids) if size and px > 0]
        self.asks = [Level(px, size) for px in dict.fromkeys(asks) if size]

    def opposite(self, *, buy: bool) -> Order | Level | None:
        """The best of the side that an order takes from; our clients' orders before strangers'."""
        levels = self.asks if buy else self.bids
        level = next((level for level in levels if level.left > 0), None)
        order = self.first_resting(buy=not buy)
        if order is None or level is None:
            return order or level
        better = order.px <= level.px if buy else order.px >= level.px
        return order if better else level

    def first_resting(self, *, buy: bool) -> Order | None:
        """The order of a side that is first to fill: by price, then by time."""
        self.resting = [order for order in self.resting if order.rests]
        side = [order for order in self.resting if order.buy == buy]
        return min(side, key=lambda order: -order.px if buy else order.px, default=None)

    def best(self, *, buy: bool) -> Decimal | None:
        """The best bid or ask."""
        found = self.opposite(buy=not buy)
        return found.px if found else None

    @property
    def mid(self) -> Decimal | None:
        """Between the best bid and ask; None if a side is empty."""
        bid, ask = self.best(buy=True), self.best(buy=False)
        return None if bid is None or ask is None else (bid + ask) / 2

    def levels(
        self, *, buy: bool, most: int = LEVELS, step: Decimal | None = None
    ) -> list[dict[str, Any]]:
        """One side as `l2Book` tells it, best first; prices go outwards to a multiple of `step`."""
        found = [(level.px, level.left) for level in (self.bids if buy else self.asks)]
        found += [(o.px, o.left) for o in self.resting if o.rests and o.buy == buy]
        sums: dict[Decimal, list[Decimal]] = {}
        for px, left in found:
            if left > 0:
                sums.setdefault(_outwards(px, step, buy=buy), []).append(left)
        best_first = sorted(sums.items(), reverse=buy)[:most]
        return [
            {"px": text(px), "sz": text(sum(sizes, Decimal(0))), "n": len(sizes)}
            for px, sizes in best_first
        ]

    def step(self, figures: int | None, mantissa: int | None) -> Decimal | None:
        """The width of levels of so many significant figures; None: every price is one."""
        if figures is None:
            return None
        return Decimal(mantissa or 1).scaleb(self.last.adjusted() - figures + 1)

    def bbo(self) -> list[dict[str, Any] | None]:
        """Best bid and ask as `bbo` tells them."""
        sides = (self.levels(buy=buy, most=1) for buy in (True, False))
        return [side[0] if side else None for side in sides]

    def context(self) -> dict[str, Any]:
        """Prices of the market as `activeAssetCtx` tells them."""
        mid = self.mid
        told = {
            "prevDayPx": text(self.market.start),
            "dayNtlVlm": text(self.notional),
            "markPx": text(self.mark),
            "midPx": None if mid is None else text(mid),
            "dayBaseVlm": text(self.volume),
        }
        if self.market.spot:
            supply = {"circulatingSupply": "1000000.0", "totalSupply": "1000000.0"}
            return {**told, **supply, "coin": self.market.coin}
        bid, ask = self.best(buy=True), self.best(buy=False)
        return told | {
            "funding": text(self.funding),
            "openInterest": "1000.0",
            "premium": None if mid is None else "0.0",
            "oraclePx": text(self.oracle),
            "impactPxs": None if bid is None or ask is None else [text(bid), text(ask)],
        }


def _outwards(px: Decimal, step: Decimal | None, *, buy: bool) -> Decimal:
    if step is None:
        return px
    return (px / step).to_integral_value(ROUND_FLOOR if buy else ROUND_CEILING) * step
