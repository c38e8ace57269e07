"""From our requests to Hyperliquid's actions; what the venue would refuse doesn't leave.

Source: the protocol reference, "Actions". There are no market orders: one is an `Ioc` with a price
through the book. A trigger order is a stop: a sell wakes when the mark price falls to its trigger,
a buy when it rises to it, and one whose trigger has passed already wakes at once.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import (
    CancelRequest,
    OrderRequest,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.hyperliquid.cloids import cloid_of
from nimbus_tui.exchanges.hyperliquid.instruments import Listing
from nimbus_tui.exchanges.hyperliquid.numbers import wire_number
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    Cancel,
    CancelAction,
    CancelByCloid,
    CancelByCloidAction,
    Kind,
    Limit,
    Order,
    OrderAction,
    Trigger,
)

ZERO = Decimal(0)
ONE = Decimal(1)


class WorstPrices(msgspec.Struct, frozen=True):
    """How far an order without a price may go through the book, as shares (0.005 = 0.5 %)."""

    market: Decimal
    """From the reference price of a market order."""
    stop: Decimal
    """From the trigger of a stop that then takes at market."""


def order_action(
    request: OrderRequest,
    listing: Listing,
    worst: WorstPrices,
    reference_price: Decimal | None = None,
) -> OrderAction | Refused:
    """The action of one order, or why it can't be one; `reference_price` serves market orders."""
    built = wire_order(request, listing, worst, reference_price)
    return built if isinstance(built, Refused) else OrderAction((built,))


def wire_order(
    request: OrderRequest,
    listing: Listing,
    worst: WorstPrices,
    reference_price: Decimal | None = None,
) -> Order | Refused:
    """One order of an action, or why it can't be one."""
    instrument, cloid = listing.instrument, cloid_of(request.client_order_id)
    if cloid is None:
        return _invalid(f"{request.client_order_id!r} can't be a cloid")
    price = _price(request, instrument, worst, reference_price)
    if price is None:
        return Refused(RefusalKind.BUSY, f"there is no price of {request.symbol} yet")
    if problem := _problem(request, instrument, price):
        return _invalid(problem)
    return Order(
        a=listing.asset,
        b=request.side is Side.BUY,
        p=wire_number(price),
        s=wire_number(request.quantity),
        r=request.reduce_only,
        t=_kind(request),
        c=cloid,
    )


def cancel_action(
    request: CancelRequest, listing: Listing
) -> CancelAction | CancelByCloidAction | Refused:
    """The cancel of one order, by the venue's id where it is known, else by ours.

    The venue may take two orders with one cloid; its own id leaves no doubt.
    """
    oid = request.exchange_order_id
    if oid is not None and oid.isdecimal() and oid.isascii():
        return CancelAction((Cancel(listing.asset, int(oid)),))
    cloid = cloid_of(request.client_order_id)
    if cloid is None:
        return _invalid(f"{request.client_order_id!r} can't be a cloid")
    return CancelByCloidAction((CancelByCloid(listing.asset, cloid),))


def _price(
    request: OrderRequest,
    instrument: Instrument,
    worst: WorstPrices,
    reference_price: Decimal | None,
) -> Decimal | None:
    """The limit: the order's own, or the worst price that a market order or stop accepts.

    The latter is rounded outwards: where ticks are coarse, inwards might not reach the book.
    """
    if request.type is OrderType.LIMIT:
        return ZERO if request.price is None else request.price
    at, share = request.trigger_price, worst.stop
    if at is None:
        at, share = reference_price, worst.market
    if at is None or not at.is_finite() or at <= ZERO:
        return None
    limit = at * (ONE + share * request.side.sign)
    rounded = instrument.round_price(max(ZERO, limit), request.side.opposite)
    return max(rounded, instrument.tick_size)


def _problem(request: OrderRequest, instrument: Instrument, price: Decimal) -> str:
    """Why the venue would refuse an order whatever the market does; empty if it wouldn't."""
    takes = request.type is OrderType.MARKET or request.time_in_force is TimeInForce.IOC
    quantity, trigger = request.quantity, request.trigger_price
    prices = [price] if trigger is None else [price, trigger]
    if request.type is OrderType.MARKET and request.price is not None:
        return "a market order has no price"
    if request.post_only and (takes or trigger is not None):
        return "a post-only order has a limit and rests"
    if request.reduce_only and instrument.market is MarketType.SPOT:
        return "there is nothing to reduce on spot"
    if trigger is not None and instrument.market is MarketType.SPOT:
        return "trigger orders are not offered on spot"
    if trigger is not None and takes and request.type is OrderType.LIMIT:
        return "a trigger order with a limit rests once it has woken"
    if not all(one.is_finite() and one > ZERO for one in prices):
        return "a price must be above 0"
    for one in prices:
        if not instrument.on_tick(one):
            return f"price {one:f} is off the tick size {instrument.tick_at(one):f}"
    if not quantity.is_finite() or quantity <= ZERO or not instrument.on_lot(quantity):
        return f"quantity {quantity} is not a multiple of the lot size {instrument.lot_size:f}"
    if not request.reduce_only and quantity * price < instrument.min_notional:
        return f"notional {quantity * price:f} is under {instrument.min_notional:f}"
    return ""


def _kind(request: OrderRequest) -> Kind:
    if request.trigger_price is not None:
        market = request.type is OrderType.MARKET
        return Kind(trigger=Trigger(market, wire_number(request.trigger_price), "sl"))
    if request.post_only:
        return Kind(limit=Limit("Alo"))
    if request.type is OrderType.MARKET or request.time_in_force is TimeInForce.IOC:
        return Kind(limit=Limit("Ioc"))
    return Kind(limit=Limit("Gtc"))


def _invalid(problem: str) -> Refused:
    return Refused(RefusalKind.INVALID, problem)
