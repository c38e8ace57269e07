"""A DCA bot on a simulated venue, put together by hand for tests; it can die and come back."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from nimbus_tui.control.commands import Command
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.backtest import Backtest, BacktestResult
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.strategies.dca import DcaStrategy
from nimbus_tui.strategies.dca_config import DcaConfig
from nimbus_tui.strategies.dca_state import DcaState

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def ns(text: str) -> int:
    """`2026-11-22 09:00` in UTC, as ns."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


NINE = ns("2026-11-22 09:00")


def coin(symbol: str = "BTC/USDC", **changes: Any) -> Instrument:
    """Spot BTC with the lot of the worked example and no fees, unless said otherwise."""
    grain = {"tick_size": Decimal("0.1"), "lot_size": Decimal("0.00000001")}
    return Instrument(symbol=symbol, **(grain | changes))


def config_of(**parameters: Any) -> DcaConfig:
    """$50 a day, three times, unless said otherwise; numbers may be texts."""
    plain: dict[str, Any] = {
        "symbol": "BTC/USDC",
        "order_quote": "50",
        "interval": "24h",
        "max_orders": 3,
    }
    chosen = {key: value for key, value in (plain | parameters).items() if value is not None}
    return msgspec.convert(chosen, DcaConfig)


class AskedTwice(DcaStrategy):
    """The bot, asked everything twice: the answer depends on nothing but state and view."""

    def plan(self, view: View) -> Plan:
        answer, state = super().plan(view), self.state
        assert super().plan(view) == answer
        assert self.state == state
        assert msgspec.json.decode(self.saved_state(), type=DcaState) == state
        return answer


class SurvivingJournal(SqliteJournal):
    """A journal in memory that outlives its engine, as a file would."""

    def close(self) -> None:
        """Keep it for the next engine."""


class DcaWorld:
    """One DCA bot, one paper exchange, one simulated clock.

    `restarted` ends the engine; the bot comes back on the same journal and venue.
    """

    def __init__(
        self,
        traded: Instrument | None = None,
        *,
        start_ns: int = NINE,
        balances: dict[str, Decimal] | None = None,
        venue: PaperSettings | None = None,
        limits: RiskLimits | None = None,
        close_on_stop: bool = False,
        **parameters: Any,
    ) -> None:
        self.instrument = traded or coin()
        self.parameters = {"symbol": self.instrument.symbol} | parameters
        self.clock = SimulatedClock(start_ns)
        self.store = PaperStore(":memory:")
        self.journal = SurvivingJournal.open(MEMORY)
        self._balances = balances or {self.instrument.quote: Decimal(1_000_000)}
        self._venue = venue
        self._limits = limits or RiskLimits()
        self._close_on_stop = close_on_stop
        self._build()

    def _build(self) -> None:
        traded = self.instrument
        config = config_of(**self.parameters)
        self.exchange = PaperExchange(
            "sim",
            instruments=[traded],
            balances=self._balances,
            clock=self.clock,
            store=self.store,
            settings=self._venue,
        )
        self.strategy = AskedTwice("dca", config, {traded.symbol: traded})
        self.engine = Engine(
            EngineSettings(name="test"),
            clock=self.clock,
            journal=self.journal,
            exchanges={"sim": self.exchange},
            bots=[
                BotSpec(
                    bot_id="dca",
                    strategy_name="dca",
                    strategy=self.strategy,
                    exchange="sim",
                    instruments={traded.symbol: traded},
                    limits=self._limits,
                    close_on_stop=self._close_on_stop,
                    config=msgspec.json.encode(config),
                )
            ],
            chance=Random(1),
        )
        self.exchange.settle = self.engine.settle

    @property
    def bot(self) -> Any:
        """The one bot."""
        return self.engine.bots["dca"]

    @property
    def state(self) -> Any:
        """What the strategy remembers."""
        return self.strategy.state

    # time

    async def start(self, *prices: str) -> "DcaWorld":
        """Start the engine; the first price happens now, further ones a second later each."""
        await self.engine.start()
        await self.engine.settle()
        if prices:
            await self.tick_at(self.clock.now(), prices[0])
        return await self.tick(*prices[1:])

    async def tick(self, *prices: str, size: str = "0") -> "DcaWorld":
        """Let prices happen, one a second."""
        for price in prices:
            await self.tick_at(self.clock.now() + SECOND, price, size)
        return self

    async def tick_at(self, ts: int, price: str, size: str = "0") -> "DcaWorld":
        """Let the clock come to a time, with all that is due on the way, and a price happen."""
        await self.clock.advance_to(ts, self.engine.settle)
        self.exchange.deliver(Tick(ts, self.instrument.symbol, Decimal(price), Decimal(size)))
        await self.engine.settle()
        return self

    async def command(self, command: Command) -> "DcaWorld":
        """Let the operator say something."""
        await self.engine.execute(command)
        await self.engine.settle()
        return self

    # death

    async def restarted(
        self, at: int | None = None, *, price: str | None = None, steps: int = 0, **edits: Any
    ) -> "DcaWorld":
        """End the engine, let time pass, and start again, with the config edited if asked.

        With `steps` the engine processes what is due and dies so many breaths later: some requests
        have left, and some answers were never read.
        """
        if steps:
            self.engine.process()
            for _ in range(steps):
                await asyncio.sleep(0)
        await self.engine.stop()
        if at is not None:
            self.clock.jump(max(at, self.clock.now()))
        self.parameters |= edits
        self._build()
        await self.engine.start()
        await self.engine.settle()
        if price is not None:
            await self.tick_at(self.clock.now(), price)
        return self

    async def backtest(self, ticks: Iterable[Tick]) -> BacktestResult:
        """Run recorded ticks."""
        return await Backtest(self.engine, self.exchange, self.clock).run(ticks)

    # what came of it

    def fills(self) -> list[Fill]:
        """Every fill in the journal."""
        return self.engine.journal.fills()

    def bought(self) -> list[tuple[str, str]]:
        """Keys of the fills without their prefix, with the price."""
        return [(str(f.key).removeprefix("dca/"), f"{f.price:f}") for f in self.fills()]

    def resting(self) -> dict[str, Any]:
        """Live orders by key."""
        return dict(self.bot.keeper.live.items())

    def rows(self) -> list[tuple[str, str]]:
        """The timeline: due time and state of each slot."""
        return [
            (str(row.key).removeprefix("dca/"), row.state.value)
            for row in self.strategy.get_state().rows
        ]

    def events(self, *types: str) -> list[Event]:
        """The journal's events of some types."""
        return self.engine.journal.events(types=list(types))
