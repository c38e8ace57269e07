"""Keeps a bot's orders in step with what the venue says."""

from typing import TYPE_CHECKING

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.events import OrderCancelled, OrderPlaced, OrderRejected
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import ClientOrderId, OrderKey
from nimbus_tui.core.order import (
    Accepted,
    CancelResponse,
    DesiredOrder,
    Order,
    OrderReport,
    OrderResponse,
    OrderState,
    Refused,
    Unknown,
)
from nimbus_tui.engine.closing import is_closing_key
from nimbus_tui.engine.facts import (
    CancelAnswered,
    FillArrived,
    OrderFact,
    OrderNotFound,
    OrderReported,
    PlacementAnswered,
)
from nimbus_tui.engine.refusals import Refusals
from nimbus_tui.journal.base import Journal
from nimbus_tui.orders import lifecycle
from nimbus_tui.orders.live_orders import LiveOrders

if TYPE_CHECKING:
    from nimbus_tui.engine.bot import Bot

RETRY_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""How long to wait before a cancel is sent or fills are read again; the last one repeats."""

_UNANSWERED = frozenset({OrderState.PENDING, OrderState.UNKNOWN})


class Retry(msgspec.Struct, frozen=True):
    """Something that came to nothing: how often, and when it may be tried again."""

    times: int
    at: int | None
    """None: it is under way again."""


class OrderBookKeeper:
    """The live orders of one bot. Each change of an order is journalled in the open transaction."""

    def __init__(self, bot: "Bot", journal: Journal, clock: Clock) -> None:
        self._bot = bot
        self._journal = journal
        self._clock = clock
        resting = journal.live_orders(bot.bot_id)
        self._unconfirmed = bot.orders.unconfirmed
        self._unconfirmed |= {o.client_order_id for o in resting if o.state in _UNANSWERED}
        self._was_leaving = {o.client_order_id for o in resting if o.cancel_requested}
        # A cancel of that life may never have left; a second one does no harm.
        self.live = LiveOrders(tuple(lifecycle.cancel_failed(o, o.updated_ns) for o in resting))
        self._deferred: dict[ClientOrderId, OrderReport] = {}
        self.refusals = Refusals(bot, clock)
        self._cancel_retries: dict[ClientOrderId, Retry] = {}
        self._fill_retries: dict[ClientOrderId, Retry] = {}
        self.stale_reports = 0

    def absorb(self, fact: OrderFact) -> bool:
        """Take in one fact; returns whether it brought a new fill.

        A fact that contradicts what is known is told and pauses the bot; those after it count.
        """
        try:
            return self._absorb(fact)
        except InvariantViolated as error:
            self._bot.contradiction(error)
            return False

    def _absorb(self, fact: OrderFact) -> bool:
        match fact:
            case FillArrived(_, fill):
                return self._fill(fill)
            case OrderReported(_, report):
                return self._report(report)
            case PlacementAnswered(_, identity, response):
                self._placement(identity, response)
                return not isinstance(response, Unknown) and self._claim(identity)
            case CancelAnswered(_, identity, response):
                self._cancel(identity, response)
            case OrderNotFound(_, identity):
                self._not_found(identity)
        return False

    def taken_over(self) -> tuple[DesiredOrder, ...]:
        """What an earlier life of the bot wanted to rest, as far as it is still there."""
        return tuple(
            order.wish()
            for order in self.live.values()
            if order.client_order_id not in self._was_leaving and not is_closing_key(order.key)
        )

    def cancel_sent(self, order: Order) -> None:
        """A cancel is about to leave."""
        self._store(lifecycle.cancel_sent(order, self._clock.now()))

    def retry(self) -> None:
        """Try again what came to nothing and has waited long enough."""
        now = self._clock.now()
        for identity, retry in list(self._cancel_retries.items()):
            order = self.live.by_client_id(identity)
            if order is None:
                del self._cancel_retries[identity]
            elif _is_due(retry, now):
                self._cancel_retries[identity] = Retry(retry.times, None)
                self._store(lifecycle.cancel_failed(order, now))
        for identity, retry in list(self._fill_retries.items()):
            if identity not in self._deferred:
                del self._fill_retries[identity]
            elif _is_due(retry, now):
                self._fill_retries[identity] = self._next_try(retry)
                self._bot.orders.read_fills()

    def _next_try(self, last: Retry | None) -> Retry:
        times = last.times + 1 if last is not None else 1
        pause_s = RETRY_PAUSES_S[min(times, len(RETRY_PAUSES_S)) - 1]
        return Retry(times, self._clock.now() + round(pause_s * NS_PER_SECOND))

    # facts

    def _fill(self, fill: Fill) -> bool:
        order = self._find(fill.client_order_id)
        if order is None:
            return fill.forced and self._forced(fill)
        if (heard_of := lifecycle.turned_up(order)) is not order:
            order = heard_of
            self._unconfirmed.add(order.client_order_id)
            self._store(order)
        if fill.client_order_id in self._unconfirmed and order.state in _UNANSWERED:
            # It may have been there before, on other terms: these come with its report.
            if self._journal.record_fill(fill):
                self._bot.orders.resolve(order)
            return False
        named = msgspec.structs.replace(
            fill, bot_id=order.bot_id, key=order.key, fee_quote=self._bot.ledger.worth_of_fee(fill)
        )
        if not self._journal.record_fill(named):
            return False
        after = self._filled(order, named)
        self._store(after)
        if order.state in _UNANSWERED:
            self._bot.publish(_placed(after))
        self._bot.book(named)
        if after.state.is_final and not order.state.is_final:
            self._ended(after)
        elif order.state.is_final and not order.filled:
            # It ended unfilled, so nobody was told; only now it is a part, and its key is spent.
            self._bot.order_ended(after)
        deferred = self._deferred.pop(fill.client_order_id, None)
        if deferred is not None:
            self._report(deferred)
        return True

    def _forced(self, fill: Fill) -> bool:
        """The venue has closed a part of the position by itself: booked, and the bot pauses."""
        named = msgspec.structs.replace(
            fill,
            bot_id=self._bot.bot_id,
            key=OrderKey(f"forced/{fill.trade_id}"),
            fee_quote=self._bot.ledger.worth_of_fee(fill),
        )
        if not self._journal.record_fill(named):
            return False
        self._bot.book(named)
        self._bot.standing.risk_pause(
            f"the venue closed by force: {fill.side.value} {fill.quantity:f} {fill.symbol} "
            f"at {fill.price:f}; look into it, then resume"
        )
        return True

    def _filled(self, order: Order, fill: Fill) -> Order:
        """The order after a fill; one that is too large is a contradiction, and real."""
        try:
            return lifecycle.filled(order, fill, self._clock.now())
        except InvariantViolated as error:
            self._bot.contradiction(error)
            return lifecycle.overfilled(order, fill, self._clock.now())

    def _report(self, report: OrderReport) -> bool:
        identity = report.client_order_id
        order = self._find(identity)
        if order is None:
            return False
        step = lifecycle.reported(order, report, self._clock.now())
        self.stale_reports += step.stale
        if step.order.state is OrderState.REJECTED and order.is_live:
            self.refusals.reported(step.order)
        self._moved(order, step.order)
        if step.fills_missing:
            self._deferred[identity] = report
            self._unconfirmed.add(identity)
        if self._claim(identity):
            return True
        if step.fills_missing:
            self._fill_retries[identity] = self._next_try(self._fill_retries.get(identity))
            self._bot.orders.read_fills()
        return False

    def _claim(self, identity: ClientOrderId) -> bool:
        """Absorb the fills that waited for news of their order; returns whether there were any."""
        if identity not in self._unconfirmed:
            return False
        self._unconfirmed.discard(identity)
        taken = [self._fill(fill) for fill in self._journal.take_unclaimed_fills(identity)]
        return any(taken)

    @property
    def awaits_fills(self) -> bool:
        """Whether the venue has spoken of fills that have not arrived."""
        return bool(self._deferred)

    def _placement(self, identity: ClientOrderId, response: OrderResponse) -> None:
        order = self._find(identity)
        if order is None:
            return
        step = lifecycle.answered(order, response, self._clock.now())
        self.stale_reports += step.stale
        # A report of the refusal may have come first: only the answer says of what kind it is.
        overtaken = order.state is OrderState.REJECTED
        if isinstance(response, Refused) and (overtaken or not step.stale):
            self.refusals.note(order, response)
        if isinstance(response, Accepted):
            self.refusals.accepted(order.key)
        self._moved(order, step.order)

    def _cancel(self, identity: ClientOrderId, response: CancelResponse) -> None:
        """A cancel that does not end its order is sent again after a while; that does no harm."""
        order = self._find(identity)
        if order is None or order.state.is_final:
            return
        # Also one that was accepted, if the order does not end: the venue may have spoken too soon.
        self._cancel_retries[identity] = self._next_try(self._cancel_retries.get(identity))

    def _not_found(self, identity: ClientOrderId) -> None:
        order = self._find(identity)
        if order is not None and not self._has_traded(identity):
            frees = self._bot.orders.exchange.capabilities.not_found_frees_the_id
            step = lifecycle.not_found(order, self._clock.now(), frees_the_id=frees)
            self._moved(order, step.order)

    def _has_traded(self, identity: ClientOrderId) -> bool:
        """Whether a fill waits for news of an order: then no look-up proves that it isn't there."""
        waiting = self._journal.unclaimed_fills()
        return any(fill.client_order_id == identity for fill in waiting)

    # consequences

    def _moved(self, before: Order, after: Order) -> None:
        if after is before:
            return
        self._store(after)
        answered = before.state in _UNANSWERED
        if answered and after.state not in (OrderState.UNKNOWN, OrderState.REJECTED):
            self._bot.publish(_placed(after))
        if after.state.is_final and not before.state.is_final:
            self._ended(after)

    def _ended(self, order: Order) -> None:
        self._cancel_retries.pop(order.client_order_id, None)
        match order.state:
            case OrderState.REJECTED:
                event = OrderRejected(
                    key=order.key,
                    client_order_id=order.client_order_id,
                    symbol=order.symbol,
                    reason=order.reason,
                    passing=self.refusals.is_passing(order),
                )
                self._bot.publish(event)
            case OrderState.CANCELLED | OrderState.EXPIRED:
                self._bot.publish(
                    OrderCancelled(
                        key=order.key,
                        client_order_id=order.client_order_id,
                        symbol=order.symbol,
                        filled=order.filled,
                        reason=order.reason,
                    )
                )
        self._bot.order_ended(order)

    def _store(self, order: Order) -> None:
        self._journal.save_order(order)
        self.live.put(order)

    def _find(self, identity: ClientOrderId) -> Order | None:
        return self.live.by_client_id(identity) or self._journal.order(identity)

    def retry_at(self) -> int | None:
        """When the next refused order or cancel may be tried again."""
        now = self._clock.now()
        times = list(self.refusals.times())
        times += [retry.at for retry in self._cancel_retries.values()]
        times += [retry.at for retry in self._fill_retries.values()]
        return min((at for at in times if at is not None and at > now), default=None)


def _is_due(retry: Retry, now: int) -> bool:
    return retry.at is not None and retry.at <= now


def _placed(order: Order) -> OrderPlaced:
    return OrderPlaced(
        key=order.key,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        order_type=order.type,
        price=order.price,
        quantity=order.quantity,
    )
