"""A portfolio on a simulated venue with several symbols, put together by hand for tests."""

import asyncio
from collections.abc import Iterable, Mapping
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
from nimbus_tui.strategies.portfolio import PortfolioStrategy
from nimbus_tui.strategies.portfolio_weights import PortfolioConfig

GRAINS = {
    "BTC": ("0.1", "0.00001"),
    "ETH": ("0.01", "0.0001"),
    "SOL": ("0.01", "0.001"),
    "BNB": ("0.01", "0.001"),
    "XRP": ("0.0001", "0.1"),
    "MATIC": ("0.0001", "0.1"),
}
TARGETS = {"BTC": Decimal(40), "ETH": Decimal(30), "SOL": Decimal(20), "MATIC": Decimal(10)}
PRICES = {"BTC": "50000", "ETH": "2500", "SOL": "100", "MATIC": "0.5"}
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


def spot(coin: str, **changes: Any) -> Instrument:
    """A coin against USDC, without fees unless said otherwise."""
    tick_size, lot_size = GRAINS[coin]
    grain: dict[str, Any] = {
        "tick_size": Decimal(tick_size),
        "lot_size": Decimal(lot_size),
        "min_notional": Decimal(10),
    }
    return Instrument(symbol=f"{coin}/USDC", **(grain | changes))


def spots(coins: Iterable[str], **changes: Any) -> dict[str, Instrument]:
    """Several coins by symbol."""
    return {f"{coin}/USDC": spot(coin, **changes) for coin in coins}


def config(targets: Mapping[str, Decimal] = TARGETS, **parameters: Any) -> PortfolioConfig:
    """A portfolio in USDC."""
    return PortfolioConfig(quote="USDC", targets=dict(targets), **parameters)


class PortfolioWorld:
    """One portfolio bot on one paper exchange; journal and venue outlive a crash of the engine."""

    def __init__(
        self,
        targets: Mapping[str, Decimal] = TARGETS,
        *,
        balances: dict[str, Decimal] | None = None,
        capital: Decimal = Decimal(10_000),
        venue: PaperSettings | None = None,
        limits: RiskLimits | None = None,
        grain: dict[str, Any] | None = None,
        close_on_stop: bool = False,
        **parameters: Any,
    ) -> None:
        self.config = config(targets, **parameters)
        self.instruments = spots(self.config.coins, **(grain or {}))
        self.journal = SqliteJournal.open(":memory:")
        self.clock = SimulatedClock(0)
        self._store = PaperStore(":memory:")
        self._balances = balances or {"USDC": Decimal(10_000)}
        self._capital = capital
        self._venue = venue
        self._limits = limits or RiskLimits()
        self._close_on_stop = close_on_stop
        self._build()

    def _build(self) -> None:
        self.exchange = PaperExchange(
            "sim",
            instruments=list(self.instruments.values()),
            balances=self._balances,
            clock=self.clock,
            store=self._store,
            settings=self._venue,
        )
        self.strategy = PortfolioStrategy("pf", self.config, self.instruments)
        spec = BotSpec(
            bot_id="pf",
            strategy_name="portfolio",
            strategy=self.strategy,
            exchange="sim",
            instruments=self.instruments,
            limits=self._limits,
            close_on_stop=self._close_on_stop,
            capital=self._capital,
            config=msgspec.json.encode(self.config),
        )
        self.engine = Engine(
            EngineSettings(name="test"),
            clock=self.clock,
            journal=self.journal,
            exchanges={"sim": self.exchange},
            bots=[spec],
            chance=Random(1),
        )
        self.exchange.settle = self.engine.settle

    @property
    def bot(self) -> Any:
        """The one bot."""
        return self.engine.bots["pf"]

    async def start(self, prices: Mapping[str, str] = PRICES) -> "PortfolioWorld":
        """Start the engine and let every coin have its first price."""
        await self.engine.start()
        return await self.tick(prices)

    async def tick(self, *rounds: Mapping[str, str], size: str = "0") -> "PortfolioWorld":
        """Let prices happen, one coin a second."""
        for prices in rounds:
            for coin, price in prices.items():
                await self.wait(SECOND)
                await self.trade(coin, price, size)
        return self

    async def trade(self, coin: str, price: str, size: str = "0") -> None:
        """One public trade now, and all that follows from it."""
        self.exchange.deliver(self.traded(coin, price, size))
        await self.engine.settle()

    def traded(self, coin: str, price: str, size: str = "0") -> Tick:
        """A public trade of a coin now."""
        return Tick(self.clock.now(), f"{coin}/USDC", Decimal(price), Decimal(size))

    async def wait(self, ns: int) -> None:
        """Let time pass."""
        await self.clock.advance_to(self.clock.now() + ns, self.engine.settle)

    async def crash(self) -> None:
        """The process dies: all that was only in memory is gone; then it starts again."""
        tasks = {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._build()
        await self.engine.start()
        await self.engine.settle()

    async def backtest(self, ticks: Iterable[Tick]) -> BacktestResult:
        """Run recorded ticks."""
        return await Backtest(self.engine, self.exchange, self.clock).run(ticks)

    def fills(self) -> list[Fill]:
        """Every fill in the journal."""
        return self.journal.fills()

    def traded_value(self) -> list[tuple[str, str, Decimal]]:
        """What was traded: key, side, price × quantity."""
        return [(str(f.key), f.side.value, f.notional.normalize()) for f in self.fills()]

    def weights(self) -> dict[str, Decimal]:
        """Percent of the value by asset, from the books."""
        view = self.bot.view()
        values = {c: view.positions[f"{c}/USDC"] * view.prices[f"{c}/USDC"]
                  for c in self.config.coins}  # fmt: skip
        total = view.cash["USDC"] + sum(values.values())
        return {c: v * 100 / total for c, v in values.items()} | {
            "USDC": view.cash["USDC"] * 100 / total
        }

    def told(self, kind: str) -> list[Any]:
        """Events of one kind, oldest first."""
        return self.journal.events(types=[kind])

    def resting(self) -> dict[str, tuple[str, Decimal]]:
        """Live orders by key: side and quantity."""
        return {key: (o.side.value, o.quantity) for key, o in self.bot.keeper.live.items()}
