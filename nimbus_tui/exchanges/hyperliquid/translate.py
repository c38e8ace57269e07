"""From Hyperliquid's words to ours: one pure function per message.

Source: the protocol reference, "Info requests" and "WebSocket: Payloads". Times become ns.
"""

from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ExchangeName, ExchangeOrderId, FundingId, TradeId
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import (
    FINAL_STATES,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.hyperliquid.cloids import client_id_of
from nimbus_tui.exchanges.hyperliquid.instruments import USDC, Universe
from nimbus_tui.exchanges.hyperliquid.order_states import order_state, words
from nimbus_tui.exchanges.hyperliquid.wire_info import OrderStatus
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    BasicOrder,
    Bbo,
    FullOrder,
    FullOrderUpdate,
    Funding,
    OrderUpdate,
    Trade,
    UserFill,
)

ZERO = Decimal(0)
SIDES = {"B": Side.BUY, "A": Side.SELL}
_HOUR_MS = 3_600_000
_FORCED_WORDS = ("liquidated", "auto-deleveraging", "settlement")
"""How the `dir` of a fill begins that the venue made by itself."""
CUT_SHORT = "it ended with less than was ordered"
"""The reason of an order that the venue calls filled: cut down to the position, or an `Ioc`."""


def tick(trade: Trade, universe: Universe) -> Tick:
    """A public trade."""
    return Tick(
        ts=trade.time * NS_PER_MS,
        symbol=universe.symbol_of(trade.coin),
        price=trade.px,
        size=trade.sz,
        aggressor=SIDES[trade.side],
    )


def quote_of_bbo(bbo: Bbo, universe: Universe, mark_price: Decimal | None = None) -> Quote | None:
    """The middle of the best prices; None while a side is empty or the book is crossed."""
    bid, ask = bbo.bbo
    if bid is None or ask is None or not ZERO < bid.px < ask.px:
        return None
    middle = (bid.px + ask.px) / 2
    return Quote(universe.symbol_of(bbo.coin), middle, bbo.time * NS_PER_MS, mark_price)


def order_report(
    update: OrderUpdate | FullOrderUpdate,
    universe: Universe,
    *,
    executed: Decimal | None = None,
    sent: OrderRequest | None = None,
) -> OrderReport:
    """An order after a change, from `orderUpdates`, `orderStatus` or `historicalOrders`.

    `sent` is what we sent under its id, where that is remembered: the venue tells of a market
    order only the limit that stood in for it. `executed` is the sum of the order's fills, once
    they were read **after** its end. Without it the report claims at least what was filled, so
    that nobody takes a filled order for an unfilled one: a reduce-only order may have been cut
    down to the position, and then `origSz − sz` is too much.
    """
    order = update.order
    state = order_state(update.status)
    quantity = _quantity(order)
    filled, reason = _filled(order, state), ""
    if state in FINAL_STATES and executed is not None and may_be_cut(order, sent):
        filled = executed
    if state is OrderState.FILLED and filled < quantity:
        state, reason = OrderState.CANCELLED, CUT_SHORT
    elif state not in (OrderState.OPEN, OrderState.FILLED):
        reason = words(update.status)
    if state is OrderState.OPEN and filled:
        state = OrderState.PARTIALLY_FILLED
    return _report(order, universe, sent, state, filled, update.statusTimestamp, reason)


def open_order_report(
    order: BasicOrder, universe: Universe, *, sent: OrderRequest | None = None
) -> OrderReport:
    """A live order from `frontendOpenOrders`, where `sz` is what is left now."""
    filled = _filled(order, OrderState.OPEN)
    state = OrderState.PARTIALLY_FILLED if filled else OrderState.OPEN
    return _report(order, universe, sent, state, filled, order.timestamp, "")


def looked_up(
    status: OrderStatus,
    universe: Universe,
    *,
    executed: Decimal | None = None,
    sent: OrderRequest | None = None,
) -> OrderReport | NotFound:
    """The answer to `orderStatus`.

    While an order is open the venue's record keeps the size that it had when it opened.
    """
    if status.order is None:
        return NotFound()
    return order_report(status.order, universe, executed=executed, sent=sent)


def _quantity(order: BasicOrder) -> Decimal:
    return order.sz if order.origSz is None else order.origSz


def claimed(order: BasicOrder) -> Decimal:
    """The most that an order can have filled, by its sizes."""
    return max(ZERO, _quantity(order) - order.sz)


def _filled(order: BasicOrder, state: OrderState) -> Decimal:
    """What an order has filled by its sizes alone; of a live reduce-only order they don't tell."""
    if state in (OrderState.REJECTED, OrderState.UNKNOWN):
        return ZERO
    if order.reduceOnly and state is OrderState.OPEN:
        return ZERO
    return claimed(order)


def may_be_cut(order: BasicOrder, sent: OrderRequest | None) -> bool:
    """Whether an order may have filled something else than its sizes say, once it has ended.

    Of a resting order that was cancelled with all that was ordered left, nothing has filled.
    """
    takes = isinstance(order, FullOrder) and order.tif in ("Ioc", "FrontendMarket")
    if sent is not None:
        takes |= sent.type is OrderType.MARKET or sent.time_in_force is TimeInForce.IOC
    return takes or (order.reduceOnly and order.sz < _quantity(order))


def _report(
    order: BasicOrder,
    universe: Universe,
    sent: OrderRequest | None,
    state: OrderState,
    filled: Decimal,
    time_ms: int,
    reason: str,
) -> OrderReport:
    market = _is_market(order) if sent is None else sent.type is OrderType.MARKET
    return OrderReport(
        client_order_id=client_id_of(order.cloid),
        exchange_order_id=ExchangeOrderId(str(order.oid)),
        symbol=universe.symbol_of(order.coin),
        side=SIDES[order.side],
        type=OrderType.MARKET if market else OrderType.LIMIT,
        price=None if market else order.limitPx,
        quantity=_quantity(order),
        filled=filled,
        state=state,
        ts=time_ms * NS_PER_MS,
        reduce_only=order.reduceOnly,
        reason=reason,
    )


def _is_market(order: BasicOrder) -> bool:
    """Whether a price is only the worst that is accepted; streams don't tell, then it is a limit.

    Our own market orders are `Ioc` with a price, like limit orders that may not rest.
    """
    return isinstance(order, FullOrder) and order.orderType.endswith("Market")


def fill(wire: UserFill, universe: Universe, exchange: ExchangeName, account: str) -> Fill:
    """One execution of the account (lower-case address)."""
    return Fill(
        exchange=exchange,
        trade_id=trade_id(wire),
        client_order_id=client_id_of(wire.cloid),
        symbol=universe.symbol_of(wire.coin),
        side=SIDES[wire.side],
        price=wire.px,
        quantity=wire.sz,
        fee=wire.fee,
        fee_asset=universe.asset_of(wire.feeToken),
        maker=not wire.crossed,
        ts=wire.time * NS_PER_MS,
        forced=_is_forced(wire, account),
    )


def trade_id(wire: UserFill) -> TradeId:
    """What identifies an execution: tids are unique together with coin and time only.

    Both sides of a trade with oneself are told apart by the order. Rows without a tid (old
    recordings, dust) are told apart by transaction, position, price and size.
    """
    parts = [wire.coin, str(wire.time), str(wire.oid), str(wire.tid)]
    if not wire.tid:
        parts += [wire.hash, *(f"{one:f}" for one in (wire.startPosition, wire.px, wire.sz))]
    return TradeId("/".join(parts))


def _is_forced(wire: UserFill, account: str) -> bool:
    """Whether the venue closed the position by itself: liquidation, deleveraging, settlement.

    The counterparty's fills of a liquidation bear the same note, with another's address.
    """
    if wire.cloid is not None:
        return False
    if wire.liquidation is not None:
        return wire.liquidation.liquidatedUser.lower() == account.lower()
    return wire.dir.lower().startswith(_FORCED_WORDS)


def funding_payment(wire: Funding, universe: Universe, exchange: ExchangeName) -> FundingPayment:
    """One funding payment. Its id is the hour nearest to its stamp, which is ms beside the hour."""
    hour = (wire.time + _HOUR_MS // 2) // _HOUR_MS
    return FundingPayment(
        exchange=exchange,
        funding_id=FundingId(f"{wire.coin}/{hour}"),
        symbol=universe.symbol_of(wire.coin),
        amount=wire.usdc,
        asset=USDC,
        ts=wire.time * NS_PER_MS,
        rate=wire.fundingRate,
        position=wire.szi,
    )
