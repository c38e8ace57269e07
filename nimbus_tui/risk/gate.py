"""The gate: how much of a plan is let through. Nothing else makes a ReviewedPlan."""

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import DesiredOrder, Order, OrderType, Side
from nimbus_tui.core.plan import Plan, ReviewedPlan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.limits import RiskLimits


class VenueSync(Enum):
    """Whether what we know of the account is what the venue knows."""

    NEVER = "never"
    """Not yet since the start: nothing new may leave, not even an exit."""
    LOST = "lost"
    """It was; until it is again nothing new may leave but an exit."""
    NOW = "now"


WAITS = "waits:"
"""How the reason of an order begins that is only a moment too early."""
ZERO = Decimal(0)
HUNDRED = Decimal(100)


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate looks at besides the plan."""

    step: RiskStep
    """The strictest step that holds for the bot: its own, the operator's, the engine's."""
    positions: Mapping[Symbol, Decimal]
    prices: Mapping[Symbol, Decimal]
    instruments: Mapping[Symbol, Instrument]
    limits: RiskLimits
    live: Mapping[OrderKey, Order] = msgspec.field(default_factory=dict)
    """What rests already: it passed when it was new and is not validated again."""
    filled: Mapping[OrderKey, Decimal] = msgspec.field(default_factory=dict)
    """What of a live order has filled already; its quantity includes that."""
    waiting: Mapping[OrderKey, str] = msgspec.field(default_factory=dict)
    """Keys that were refused a moment ago, with the reason; they wait for their next try."""
    closing: tuple[DesiredOrder, ...] = ()
    """The orders that close the position, while the bot is to be flat."""
    sync: VenueSync = VenueSync.NOW


def review(plan: Plan, situation: Situation) -> ReviewedPlan:
    """Let through what the step and the validation allow.

    Stop and emergency leave nothing but the closing orders; a pause leaves what reduces the
    position; below that every new order must be valid.
    """
    if situation.step >= RiskStep.STOP:
        held = {order.key: "stopped" for order in plan.orders}
        known = situation.sync is not VenueSync.NEVER
        closing = [one for one in situation.closing if known or one.key in situation.live]
        return ReviewedPlan(tuple(closing), held)
    allowed, held = (
        _reducing_only(plan.orders, situation)
        if situation.step is RiskStep.PAUSE
        else (list(plan.orders), {})
    )
    return _validated(allowed, held, situation)


def _reducing_only(
    orders: Sequence[DesiredOrder], situation: Situation
) -> tuple[list[DesiredOrder], dict[OrderKey, str]]:
    """Keep orders against the position, best price first, until their sum equals it."""
    left = {symbol: abs(quantity) for symbol, quantity in situation.positions.items()}
    kept: list[DesiredOrder] = []
    held: dict[OrderKey, str] = {}
    for order in sorted(orders, key=_best_price_first):
        room = left.get(order.symbol, ZERO) if _reduces(order, situation) else ZERO
        instrument = situation.instruments[order.symbol]
        filled = situation.filled.get(order.key, ZERO)
        allowed = min(order.quantity - filled, instrument.round_quantity(room))
        if allowed <= ZERO:
            held[order.key] = "paused: it would add exposure"
            continue
        left[order.symbol] = room - allowed
        kept.append(_trimmed(order, filled + allowed, instrument))
    return kept, held


def _trimmed(order: DesiredOrder, quantity: Decimal, instrument: Instrument) -> DesiredOrder:
    if quantity == order.quantity:
        return order
    perpetual = instrument.market is MarketType.PERPETUAL
    return msgspec.structs.replace(
        order, quantity=quantity, reduce_only=order.reduce_only or perpetual
    )


def _reduces(order: DesiredOrder, situation: Situation) -> bool:
    position = situation.positions.get(order.symbol, ZERO)
    return position * order.side.sign < 0


def _best_price_first(order: DesiredOrder) -> tuple[str, bool, Decimal]:
    """Market orders first, then sells from the bottom and buys from the top."""
    if order.price is None:
        return (order.symbol, False, ZERO)
    return (order.symbol, True, -order.price if order.side is Side.BUY else order.price)


def _validated(
    orders: Sequence[DesiredOrder], held: dict[OrderKey, str], situation: Situation
) -> ReviewedPlan:
    """Validate what is new; what rests stays while its replacement is not allowed.

    Only a pause lets go of it: it may be larger than the position that it was to reduce.
    """
    problems = {order.key: _problem(order, situation) for order in orders}
    keeps = situation.step < RiskStep.PAUSE
    staying = {
        order.key
        for order in orders
        if _rests_as_wished(order, situation) or (keeps and problems[order.key])
    }
    leaving = _leaving(staying, situation.live) if problems.keys() - situation.live else {}
    passed = []
    for order in orders:
        resting = situation.live.get(order.key)
        problem = problems[order.key]
        if not problem and resting is None and not _reduces(order, situation):
            problem = leaving.get((order.symbol, order.side), "")
        if problem:
            held[order.key] = problem
        if not problem:
            passed.append(order)
        elif resting is not None and keeps:
            passed.append(resting.wish())
    return ReviewedPlan(tuple(passed), held)


def _problem(order: DesiredOrder, situation: Situation) -> str:
    return "" if _rests_as_wished(order, situation) else objection(order, situation)


def _leaving(
    staying: Set[OrderKey], live: Mapping[OrderKey, Order]
) -> dict[tuple[Symbol, Side], str]:
    """For each side of a symbol, which order there has to go first, in words.

    It may be filling at this moment: another one beside it could come to twice what was wished.
    """
    return {
        (order.symbol, order.side): f"{WAITS} {key} is still being cancelled"
        for key, order in live.items()
        if key not in staying or order.cancel_requested
    }


def _rests_as_wished(order: DesiredOrder, situation: Situation) -> bool:
    resting = situation.live.get(order.key)
    return resting is not None and (
        (resting.symbol, resting.side, resting.price, resting.quantity)
        == (order.symbol, order.side, order.price, order.quantity)
    )


def objection(order: DesiredOrder, situation: Situation) -> str:
    """Why a new order may not be sent, with both numbers; empty when it may."""
    if situation.sync is not VenueSync.NOW:
        return "waits until the venue and the journal are in step"
    waiting = situation.waiting.get(order.key)
    if waiting is not None:
        return waiting
    instrument = situation.instruments[order.symbol]
    price = order.price if order.price is not None else situation.prices.get(order.symbol)
    if price is None:
        return f"no price of {order.symbol} yet"
    if order.price is not None and not instrument.on_tick(order.price):
        return f"price {order.price} is not a multiple of the tick size {instrument.tick_size}"
    if not instrument.on_lot(order.quantity) or order.quantity <= ZERO:
        return (
            f"quantity {order.quantity} is not a positive multiple of "
            f"the lot size {instrument.lot_size}"
        )
    notional = order.quantity * price
    if notional < instrument.min_notional and not order.reduce_only:
        return f"notional {notional:f} is under the minimum of {instrument.min_notional:f}"
    return _collar(order, situation)


def _collar(order: DesiredOrder, situation: Situation) -> str:
    """Refuse a price that would give money away; one far from the market just rests."""
    mark = situation.prices.get(order.symbol)
    if order.type is OrderType.MARKET or order.price is None or mark is None:
        return ""
    worse = (order.price - mark) * order.side.sign / mark * HUNDRED
    if worse <= situation.limits.collar:
        return ""
    return (
        f"price {order.price} is {worse:.1f} % worse than the mark {mark}, "
        f"the collar is {situation.limits.collar} %"
    )
