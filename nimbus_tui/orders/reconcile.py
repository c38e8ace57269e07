"""What turns the orders that rest into the orders that should rest."""

from collections.abc import Mapping

import msgspec

from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.order import DesiredOrder, Order, OrderState
from nimbus_tui.core.plan import ReviewedPlan

_CANCELLABLE = frozenset({OrderState.OPEN, OrderState.PARTIALLY_FILLED})


class Place(msgspec.Struct, frozen=True):
    """Send a new order under a key that has none live."""

    desired: DesiredOrder


class Cancel(msgspec.Struct, frozen=True):
    """Cancel a live order."""

    order: Order


OrderAction = Place | Cancel


def reconcile(reviewed: ReviewedPlan, live: Mapping[OrderKey, Order]) -> list[OrderAction]:
    """Return what turns *live* into *reviewed*; cancels first, so that they free the margin.

    An order that differs from its wish is cancelled; its key is placed again when the cancel is
    confirmed and the key no longer live. While an order is unanswered, unknown or being cancelled
    its key is frozen: nothing is done about it.
    """
    wanted = {desired.key: desired for desired in reviewed.orders}
    if len(wanted) != len(reviewed.orders):
        raise InvariantViolated("two orders were wanted under one key")
    cancels = [
        Cancel(order)
        for key, order in live.items()
        if not _is_frozen(order) and not (key in wanted and _is_same(order, wanted[key]))
    ]
    places = [Place(desired) for key, desired in wanted.items() if key not in live]
    return [*cancels, *places]


def _is_frozen(order: Order) -> bool:
    return order.cancel_requested or order.state not in _CANCELLABLE


def _is_same(order: Order, desired: DesiredOrder) -> bool:
    return (
        order.symbol == desired.symbol
        and order.side is desired.side
        and order.type is desired.type
        and order.price == desired.price
        and order.trigger_price == desired.trigger_price
        and order.quantity == desired.quantity
        and order.reduce_only == desired.reduce_only
    )
