"""The gate: how much of a plan is let through. Nothing else makes a ReviewedPlan."""

from collections.abc import Mapping, Sequence, Set
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import DesiredOrder, Order, Side
from nimbus_tui.core.plan import Plan, ReviewedPlan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.shaping import Shaped, shaped
from nimbus_tui.risk.situation import WAITS as WAITS
from nimbus_tui.risk.situation import Situation as Situation
from nimbus_tui.risk.situation import VenueSync as VenueSync
from nimbus_tui.risk.validation import objection as objection

ZERO = Decimal(0)


def review(plan: Plan, situation: Situation) -> ReviewedPlan:
    """Let through what the step, the limits and the validation allow.

    Stop and emergency leave nothing but the closing orders; a pause leaves what reduces the
    position; below that every new order must be valid, and those that add within the limits.
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
    return _validated(shaped(allowed, situation), held, situation)


def _reducing_only(
    orders: Sequence[DesiredOrder], situation: Situation
) -> tuple[list[DesiredOrder], dict[OrderKey, str]]:
    """Keep orders against the position, best price first, until their sum equals it."""
    left = {symbol: abs(quantity) for symbol, quantity in situation.positions.items()}
    kept: list[DesiredOrder] = []
    held: dict[OrderKey, str] = {}
    for order in sorted(orders, key=_best_price_first):
        room = left.get(order.symbol, ZERO) if situation.reduces(order) else ZERO
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


def _best_price_first(order: DesiredOrder) -> tuple[str, bool, Decimal]:
    """Market orders first, then sells from the bottom and buys from the top."""
    if order.price is None:
        return (order.symbol, False, ZERO)
    return (order.symbol, True, -order.price if order.side is Side.BUY else order.price)


def _validated(looked_at: Shaped, held: dict[OrderKey, str], situation: Situation) -> ReviewedPlan:
    """Drop what is objected to; what rests stays while its replacement is not allowed.

    Only a pause lets go of it: it may be larger than the position that it was to reduce.
    """
    orders, problems = looked_at.orders, looked_at.problems
    keeps = situation.step < RiskStep.PAUSE
    staying = {
        order.key
        for order in orders
        if situation.rests_as_wished(order) or (keeps and order.key in problems)
    }
    wished = {order.key for order in orders}
    leaving = _leaving(staying, situation.live) if wished - situation.live.keys() else {}
    held |= looked_at.cut
    passed = []
    for order in orders:
        resting = situation.live.get(order.key)
        problem = problems.get(order.key, "")
        if not problem and resting is None and _may_wait(order, situation):
            problem = leaving.get((order.symbol, order.side), "")
        if problem:
            held[order.key] = problem
        if not problem:
            passed.append(order)
        elif resting is not None and keeps:
            passed.append(resting.wish())
    return ReviewedPlan(tuple(passed), held)


def _may_wait(order: DesiredOrder, situation: Situation) -> bool:
    """Whether an order may wait until others on its side are gone.

    An exit goes at once; but on spot the coins of a sell that is being cancelled are not free yet,
    and one that rests would only be refused.
    """
    is_spot = situation.instruments[order.symbol].market is MarketType.SPOT
    return not situation.reduces(order) or (is_spot and order.post_only)


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
