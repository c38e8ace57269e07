"""Order validation: why a new order may not be sent, with the rule and both numbers."""

from decimal import Decimal

from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import DesiredOrder, OrderType, Side
from nimbus_tui.risk.situation import Situation, VenueSync

ZERO = Decimal(0)
HUNDRED = Decimal(100)


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
        tick = instrument.tick_at(order.price)
        return f"price {order.price} is not a multiple of the tick size {tick:f}"
    if not instrument.on_lot(order.quantity) or order.quantity <= ZERO:
        return (
            f"quantity {order.quantity} is not a positive multiple of "
            f"the lot size {instrument.lot_size}"
        )
    notional = order.quantity * price
    if notional < instrument.min_notional and not _closes_all(order, situation):
        return f"notional {notional:f} is under the minimum of {instrument.min_notional:f}"
    return _nothing_to_reduce(order, situation) or _collar(order, situation)


def _closes_all(order: DesiredOrder, situation: Situation) -> bool:
    """Whether an order ends the position: no venue has a least size for that, for parts they do."""
    left = order.quantity - situation.filled.get(order.key, ZERO)
    return order.reduce_only and left >= abs(situation.position(order.symbol))


def _nothing_to_reduce(order: DesiredOrder, situation: Situation) -> str:
    if not order.reduce_only or situation.reduces(order):
        return ""
    position = situation.position(order.symbol)
    return f"reduce only: a {order.side.value} does not reduce a position of {position:f}"


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


class Balances:
    """What is left of the free balances while a plan's new spot orders are looked at in turn."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._left = None if situation.free is None else dict(situation.free)

    def objection(self, order: DesiredOrder) -> str:
        """Why the balance doesn't do for a new order; what it takes is set aside if it does."""
        instrument = self._situation.instruments[order.symbol]
        if self._left is None or instrument.market is not MarketType.SPOT:
            return ""
        buys = order.side is Side.BUY
        mark = self._situation.prices.get(order.symbol, ZERO)
        asset = instrument.quote if buys else instrument.base
        needed = order.quantity * ((order.price or mark) if buys else 1)
        left = self._left.get(asset, ZERO)
        resting = self._situation.live.get(order.key)
        if resting is not None and resting.side is order.side:
            # What it replaces is freed first.
            left += resting.remaining * ((resting.price or mark) if buys else 1)
        if needed > left:
            return f"balance: it needs {needed:f} {asset}, {left:f} is free"
        self._left[asset] = left - needed
        return ""
