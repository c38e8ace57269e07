"""A grid at the end of a line that a test can spoil; hours pass at once, on a virtual loop."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from random import Random
from typing import Any

from nimbus_tui.core.events import Event
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderReport
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.settings import BotSpec, EngineSettings, OrphanPolicy
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.simulation.faults import Fate, FaultKind, FaultPlan
from nimbus_tui.simulation.faulty_venue import FaultyConnection
from nimbus_tui.simulation.venue_audit import VenueAudit
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from nimbus_tui.simulation.wire import Wire
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig
from tests.simulation.worlds import instrument

SYMBOL = "ETH/USDC:USDC"


class Scripted(Fate):
    """Strikes when the test says so, so many times each."""

    def __init__(self) -> None:
        super().__init__(FaultPlan(), Random(1))
        self.left: dict[FaultKind, int] = {}

    def strikes(self, kind: FaultKind, *, only_if: bool = True) -> bool:
        if not only_if or self.left.get(kind, 0) <= 0:
            return False
        self.left[kind] -= 1
        self.counts[kind] += 1
        return True


class Lined:
    """One engine life after another on one venue and one journal."""

    def __init__(self, *, keeps_deadlines: bool = True, **settings: Any) -> None:
        self.loop = asyncio.get_running_loop()
        assert isinstance(self.loop, VirtualTimeLoop)
        self.clock = LoopClock(self.loop, 1_750_000_000_000_000_000)
        self.fate = Scripted()
        self.trace: list[str] = []
        self.journal = SqliteJournal.open(":memory:")
        self.venue = PaperExchange(
            "sim",
            instruments=[instrument()],
            balances={"USDC": Decimal(100_000)},
            clock=self.clock,
            store=PaperStore(":memory:"),
        )
        self.keeps_deadlines = keeps_deadlines
        self.settings = settings
        self.line: FaultyConnection | None = None
        self.venue.subscribe_order_fills(lambda fill: self.line and self.line.fill(fill))
        self.venue.subscribe_order_updates(lambda report: self.line and self.line.report(report))
        self.venue.subscribe_price_updates(
            SYMBOL, lambda quote: self.line and self.line.price(quote)
        )

    def _tell_acceptance(self, report: OrderReport) -> None:
        if self.line is not None:
            self.line.report(report)

    async def live(self, *prices: str, incarnation: int = 1) -> "Lined":
        """Begin a life: start, run, see some prices."""
        await self.venue.connect()
        self.line = FaultyConnection(
            self.venue,
            Wire(self.venue, VenueAudit(), self._tell_acceptance),
            self.fate,
            self.trace.append,
            keeps_deadlines=self.keeps_deadlines,
        )
        config = GridConfig(
            symbol=SYMBOL, levels=3, spacing=Decimal("0.5"), quote_size=Decimal(100)
        )
        traded = {SYMBOL: instrument()}
        spec = BotSpec(
            bot_id="grid",
            strategy_name="grid",
            strategy=GridStrategy("grid", config, traded),
            exchange="sim",
            instruments=traded,
        )
        self.engine = Engine(
            EngineSettings(name="lined", **self.settings),
            clock=self.clock,
            journal=self.journal,
            exchanges={"sim": self.line},
            bots=[spec],
            chance=Random(incarnation),
        )
        self.told: list[Event] = []
        self.engine.bus.subscribe(self.told.append)
        await self.engine.start()
        self.running = asyncio.ensure_future(self.engine.run())
        return await self.tick(*prices)

    async def tick(self, *prices: str, pause_s: float = 1.0) -> "Lined":
        """Let prices happen, with time for their consequences."""
        for price in prices:
            self.venue.deliver(Tick(self.clock.now(), SYMBOL, Decimal(price), Decimal(0)))
            await asyncio.sleep(pause_s)
        return self

    async def die(self) -> None:
        """The process is killed: nothing of it goes on, and nobody says goodbye."""
        assert self.line is not None
        self.line.is_dead = True
        me = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not me]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.line = None

    @property
    def bot(self) -> Any:
        """The one bot."""
        return self.engine.bots["grid"]

    async def at_venue(self) -> dict[str, Decimal | None]:
        """Open orders at the venue: price by client id."""
        return {o.client_order_id: o.price for o in await self.venue.open_orders()}

    def named(self, kind: type[Event]) -> list[Any]:
        """What was told of one kind."""
        return [event for event in self.told if isinstance(event, kind)]


def played(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Play a test's story in virtual time."""
    loop = VirtualTimeLoop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(story())
        rest = asyncio.all_tasks(loop)
        for task in rest:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


ADOPT = OrphanPolicy.ADOPT
CANCEL = OrphanPolicy.CANCEL
