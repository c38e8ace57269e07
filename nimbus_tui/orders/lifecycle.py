"""An order's life as a table: what may follow what, and what each message does to it.

States only move forward. A report that is older or weaker than what is known changes nothing; one
that contradicts it raises. `filled` grows by fills alone, since only they carry a trade id.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import (
    Accepted,
    Order,
    OrderReport,
    OrderResponse,
    Refused,
    Unknown,
)
from nimbus_tui.core.order import OrderState as S

_DEAD: frozenset[S] = frozenset({S.FILLED})
"""A dead order can only turn out to have been filled whole after all."""

NEXT_STATES: dict[S, frozenset[S]] = {
    S.PENDING: frozenset(S) - {S.PENDING},
    S.UNKNOWN: frozenset(S) - {S.PENDING, S.UNKNOWN},
    S.OPEN: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.PARTIALLY_FILLED: frozenset({S.FILLED, S.CANCELLED, S.EXPIRED}),
    S.CANCELLED: _DEAD,
    S.EXPIRED: _DEAD,
    S.REJECTED: _DEAD,
    S.FILLED: frozenset(),
}

NOT_FOUND = "the venue does not know it"
"""The reason of an order that certainly doesn't exist."""
NOT_FOUND_YET = "the venue has not been found to know it"
"""The reason of an order that isn't listed anywhere, at a venue where that proves nothing: it may
turn up, and a new try uses its id again."""
NO_LONGER_LISTED = "the venue no longer lists it"

_LIVE_AT_VENUE = frozenset({S.OPEN, S.PARTIALLY_FILLED})


class Step(msgspec.Struct, frozen=True):
    """What a message made of an order."""

    order: Order
    stale: bool = False
    """The message was older or weaker than what is known, and was ignored."""
    fills_missing: bool = False
    """The venue speaks of fills that have not arrived: read them, then apply the message again."""


def answered(order: Order, response: OrderResponse, now: int) -> Step:
    """Apply the answer to a placement."""
    match response:
        case Accepted(exchange_order_id):
            named = msgspec.structs.replace(order, exchange_order_id=exchange_order_id)
            return _moved(named, S.OPEN, now, "")
        case Refused(_, reason):
            return _moved(order, S.REJECTED, now, reason)
        case Unknown(cause):
            return _moved(order, S.UNKNOWN, now, cause)


def not_found(order: Order, now: int, *, frees_the_id: bool = True) -> Step:
    """Apply a final look-up that found nothing: it never arrived, or ended and was forgotten."""
    if order.state in (S.OPEN, S.PARTIALLY_FILLED):
        return _moved(order, S.CANCELLED, now, NO_LONGER_LISTED)
    return _moved(order, S.REJECTED, now, NOT_FOUND if frees_the_id else NOT_FOUND_YET)


def reported(order: Order, report: OrderReport, now: int) -> Step:
    """Apply what the venue says of the order.

    An order that was there already under an id which we were about to use is taken as it is.

    Raises:
        InvariantViolated: it is live although it was found not to exist, or it has filled more
            than was ordered.
    """
    order = _as_it_is(order, report)
    if report.filled > order.quantity:
        raise InvariantViolated(
            f"{order.client_order_id}: the venue reports {report.filled} filled of {order.quantity}"
        )
    if order.state is S.REJECTED and order.reason == NOT_FOUND and report.state in _LIVE_AT_VENUE:
        raise InvariantViolated(f"{order.client_order_id} is live although it was not found")
    if report.exchange_order_id is not None:
        order = msgspec.structs.replace(order, exchange_order_id=report.exchange_order_id)
    if report.state.is_final and report.filled > order.filled:
        return Step(_still_live(order, now), fills_missing=True)
    if report.filled > order.filled:
        return Step(_moved(order, S.OPEN, now, "").order, fills_missing=True)
    return _moved(order, report.state, now, report.reason)


def turned_up(order: Order) -> Order:
    """An order that wasn't found, and of which something is heard after all: it may live."""
    if order.state is S.REJECTED and order.reason == NOT_FOUND_YET:
        return msgspec.structs.replace(order, state=S.UNKNOWN, reason="")
    return order


def _as_it_is(order: Order, report: OrderReport) -> Order:
    """The venue's terms, as long as nothing had been known of the order."""
    order = turned_up(order)
    if order.state not in (S.PENDING, S.UNKNOWN):
        return order
    if (order.price, order.quantity) == (report.price, report.quantity):
        return order
    return msgspec.structs.replace(
        order,
        price=report.price,
        quantity=report.quantity,
        reduce_only=report.reduce_only,
        adopted=True,
    )


def filled(order: Order, fill: Fill, now: int) -> Order:
    """Apply one execution; every state absorbs it, and a whole fill ends the order.

    Raises:
        InvariantViolated: more would be filled than was ordered.
    """
    total = order.filled + fill.quantity
    if total > order.quantity:
        raise InvariantViolated(
            f"{order.client_order_id}: {total} filled of {order.quantity} ordered"
        )
    return msgspec.structs.replace(
        order, filled=total, state=_state_with(order, total), updated_ns=now
    )


def overfilled(order: Order, fill: Fill, now: int) -> Order:
    """Apply an execution beyond what was ordered: it is real all the same, and ends the order."""
    return msgspec.structs.replace(
        order, filled=order.filled + fill.quantity, state=S.FILLED, updated_ns=now
    )


def cancel_sent(order: Order, now: int) -> Order:
    """Note that a cancel is under way, so that none is sent again."""
    return msgspec.structs.replace(order, cancel_requested=True, updated_ns=now)


def cancel_failed(order: Order, now: int) -> Order:
    """Note that a cancel came to nothing and may be sent again."""
    return msgspec.structs.replace(order, cancel_requested=False, updated_ns=now)


def _state_with(order: Order, total: Decimal) -> S:
    if total == order.quantity:
        return S.FILLED
    return order.state if order.state.is_final else S.PARTIALLY_FILLED


def _still_live(order: Order, now: int) -> Order:
    """Keep an order that has ended live until its missing fills are in; it certainly existed."""
    return _moved(order, S.OPEN, now, "").order


def _moved(order: Order, state: S, now: int, reason: str) -> Step:
    if state is S.OPEN and order.filled:
        state = S.PARTIALLY_FILLED
    if state is order.state:
        return Step(order)
    if state not in NEXT_STATES[order.state]:
        return Step(order, stale=True)
    if state is S.FILLED and order.filled < order.quantity:
        return Step(order, fills_missing=True)
    return Step(
        msgspec.structs.replace(order, state=state, updated_ns=now, reason=reason or order.reason)
    )
