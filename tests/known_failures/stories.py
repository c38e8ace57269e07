"""The production engine over a line that fails as a test tells it, in virtual time.

The venue behind the line is the honest paper exchange, and an audit watches it: a story that ends
well has no order that nobody knows, no key twice and no position but that of its fills.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial, wraps
from random import Random
from typing import Any

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import (
    Order,
    OrderReport,
    OrderRequest,
)
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import MEMORY
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.fragile_journal import Disk, FragileJournal, WriterDied
from nimbus_tui.simulation.rest_audit import RestAudit
from nimbus_tui.simulation.venue_audit import VenueAudit, Violation
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from nimbus_tui.simulation.wire import Wire
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.known_failures.line import ToldFate, ToldLine
from tests.simulation.worlds import instrument

START_NS = 1_750_000_000 * NS_PER_SECOND
BOT = "bot"
WEAK: dict[str, Any] = {"not_found_is_final_after_s": 1800.0, "not_found_frees_the_id": False}
"""A venue that may forget an order for half an hour."""


def in_virtual_time(story: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on a loop of its own, whose hours pass at once."""

    @wraps(story)
    def run(*args: Any, **more: Any) -> None:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            runner.run(story(*args, **more))

    return run


class WatchedJournal(FragileJournal):
    """Tells the audit of every order that is written down."""

    def __init__(self, disk: Disk, audit: VenueAudit) -> None:
        super().__init__(disk, on_death=lambda: None)
        self._audit = audit

    def save_order(self, order: Order) -> None:
        super().save_order(order)
        self._audit.journalled(order)


class Story:
    """One bot, one venue, one line; the engine can be killed and started again.

    `bot` makes a fresh strategy for each life; without it the bot is a grid of three levels a side,
    0.5 % apart, 100 USDC each.
    """

    def __init__(
        self,
        make: Callable[[Instrument], Any] | None = None,
        *,
        traded: Instrument | None = None,
        balances: dict[str, Decimal] | None = None,
        limits: RiskLimits | None = None,
        keeps_deadlines: bool = True,
        capabilities: dict[str, Any] | None = None,
        close_on_stop: bool = False,
        settings: dict[str, Any] | None = None,
        capital: Decimal = Decimal(0),
        **grid: Any,
    ) -> None:
        self.traded = traded or instrument()
        self.fate = ToldFate()
        self.audit = VenueAudit()
        self.troubles: list[str] = []
        self.events: list[Event] = []
        self.lines: list[ToldLine] = []
        self.prepare: Callable[[ToldLine], None] = lambda _: None
        """What is done to the line of a new process before it connects."""
        self.reports: list[OrderReport] = []
        """Everything that the venue ever said of an order."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._on_exception)
        self._make = make or partial(_grid, grid)
        self._limits = limits or RiskLimits()
        self._keeps_deadlines = keeps_deadlines
        self._capabilities = capabilities or {}
        self._close_on_stop = close_on_stop
        self._capital = capital
        self._settings = EngineSettings(name="test", **(settings or {}))
        self._disk = Disk()
        self.clock = LoopClock(self._loop, START_NS)  # type: ignore[arg-type]
        self._first_balances = balances or {self.traded.quote: Decimal(10_000)}
        self.venue = PaperExchange(
            "sim",
            instruments=[self.traded],
            balances=self._first_balances,
            clock=self.clock,
            store=PaperStore(MEMORY),
            settings=PaperSettings(partial_fills=True),
        )
        self.venue.subscribe_order_fills(self._on_fill)
        self.venue.subscribe_order_updates(self._on_report)
        self.venue.subscribe_price_updates(self.traded.symbol, self._on_price)

    # what the venue says

    def _on_fill(self, fill: Fill) -> None:
        self.audit.filled(fill)
        self.line.fill(fill)

    def _on_report(self, report: OrderReport) -> None:
        self.reports.append(report)
        self.audit.reported(report)
        self.line.report(report)

    def _on_price(self, quote: Any) -> None:
        self.line.price(quote)

    def _on_exception(self, _loop: object, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), WriterDied):
            self.troubles.append(f"{context['message']}: {context.get('exception')!r}")

    # the story

    async def start(self, *prices: str) -> "Story":
        """A process starts, and some prices happen."""
        await self.venue.connect()
        self._build()
        self._life = asyncio.ensure_future(self._live())
        self._life.add_done_callback(self._on_end)
        await asyncio.sleep(1)
        return await self.tick(*prices)

    def _build(self) -> None:
        wire = Wire(self.venue, self.audit, self._on_report)
        self.line = ToldLine(
            self.venue, wire, self.fate, lambda _: None, keeps_deadlines=self._keeps_deadlines
        )
        self.line.capabilities = msgspec.structs.replace(
            self.line.capabilities, **self._capabilities
        )
        self.prepare(self.line)
        self.lines.append(self.line)
        self.journal = WatchedJournal(self._disk, self.audit)
        self.strategy = self._make(self.traded)
        self.engine = Engine(
            self._settings,
            clock=self.clock,
            journal=self.journal,
            exchanges={"sim": self.line},
            bots=[
                BotSpec(
                    bot_id=BOT,
                    strategy_name="told",
                    strategy=self.strategy,
                    exchange="sim",
                    instruments={self.traded.symbol: self.traded},
                    limits=self._limits,
                    close_on_stop=self._close_on_stop,
                    capital=self._capital,
                )
            ],
            chance=Random(len(self.lines)),
        )
        self.engine.bus.subscribe(self.events.append)

    async def _live(self) -> None:
        await self.engine.start()
        await self.engine.run()

    def _on_end(self, life: "asyncio.Future[None]") -> None:
        error = None if life.cancelled() else life.exception()
        if error is not None and not isinstance(error, WriterDied):
            self.troubles.append(f"the engine ended: {error!r}")

    async def kill(self) -> "Story":
        """`kill -9`: what has left arrives, and nothing else is left of the process."""
        self.line.is_dead = self.journal.is_dead = True
        me = asyncio.current_task()
        while others := [task for task in asyncio.all_tasks() if task is not me]:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        self._disk.writer_gone()
        return self

    async def tick(self, *prices: str, size: str = "0") -> "Story":
        """Let prices happen, one a second, and their consequences."""
        for price in prices:
            await asyncio.sleep(0.8)
            ts = self.clock.now()
            self.venue.deliver(Tick(ts, self.traded.symbol, Decimal(price), Decimal(size)))
            await asyncio.sleep(0.2)
        return self

    async def trade(self, price: str, size: str = "0") -> "Story":
        """A price at this very moment."""
        ts = self.clock.now()
        self.venue.deliver(Tick(ts, self.traded.symbol, Decimal(price), Decimal(size)))
        await asyncio.sleep(0.05)
        return self

    def transfer(self, asset: str, amount: Decimal) -> None:
        """Somebody pays in, or withdraws."""
        self.venue.transfer(asset, amount)
        known = self._first_balances.get(asset, Decimal(0))
        self._first_balances = self._first_balances | {asset: known + amount}

    async def wait(self, seconds: float) -> "Story":
        """Let time pass without a price."""
        await asyncio.sleep(seconds)
        return self

    async def deliver(self, *names: str) -> None:
        """Let what was held back arrive, one after the other; all of it unless named."""
        for name in names or tuple(self.line.letters):
            self.line.letters.pop(name)()
            await asyncio.sleep(0.02)

    # what came of it

    @property
    def bot(self) -> Any:
        """The one bot."""
        return self.engine.bots[BOT]

    @property
    def position(self) -> Decimal:
        """What the bot says it holds."""
        return self.bot.position(self.traded.symbol)

    @property
    def truth(self) -> Decimal:
        """What the venue says was traded."""
        return sum((fill.signed_quantity for fill in self.audit.fills), Decimal(0))

    @property
    def sent(self) -> list[OrderRequest]:
        """Every order that ever left, of all lives."""
        return [request for line in self.lines for request in line.placed]

    def sent_keys(self) -> Counter[str]:
        """How often an order left under each key."""
        orders = (self.journal.order(request.client_order_id) for request in self.sent)
        return Counter(str(order.key) for order in orders if order is not None)

    def resting(self) -> dict[str, str]:
        """Live orders as the bot knows them: key and price."""
        return {str(key): f"{o.price:f}" for key, o in self.bot.keeper.live.items()}

    def told(self, kind: str) -> list[Any]:
        """Events of one kind, oldest first."""
        return self.engine.journal.events(types=[kind])

    async def _problem_at_rest(self) -> Violation | None:
        return RestAudit(self.audit, self.engine).problem(
            await self.venue.open_orders(),
            await self.venue.balances(),
            await self.venue.positions(),
            self._first_balances,
        )

    async def ends_well(self) -> None:
        """Nothing is lost, doubled or unknown, and nothing failed on the way."""
        assert self.audit.violation is None
        assert await self._problem_at_rest() is None
        assert self.position == self.truth
        assert self.troubles == []
        assert self.told("error") == []


def _grid(parameters: dict[str, Any], traded: Instrument) -> GridStrategy:
    plain: dict[str, Any] = {
        "symbol": traded.symbol,
        "levels": 3,
        "spacing": Decimal("0.5"),
        "quote_size": Decimal(100),
    }
    return GridStrategy(BOT, GridConfig(**(plain | parameters)), {traded.symbol: traded})
