"""One bot: absorb, plan, review, reconcile, carry out, and nothing else."""

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from nimbus_tui.accounting.books import Books, claimed, funded
from nimbus_tui.accounting.books import absorb as entered
from nimbus_tui.accounting.cycles import CycleLog
from nimbus_tui.accounting.fees import fee_value
from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.events import Error, Event, OrderFilled, PositionUpdate, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Asset, BotId, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import DesiredOrder, Order
from nimbus_tui.core.plan import Band, Plan, ReviewedPlan, View
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.facts import BotFact, FundingArrived
from nimbus_tui.engine.order_book_keeper import OrderBookKeeper
from nimbus_tui.engine.order_manager import Intent, OrderManager
from nimbus_tui.engine.saved import Saved
from nimbus_tui.engine.standing import Standing
from nimbus_tui.engine.wake import tightest
from nimbus_tui.engine.words import told_funding, unvalued_fee
from nimbus_tui.journal.base import BotRecord, Journal
from nimbus_tui.orders.reconcile import Cancel, OrderAction, Place, reconcile
from nimbus_tui.risk.gate import WAITS, Situation, VenueSync, review
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.sense import nonsense
from nimbus_tui.strategies.base import BaseTradingStrategy

AnyStrategy = BaseTradingStrategy[Any, Any]
T = TypeVar("T")

DAY_NS = 86_400 * NS_PER_SECOND

_NUMBER = re.compile(r"-?[\d.]+")
"""The same rule with a price that has moved is the same objection."""

BACK_OFF_S = (1, 2, 5, 15, 60)
"""How long a bot that raised rests before its next try; the last one repeats."""


class Batch(msgspec.Struct, frozen=True):
    """What a bot is given for one turn."""

    facts: tuple[BotFact, ...] = ()
    quotes: tuple[Quote, ...] = ()
    replan: bool = False


class Bot:
    """One strategy with its books, its orders and its standing."""

    def __init__(
        self,
        *,
        record: BotRecord,
        strategy: AnyStrategy,
        instruments: Mapping[Symbol, Instrument],
        limits: RiskLimits,
        close_on_stop: bool,
        max_restarts: int,
        restart_window_s: int,
        orders: OrderManager,
        journal: Journal,
        bus: EventBus,
        clock: Clock,
    ) -> None:
        self.record = record
        self.strategy = strategy
        self.instruments = instruments
        self.limits = limits
        self.orders = orders
        self.prices: dict[Symbol, Quote] = {}
        self.unowned: Callable[[], Mapping[Asset, Decimal]] = dict
        self.fee_price: Callable[[Asset, Asset], Decimal | None] = lambda asset, quote: None
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._max_restarts = max_restarts
        self._restart_window_ns = restart_window_s * NS_PER_SECOND
        self._failures: list[int] = []
        self.frozen_until: int | None = None
        self.saved = Saved.of(record)
        self.standing = Standing(self, close_on_stop=close_on_stop)
        self.keeper = OrderBookKeeper(self, journal, clock)
        self.plan = Plan()
        self._has_answered = False
        self.reviewed = ReviewedPlan()
        self._warned: dict[OrderKey, str] = {}
        self._dirty = False
        self.likely_keys: tuple[OrderKey, ...] = ()
        """Keys of orders that the journal may have lost, as the state was before any fill came."""
        self._is_taken_up = False
        """Whether the strategy has read its state; till then the journal's must not be replaced."""
        self._owes_plan = False
        """Whether the strategy is to be asked as soon as it can be."""
        self._plans = 0
        """How often the strategy has been asked since the start."""
        self.sync = VenueSync.NEVER

    # the one path of every order

    def turn(self, batch: Batch) -> list[Intent]:
        """Absorb what happened, then make what rests what should rest."""
        woken = self.absorb(batch)
        plan = self.wish(woken)
        reviewed = self.review(plan)
        actions = reconcile(reviewed, self.keeper.live)
        return self.carry_out(actions)

    def absorb(self, batch: Batch) -> bool:
        """Take in facts, then prices, then let the law look; returns whether to plan anew."""
        self.keeper.retry()
        filled = [self._took_in(fact) for fact in batch.facts]
        woken = batch.replan or any(filled)
        for quote in batch.quotes:
            self.prices[quote.symbol] = quote
            self.keeper.price_moved(quote)
        if not self.saved.opened and self._has_prices():
            self._open_books()
            woken = True
        self.standing.assess()
        for quote in batch.quotes:
            woken = self._left_band(quote) or woken
        return woken or self._time_has_come() or self._is_settled()

    def wish(self, woken: bool) -> Plan:
        """Ask the strategy if it is awake and may trade, else its last answer stands."""
        self._owes_plan = self._owes_plan or woken
        able = self.saved.opened and self._has_prices() and not self.is_frozen
        able = able and self.sync is VenueSync.NOW
        if self._owes_plan and able and not self.standing.is_stopped:
            self._owes_plan = False
            answer = self.guarded(self._asked)
            if answer is not None:
                self._has_answered = True
                self.plan = answer
                self._plans += 1
                self.keeper.forget_all_but({wish.key for wish in answer.orders})
                self.announce()
                self._dirty = True
        if not (self._has_answered or self.standing.is_stopped):
            # Until the strategy has been asked, what rests is what should rest.
            self.plan = Plan(self.keeper.taken_over())
        return self.plan

    def _asked(self) -> Plan:
        """The strategy's plan.

        Raises:
            InvariantViolated: it makes no sense, whoever wrote the strategy.
        """
        plan = self.strategy.plan(self.view())
        problem = nonsense(plan, self.instruments)
        if problem:
            raise InvariantViolated(problem)
        return plan

    def review(self, plan: Plan) -> ReviewedPlan:
        """Let the gate say how much of the wish is allowed."""
        live = self.keeper.live
        situation = Situation(
            step=self.standing.step,
            positions={symbol: self.position(symbol) for symbol in self.instruments},
            prices={symbol: quote.price for symbol, quote in self.prices.items()},
            instruments=self.instruments,
            limits=self.limits,
            live=live,
            filled={key: order.filled for key, order in live.items() if order.filled},
            waiting=self.keeper.waiting_reasons(),
            closing=self.standing.closing_orders(),
            sync=self._known_sync(),
        )
        self.reviewed = review(plan, situation)
        self._warn_of_objections()
        return self.reviewed

    def _known_sync(self) -> VenueSync:
        """While a fill is known of but not here, the plan is older than the account."""
        if self.sync is VenueSync.NOW and self.keeper.awaits_fills:
            return VenueSync.LOST
        return self.sync

    def carry_out(self, actions: Sequence[OrderAction]) -> list[Intent]:
        """Journal each step; the intents may leave after the commit."""
        intents = []
        for action in actions:
            match action:
                case Cancel(order):
                    self.keeper.cancel_sent(order)
                    intents.append(
                        Intent(self.bot_id, order.client_order_id, order.cancel_request())
                    )
                case Place(desired):
                    intents += self._placed(desired)
        self.save()
        return intents

    def _placed(self, desired: DesiredOrder) -> list[Intent]:
        """Journal one order; a key that may not be used again is dropped from the plan."""
        try:
            order, intent = self.orders.prepare_place(
                self.bot_id, self.record.incarnation, desired, look_first=self._plans <= 1
            )
        except InvariantViolated as error:
            self._unwish(desired.key)
            self.contradiction(error)
            return []
        self.keeper.live.put(order)
        return [intent]

    def _unwish(self, key: OrderKey) -> None:
        rest = tuple(wish for wish in self.plan.orders if wish.key != key)
        self.plan = msgspec.structs.replace(self.plan, orders=rest)

    # what others ask of it

    @property
    def has_planned(self) -> bool:
        """Whether the strategy has said since the start what should rest."""
        return self._has_answered

    @property
    def bot_id(self) -> BotId:
        """The bot's name."""
        return self.record.bot_id

    @property
    def quote(self) -> Asset:
        """The asset that its books are in."""
        return next(iter(self.instruments.values())).quote

    @property
    def books(self) -> Books:
        """What it owns and has earned."""
        return self.saved.books

    @property
    def is_frozen(self) -> bool:
        """Whether the strategy has raised and rests before its next try."""
        return self.frozen_until is not None

    @property
    def awaits_price(self) -> bool:
        """Whether the next price is worth a turn wherever it is."""
        if self.standing.is_closing and not self._has_prices():
            return True
        return (self._owes_plan and not self.standing.is_stopped) or not self.saved.opened

    def position(self, symbol: Symbol) -> Decimal:
        """The bot's own signed position."""
        return self.books.position(symbol).quantity

    def marks(self) -> dict[Symbol, Decimal]:
        """The newest prices."""
        return {symbol: quote.mark_price or quote.price for symbol, quote in self.prices.items()}

    def view(self, *, for_show: bool = False) -> View:
        """What the strategy may look at; for what is only shown without the unowned balances."""
        return View(
            now=self._clock.now(),
            prices={symbol: quote.price for symbol, quote in self.prices.items()},
            live=frozenset(self.keeper.live),
            positions={symbol: self.position(symbol) for symbol in self.instruments},
            cash={self.quote: self.books.cash},
            unowned={} if for_show else self.unowned(),
            may_add=self.standing.step < RiskStep.PAUSE,
        )

    def bands(self) -> dict[Symbol, Band]:
        """For each symbol, the prices at which the bot must be given a turn."""
        return {
            symbol: tightest(
                (
                    self._own_band(symbol),
                    self.standing.exit_band(symbol),
                    self.keeper.retry_band(symbol),
                )
            )
            for symbol in self.instruments
        }

    def next_time(self) -> int | None:
        """When the bot must be given a turn at the latest."""
        # A plan that is owed already is asked for at the next turn that allows it; to be woken
        # for it meanwhile would be to be woken at once, again and again.
        rests = self.standing.is_stopped or self.is_frozen or self._owes_plan
        wake_at = None if rests else self.plan.wake.at
        times = [wake_at, self.frozen_until, self.keeper.retry_at()]
        return min((at for at in times if at is not None), default=None)

    def publish(self, event: Event) -> None:
        """Tell the bus in the bot's name."""
        self._bus.publish(msgspec.structs.replace(event, bot_id=self.bot_id))

    def announce(self) -> None:
        """Tell what the strategy has to tell."""
        for event in self.strategy.take_events():
            self.saved = self.saved.counted(event)
            self.publish(event)

    def change_record(self, **changes: Any) -> None:
        """Change what the journal says of the bot; written at the end of the turn."""
        self.record = msgspec.structs.replace(self.record, **changes)
        self._dirty = True

    def change_saved(self, **changes: Any) -> None:
        """Change the books' side of what is saved; written at the end of the turn."""
        self.saved = msgspec.structs.replace(self.saved, **changes)
        self._dirty = True

    def save(self) -> None:
        """Write what has changed, in the transaction that is open."""
        if self._dirty:
            self._dirty = False
            state = self.guarded(self.strategy.saved_state) if self._is_taken_up else None
            self.record = msgspec.structs.replace(
                self.record,
                strategy_state=self.record.strategy_state if state is None else state,
                books=msgspec.json.encode(self.saved),
            )
            self._journal.save_bot(self.record)

    @property
    def cycles(self) -> CycleLog:
        """Closed results: as the strategy counts them, else from flat to flat."""
        return self.saved.own_cycles if self.strategy.own_cycles else self.books.cycles

    def look(self) -> None:
        """Let the strategy see how things stand, for what it shows."""
        if self.saved.opened and self._has_prices() and not self.is_frozen:
            self.strategy.look(self.view(for_show=True))

    def equity(self) -> Decimal:
        """What the bot is worth at the newest prices."""
        return self.books.equity(self.marks())

    def roll_day(self) -> None:
        """Keep the equity at which the UTC day began."""
        day = self._clock.now() // DAY_NS
        if self.saved.opened and (day != self.saved.day or self.saved.day_equity is None):
            self.change_saved(day=day, day_equity=self.equity())

    # fills and funding

    def _took_in(self, fact: BotFact) -> bool:
        """Take in one fact; returns whether it brought a new fill."""
        if isinstance(fact, FundingArrived):
            self._fund(fact.payment)
            return False
        return self.keeper.absorb(fact)

    def worth_of_fee(self, fill: Fill) -> Decimal | None:
        """What a new fill's fee is worth in quote now; None where nobody can say."""
        instrument = self.instruments[fill.symbol]
        known = fee_value(fill, instrument)
        if known is not None:
            return known
        return fee_value(fill, instrument, self.fee_price(fill.fee_asset, instrument.quote))

    def book(self, fill: Fill) -> None:
        """Enter a new fill into the books, then let the strategy absorb it.

        If the strategy raises, the books have the fill all the same and it is given again later.
        """
        books = entered(self.books, fill, self.instruments[fill.symbol])
        self.change_saved(books=books)
        if fill.fee_quote is None:
            self.publish(Warning(message=unvalued_fee(fill, self.instruments[fill.symbol])))
        self.publish(OrderFilled(fill=fill, position=self.position(fill.symbol)))
        position = books.position(fill.symbol)
        self.publish(
            PositionUpdate(
                symbol=fill.symbol, quantity=position.quantity, average_cost=position.average_cost
            )
        )
        self.feed_strategy()

    def _fund(self, payment: FundingPayment) -> None:
        """Enter a funding payment into the books, once."""
        named = msgspec.structs.replace(payment, bot_id=self.bot_id)
        if not self._journal.record_funding(named):
            return
        if payment.asset == self.instruments[payment.symbol].quote:
            self.change_saved(books=funded(self.books, named))
        self.publish(told_funding(named, self.instruments[payment.symbol]))

    def feed_strategy(self) -> None:
        """Give the strategy each fill that its state has not absorbed yet, in order."""
        behind = self.books.fills - self.saved.absorbed
        if not behind or self.is_frozen:
            return
        fills = self._journal.fills(bot_id=self.bot_id, limit=behind, newest=True)
        for fill in fills:
            if not self._absorbs(fill):
                return

    def _absorbs(self, fill: Fill) -> bool:
        def absorb() -> bool:
            self.strategy.handle_order_fill(fill)
            return True

        if self.guarded(absorb) is None:
            return False
        self.change_saved(absorbed=self.saved.absorbed + 1)
        self.saved = self.saved.with_cycles(self.strategy.take_cycles())
        self.announce()
        return True

    def order_ended(self, order: Order) -> None:
        """An order ended; if a part was filled, its key is spent and the strategy is told.

        What the strategy wished counts: the order may have been trimmed on its way to the venue,
        or have been there before, on other terms.
        """
        wished = next((wish.quantity for wish in self.plan.orders if wish.key == order.key), None)
        if order.filled:
            self._unwish(order.key)
        if order.filled > 0 and (order.adopted or order.filled < (wished or order.quantity)):
            ended = msgspec.structs.replace(order, quantity=wished or order.quantity)
            self.guarded(lambda: self.strategy.handle_order_end(ended))
            self._dirty = True
            self._owes_plan = True
        self.standing.order_ended(order)

    # failure

    def take_up(self) -> None:
        """Let the strategy read its journalled state and absorb what that has not seen yet."""

        def initialize() -> bool:
            self.strategy.initialize(self.record.strategy_state)
            return True

        self._is_taken_up = self.guarded(initialize) or False
        if not self.likely_keys:
            self.likely_keys = self.guarded(lambda: tuple(self.strategy.likely_keys())) or ()
        self.feed_strategy()

    def recall(self, key: OrderKey) -> None:
        """Tell the strategy of an order that its state doesn't know."""
        self.guarded(lambda: self.strategy.recall(key))
        self._dirty = True

    def reconfigure(self, config: Any) -> None:
        """Let the strategy go on under new parameters."""
        self.guarded(lambda: self.strategy.update_config(config))
        self._dirty = True

    def restart_if_due(self) -> bool:
        """Wake a strategy that raised from its last good state once its rest is over."""
        if self.frozen_until is None or self._clock.now() < self.frozen_until:
            return False
        self.frozen_until = None
        self.take_up()
        return not self.is_frozen

    def guarded(self, call: Callable[[], T]) -> T | None:
        """Call the strategy; what it raises freezes this bot and hurts nobody else.

        Whatever it had changed before it raised is undone: its state is whole, or as it was.
        """
        before = self.strategy.state
        try:
            return call()
        except Exception as error:
            self.strategy.state = before
            self.strategy.take_events()
            self._freeze(error)
            return None

    def figures(self, ask: Callable[[], T], otherwise: T) -> T:
        """What the strategy shows of itself; where it raises, something else is shown."""
        try:
            return ask()
        except Exception:
            return otherwise

    def _freeze(self, error: Exception) -> None:
        now = self._clock.now()
        self._failures = [at for at in self._failures if now - at < self._restart_window_ns]
        self._failures.append(now)
        detail = "".join(traceback.format_exception(error))
        self.publish(Error(message=f"{type(error).__name__}: {error}", detail=detail))
        if len(self._failures) > self._max_restarts:
            self.standing.fail(f"raised {len(self._failures)} times: {error}")
            self.frozen_until = None
            return
        rest = BACK_OFF_S[min(len(self._failures), len(BACK_OFF_S)) - 1]
        self.frozen_until = now + rest * NS_PER_SECOND

    def contradiction(self, error: InvariantViolated) -> None:
        """Our own bookkeeping contradicts itself: say so and stop adding exposure."""
        self.publish(Error(message=str(error)))
        self.standing.risk_pause(str(error))

    # details

    def _has_prices(self) -> bool:
        return all(symbol in self.prices for symbol in self.instruments)

    def _open_books(self) -> None:
        """Begin the books at the first prices: the capital is what the plan can commit."""
        capital = self.record.capital
        if not capital:
            needed = self.guarded(
                lambda: self.strategy.required_capital(
                    self.strategy.config, self.instruments, self.marks()
                )
            )
            capital = needed or Decimal(0)
        now, marks = self._clock.now(), self.marks()
        self.change_record(capital=capital)
        self.saved = self.saved.begun(capital, marks, now)
        claims = self.guarded(lambda: self.strategy.wanted_claim(self.view())) or {}
        for symbol, quantity in claims.items():
            books = claimed(self.books, symbol, quantity, marks[symbol], now)
            self.change_saved(books=books)
        self.guarded(self.strategy.start)
        self.standing.opened()

    def _left_band(self, quote: Quote) -> bool:
        below, above = self._own_band(quote.symbol)
        if not self._has_prices():
            return False
        left = (below is not None and quote.price <= below) or (
            above is not None and quote.price >= above
        )
        if left and not self.is_frozen and not self.standing.is_stopped:
            self.guarded(lambda: self.strategy.handle_price_update(quote))
            self._dirty = True
        return left

    def _own_band(self, symbol: Symbol) -> Band:
        if self.standing.is_stopped or self.is_frozen:
            return (None, None)
        return self.plan.wake.bands.get(symbol, (None, None))

    def _time_has_come(self) -> bool:
        if self.restart_if_due():
            return True
        at = self.plan.wake.at
        return at is not None and at <= self._clock.now()

    def _is_settled(self) -> bool:
        return self.plan.wake.settled and not self.keeper.live

    def _warn_of_objections(self) -> None:
        """Say once why an order is held back, not on every tick."""
        told, self._warned = self._warned, {}
        waiting = self.keeper.waiting_reasons()
        for key, reason in self.reviewed.held_back.items():
            rule = _NUMBER.sub("", reason)
            fresh = told.get(key) != rule and not reason.startswith(("paused", "stopped", WAITS))
            if fresh and key not in waiting:
                self.publish(Warning(message=f"{key} is held back: {reason}"))
            self._warned[key] = rule
