"""One seeded world: a market, an honest venue, a bad line, and an engine that dies and comes back.

Everything runs in virtual time on one loop, so the same seed gives the same trace. The engine is
the production engine; only its clock, its journal's disk and its line to the venue are the world's.
"""

import asyncio
import hashlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from random import Random

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.events import Error, Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Asset, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import Order, OrderReport
from nimbus_tui.core.redaction import redacted
from nimbus_tui.engine.engine import Engine
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.base import Journal
from nimbus_tui.journal.sqlite import MEMORY
from nimbus_tui.simulation.faults import Fate, FaultKind, FaultPlan
from nimbus_tui.simulation.faulty_venue import FaultyConnection
from nimbus_tui.simulation.fragile_journal import Disk, FragileJournal, WriterDied
from nimbus_tui.simulation.rest_audit import RestAudit
from nimbus_tui.simulation.synthetic import Regime, SyntheticMarket, SyntheticSource
from nimbus_tui.simulation.venue_audit import VenueAudit, Violation
from nimbus_tui.simulation.virtual_time import LoopClock, Spinning, VirtualTimeLoop
from nimbus_tui.simulation.wire import Wire

START_NS = 1_750_003_050 * NS_PER_SECOND
"""A little before 16:00 UTC: funding is due while the world lives."""
TICKS = 600
TICK_S = 0.5
CALM_S = 240.0
"""How long the world is quiet at the end: longer than anything that may still be under way."""
_SHARE_OF_DEADLINES = 0.5
TRACE_LINES = 4_000

MOMENTS = 60
"""How often the judge looks for a moment of rest: bots that go by the clock never stop for long."""

BuildEngine = Callable[[Journal, Exchange, LoopClock, Random], Engine]
"""Puts a production engine with fresh strategies on a journal and a venue."""


class WorldSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a world is made of."""

    exchange: ExchangeName
    instruments: tuple[Instrument, ...]
    balances: dict[Asset, Decimal]
    markets: tuple[SyntheticMarket, ...]
    ticks: int = TICKS
    plan: FaultPlan = FaultPlan()
    paper: PaperSettings = PaperSettings(partial_fills=True)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one world."""

    seed: int
    violation: Violation | None
    faults: dict[FaultKind, int]
    orders: int
    fills: int
    crashes: int
    ticks: int
    """After how many ticks it was over."""
    digest: str
    """Hash of the whole trace: equal for equal seeds."""
    trace: tuple[str, ...]
    """Its last lines."""


class World:
    """One run from the first tick to the verdict."""

    def __init__(self, seed: int, settings: WorldSettings, build: BuildEngine) -> None:
        self._seed = seed
        self._settings = settings
        self._build = build
        self._fate = Fate(settings.plan, Random(f"faults/{seed}"))
        self._chance = Random(f"world/{seed}")
        self._audit = VenueAudit()
        self._trace: list[str] = []
        self._hash = hashlib.sha256()
        self._crashes = 0
        self._ticks = 0
        self._loop = VirtualTimeLoop()
        self._disk = Disk()
        self._keeps_deadlines = self._chance.random() < _SHARE_OF_DEADLINES
        self._clock_offset_ns = 0
        self._booted_ns = 0
        self._life: _Life | None = None
        self._wire: Wire | None = None
        self._lots = {one.symbol: one.lot_size for one in settings.instruments}

    def run(self) -> Verdict:
        """Live through it."""
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(self._on_exception)
        try:
            self._loop.run_until_complete(self._live())
        except Spinning:
            self._audit.break_promise("time goes on", "the engine spins and never rests")
            if self._life is not None:
                self._loop.run_until_complete(self._end(self._life))
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()
        return Verdict(
            seed=self._seed,
            violation=self._audit.violation,
            faults={kind: self._fate.counts[kind] for kind in FaultKind},
            orders=self._audit.orders,
            fills=len(self._audit.fills),
            crashes=self._crashes,
            ticks=self._ticks,
            digest=self._hash.hexdigest(),
            trace=tuple(self._trace[-TRACE_LINES:]),
        )

    # the venue

    def _open_venue(self) -> PaperExchange:
        venue = PaperExchange(
            self._settings.exchange,
            instruments=self._settings.instruments,
            balances=self._settings.balances,
            clock=LoopClock(self._loop, START_NS),
            store=PaperStore(MEMORY),
            settings=self._settings.paper,
        )
        venue.subscribe_order_fills(self._on_fill)
        venue.subscribe_order_updates(self._on_report)
        venue.subscribe_funding(self._on_funding)
        for instrument in self._settings.instruments:
            venue.subscribe_price_updates(instrument.symbol, self._on_price)
        return venue

    def _on_fill(self, fill: Fill) -> None:
        self.tell(f"FILL {fill.client_order_id} {fill.side.value} {fill.quantity} @ {fill.price}")
        self._audit.filled(fill)
        if self._life is not None:
            self._life.line.fill(fill)

    def _on_funding(self, payment: FundingPayment) -> None:
        self.tell(f"FUNDING {payment.symbol} {payment.amount}")
        self._audit.funded(payment)
        if self._life is not None:
            self._life.line.funding(payment)

    def _on_report(self, report: OrderReport) -> None:
        self._audit.reported(report)
        if self._life is not None:
            self._life.line.report(report)

    def _on_price(self, quote: Quote) -> None:
        if self._life is not None:
            self._life.line.price(quote)

    # the story

    async def _live(self) -> None:
        venue = self._open_venue()
        await venue.connect()
        self._wire = Wire(venue, self._audit, self._on_report)
        source = SyntheticSource(
            self._settings.markets,
            clock=LoopClock(self._loop, START_NS),
            seed=self._seed,
            regime=self._chance.choice(list(Regime)),
        )
        for number in range(self._settings.ticks):
            await self._sleep(TICK_S)
            self._ticks += 1
            if self._life is None and self._chance.random() < 0.1:
                self._life = self._born(venue, self._wire)
            self._happen(venue, source, number)
            await self._bury_the_dead()
            if self._audit.violation is not None:
                break
        else:
            await self._calm_down(venue, self._wire, source)
        self._wire.tasks.clear()
        if self._life is not None:
            await self._end(self._life)

    def _happen(self, venue: PaperExchange, source: SyntheticSource, number: int) -> None:
        market = self._settings.markets[number % len(self._settings.markets)]
        ts = START_NS + round(self._loop.time() * NS_PER_SECOND)
        tick = source.step(market, ts)
        if self._fate.strikes(FaultKind.PARTIAL_FILL):
            size = self._lots[market.symbol] * self._fate.chance.randint(1, 40)
        else:
            size = Decimal(0)
        self.tell(f"tick {tick.symbol} {tick.price}")
        venue.deliver(Tick(tick.ts, tick.symbol, tick.price, size))
        if self._life is not None:
            self._life.line.trouble()
            if self._fate.strikes(FaultKind.CLOCK_JUMP):
                self._clock_offset_ns += round(self._fate.between(-3, 3) * NS_PER_SECOND)
                self._life.clock.offset_ns = self._clock_offset_ns
        if self._chance.random() < 0.05:
            self._disk.sync()

    def _born(self, venue: PaperExchange, wire: Wire) -> "_Life":
        self.tell("the engine starts")
        clock = LoopClock(self._loop, START_NS)
        clock.offset_ns = self._clock_offset_ns
        line = FaultyConnection(
            venue, wire, self._fate, self.tell, keeps_deadlines=self._keeps_deadlines
        )
        journal = _Watched(self._disk, self._audit.journalled, self._writer_died)
        engine = self._build(journal, line, clock, Random(f"{self._seed}/{self._crashes}"))
        engine.settings = msgspec.structs.replace(engine.settings, booted_ns=self._booted_ns)
        life = _Life(engine, line, journal, clock)
        engine.bus.subscribe(self._on_event)
        life.tasks = [asyncio.ensure_future(life.live())]
        life.tasks[0].add_done_callback(self._on_end_of_life)
        self._fix_its_end(life)
        return life

    def _fix_its_end(self, life: "_Life") -> None:
        """Chance decides at birth when a life ends: any step of it is as likely as any other."""
        life.journal.dies_in = self._fate.steps_until(FaultKind.CRASH_WRITING)
        ends = [
            (rounds, kind)
            for kind in (FaultKind.CRASH, FaultKind.POWER_CUT)
            if (rounds := self._fate.steps_until(kind)) is not None
        ]
        self._loop.no_alarm()
        if ends:
            rounds, kind = min(ends, key=lambda end: end[0])
            self._loop.at_round(rounds, lambda: self._dies(life, kind))

    def _writer_died(self) -> None:
        if self._life is not None:
            self._dies(self._life, FaultKind.CRASH_WRITING)

    def _dies(self, life: "_Life", kind: FaultKind) -> None:
        """From this step on it writes nothing, sends nothing and hears nothing."""
        if life.death is None:
            life.death = kind
            life.line.is_dead = life.journal.is_dead = True
            self._fate.struck(kind)
            self.tell(f"the engine is gone: {kind.value}")

    def _on_end_of_life(self, task: "asyncio.Future[None]") -> None:
        """An engine ends by the world's hand alone."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, WriterDied):
            told = redacted("".join(traceback.format_exception(error)))
            self._audit.break_promise("the engine goes on", told)

    def _on_event(self, event: Event) -> None:
        self.tell(f"event {event.seq} {type(event).__name__} {event.bot_id or ''}")
        life = self._life
        if life is not None and event.seq != life.next_seq:
            self._audit.break_promise("events have no gap", f"{event.seq}, not {life.next_seq}")
        if life is not None:
            life.next_seq = event.seq + 1
        if isinstance(event, Error):
            self._audit.break_promise("no error", f"{event.message} {event.detail}")

    def _on_exception(self, _loop: object, context: dict[str, object]) -> None:
        """Nothing in an engine may fail unnoticed but by the death of its writer."""
        error = context.get("exception")
        if not isinstance(error, WriterDied):
            self._audit.break_promise("nothing fails unnoticed", f"{context['message']}: {error!r}")

    async def _bury_the_dead(self) -> None:
        life = self._life
        if life is None or life.death is None:
            return
        await self._end(life)
        self._crashes += 1
        if life.death is FaultKind.POWER_CUT:
            self._disk.power_cut()
            self._booted_ns = life.clock.now()
            self._audit.journal_lost = True

    async def _end(self, life: "_Life") -> None:
        life.line.is_dead = life.journal.is_dead = True
        self._life = None
        self._loop.no_alarm()
        spared = {asyncio.current_task(), *(self._wire.tasks if self._wire else ())}
        while others := [task for task in asyncio.all_tasks() if task not in spared]:
            # In the order of their birth: a set has another one in every process.
            for task in sorted(others, key=lambda one: (len(one.get_name()), one.get_name())):
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        self._disk.writer_gone()

    async def _calm_down(self, venue: PaperExchange, wire: Wire, source: SyntheticSource) -> None:
        self._fate.calm = True
        self._loop.no_alarm()
        self.tell("the world calms down")
        await self._bury_the_dead()
        if self._life is None:
            self._life = self._born(venue, wire)
        self._life.journal.dies_in = None
        quiet = {market.symbol: source.step(market, 0).price for market in self._settings.markets}
        for second in range(int(CALM_S)):
            await self._quiet_second(venue, quiet, second)
        problem = None
        for second in range(MOMENTS):
            await self._quiet_second(venue, quiet, second)
            problem = await self._problem(venue, self._life.engine)
            if problem is None:
                return
        if problem is not None:
            self._audit.break_promise(problem.invariant, problem.detail)

    async def _quiet_second(
        self, venue: PaperExchange, quiet: Mapping[Symbol, Decimal], second: int
    ) -> None:
        """Prices stand still; each symbol's is told every few seconds."""
        await self._sleep(1.0)
        ts = START_NS + round(self._loop.time() * NS_PER_SECOND)
        for symbol, price in list(quiet.items())[second % 3 :: 3]:
            venue.deliver(Tick(ts, symbol, price, Decimal(0)))
        await self._sleep(0.4)

    async def _problem(self, venue: PaperExchange, engine: Engine) -> Violation | None:
        return RestAudit(self._audit, engine).problem(
            await venue.open_orders(),
            await venue.balances(),
            await venue.positions(),
            self._settings.balances,
        )

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 - virtual time

    def tell(self, line: str) -> None:
        """Add a line to the trace."""
        stamped = f"{self._loop.time():10.4f} {line}"
        self._hash.update(stamped.encode())
        self._trace.append(stamped)
        if len(self._trace) > 2 * TRACE_LINES:
            del self._trace[:TRACE_LINES]


class _Watched(FragileJournal):
    """Tells the judge of every order once it is committed."""

    def __init__(
        self, disk: Disk, written: Callable[[Order], None], on_death: Callable[[], None]
    ) -> None:
        super().__init__(disk, on_death)
        self._written = written
        self._uncommitted: list[Order] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in here, or nothing."""
        self._uncommitted = []
        with super().transaction():
            yield
        for order in self._uncommitted:
            self._written(order)

    def save_order(self, order: Order) -> None:
        """Insert or replace by client order id."""
        super().save_order(order)
        self._uncommitted.append(order)


class _Life:
    """One life of the engine."""

    def __init__(
        self, engine: Engine, line: FaultyConnection, journal: FragileJournal, clock: LoopClock
    ) -> None:
        self.engine = engine
        self.line = line
        self.journal = journal
        self.clock = clock
        self.tasks: list[asyncio.Future[None]] = []
        self.death: FaultKind | None = None
        """What has ended it, from the very step on."""
        self.next_seq = journal.last_seq() + 1
        """Number of the event that listeners must hear of next."""

    async def live(self) -> None:
        """Start and run, until the world ends it."""
        await self.engine.start()
        await self.engine.run()
