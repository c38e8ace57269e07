"""A grid on a simulated venue, put together by hand for tests."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.backtest import Backtest, BacktestResult
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig


def instrument(symbol: str = "ETH/USDC:USDC", **changes: Any) -> Instrument:
    """ETH's grain unless said otherwise."""
    grain = {
        "tick_size": Decimal("0.01"),
        "lot_size": Decimal("0.0001"),
        "min_notional": Decimal(10),
        "maker_fee": Decimal("0.0002"),
        "taker_fee": Decimal("0.0005"),
    }
    return Instrument(symbol=symbol, **(grain | changes))


class World:
    """One grid bot, one paper exchange, one simulated clock, all in memory."""

    def __init__(
        self,
        traded: Instrument | None = None,
        *,
        balances: dict[str, Decimal] | None = None,
        venue: PaperSettings | None = None,
        limits: RiskLimits | None = None,
        journal: SqliteJournal | None = None,
        store: PaperStore | None = None,
        close_on_stop: bool = False,
        start_ns: int = 0,
        exchange: type[PaperExchange] = PaperExchange,
        close_in_emergency: bool = False,
        capital: Decimal = Decimal(0),
        beside: Sequence[Instrument] = (),
        **grid: Any,
    ) -> None:
        traded = traded or instrument()
        self.instrument = traded
        self.clock = SimulatedClock(start_ns)
        self.exchange = exchange(
            "sim",
            instruments=[traded, *beside],
            balances=balances or {traded.quote: Decimal(10_000)},
            clock=self.clock,
            store=store or PaperStore(":memory:"),
            settings=venue,
        )
        parameters: dict[str, Any] = {
            "symbol": traded.symbol,
            "levels": 3,
            "spacing": Decimal("0.5"),
            "quote_size": Decimal(100),
        }
        config = GridConfig(**(parameters | grid))
        self.strategy = GridStrategy("grid", config, {traded.symbol: traded})
        self.engine = Engine(
            EngineSettings(name="test", close_in_emergency=close_in_emergency),
            clock=self.clock,
            journal=journal or SqliteJournal.open(":memory:"),
            exchanges={"sim": self.exchange},
            bots=[
                BotSpec(
                    bot_id="grid",
                    strategy_name="grid",
                    strategy=self.strategy,
                    exchange="sim",
                    instruments={traded.symbol: traded},
                    limits=limits or RiskLimits(),
                    close_on_stop=close_on_stop,
                    capital=capital,
                    config=msgspec.json.encode(config),
                )
            ],
            chance=Random(1),
        )
        self.exchange.settle = self.engine.settle

    @property
    def bot(self) -> Any:
        """The one bot."""
        return self.engine.bots["grid"]

    async def start(self, *prices: str) -> "World":
        """Start the engine and let some prices happen."""
        await self.engine.start()
        return await self.tick(*prices)

    async def tick(self, *prices: str, size: str = "0") -> "World":
        """Let prices happen, one a second."""
        for price in prices:
            ts = self.clock.now() + 1_000_000_000
            await self.clock.advance_to(ts, self.engine.settle)
            self.exchange.deliver(Tick(ts, self.instrument.symbol, Decimal(price), Decimal(size)))
            await self.engine.settle()
        return self

    async def backtest(self, ticks: Iterable[Tick]) -> BacktestResult:
        """Run recorded ticks."""
        return await Backtest(self.engine, self.exchange, self.clock).run(ticks)

    def fills(self) -> list[Fill]:
        """Every fill in the journal."""
        return self.engine.journal.fills()

    def resting(self) -> dict[str, tuple[str, Decimal]]:
        """Live orders by key: side and price."""
        return {key: (o.side.value, o.price) for key, o in self.bot.keeper.live.items()}
