"""A second opinion on the grid bot: one plain loop over prices, written from the rules alone.

It shares no line with the product, so that the same mistake would have to be made twice. It knows
one kind of grid: perpetual, neutral, post-only, recentre by following, orders filled by touch.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]


class Rules(NamedTuple):
    """The grid's parameters and the instrument's grain; `spacing` is in percent."""

    spacing: Decimal
    levels: int
    quote_size: Decimal
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal = Decimal(0)
    maker_fee: Decimal = Decimal(0)
    mode: Literal["arithmetic", "geometric"] = "arithmetic"
    base_price: Decimal | None = None
    """The first base; None takes the first price."""


class Order(NamedTuple):
    """One order that the grid wants at a level."""

    side: Side
    level: int
    price: Decimal
    quantity: Decimal


class GridFill(NamedTuple):
    """One order filled whole; `fee` is in quote."""

    side: Side
    price: Decimal
    quantity: Decimal
    level: int
    ts: int
    fee: Decimal


def grid_fills(ticks: Iterable[tuple[int, Decimal]], rules: Rules) -> list[GridFill]:
    """Every fill that the grid gets from these (ts, price) ticks, in the order they happen."""
    fills: list[GridFill] = []
    base = rules.base_price
    wanted: list[Order] | None = None
    resting: list[Order] = []
    for ts, price in ticks:
        if base is None:
            base = price
        if wanted is None:
            wanted = fresh_grid(base, rules)
        for order in touched(resting, price):
            fee = order.price * order.quantity * rules.maker_fee
            fills.append(GridFill(order.side, order.price, order.quantity, order.level, ts, fee))
            wanted.remove(order)
            wanted.append(counter_order(order, base, rules))
        if outside(price, base, rules):
            base = price
            wanted = fresh_grid(base, rules)
        # What rests after this tick can fill on the next one at the earliest.
        resting = [order for order in wanted if may_rest(order, price, rules)]
    return fills


def touched(resting: list[Order], price: Decimal) -> list[Order]:
    """What a tick fills: buys from the top down, then sells from the bottom up."""
    buys = [order for order in resting if order.side == "buy" and order.price >= price]
    sells = [order for order in resting if order.side == "sell" and order.price <= price]
    buys.sort(key=lambda order: (-order.price, -order.level))
    sells.sort(key=lambda order: (order.price, order.level))
    return buys + sells


def may_rest(order: Order, last_price: Decimal, rules: Rules) -> bool:
    """Whether an order is large enough to be sent and would not cross the last price."""
    if order.quantity < rules.lot_size or order.quantity * order.price < rules.min_notional:
        return False
    return order.price < last_price if order.side == "buy" else order.price > last_price


def fresh_grid(base: Decimal, rules: Rules) -> list[Order]:
    """Buys below the base and sells above it, each worth the same in quote."""
    orders = []
    for level in range(1, rules.levels + 1):
        sides: tuple[tuple[Side, int], ...] = (("sell", level), ("buy", -level))
        for side, signed_level in sides:
            price = rounded_level(signed_level, side, base, rules)
            if price > 0:
                lots = rules.quote_size // (price * rules.lot_size)
                orders.append(Order(side, signed_level, price, lots * rules.lot_size))
    return orders


def counter_order(filled: Order, base: Decimal, rules: Rules) -> Order:
    """A bought level is sold one level higher, a sold level bought back one level lower."""
    side: Side = "sell" if filled.side == "buy" else "buy"
    level = filled.level + 1 if filled.side == "buy" else filled.level - 1
    return Order(side, level, rounded_level(level, side, base, rules), filled.quantity)


def outside(price: Decimal, base: Decimal, rules: Rules) -> bool:
    """Whether the price has gone past the outermost level, unrounded; at it is still inside."""
    lowest = level_price(-rules.levels, base, rules)
    highest = level_price(rules.levels, base, rules)
    return price < lowest or price > highest


def level_price(level: int, base: Decimal, rules: Rules) -> Decimal:
    """The price of a level before it is rounded."""
    share = rules.spacing / 100
    if rules.mode == "geometric":
        return base * (1 + share) ** level
    return base + level * base * share


def rounded_level(level: int, side: Side, base: Decimal, rules: Rules) -> Decimal:
    """The price of a level on the tick: buys down, sells up."""
    ticks, rest = divmod(level_price(level, base, rules), rules.tick_size)
    if side == "sell" and rest > 0:
        ticks += 1
    return ticks * rules.tick_size
