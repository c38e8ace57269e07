"""Whether a plan makes sense at all, before anybody asks how much of it is allowed."""

from collections.abc import Collection
from decimal import Decimal

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import DesiredOrder, OrderType
from nimbus_tui.core.plan import Plan


def nonsense(plan: Plan, symbols: Collection[Symbol]) -> str:
    """What no venue and no rule could make anything of, in words; empty for a sound plan."""
    keys = [order.key for order in plan.orders]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        return f"{twice} is wanted twice in one plan"
    return next((text for order in plan.orders if (text := _nonsense(order, symbols))), "")


def _nonsense(order: DesiredOrder, symbols: Collection[Symbol]) -> str:
    if order.symbol not in symbols:
        return f"{order.key} is for {order.symbol}, which the bot does not trade"
    numbers: dict[str, Decimal | None] = {
        "quantity": order.quantity,
        "price": order.price,
        "trigger price": order.trigger_price,
    }
    for name, number in numbers.items():
        if number is not None and not number.is_finite():
            return f"the {name} of {order.key} is {number}"
    if (order.type is OrderType.LIMIT) is (order.price is None):
        kind = order.type.value
        return f"{order.key} is a {kind} order {'without' if kind == 'limit' else 'with'} a price"
    return ""
