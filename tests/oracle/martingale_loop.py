"""A second opinion on the martingale: one plain loop over prices, written from the rules alone.

It shares no line with the product. It knows one kind: a perpetual, base orders at market, every
safety order resting at once, orders filled by touch, fees in quote.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Literal, NamedTuple

Side = Literal["buy", "sell"]


class Rules(NamedTuple):
    """The bot's parameters and the instrument's grain; percentages as they are written."""

    base_quote: Decimal
    multiplier: Decimal
    step_percent: Decimal
    step_scale: Decimal
    max_steps: int
    take_profit: Decimal
    tick_size: Decimal
    lot_size: Decimal
    maker_fee: Decimal
    taker_fee: Decimal
    short: bool = False
    cooldown_ns: int = 0


class StepFill(NamedTuple):
    """One order filled whole; the step is `base`, a number or `tp`."""

    ts: int
    cycle: int
    step: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal


def martingale_fills(ticks: Iterable[tuple[int, Decimal]], rules: Rules) -> list[StepFill]:
    """Every fill that the bot gets from these (ts, price) ticks, in the order they happen."""
    fills: list[StepFill] = []
    enters, leaves = sides(rules)
    cycle, due = 1, None
    base_size: Decimal | None = None
    steps: list[tuple[int, Decimal, Decimal]] = []
    target: tuple[Decimal, Decimal] | None = None
    held = cost = Fraction(0)
    last: Decimal | None = None

    def traded(step: str, side: Side, price: Decimal, quantity: Decimal, rate: Decimal) -> None:
        nonlocal held, cost
        fee = price * quantity * rate
        fills.append(StepFill(ts, cycle, step, side, price, quantity, fee))
        held += Fraction(quantity)
        # A long has paid its fees on top; a short has got so much less.
        cost += Fraction(price * quantity) + Fraction(fee) * (-1 if rules.short else 1)

    for ts, price in ticks:
        if last is None:
            base_size = size(rules.base_quote, price, rules)
            last = price
            continue
        if due is not None and ts >= due:
            base_size, due = size(rules.base_quote, last, rules), None
        changed = False
        if base_size is not None:
            traded("base", enters, price, base_size, rules.taker_fee)
            base_size, changed = None, True
            steps = [ladder_step(number, price, rules) for number in range(1, rules.max_steps + 1)]
        elif target is not None:
            for step in [step for step in steps if reached(enters, step[1], price)]:
                traded(str(step[0]), enters, step[1], step[2], rules.maker_fee)
                steps.remove(step)
                changed = True
            if not changed and reached(leaves, target[0], price):
                traded("tp", leaves, target[0], target[1], rules.maker_fee)
                held = cost = Fraction(0)
                steps, target = [], None
                cycle, due = cycle + 1, ts + rules.cooldown_ns
        if changed:
            quantity = Decimal(held.numerator) / Decimal(held.denominator)
            target = (exit_price(cost / held, rules), quantity)
        last = price
    return fills


def sides(rules: Rules) -> tuple[Side, Side]:
    """Which side enters and which leaves."""
    return ("sell", "buy") if rules.short else ("buy", "sell")


def reached(side: Side, limit: Decimal, price: Decimal) -> bool:
    """Whether a trade at a price fills a resting order."""
    return price <= limit if side == "buy" else price >= limit


def size(quote: Decimal, price: Decimal, rules: Rules) -> Decimal:
    """Quote ÷ price in whole lots, rounded down."""
    return floor(Fraction(quote) / Fraction(price) / Fraction(rules.lot_size)) * rules.lot_size


def on_tick(price: Fraction, side: Side, rules: Rules) -> Decimal:
    """A price on the tick: buys down, sells up."""
    ticks = price / Fraction(rules.tick_size)
    return (floor(ticks) if side == "buy" else ceil(ticks)) * rules.tick_size


def ladder_step(number: int, entry: Decimal, rules: Rules) -> tuple[int, Decimal, Decimal]:
    """Number, price and size of a safety order below an entry (short: above it)."""
    away = Fraction(0)
    for earlier in range(number):
        away += Fraction(rules.step_percent) * Fraction(rules.step_scale) ** earlier / 100
    enters, _ = sides(rules)
    factor = 1 + away if rules.short else 1 - away
    price = on_tick(Fraction(entry) * factor, enters, rules)
    quote = rules.base_quote
    for _ in range(number):
        quote *= rules.multiplier
    return number, price, size(quote, price, rules)


def exit_price(average_cost: Fraction, rules: Rules) -> Decimal:
    """The take profit of the whole position."""
    _, leaves = sides(rules)
    gain = Fraction(rules.take_profit) / 100
    return on_tick(average_cost * (1 - gain if rules.short else 1 + gain), leaves, rules)
