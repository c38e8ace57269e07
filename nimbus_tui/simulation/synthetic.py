"""Made-up prices: seeded, with regimes, the same for the same seed, and resumed in no time."""

import asyncio
import math
from collections.abc import AsyncIterator
from decimal import Decimal
from enum import Enum
from random import Random

import msgspec

from nimbus_tui.core.clock import NS_PER_MS, Clock
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import Side

START_PRICES = {
    "BTC": 60_000, "ETH": 2_400, "BNB": 580, "SOL": 150, "LTC": 70, "AVAX": 27, "LINK": 12,
    "DOT": 5, "XRP": 0.6, "ADA": 0.4, "MATIC": 0.5, "ARB": 0.6, "DOGE": 0.12,
}  # fmt: skip
"""Where a coin begins; one that isn't listed begins at 100."""

REGIME_STEPS = 900
"""How many steps a regime of the mixed market lasts."""


class Regime(Enum):
    """What kind of market is made up."""

    MIXED = "mixed"
    RANGE = "range"
    TREND = "trend"
    CRASH = "crash"
    GAP = "gap"


_MIX = (Regime.RANGE, Regime.RANGE, Regime.TREND, Regime.RANGE, Regime.CRASH, Regime.GAP)


class Walk(msgspec.Struct):
    """Where one symbol's walk stands: step, log distance from its start, centre, drift."""

    step: int = 0
    level: float = 0.0
    centre: float = 0.0


class SyntheticMarket(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol to make up prices for."""

    symbol: Symbol
    tick_size: Decimal
    start_price: Decimal


def start_price(base: str) -> Decimal:
    """Where a coin's made-up price begins."""
    return Decimal(str(START_PRICES.get(base, 100)))


class SyntheticSource:
    """Prices of several symbols, one tick of each in turn, every `interval_ms` a round.

    Chance depends only on (seed, symbol, step), so the position is small: the walks' state.
    """

    def __init__(
        self,
        markets: tuple[SyntheticMarket, ...],
        *,
        clock: Clock,
        seed: int = 1,
        regime: Regime = Regime.MIXED,
        interval_ms: int = 250,
    ) -> None:
        self._markets = markets
        self._clock = clock
        self._seed = seed
        self._regime = regime
        self._interval_ns = interval_ms * NS_PER_MS
        self._walks: dict[Symbol, Walk] = {market.symbol: Walk() for market in markets}
        self._turn = 0
        self._added = asyncio.Event()
        """Set once there is a market that was added later."""

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols that prices are made up for."""
        return tuple(market.symbol for market in self._markets)

    def add_market(self, instrument: Instrument) -> None:
        """Make up one more symbol's prices; the others' walks go on as they would have."""
        symbol = instrument.symbol
        if symbol in self.symbols:
            return
        market = SyntheticMarket(
            symbol=symbol,
            tick_size=instrument.tick_size,
            start_price=start_price(instrument.base),
        )
        self._markets = (*self._markets, market)
        self._walks.setdefault(symbol, Walk())
        self._added.set()

    def position(self) -> str:
        """The walks as they stand, and whose turn is next."""
        return msgspec.json.encode((self._turn, self._walks)).decode()

    async def ticks(self, position: str) -> AsyncIterator[Tick]:
        """Ticks without end, paced on the clock."""
        if position:
            self._turn, walks = msgspec.json.decode(position, type=tuple[int, dict[Symbol, Walk]])
            self._walks |= walks
        due = self._clock.now()
        while True:
            if not self._markets:
                await self._added.wait()
            share = self._interval_ns // len(self._markets)
            market = self._markets[self._turn]
            self._turn = (self._turn + 1) % len(self._markets)
            due = max(due + share, self._clock.now())
            await self._clock.sleep_until(due)
            yield self.step(market, due)

    def step(self, market: SyntheticMarket, ts: int) -> Tick:
        """Make up the next price of one symbol."""
        walk = self._walks[market.symbol]
        chance = Random(f"{self._seed}/{market.symbol}/{walk.step}")
        _move(walk, self._regime_at(market.symbol, walk.step), chance)
        walk.step += 1
        price = Decimal(math.exp(walk.level)) * market.start_price
        ticks = max(1, int(price / market.tick_size))
        size = Decimal(round(chance.lognormvariate(0, 1) * 100)) / 100
        side = Side.BUY if chance.getrandbits(1) else Side.SELL
        return Tick(ts, market.symbol, ticks * market.tick_size, size, side)

    def _regime_at(self, symbol: Symbol, step: int) -> Regime:
        if self._regime is not Regime.MIXED:
            return self._regime
        return Random(f"{self._seed}/{symbol}/regime/{step // REGIME_STEPS}").choice(_MIX)


def _move(walk: Walk, regime: Regime, chance: Random) -> None:
    """One step in log price: noise pulled to a centre that wanders, drifts, falls or jumps."""
    noise = chance.gauss(0, 0.0006) * (3 if chance.random() < 0.03 else 1)
    pull = 0.02 * (walk.centre - walk.level)
    direction = 1 if (walk.step // REGIME_STEPS) % 2 == 0 else -1
    drift = {Regime.TREND: 0.00004 * direction, Regime.CRASH: -0.0001}.get(regime, 0.0)
    if regime is Regime.GAP and chance.random() < 0.002:
        walk.centre += chance.choice((-1, 1)) * 0.012
        walk.level = walk.centre
    walk.centre += drift + chance.gauss(0, 0.00005) - 0.00002 * walk.centre
    walk.level += noise + pull
