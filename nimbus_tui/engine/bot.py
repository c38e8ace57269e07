"""One bot: absorb, plan, review, reconcile, carry out, and nothing else."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.accounting.books import Books
from nimbus_tui.accounting.cycles import CycleLog
from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.events import (
    Error,
    Event,
    Warning,
)
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Asset, BotId, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import DesiredOrder, Order
from nimbus_tui.core.plan import Plan, ReviewedPlan, View
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.bot_risk import BotRisk
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.facts import Batch, BotFact, FundingArrived
from nimbus_tui.engine.ledger import Ledger
from nimbus_tui.engine.objections import Objections
from nimbus_tui.engine.order_book_keeper import OrderBookKeeper
from nimbus_tui.engine.order_manager import Intent, OrderManager
from nimbus_tui.engine.saved import Saved
from nimbus_tui.engine.standing import Standing
from nimbus_tui.engine.strategy_guard import AnyStrategy, StrategyGuard
from nimbus_tui.engine.strategy_life import StrategyLife
from nimbus_tui.engine.waking import Waking
from nimbus_tui.journal.base import BotRecord, Journal
from nimbus_tui.orders.reconcile import Cancel, OrderAction, Place, reconcile
from nimbus_tui.risk.gate import Situation, VenueSync, review
from nimbus_tui.risk.limits import RiskLimits


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
        self.instruments = instruments
        self.limits = limits
        self.orders = orders
        self.prices: dict[Symbol, Quote] = {}
        self.unowned: Callable[[], Mapping[Asset, Decimal]] = dict
        self._bus = bus
        self._clock = clock
        self.ledger = Ledger(record, instruments, journal, self.publish)
        self.standing = Standing(self, close_on_stop=close_on_stop)
        self.strategy = strategy
        self.guard = StrategyGuard(
            strategy,
            instruments,
            clock=clock,
            publish=self.publish,
            failed=self.standing.fail,
            max_restarts=max_restarts,
            restart_window_s=restart_window_s,
        )
        self.keeper = OrderBookKeeper(self, journal, clock)
        self.risk = BotRisk(self, journal, clock, orders.name)
        self.life = StrategyLife(self)
        self.waking = Waking(self, clock)
        self.leverage: int | None = None
        """What the venue is to use on each of its perpetuals; None: as it is there."""
        self.margin_mode = MarginMode.CROSS
        self.awaits_leverage = False
        """Whether the venue is not known yet to use it: till then there is no new plan."""
        self.sync = VenueSync.NEVER
        self.plan = Plan()
        self.reviewed = ReviewedPlan()
        self.has_planned = False
        """Whether the strategy has said since the start what should rest."""
        self._objections = Objections()
        self._plans = 0
        """How often the strategy has been asked since the start."""

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
        self.risk.observer.before_facts()
        self.keeper.retry()
        filled = [self._took_in(fact) for fact in batch.facts]
        woken = batch.replan or any(filled)
        for quote in batch.quotes:
            self.prices[quote.symbol] = quote
            self.keeper.refusals.price_moved(quote)
        if not self.saved.opened and self.has_prices:
            woken = self.life.open_books(self._clock.now()) or woken
        self.standing.assess()
        self.risk.look()
        for quote in batch.quotes:
            woken = self._left_band(quote) or woken
        woken = woken or self.life.revive_if_due()
        return woken or self.waking.time_has_come() or self.waking.is_settled()

    def wish(self, woken: bool) -> Plan:
        """Ask the strategy if it is awake and may trade, else its last answer stands."""
        self.waking.owes_plan = self.waking.owes_plan or woken
        able = self.saved.opened and self.has_prices and self.life.can_be_asked
        able = able and self.sync is VenueSync.NOW and not self.awaits_leverage
        if self.waking.owes_plan and able and not self.standing.is_stopped:
            self.waking.owes_plan = False
            answer = self.guard.plan(self.view())
            if answer is not None:
                self.has_planned = True
                self.plan = answer
                self._plans += 1
                self.keeper.refusals.forget_all_but({wish.key for wish in answer.orders})
                self.announce()
                self.ledger.touch()
        if not (self.has_planned or self.standing.is_stopped):
            # Until the strategy has been asked, what rests is what should rest.
            self.plan = Plan(self.keeper.taken_over())
        return self.plan

    def review(self, plan: Plan) -> ReviewedPlan:
        """Let the gate say how much of the wish is allowed."""
        situation = self.situation(plan, self.keeper.live, self.standing.step)
        self.reviewed = review(plan, situation)
        self.risk.reviewed(self.reviewed)
        for key, reason in self._objections.fresh(
            self.reviewed.held_back, situation.waiting
        ).items():
            self.publish(Warning(message=f"{key} is held back: {reason}"))
        return self.reviewed

    def situation(self, plan: Plan, live: Mapping[OrderKey, Order], step: RiskStep) -> Situation:
        """What the gate judges a plan by, beside these orders and on this step."""
        situation = Situation(
            step=step,
            positions={symbol: self.position(symbol) for symbol in self.instruments},
            prices={symbol: quote.price for symbol, quote in self.prices.items()},
            instruments=self.instruments,
            limits=self.limits,
            live=live,
            filled={key: order.filled for key, order in live.items() if order.filled},
            waiting=self.keeper.refusals.waiting(),
            closing=self.standing.closing_orders(),
            sync=self._known_sync(),
            adding_left=self.risk.adding_left(),
            throttled_left=self.risk.throttled_left(),
        )
        if all(situation.rests_as_wished(order) for order in plan.orders):
            return situation
        # Only new orders are measured against the limits, and most turns bring none.
        above = self.risk.above()
        return msgspec.structs.replace(
            situation,
            allowances=(*self.risk.allowances(), *above.allowances),
            refusal=above.refusal or self.risk.refusal(),
        )

    def _known_sync(self) -> VenueSync:
        """While a fill is known of but not here, the plan is older than the account."""
        if self.sync is VenueSync.NOW and self.keeper.awaits_fills:
            return VenueSync.LOST
        return self.sync

    def carry_out(self, actions: Sequence[OrderAction]) -> list[Intent]:
        """Journal each step; the intents may leave after the commit."""
        intents: list[Intent] = []
        for action in actions:
            match action:
                case Cancel(order):
                    self.keeper.cancel_sent(order)
                    self.risk.observer.sent(adds=False)
                    cancel = order.cancel_request()
                    intents.append(
                        # Asked for afterwards, it is as old as the order, not as the cancel.
                        Intent(self.bot_id, order.client_order_id, cancel, order.created_ns)
                    )
                case Place(desired):
                    intents += self._placed(desired)
        self.save()
        return intents

    def _placed(self, desired: DesiredOrder) -> list[Intent]:
        """Journal one order; a key that may not be used again is dropped from the plan."""
        try:
            order, intent = self.orders.prepare_place(
                self.bot_id,
                self.record.incarnation,
                desired,
                wished=self._wished(desired.key),
                look_first=self._plans <= 1,
            )
        except InvariantViolated as error:
            self._unwish(desired.key)
            self.contradiction(error)
            return []
        self.keeper.live.put(order)
        self.risk.observer.sent(adds=self.position(order.symbol) * order.side.sign >= 0)
        return [intent]

    def _wished(self, key: OrderKey) -> Decimal | None:
        """How much the strategy wishes for under a key, before the law has looked at it."""
        return next((wish.quantity for wish in self.plan.orders if wish.key == key), None)

    def _unwish(self, key: OrderKey) -> None:
        rest = tuple(wish for wish in self.plan.orders if wish.key != key)
        self.plan = msgspec.structs.replace(self.plan, orders=rest)

    # what others ask of it

    @property
    def bot_id(self) -> BotId:
        """The bot's name."""
        return self.record.bot_id

    @property
    def quote(self) -> Asset:
        """The asset that its books are in."""
        return next(iter(self.instruments.values())).quote

    @property
    def record(self) -> BotRecord:
        """What the journal says of it."""
        return self.ledger.record

    @property
    def saved(self) -> Saved:
        """What the journal keeps of it beside the strategy's own state."""
        return self.ledger.saved

    @property
    def books(self) -> Books:
        """What it owns and has earned."""
        return self.ledger.books

    @property
    def is_frozen(self) -> bool:
        """Whether the strategy has raised and rests before its next try."""
        return self.guard.is_frozen

    @property
    def has_prices(self) -> bool:
        """Whether each of its symbols has a price."""
        return all(symbol in self.prices for symbol in self.instruments)

    def position(self, symbol: Symbol) -> Decimal:
        """The bot's own signed position."""
        return self.books.position(symbol).quantity

    @property
    def has_position(self) -> bool:
        """Whether it holds anything."""
        return any(self.position(symbol) for symbol in self.instruments)

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

    def saw(self, quote: Quote) -> None:
        """A price that is worth no turn."""
        self.prices[quote.symbol] = quote
        self.risk.observer.saw(quote)

    def publish(self, event: Event) -> None:
        """Tell the bus in the bot's name."""
        self._bus.publish(msgspec.structs.replace(event, bot_id=self.bot_id))

    def announce(self) -> None:
        """Tell what the strategy has to tell."""
        for event in self.guard.announcements():
            self.retell(event)

    def retell(self, event: Event) -> None:
        """Count and publish one thing that the strategy has told."""
        self.ledger.count(event)
        self.publish(event)

    def change_record(self, **changes: Any) -> None:
        """Change what the journal says of the bot; written at the end of the turn."""
        self.ledger.change_record(**changes)

    def change_saved(self, **changes: Any) -> None:
        """Change the books' side of what is saved; written at the end of the turn."""
        self.ledger.change_saved(**changes)

    def save(self) -> None:
        """Write what has changed, in the transaction that is open."""
        self.ledger.save(self.guard.saved_state)
        self.risk.observer.save()

    @property
    def cycles(self) -> CycleLog:
        """Closed results: as the strategy counts them, else from flat to flat."""
        return self.saved.own_cycles if self.strategy.own_cycles else self.books.cycles

    def look(self) -> None:
        """Let the strategy see how things stand, for what it shows."""
        if self.saved.opened and self.has_prices and not self.is_frozen:
            self.guard.look(self.view(for_show=True))

    def equity(self) -> Decimal:
        """What the bot is worth at the newest prices."""
        return self.books.equity(self.marks())

    def roll_day(self) -> None:
        """Keep the equity at which the UTC day began."""
        self.ledger.roll_day(self._clock.now(), self.equity)

    # fills and funding

    def _took_in(self, fact: BotFact) -> bool:
        """Take in one fact; returns whether it brought a new fill."""
        if isinstance(fact, FundingArrived):
            self.ledger.fund(fact.payment)
            return False
        return self.keeper.absorb(fact)

    def book(self, fill: Fill) -> None:
        """Enter a new fill into the books, then let the strategy absorb it.

        If the strategy raises, the books have the fill all the same and it is given again later.
        """
        self.ledger.enter(fill)
        self.life.feed()

    def order_ended(self, order: Order) -> None:
        """An order ended; if a part was filled, its key is spent and the strategy is told.

        What the strategy wished counts: the order may have been trimmed on its way to the venue,
        or have been there before, on other terms.
        """
        wished = (self._wished(order.key) if self.has_planned else None) or order.wished
        if order.filled:
            self._unwish(order.key)
        if order.filled > 0 and (order.adopted or order.filled < (wished or order.quantity)):
            ended = msgspec.structs.replace(order, quantity=wished or order.quantity)
            self.guard.tell(lambda: self.strategy.handle_order_end(ended))
            self.ledger.touch()
            self.waking.owes_plan = True
        self.standing.order_ended(order)

    def contradiction(self, error: InvariantViolated) -> None:
        """Our own bookkeeping contradicts itself: say so and stop adding exposure."""
        self.publish(Error(message=str(error)))
        self.standing.risk_pause(str(error))

    def _left_band(self, quote: Quote) -> bool:
        """Whether a price is out of the strategy's band; if so, it is told of it."""
        if not self.has_prices or not self.waking.leaves_band(quote):
            return False
        self.guard.tell(lambda: self.strategy.handle_price_update(quote))
        self.ledger.touch()
        return True
