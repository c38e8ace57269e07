"""What is traded at the venue server, and its prices: moving, or standing still."""

from collections.abc import AsyncIterator
from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_MS, Clock
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.simulation.synthetic import SyntheticMarket, SyntheticSource, start_price

SPOT = Symbol("ETH/USDC")
PERPETUAL = Symbol("BTC/USDC:USDC")
BOUGHT = Symbol("SOL/USDC")
ROUND_MS = 100
"""In this time each symbol trades once."""


def _instrument(symbol: Symbol) -> Instrument:
    found = builtin_instrument(symbol)
    assert found is not None
    return found


INSTRUMENTS = [_instrument(symbol) for symbol in (SPOT, PERPETUAL, BOUGHT)]
BALANCES = {"USDC": Decimal(10_000_000)}


def moving(clock: Clock, seed: int) -> SyntheticSource:
    """Made-up prices."""
    markets = tuple(
        SyntheticMarket(
            symbol=one.symbol, tick_size=one.tick_size, start_price=start_price(one.base)
        )
        for one in INSTRUMENTS
    )
    return SyntheticSource(markets, clock=clock, seed=seed, interval_ms=ROUND_MS)


class StillSource:
    """Trades of any size at the same prices for ever, so that everything comes to rest."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._position = ""
        self.prices: dict[Symbol, Decimal] = {}

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every symbol of the venue."""
        return tuple(one.symbol for one in INSTRUMENTS)

    def position(self) -> str:
        """Where the moving prices stopped."""
        return self._position

    async def ticks(self, position: str) -> AsyncIterator[Tick]:
        """The last price of each symbol in turn."""
        self._position = position
        while True:
            for symbol, price in self.prices.items():
                await self._clock.sleep_until(self._clock.now() + ROUND_MS * NS_PER_MS)
                yield Tick(self._clock.now(), symbol, price, Decimal(1_000_000))
