"""What the venue says becomes what we mean, and never claims more or less than is certain."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.ids import (
    BotId,
    ExchangeOrderId,
    OrderKey,
)
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import (
    NotFound,
    Order,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.hyperliquid import translate
from nimbus_tui.exchanges.hyperliquid.wire_records import (
    Bbo,
    FullOrder,
    FullOrderUpdate,
    Level,
    OrderUpdate,
)
from nimbus_tui.orders import lifecycle
from tests.exchanges.hyperliquid.decoded import BTC, OURS, UNIVERSE, frame, reply

D = Decimal


def update(status: str, **changes: Any) -> OrderUpdate:
    opened = frame("order opened")[0]
    order = msgspec.structs.replace(
        opened.order, **{"origSz": D(5), "sz": D(5), "limitPx": D(100), **changes}
    )
    return OrderUpdate(order, status, opened.statusTimestamp)


def full(status: str, **changes: Any) -> FullOrderUpdate:
    basic = update(status, **{k: v for k, v in changes.items() if k not in ("orderType", "tif")})
    order = FullOrder(
        **{name: getattr(basic.order, name) for name in basic.order.__struct_fields__},
        orderType=changes.get("orderType", "Limit"),
        tif=changes.get("tif"),
    )
    return FullOrderUpdate(order, status, basic.statusTimestamp)


# prices


def test_a_trade_is_a_tick() -> None:
    assert translate.tick(frame("trades")[0], UNIVERSE) == Tick(
        ts=1790358604045000000,
        symbol=BTC,
        price=D("83770.0"),
        size=D("0.00819"),
        aggressor=Side.BUY,
    )


def test_the_middle_of_the_book_is_a_price() -> None:
    assert translate.quote_of_bbo(frame("bbo"), UNIVERSE) == Quote(
        BTC, D("83757.5"), 1790358617881000000
    )


@pytest.mark.parametrize(
    "sides",
    [
        (None, None),
        (None, Level(D(2), D(1), 1)),
        (Level(D(2), D(1), 1), None),
        (Level(D(2), D(1), 1), Level(D(2), D(1), 1)),
        (Level(D(3), D(1), 1), Level(D(2), D(1), 1)),
        (Level(D(0), D(1), 1), Level(D(2), D(1), 1)),
    ],
)
def test_a_book_without_a_sound_middle_is_no_price(sides: Any) -> None:
    assert translate.quote_of_bbo(Bbo("BTC", 1, sides), UNIVERSE) is None


# orders


def test_an_opened_order_is_reported_with_our_id() -> None:
    assert translate.order_report(frame("order opened")[0], UNIVERSE) == OrderReport(
        client_order_id=OURS,
        exchange_order_id=ExchangeOrderId("57118842019"),
        symbol=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=D("31795.0"),
        quantity=D("0.00037"),
        filled=D(0),
        state=OrderState.OPEN,
        ts=1785261289146000000,
    )


def test_an_order_without_a_cloid_is_nobodys() -> None:
    opened, filled = (
        translate.order_report(one, UNIVERSE) for one in frame("order opened and filled")
    )
    assert (opened.client_order_id, opened.state, opened.filled) == ("", OrderState.OPEN, D(0))
    assert (filled.state, filled.filled) == (OrderState.FILLED, D(5))


OPEN, PARTIAL, FILLED, CANCELLED, REJECTED, UNKNOWN = (
    OrderState.OPEN,
    OrderState.PARTIALLY_FILLED,
    OrderState.FILLED,
    OrderState.CANCELLED,
    OrderState.REJECTED,
    OrderState.UNKNOWN,
)


NOTHING_LEFT = "there is nothing left to reduce (reduceOnlyCanceled)"


@pytest.mark.parametrize(
    ("status", "left", "reduce_only", "executed", "state", "filled", "reason"),
    [
        ("open", 5, False, None, OPEN, 0, ""),
        ("open", 2, False, None, PARTIAL, 3, ""),
        # The venue may have cut it down to 2: that is not known to be filled.
        ("open", 2, True, None, OPEN, 0, ""),
        ("triggered", 5, True, None, OPEN, 0, ""),
        ("filled", 0, False, None, FILLED, 5, ""),
        ("filled", 0, True, None, FILLED, 5, ""),
        ("filled", 0, True, 5, FILLED, 5, ""),
        # Cut down to 2 and filled whole: it has ended with 2.
        ("filled", 0, True, 2, CANCELLED, 2, translate.CUT_SHORT),
        ("filled", 1, False, None, CANCELLED, 4, translate.CUT_SHORT),
        ("canceled", 5, False, None, CANCELLED, 0, "canceled"),
        ("canceled", 2, False, None, CANCELLED, 3, "canceled"),
        ("reduceOnlyCanceled", 2, True, None, CANCELLED, 3, NOTHING_LEFT),
        ("reduceOnlyCanceled", 2, True, 1, CANCELLED, 1, NOTHING_LEFT),
        # Of an order that can't be cut the sizes are right: fills are still on their way.
        ("canceled", 2, False, 1, CANCELLED, 3, "canceled"),
        ("filled", 0, False, 1, FILLED, 5, ""),
        ("tickRejected", 5, False, None, REJECTED, 0, "tickRejected"),
        # Whatever the sizes say, a rejected order was never live.
        ("rejected", 0, False, None, REJECTED, 0, "rejected"),
        ("evaporated", 2, False, None, UNKNOWN, 0, "evaporated"),
    ],
)
def test_states_and_sizes_become_what_is_certain(
    status: str,
    left: int,
    reduce_only: bool,
    executed: int | None,
    state: OrderState,
    filled: int,
    reason: str,
) -> None:
    report = translate.order_report(
        update(status, sz=D(left), reduceOnly=reduce_only),
        UNIVERSE,
        executed=None if executed is None else D(executed),
    )
    assert (state, filled, reason) == (report.state, report.filled, report.reason)
    assert reduce_only is report.reduce_only


@pytest.mark.parametrize(
    ("order_type", "type_", "price"),
    [
        ("Limit", OrderType.LIMIT, D(100)),
        ("Stop Limit", OrderType.LIMIT, D(100)),
        ("Stop Market", OrderType.MARKET, None),
        ("Market", OrderType.MARKET, None),
    ],
)
def test_a_market_order_has_no_price_where_the_venue_tells_its_type(
    order_type: str, type_: OrderType, price: Decimal | None
) -> None:
    report = translate.order_report(full("open", orderType=order_type), UNIVERSE)
    assert (type_, price) == (report.type, report.price)


def order_of(request: OrderRequest) -> Order:
    return Order(
        bot_id=BotId("b"),
        key=OrderKey("stop/1"),
        generation=0,
        **{name: getattr(request, name) for name in request.__struct_fields__},
    )


def test_a_market_order_of_ours_is_not_taken_for_its_stand_in() -> None:
    request = OrderRequest(
        client_order_id=OURS,
        symbol=BTC,
        side=Side.BUY,
        quantity=D(5),
        type=OrderType.MARKET,
        trigger_price=D(99),
    )
    order = order_of(request)
    heard = translate.order_report(update("open"), UNIVERSE, sent=request)
    assert (heard.type, heard.price) == (OrderType.MARKET, None)
    assert not lifecycle.reported(order, heard, 1).order.adopted
    # What nobody remembers is taken as it is.
    assert lifecycle.reported(
        order, translate.order_report(update("open"), UNIVERSE), 1
    ).order.adopted


def test_a_filled_order_is_never_taken_for_an_unfilled_one() -> None:
    """A cut-down reduce-only order asks for its fills until they were read; then it ends."""
    request = OrderRequest(
        client_order_id=OURS,
        symbol=BTC,
        side=Side.BUY,
        quantity=D(5),
        price=D(100),
        reduce_only=True,
    )
    order = msgspec.structs.replace(order_of(request), state=OrderState.OPEN)
    ended = update("filled", sz=D(0), reduceOnly=True)
    first = lifecycle.reported(order, translate.order_report(ended, UNIVERSE), 1)
    assert first.fills_missing
    assert first.order.is_live
    order = msgspec.structs.replace(first.order, filled=D(2), state=OrderState.PARTIALLY_FILLED)
    last = lifecycle.reported(order, translate.order_report(ended, UNIVERSE, executed=D(2)), 2)
    assert (last.order.state, last.order.filled, last.fills_missing) == (CANCELLED, D(2), False)


@pytest.mark.parametrize("tif", ["Ioc", "FrontendMarket"])
def test_of_an_order_that_takes_at_once_the_fills_count(tif: str) -> None:
    """Whether by the venue's word or by what we remember of it."""
    taken = full("filled", sz=D(0), tif=tif)
    report = translate.order_report(taken, UNIVERSE, executed=D(2))
    assert (report.state, report.filled) == (CANCELLED, D(2))
    plain = OrderRequest(client_order_id=OURS, symbol=BTC, side=Side.BUY, quantity=D(5))
    for changes in ({"time_in_force": TimeInForce.IOC}, {"type": OrderType.MARKET}):
        sent = msgspec.structs.replace(plain, **changes)
        told = translate.order_report(update("filled", sz=D(0)), UNIVERSE, executed=D(2), sent=sent)
        assert (told.state, told.filled) == (CANCELLED, D(2))
    resting = translate.order_report(full("filled", sz=D(0), tif="Alo"), UNIVERSE, executed=D(2))
    assert (resting.state, resting.filled) == (FILLED, D(5))


def test_a_live_order_tells_what_is_left() -> None:
    report = translate.open_order_report(update("", sz=D(2)).order, UNIVERSE)
    assert (report.state, report.filled, report.quantity) == (PARTIAL, D(3), D(5))
    whole = translate.open_order_report(update("", sz=D(5)).order, UNIVERSE)
    assert (whole.state, whole.filled, whole.ts) == (OPEN, D(0), 1785261289146000000)
    no_original = translate.open_order_report(update("", sz=D(2), origSz=None).order, UNIVERSE)
    assert (no_original.quantity, no_original.filled) == (D(2), D(0))


def test_a_resting_stop_is_a_market_order_without_a_price() -> None:
    report = translate.open_order_report(reply("frontendOpenOrders")[0], UNIVERSE)
    assert (report.type, report.price, report.reduce_only) == (OrderType.MARKET, None, True)
    assert (report.client_order_id, report.symbol) == ("", "ETH/USDC:USDC")


def test_a_look_up_finds_an_order_or_says_that_it_does_not() -> None:
    assert translate.looked_up(reply("orderStatus: unknown"), UNIVERSE) == NotFound()
    found = translate.looked_up(reply("orderStatus"), UNIVERSE)
    assert isinstance(found, OrderReport)
    assert (found.state, found.reason) == (CANCELLED, NOTHING_LEFT)
