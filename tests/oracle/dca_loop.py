"""A second opinion on the DCA bot: one plain loop over prices, written from the rules alone.

It shares no line with the product. It knows one kind of bot: buys every so long from the first
tick on, either at market or at a limit below the price that rests till the next slot is due.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple


class Rules(NamedTuple):
    """The bot's parameters and the instrument's grain; `offset` None buys at market."""

    every_ns: int
    order_quote: Decimal
    tick_size: Decimal
    lot_size: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    offset_percent: Decimal | None = None
    floor: Decimal = Decimal(0)


class DcaFill(NamedTuple):
    """One order filled whole; `slot` counts due times from 0, `fee` is in quote."""

    slot: int
    ts: int
    price: Decimal
    quantity: Decimal
    fee: Decimal


def dca_fills(ticks: Iterable[tuple[int, Decimal]], rules: Rules) -> list[DcaFill]:
    """Every fill that the bot gets from these (ts, price) ticks."""
    fills: list[DcaFill] = []
    start = last = None
    slot = 0
    order: tuple[int, Decimal, Decimal] | None = None
    for ts, price in ticks:
        if start is None:
            start, last = ts - ts % 1_000_000_000, price
            order = order_at(price, slot, rules)
            slot = 1
            continue
        # What falls due up to this tick is decided on the price before it.
        while start + slot * rules.every_ns <= ts:
            order = order_at(last, slot, rules)
            slot += 1
        last = price
        if order is None or (rules.offset_percent is not None and price > order[1]):
            continue
        paid = price if rules.offset_percent is None else order[1]
        rate = rules.taker_fee if rules.offset_percent is None else rules.maker_fee
        fills.append(DcaFill(order[0], ts, paid, order[2], paid * order[2] * rate))
        order = None
    return fills


def order_at(price: Decimal | None, slot: int, rules: Rules) -> tuple[int, Decimal, Decimal] | None:
    """The slot's order as (slot, limit, quantity), or none where the price is under the floor."""
    if price is None or price < rules.floor:
        return None
    limit = price
    if rules.offset_percent is not None:
        limit = price * (100 - rules.offset_percent) / 100
        limit = limit // rules.tick_size * rules.tick_size
    return slot, limit, rules.order_quote / limit // rules.lot_size * rules.lot_size
