"""The engine: gives each bot its turn when something happened that concerns it."""

import asyncio
import traceback
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from random import Random
from typing import Any

from nimbus_tui.control.commands import Command, Outcome
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import InvariantViolated, JournalError
from nimbus_tui.core.events import Error, Event, Info, Started, Stopped, Warning
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.plan import NO_BAND, Band
from nimbus_tui.core.version import __version__
from nimbus_tui.engine import commands, continuity, recovery
from nimbus_tui.engine.accounts import Accounts
from nimbus_tui.engine.auditor import Auditor
from nimbus_tui.engine.bot import DAY_NS, Batch, Bot
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.emergency import Emergency
from nimbus_tui.engine.equity_curve import EquityCurves
from nimbus_tui.engine.facts import (
    BotDue,
    BotFact,
    FillArrived,
    FillsRead,
    FundingArrived,
    FundingRead,
    OrderFact,
    OrderReported,
)
from nimbus_tui.engine.fee_prices import FeePrices
from nimbus_tui.engine.holdings import note_foreign_fill
from nimbus_tui.engine.inbox import Inbox, Market, Post
from nimbus_tui.engine.order_manager import (
    Intent,
    OrderManager,
    cursor_fact,
    funding_cursor_fact,
)
from nimbus_tui.engine.previews import Previewer, no_preview
from nimbus_tui.engine.recorder import NoRecorder, Recorder
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.engine.stopping import StopPolicy, StopWay
from nimbus_tui.engine.subscriptions import subscribe
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.engine.upkeep import Upkeep
from nimbus_tui.engine.wake import WakeIndex
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.journal.base import BotRecord, Journal
from nimbus_tui.orders import client_id

FIRST_STEPS_S = 10.0
"""How long the start waits for the venues before it goes on with those that have answered."""
CANCEL_AGAIN_S = 0.1
"""How long a shutdown waits before it looks again for orders to cancel."""
LET_GO_S = 2.0
"""How long a shutdown waits for its own tasks and connections to end."""
_AT_THE_END = frozenset({"stopping", "stopped", "failed"})
"""States in which what arrives is worked on no more."""


class Engine:
    """All bots of one process, on one event loop.

    `process` is synchronous: it empties the inbox in one journal transaction and then lets the
    requests leave. So a simulation can drive it tick by tick, and live it runs whenever
    something has arrived.
    """

    def __init__(
        self,
        settings: EngineSettings,
        *,
        clock: Clock,
        journal: Journal,
        exchanges: Mapping[ExchangeName, Exchange],
        bots: Sequence[BotSpec],
        chance: Random,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.journal = journal
        self.exchanges = exchanges
        self.inbox = Inbox()
        self.bus = EventBus(journal, clock)
        self.state = "starting"
        self.started_ns = clock.now()
        self.prices: dict[Market, Quote] = {}
        self.fee_prices = FeePrices(self.prices)
        self.specs = {spec.bot_id: spec for spec in bots}
        self.accounts = Accounts(exchanges, self.specs, self.fee_prices, clock)
        self.order_managers: dict[ExchangeName, OrderManager] = {}
        self.bots: dict[BotId, Bot] = {}
        self.refused: dict[BotId, str] = {}
        """Bots that don't fit the journal any more, with the reason; nobody looks after them."""
        self.wakes = WakeIndex(
            {(s.exchange, sym): ins for s in bots for sym, ins in s.instruments.items()}
        )
        self.emergency = Emergency(self)
        self.previewer: Previewer = no_preview
        self.equity_curves = EquityCurves(journal, clock)
        self.auditor = Auditor(self, self.bus)
        self.recorder: Recorder = NoRecorder()
        self.revision = 1
        self.bot_revisions: dict[BotId, int] = defaultdict(int)
        self.shutdown_requested = asyncio.Event()
        self.shutdown_wanted: tuple[bool | None] = (None,)
        self._chance = chance
        self._watchers: dict[Market, list[BotId]] = defaultdict(list)
        self._news = asyncio.Event()
        self._ready = asyncio.Event()
        self._timer: tuple[int, asyncio.Task[None]] | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Future[None]] = []
        self._first: list[asyncio.Future[None]] = []
        self.synchronisers: dict[ExchangeName, Synchroniser] = {}
        self.lost_journal: JournalError | None = None
        """Why the real journal could not be opened; `journal` is then an empty one in its place."""

    # life

    async def start(self) -> None:
        """Take up every bot, get in step with every venue, and begin to trade.

        A venue that doesn't answer is waited for, but not for ever: its bots begin when it does.
        """
        # What rests at a venue that answers need not wait for one that does not.
        self.emergency.watch_again()
        await asyncio.gather(*(self._identify(one) for one in self.exchanges.values()))
        known = {one.name: self.order_managers[one.name] for one in self.exchanges.values()}
        self.order_managers.clear()
        self.order_managers.update(known)  # in the config's order, whoever answered first
        try:
            await self._take_up()
        except JournalError as error:
            self._start_without_journal(error)

    async def _identify(self, exchange: Exchange) -> None:
        """Learn who we are at a venue, and with it which orders there are ours."""
        account = await recovery.account_name(exchange, self.clock)
        manager = OrderManager(
            exchange,
            self.journal,
            self.clock,
            self.inbox.put,
            client_id.tag(account, self.settings.name),
        )
        manager.on_journal_lost = self.emergency.journal_lost
        manager.lets_leave = self.emergency.lets_leave
        self.order_managers[exchange.name] = manager

    def _start_without_journal(self, error: JournalError) -> None:
        """Nothing can be traded without a memory, but what rests at the venues must go."""
        self.emergency.journal_lost(error)
        self._ready.set()
        if not self.synchronisers:
            for exchange in self.exchanges.values():
                self._in_background(recovery.connected(exchange, self.clock))

    async def _take_up(self) -> None:
        if self.lost_journal is not None:
            raise self.lost_journal
        with self.journal.transaction():
            self._take_up_bots()
            self.bus.publish(Info(message=f"nimbus-tui {__version__} starts"))
            self.bus.write()
        # A bot whose creation is forgotten would get another incarnation, and its orders new ids.
        self.journal.make_durable()
        self._unsubscribe = subscribe(self.inbox, self.exchanges, self._watchers, self.link_changed)
        self._ready.set()
        self.synchronisers = {
            name: Synchroniser(self, manager) for name, manager in self.order_managers.items()
        }
        await self._first_steps()
        self.state = "emergency" if self.emergency.latched else "running"
        for bot in self.bots.values():
            self.inbox.put(BotDue(bot.bot_id, replan=True))
        self.bus.publish(Started())
        self.process()
        self.emergency.watch_again()

    async def _first_steps(self) -> None:
        self._first = [asyncio.ensure_future(one.first()) for one in self.synchronisers.values()]
        self._tasks += self._first
        everybody = asyncio.ensure_future(_all_of(self._first))
        patience = asyncio.ensure_future(self.clock.sleep(FIRST_STEPS_S))
        try:
            await asyncio.wait({everybody, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            patience.cancel()
        if everybody.done():
            everybody.result()
        else:
            self._tasks.append(everybody)

    async def run(self) -> None:
        """Process whatever arrives, until cancelled."""
        sampling = self.equity_curves.run(self.bots.values(), self.emergency.journal_lost)
        self._in_background(self.accounts.run())
        self._in_background(sampling)
        self._in_background(self.auditor.run(self.emergency.journal_lost))
        self._in_background(self.recorder.run(self.emergency.journal_lost))
        upkeep = Upkeep(self.journal, self.clock, self.emergency.journal_lost)
        self._in_background(upkeep.run(self.bots))
        for one, first in zip(self.synchronisers.values(), self._first, strict=True):
            self._in_background(one.run(first))
        while True:
            await self.inbox.wait()
            self.process()
            await asyncio.sleep(0)  # noqa: TID251 - a turn for everybody else on the loop

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on beside the bots; it may not end unnoticed."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._background_ended)
        self._tasks.append(task)

    def _background_ended(self, task: "asyncio.Future[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, JournalError):
            self.emergency.journal_lost(error)
        elif isinstance(error, Exception):
            detail = "".join(traceback.format_exception(error))
            self.tell(Error(message=f"work in the background ended: {error!r}", detail=detail))

    async def settle(self) -> None:
        """Return when everything that has happened so far has had all its consequences.

        A simulated venue waits for this between two ticks, so that no result depends on how fast
        the machine is. What waits on the clock is not waited for.
        """
        await self._ready.wait()
        while True:
            self.process()
            await asyncio.sleep(0)  # noqa: TID251 - lets the requests that just left be answered
            if not self.inbox or not self._processes:
                return

    @property
    def _processes(self) -> bool:
        """Whether what arrives is worked on."""
        return self._ready.is_set() and self.state not in _AT_THE_END

    async def stop(self, *, cancel_orders: bool | None = None) -> None:
        """Shut down in order; bots keep their state and go on at the next start."""
        if self.state == "stopped":
            return
        failed = self.state == "failed"
        self.state = "stopping"
        policy = StopPolicy(cancel_on_shutdown=self.settings.cancel_on_shutdown)
        cancel = policy.cancels(StopWay.SHUTDOWN, cancel_orders) or self.emergency.is_under_way
        try:
            if cancel:
                await self._within(
                    self.settings.shutdown_timeout_s,
                    self._cancel_orders(),
                    "not every order could be cancelled in time",
                )
            await self._within(
                LET_GO_S, self._let_go(), "the shutdown took too long and was cut short"
            )
            if not failed:
                self._say_goodbye()
        finally:
            self.state = "stopped"
            self.changed()
            self.journal.close()

    async def _within(self, seconds: float, step: Coroutine[Any, Any, None], late: str) -> None:
        """Take one step of the shutdown; neither its length nor its fault keeps the next away."""
        try:
            async with asyncio.timeout(seconds):
                await step
        except TimeoutError:
            self.bus.publish(Error(message=late))
        except Exception as error:
            detail = "".join(traceback.format_exception(error))
            self.bus.publish(Error(message=f"the shutdown failed: {error!r}", detail=detail))

    async def _cancel_orders(self) -> None:
        """Cancel what rests, and what is still on its way as soon as it has arrived."""
        while await recovery.cancel_everything(self) or any(
            manager.unanswered for manager in self.order_managers.values()
        ):
            await self.clock.sleep(CANCEL_AGAIN_S)

    def _say_goodbye(self) -> None:
        with self.journal.transaction():
            self.bus.publish(Stopped(reason="shut down"))
            self.bus.write()
        self.bus.dispatch()

    async def _let_go(self) -> None:
        for unsubscribe in (*self._unsubscribe, self.fee_prices.stop):
            unsubscribe()
        tasks = [*self._tasks, *([self._timer[1]] if self._timer else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.emergency.close()
        closing = [manager.close() for manager in self.order_managers.values()]
        closing += [one.disconnect() for one in self.exchanges.values()]
        ended = await asyncio.gather(*closing, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                self.bus.publish(Error(message=f"a connection did not end: {error!r}"))

    # the heart

    def process(self) -> None:
        """Empty the inbox: give each bot concerned its turn, commit, then let requests leave."""
        if self.state in _AT_THE_END:
            # Nobody works on it any more; kept, it would keep the loop awake for ever.
            self.inbox.take()
        if not self._processes:
            return
        post = self.inbox.take()
        try:
            with self.journal.transaction():
                intents = self._turns(post)
                self.recorder.write()
                self.bus.write()
            self.bus.dispatch()
            for intent in intents:
                self.order_managers[self.specs[intent.bot_id].exchange].send(intent)
            self._arm_timer()
            self.changed()
        except JournalError as error:
            self.emergency.journal_lost(error)
        except Exception as error:  # what memory, journal and venue hold have parted
            self.emergency.engine_broken(error)

    def _turns(self, post: Post) -> list[Intent]:
        facts, replan = self._sorted(post)
        woken = self.wakes.fire_times(self.clock.now())
        quotes: dict[BotId, list[Quote]] = defaultdict(list)
        for market, quote in post.prices.items():
            self.prices[market] = quote
            self.recorder.price_moved(market)
            fired = self.wakes.fire(market, quote.price)
            for bot_id in self._watchers[market]:
                bot = self.bots[bot_id]
                self.bot_revisions[bot_id] = self.revision + 1
                if bot_id in fired or bot.awaits_price:
                    quotes[bot_id].append(quote)
                else:
                    bot.prices[quote.symbol] = quote
        intents: list[Intent] = []
        for bot_id in sorted({*facts, *quotes, *woken, *replan}):
            batch = Batch(
                tuple(facts.get(bot_id, ())), tuple(quotes.get(bot_id, ())), bot_id in replan
            )
            intents += self._turn(self.bots[bot_id], batch)
        return intents

    def _turn(self, bot: Bot, batch: Batch) -> list[Intent]:
        try:
            intents = bot.turn(batch)
        except InvariantViolated as error:
            bot.contradiction(error)
            intents = []
        bot.roll_day()
        bot.save()
        self.equity_curves.note_turn(bot)
        self.recorder.had_turn(bot.bot_id)
        self._arm(bot)
        self.bot_revisions[bot.bot_id] = self.revision + 1
        return intents

    def _sorted(self, post: Post) -> tuple[dict[BotId, list[BotFact]], set[BotId]]:
        """Facts by the bot that they concern; what concerns none is settled here."""
        facts: dict[BotId, list[BotFact]] = defaultdict(list)
        replan = set()
        for fact in post.facts:
            match fact:
                case BotDue(bot_id, wants_plan):
                    facts[bot_id] += []
                    if wants_plan:
                        replan.add(bot_id)
                case FillsRead(exchange, cursor):
                    self.journal.save_fact(cursor_fact(exchange), cursor)
                case FundingRead(exchange, cursor):
                    self.journal.save_fact(funding_cursor_fact(exchange), cursor)
                case FundingArrived(exchange, payment):
                    holder = self._holder(exchange, payment)
                    if holder is not None:
                        facts[holder].append(fact)
                    else:
                        self.journal.record_funding(payment)
                case _:
                    owner = self._owner(fact)
                    if owner is not None:
                        facts[owner].append(fact)
                    elif isinstance(fact, FillArrived):
                        self._keep_unclaimed(fact)
        return facts, replan

    def _keep_unclaimed(self, fact: FillArrived) -> None:
        """A fill of ours that belongs to no bot here waits in the journal until one claims it."""
        fill = fact.fill
        tag = self.order_managers[fact.exchange].engine_tag
        if not client_id.is_ours(tag, fill.client_order_id):
            note_foreign_fill(self.journal, fill)
        elif self.journal.record_fill(fill):
            self.order_managers[fact.exchange].unclaimed.add(fill.client_order_id)
            self.bus.publish(
                Warning(
                    message=f"order {fill.client_order_id} of ours, of no bot here, has filled: "
                    f"{fill.side.value} {fill.quantity:f} {fill.symbol} at {fill.price:f}"
                )
            )

    def _owner(self, fact: OrderFact) -> BotId | None:
        if not isinstance(fact, FillArrived | OrderReported):
            return fact.bot_id
        named = fact.fill if isinstance(fact, FillArrived) else fact.report
        tag = self.order_managers[fact.exchange].engine_tag
        if not client_id.is_ours(tag, named.client_order_id):
            forced = isinstance(fact, FillArrived) and fact.fill.forced
            return self._forced_on(fact.exchange, named.symbol) if forced else None
        return self.bot_of(named.client_order_id)

    def _forced_on(self, exchange: ExchangeName, symbol: Symbol) -> BotId | None:
        """The bot whose position a venue has closed by force: on an account it is the only one."""
        watching = (self.bots[bot_id] for bot_id in self._watchers.get((exchange, symbol), ()))
        return next((bot.bot_id for bot in watching if bot.position(symbol)), None)

    def _holder(self, exchange: ExchangeName, payment: FundingPayment) -> BotId | None:
        """The bot that holds a derivative; what was paid before its books began isn't its own."""
        for bot_id in self._watchers.get((exchange, payment.symbol), ()):
            saved = self.bots[bot_id].saved
            if saved.opened and payment.ts >= saved.opened_ns:
                return bot_id
        return None

    def bot_of(self, identity: ClientOrderId) -> BotId | None:
        """Whose order this is; None for orders that aren't ours."""
        for bot in self.bots.values():
            if bot.keeper.live.by_client_id(identity) is not None:
                return bot.bot_id
        order = self.journal.order(identity)
        return order.bot_id if order is not None and order.bot_id in self.bots else None

    def _arm(self, bot: Bot) -> None:
        exchange = self.specs[bot.bot_id].exchange
        for symbol, band in bot.bands().items():
            self.wakes.arm(bot.bot_id, (exchange, symbol), band)
        midnight = (self.clock.now() // DAY_NS + 1) * DAY_NS
        at = bot.next_time()
        self.wakes.arm_time(bot.bot_id, midnight if at is None else min(at, midnight))

    def _arm_timer(self) -> None:
        """Keep one sleeper on the clock for the earliest wake time."""
        at = self.wakes.next_time()
        if self._timer is not None:
            if self._timer[0] == at and not self._timer[1].done():
                return
            self._timer[1].cancel()
            self._timer = None
        if at is not None:
            task = asyncio.get_running_loop().create_task(self._wake_at(at))
            self._timer = (at, task)

    async def _wake_at(self, at: int) -> None:
        await self.clock.sleep_until(at)
        self.inbox.wake()

    def accept_holdings(self, bot: Bot) -> None:
        """The operator has looked at what the account holds beside a bot."""
        synchroniser = self.synchronisers.get(bot.orders.name)
        if synchroniser is not None and bot.saved.difference:
            synchroniser.holdings.accept(bot)

    def request_shutdown(self, *, cancel_orders: bool | None) -> None:
        """Ask whoever hosts the engine to stop it."""
        self.shutdown_wanted = (cancel_orders,)
        self.shutdown_requested.set()

    # for those who look on

    def changed(self) -> None:
        """Tell the waiting clients that there is news."""
        self.revision += 1
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Return at the next change."""
        await self._news.wait()

    def quiet_band(self, market: Market) -> Band:
        """Strictly between these prices no bot has anything to do."""
        if any(self.bots[bot_id].awaits_price for bot_id in self._watchers[market]):
            return NO_BAND
        return self.wakes.quiet_band(market)

    def note_price(self, exchange: ExchangeName, quote: Quote) -> None:
        """Remember a price inside every quiet band, without a turn for anybody."""
        market = (exchange, quote.symbol)
        self.prices[market] = quote
        for bot_id in self._watchers[market]:
            self.bots[bot_id].prices[quote.symbol] = quote

    async def execute(self, command: Command) -> Outcome:
        """Carry out an operator's command."""
        return await commands.execute(self, command)

    # setting up

    def _take_up_bots(self) -> None:
        known = {record.bot_id: record for record in self.journal.bots()}
        self.refused = continuity.misfits(self.journal, self.specs)
        for bot_id, trouble in self.refused.items():
            self.bus.publish(Error(message=trouble, bot_id=bot_id))
        for spec in self.specs.values():
            if spec.bot_id in self.refused:
                continue
            record = known.get(spec.bot_id)
            fresh = record is None
            if record is None:
                record = self._new_record(spec)
            bot = self._bot(spec, record)
            bot.take_up(spec.config)
            if fresh:
                self.journal.save_bot(record)
            self.bots[spec.bot_id] = bot
            for symbol in spec.instruments:
                self._watchers[spec.exchange, symbol].append(spec.bot_id)

    def _new_record(self, spec: BotSpec) -> BotRecord:
        return BotRecord(
            bot_id=spec.bot_id,
            incarnation=f"{self._chance.getrandbits(128):032x}",
            strategy=spec.strategy_name,
            exchange=spec.exchange,
            symbols=tuple(spec.instruments),
            capital=spec.capital,
            created_ns=self.clock.now(),
            config=spec.config,
        )

    def _bot(self, spec: BotSpec, record: BotRecord) -> Bot:
        bot = Bot(
            record=record,
            strategy=spec.strategy,
            instruments=spec.instruments,
            limits=spec.limits,
            close_on_stop=spec.close_on_stop,
            max_restarts=self.settings.max_restarts,
            restart_window_s=self.settings.restart_window_s,
            orders=self.order_managers[spec.exchange],
            journal=self.journal,
            bus=self.bus,
            clock=self.clock,
        )
        bot.unowned = lambda: self.accounts.unowned(spec.exchange, self.bots)
        venue = self.exchanges[spec.exchange]
        bot.fee_price = lambda asset, quote: self.fee_prices.price(venue, asset, quote)
        bot.standing.emergency = self.emergency.latched
        bot.standing.policy = self.stop_policy(spec)
        return bot

    def stop_policy(self, spec: BotSpec) -> StopPolicy:
        """What stopping means for a bot, in each of the ways there are."""
        return StopPolicy(
            close_on_stop=spec.close_on_stop,
            close_in_emergency=self.settings.close_in_emergency,
            cancel_on_shutdown=self.settings.cancel_on_shutdown,
        )

    def link_changed(self, exchange: ExchangeName, is_up: bool, reason: str) -> None:
        """A venue's data flows again or has ended."""
        if exchange in self.synchronisers:
            self.synchronisers[exchange].link_changed(is_up, reason)

    def tell(self, event: Event) -> None:
        """Publish an event outside of any turn; it is written with the next one, at once."""
        self.bus.publish(event)
        self.inbox.wake()


async def _all_of(tasks: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.gather(*tasks)
