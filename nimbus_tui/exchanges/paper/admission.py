"""What the paper venue refuses at its door, and in which words."""

from decimal import Decimal

from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import (
    OrderRequest,
    OrderType,
    RefusalKind,
    Refused,
    TimeInForce,
)
from nimbus_tui.exchanges.paper.account import Account

ZERO = Decimal(0)
MAX_CLIENT_ORDER_ID = 36


def malformed(request: OrderRequest, instrument: Instrument) -> Refused | None:
    """Why a request can't be an order here whatever the market does; None where it can."""
    problem = _problem(request, instrument)
    return None if problem is None else Refused(RefusalKind.INVALID, problem)


def _problem(request: OrderRequest, instrument: Instrument) -> str | None:
    price, quantity = request.price, request.quantity
    market = request.type is OrderType.MARKET
    if not 0 < len(request.client_order_id) <= MAX_CLIENT_ORDER_ID:
        return f"a client order id has 1 to {MAX_CLIENT_ORDER_ID} characters"
    if request.trigger_price is not None:
        return "trigger orders are not offered"
    if market and price is not None:
        return "a market order has no price"
    if not market and (price is None or not price.is_finite() or price <= ZERO):
        return "a limit order needs a price above 0"
    if price is not None and not instrument.on_tick(price):
        return f"price {price:f} is off the tick size {instrument.tick_at(price):f}"
    if not quantity.is_finite() or quantity <= ZERO or not instrument.on_lot(quantity):
        return f"quantity {quantity} is not a multiple of the lot size {instrument.lot_size:f}"
    if request.post_only and (market or request.time_in_force is TimeInForce.IOC):
        return "a post-only order has a limit and rests"
    if request.reduce_only and instrument.market is MarketType.SPOT:
        return "there is nothing to reduce on spot"
    return None


def inadmissible(request: OrderRequest, account: Account, *, crosses: bool) -> Refused | None:
    """Why a well-formed request can't become an order now; None where it can."""
    instrument = account.instruments[request.symbol]
    at = request.price or account.state.prices.get(request.symbol)
    if at is None:
        return Refused(RefusalKind.BUSY, f"there is no price of {request.symbol} yet")
    notional = at * request.quantity
    if notional < instrument.min_notional and not request.reduce_only:
        return Refused(
            RefusalKind.INVALID,
            f"notional {notional:f} is under {instrument.min_notional:f}",
        )
    if crosses and request.post_only:
        return Refused(RefusalKind.POST_ONLY_WOULD_CROSS, "it would take; post-only orders rest")
    if instrument.market is MarketType.SPOT:
        return _unpaid(request, account)
    return _without_margin(request, account, instrument)


def _unpaid(request: OrderRequest, account: Account) -> Refused | None:
    asset, needed = account.reserve(request, request.quantity)
    free = account.free(asset)
    if needed <= free:
        return None
    return Refused(RefusalKind.INSUFFICIENT_BALANCE, f"needs {needed:f} {asset}, {free:f} are free")


def _without_margin(
    request: OrderRequest, account: Account, instrument: Instrument
) -> Refused | None:
    """An order that can't make the account's exposure larger needs no margin of its own."""
    asset = instrument.quote
    exposure = account.exposure(asset, request)
    equity = account.settled(asset) - account.locked().get(asset, ZERO)
    leverage = account.settings.leverage
    if exposure <= equity * leverage or exposure <= account.exposure(asset):
        return None
    return Refused(
        RefusalKind.INSUFFICIENT_BALANCE,
        f"needs {exposure / leverage:f} {asset} of margin in all, equity is {equity:f}",
    )
