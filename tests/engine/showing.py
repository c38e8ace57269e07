"""A strategy that wants and shows what a test tells it, hosted on a simulated venue."""

from collections.abc import Mapping
from decimal import Decimal
from random import Random

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import DesiredOrder, OrderType, Side
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState
from tests.simulation.worlds import instrument

SECOND = 1_000_000_000
ETH, BTC = Symbol("ETH/USDC:USDC"), Symbol("BTC/USDC:USDC")


class ToldConfig(StrategyConfig):
    """Nothing to set."""


class ToldState(StrategyState):
    """Nothing to remember."""


class ToldStrategy(BaseTradingStrategy[ToldConfig, ToldState]):
    """Answers with its attributes; an exception among them is raised."""

    Config = ToldConfig
    State = ToldState
    wish = Plan()
    panel: Panel | Exception | None = None
    figures: Mapping[str, object] | Exception = {}

    def initial_state(self) -> ToldState:
        return ToldState()

    def plan(self, view: View) -> Plan:
        return self.wish

    def get_state(self) -> Panel | None:
        if isinstance(self.panel, Exception):
            raise self.panel
        return self.panel

    def get_statistics(self) -> Mapping[str, object]:  # type: ignore[override]
        if isinstance(self.figures, Exception):
            raise self.figures
        return self.figures


class Stage:
    """One such bot, named `told`, on ETH or on ETH and BTC."""

    def __init__(self, *symbols: Symbol) -> None:
        self.clock = SimulatedClock(0)
        grains: dict[Symbol, Instrument] = {s: instrument(s) for s in symbols or (ETH,)}
        self.exchange = PaperExchange(
            "sim",
            instruments=list(grains.values()),
            balances={"USDC": Decimal(100_000)},
            clock=self.clock,
            store=PaperStore(":memory:"),
        )
        self.strategy = ToldStrategy("told", ToldConfig(), grains)
        self.engine = Engine(
            EngineSettings(name="test"),
            clock=self.clock,
            journal=SqliteJournal.open(":memory:"),
            exchanges={"sim": self.exchange},
            bots=[
                BotSpec(
                    bot_id="told",
                    strategy_name="told",
                    strategy=self.strategy,
                    exchange="sim",
                    instruments=grains,
                    capital=Decimal(10_000),
                )
            ],
            chance=Random(1),
        )
        self.exchange.settle = self.engine.settle

    async def start(self, plan: Plan, **prices: str) -> Bot:
        """Begin with a plan at some prices, by base asset."""
        self.strategy.wish = plan
        await self.engine.start()
        for base, price in prices.items():
            await self.tick(price, Symbol(f"{base}/USDC:USDC"))
        return self.engine.bots["told"]

    async def tick(self, price: str, symbol: Symbol = ETH) -> None:
        """Let a price happen, a second later."""
        ts = self.clock.now() + SECOND
        await self.clock.advance_to(ts, self.engine.settle)
        self.exchange.deliver(Tick(ts, symbol, Decimal(price), Decimal(1)))
        await self.engine.settle()


def order(
    key: str, price: str | None, quantity: str = "1", symbol: Symbol = ETH, **changes: object
) -> DesiredOrder:
    """A wish: a buy unless the key begins with `sell`."""
    return DesiredOrder(
        key=key,
        symbol=symbol,
        side=Side.SELL if key.startswith("sell") else Side.BUY,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        **changes,
    )
