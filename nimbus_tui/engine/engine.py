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
from nimbus_tui.core.events import Error, Event
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName
from nimbus_tui.core.market import Quote
from nimbus_tui.core.plan import NO_BAND, Band
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine import commands
from nimbus_tui.engine.accounts import Accounts
from nimbus_tui.engine.auditor import Auditor
from nimbus_tui.engine.background import Alarm, Background
from nimbus_tui.engine.backtesting import BacktestRunner, NoBacktests
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.config_desk import ConfigDesk
from nimbus_tui.engine.dead_man_switch import DeadManSwitch
from nimbus_tui.engine.emergency import Emergency
from nimbus_tui.engine.equity_curve import EquityCurves
from nimbus_tui.engine.facts import Batch
from nimbus_tui.engine.fee_prices import FeePrices
from nimbus_tui.engine.inbox import Inbox, Market, Post
from nimbus_tui.engine.ledger import DAY_NS
from nimbus_tui.engine.markets import Markets
from nimbus_tui.engine.order_manager import Intent, OrderManager
from nimbus_tui.engine.owners import Owners
from nimbus_tui.engine.previews import Previewer, no_preview
from nimbus_tui.engine.recorder import NoRecorder, Recorder
from nimbus_tui.engine.revisions import Revisions
from nimbus_tui.engine.risk_desk import RiskDesk
from nimbus_tui.engine.settings import BotSpec, EngineSettings
from nimbus_tui.engine.shutdown import shut_down
from nimbus_tui.engine.start_up import start_up
from nimbus_tui.engine.stopping import StopPolicy
from nimbus_tui.engine.streams import Streams
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.engine.upkeep import Upkeep
from nimbus_tui.engine.wake import WakeIndex
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.journal.base import Journal

Beside = Callable[[Callable[[JournalError], None]], Coroutine[Any, Any, None]]
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
        self.exchanges = dict(exchanges)
        self.inbox = Inbox()
        self.bus = EventBus(journal, clock)
        self.state = "starting"
        self.started_ns = clock.now()
        self.prices: dict[Market, Quote] = {}
        self.fee_prices = FeePrices(self.prices)
        self.specs = {spec.bot_id: spec for spec in bots}
        self.accounts = Accounts(self.exchanges, self.specs, self.fee_prices, clock)
        self.order_managers: dict[ExchangeName, OrderManager] = {}
        self.bots: dict[BotId, Bot] = {}
        self.refused: dict[BotId, str] = {}
        """Bots that don't fit the journal any more, with the reason; nobody looks after them."""
        self.wakes = WakeIndex(
            {(s.exchange, sym): ins for s in bots for sym, ins in s.instruments.items()}
        )
        self.markets = Markets(self.exchanges, self.wakes, self.inbox, lambda: self.subscriptions)
        self.emergency = Emergency(self)
        self.risk_desk = RiskDesk(self)
        self.streams = Streams(self)
        self.previewer: Previewer = no_preview
        self.config_desk = ConfigDesk(self)
        self.equity_curves = EquityCurves(journal, clock)
        self.auditor = Auditor(self, self.bus)
        self.recorder: Recorder = NoRecorder()
        self.backtests: BacktestRunner = NoBacktests()
        self.beside: list[Beside] = []
        """What else is done while it runs; each is given what to call when the journal fails."""
        self.revisions = Revisions()
        self.shutdown_requested = asyncio.Event()
        self.shutdown_wanted: tuple[bool | None] = (None,)
        self.chance = chance
        self.watchers: dict[Market, list[BotId]] = defaultdict(list)
        """Which bots trade on a market."""
        self.owners = Owners(self.bots, self.watchers, self.order_managers, journal, self.bus)
        self.background = Background(self._work_ended)
        self.alarm = Alarm(clock, self.inbox.wake)
        self.subscriptions: list[Callable[[], None]] = []
        """How to hear no more from the venues."""
        self.ready = asyncio.Event()
        """Set once what arrives can be worked on."""
        self.synchronisers: dict[ExchangeName, Synchroniser] = {}
        self.switches: list[DeadManSwitch] = []
        self.first_steps: list[asyncio.Future[None]] = []
        """Of each synchroniser, the first comparison; it may still be under way."""
        self.lost_journal: JournalError | None = None
        """Why the real journal could not be opened; `journal` is then an empty one in its place."""

    # life

    async def start(self) -> None:
        """Take up every bot, get in step with every venue, and begin to trade.

        A venue that doesn't answer is waited for, but not for ever: its bots begin when it does.
        """
        self.started_ns = self.clock.now()  # a simulated clock has jumped to its first tick
        await start_up(self)
        self.config_desk.begun()

    async def run(self) -> None:
        """Process whatever arrives, until cancelled."""
        begin = self.background.begin
        begin(self.accounts.run())
        begin(self.risk_desk.run())
        begin(self.equity_curves.run(self.bots.values(), self.emergency.journal_lost))
        begin(self.auditor.run(self.emergency.journal_lost))
        begin(self.recorder.run(self.emergency.journal_lost))
        for switch in self.switches:
            begin(switch.run())
        for work in self.beside:
            begin(work(self.emergency.journal_lost))
        upkeep = Upkeep(self.journal, self.clock, self.emergency.journal_lost)
        begin(upkeep.run(self.bots))
        for one, first in zip(self.synchronisers.values(), self.first_steps, strict=True):
            begin(one.run(first))
        while True:
            await self.inbox.wait()
            self.process()
            await asyncio.sleep(0)  # noqa: TID251 - a turn for everybody else on the loop

    def _work_ended(self, error: Exception) -> None:
        if isinstance(error, JournalError):
            self.emergency.journal_lost(error)
        else:
            detail = "".join(traceback.format_exception(error))
            self.tell(Error(message=f"work in the background ended: {error!r}", detail=detail))

    async def settle(self) -> None:
        """Return when everything that has happened so far has had all its consequences.

        A simulated venue waits for this between two ticks, so that no result depends on how fast
        the machine is. What waits on the clock is not waited for.
        """
        await self.ready.wait()
        while True:
            self.process()
            await asyncio.sleep(0)  # noqa: TID251 - lets the requests that just left be answered
            if not self.inbox or not self._processes:
                return

    @property
    def _processes(self) -> bool:
        """Whether what arrives is worked on."""
        return self.ready.is_set() and self.state not in _AT_THE_END

    async def stop(self, *, cancel_orders: bool | None = None) -> None:
        """Shut down in order; bots keep their state and go on at the next start."""
        self.backtests.close()
        await shut_down(self, cancel_orders)

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
                self.risk_desk.closes.write()
                self.recorder.write()
                self.bus.write()
            self.bus.dispatch()
            for intent in intents:
                self.order_managers[self.specs[intent.bot_id].exchange].send(intent)
            self.alarm.set(self.wakes.next_time())
            self.revisions.changed()
        except JournalError as error:
            self.emergency.journal_lost(error)
        except Exception as error:  # what memory, journal and venue hold have parted
            self.emergency.engine_broken(error)

    def _turns(self, post: Post) -> list[Intent]:
        facts, replan = self.owners.sort(post)
        woken = self.wakes.fire_times(self.clock.now())
        quotes: dict[BotId, list[Quote]] = defaultdict(list)
        for market, quote in post.prices.items():
            self.prices[market] = quote
            self.recorder.price_moved(market)
            self.risk_desk.heard(market, quote)
            fired = self.wakes.fire(market, quote.price)
            self.risk_desk.fired(fired)
            for bot_id in self.watchers[market]:
                bot = self.bots[bot_id]
                self.revisions.bot_changed(bot_id)
                # A price that came with a fill was met with the position after it.
                if bot_id in fired or bot_id in facts or bot.waking.awaits_price:
                    quotes[bot_id].append(quote)
                else:
                    bot.saw(quote)
        self.risk_desk.fired(woken)
        # A bot that has been let go may still be named by what was on its way.
        concerned = {*facts, *quotes, *woken, *replan, *self.risk_desk.look()} & self.bots.keys()
        intents: list[Intent] = []
        for bot_id in sorted(concerned):
            batch = Batch(
                tuple(facts.get(bot_id, ())), tuple(quotes.get(bot_id, ())), bot_id in replan
            )
            intents += self._turn(self.bots[bot_id], batch)
        # What the turns have changed may concern others at once, and those others again.
        for _ in RiskStep:
            for bot_id in sorted(self.risk_desk.look()):
                intents += self._turn(self.bots[bot_id], Batch())
        return intents

    def _turn(self, bot: Bot, batch: Batch) -> list[Intent]:
        try:
            intents = bot.turn(batch)
        except InvariantViolated as error:
            bot.contradiction(error)
            intents = []
        bot.roll_day()
        bot.save()
        self.risk_desk.note(bot)
        self.equity_curves.note_turn(bot)
        self.recorder.had_turn(bot.bot_id)
        self._arm(bot)
        self.revisions.bot_changed(bot.bot_id)
        return intents

    def bot_of(self, identity: ClientOrderId) -> BotId | None:
        """Whose order this is; None for orders that aren't ours."""
        return self.owners.bot_of(identity)

    def _arm(self, bot: Bot) -> None:
        exchange = self.specs[bot.bot_id].exchange
        for symbol, band in bot.waking.bands().items():
            self.wakes.arm(bot.bot_id, (exchange, symbol), band)
        midnight = (self.clock.now() // DAY_NS + 1) * DAY_NS
        at = bot.waking.next_time()
        self.wakes.arm_time(bot.bot_id, midnight if at is None else min(at, midnight))

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

    def quiet_band(self, market: Market) -> Band:
        """Strictly between these prices no bot has anything to do."""
        if any(self.bots[bot_id].waking.awaits_price for bot_id in self.watchers[market]):
            return NO_BAND
        return self.wakes.quiet_band(market)

    def note_price(self, exchange: ExchangeName, quote: Quote) -> None:
        """Remember a price inside every quiet band, without a turn for anybody."""
        market = (exchange, quote.symbol)
        self.prices[market] = quote
        self.risk_desk.heard(market, quote)
        for bot_id in self.watchers[market]:
            self.bots[bot_id].saw(quote)

    async def execute(self, command: Command) -> Outcome:
        """Carry out an operator's command."""
        return await commands.execute(self, command)

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
