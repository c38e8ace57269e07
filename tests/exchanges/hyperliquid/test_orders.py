"""Only what the venue takes leaves, and it says exactly what was wanted."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.ids import ClientOrderId, ExchangeOrderId, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import (
    CancelRequest,
    OrderRequest,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.hyperliquid import orders
from nimbus_tui.exchanges.hyperliquid.instruments import Listing
from nimbus_tui.exchanges.hyperliquid.orders import WorstPrices
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    Cancel,
    CancelAction,
    CancelByCloid,
    CancelByCloidAction,
)
from tests.exchanges.hyperliquid.decoded import UNIVERSE

D = Decimal
ETH, HYPE = Symbol("ETH/USDC:USDC"), Symbol("HYPE/USDC")
WORST = WorstPrices(market=D("0.01"), stop=D("0.1"))
OURS = ClientOrderId("nb" + "0123456789" * 3)
CLOID = "0x6e" + "0123456789" * 3


def listing(symbol: Symbol) -> Listing:
    found = UNIVERSE.listing(symbol)
    assert found is not None
    return found


def request(**changes: Any) -> OrderRequest:
    plain = OrderRequest(
        client_order_id=OURS, symbol=ETH, side=Side.BUY, quantity=D("0.0125"), price=D("2388.1")
    )
    return msgspec.structs.replace(plain, **changes)


def built(reference: Decimal | None = None, **changes: Any) -> Any:
    wanted = request(**changes)
    action = orders.order_action(wanted, listing(wanted.symbol), WORST, reference)
    return action if isinstance(action, Refused) else msgspec.to_builtins(action)


def market(**changes: Any) -> dict[str, Any]:
    return {"type": OrderType.MARKET, "price": None, **changes}


GTC = {"limit": {"tif": "Gtc"}}
IOC = {"limit": {"tif": "Ioc"}}
ALO = {"limit": {"tif": "Alo"}}


@pytest.mark.parametrize(
    ("changes", "reference", "expected"),
    [
        ({}, None, {"t": GTC}),
        ({"post_only": True}, None, {"t": ALO}),
        ({"time_in_force": TimeInForce.IOC}, None, {"t": IOC}),
        ({"side": Side.SELL, "reduce_only": True}, None, {"b": False, "r": True, "t": GTC}),
        (
            {"price": D("2400.10"), "quantity": D("0.10")},
            None,
            {"p": "2400.1", "s": "0.1", "t": GTC},
        ),
        # 1 % through the book, rounded outwards to the tick of 0.1.
        (market(), D("2388.05"), {"p": "2412", "t": IOC}),
        (market(side=Side.SELL), D("2388.05"), {"b": False, "p": "2364.1", "t": IOC}),
        # A stop accepts 10 % from its trigger and needs no price of the market.
        (
            market(side=Side.SELL, trigger_price=D(2310), reduce_only=True),
            None,
            {
                "b": False,
                "r": True,
                "p": "2079",
                "t": {"trigger": {"isMarket": True, "triggerPx": "2310", "tpsl": "sl"}},
            },
        ),
        (
            {"trigger_price": D("2310.50"), "price": D(2320)},
            None,
            {
                "p": "2320",
                "t": {"trigger": {"isMarket": False, "triggerPx": "2310.5", "tpsl": "sl"}},
            },
        ),
        # Exactly the least order.
        ({"price": D(2500), "quantity": D("0.004")}, None, {"p": "2500", "s": "0.004", "t": GTC}),
        # Less than the least order may leave if it closes a position.
        ({"quantity": D("0.001"), "reduce_only": True}, None, {"s": "0.001", "r": True, "t": GTC}),
        (
            {"symbol": HYPE, "price": D("40"), "quantity": D("2.50")},
            None,
            {"a": 10107, "p": "40", "s": "2.5", "t": GTC},
        ),
    ],
)
def test_a_request_is_the_order_that_was_wanted(
    changes: dict[str, Any], reference: Decimal | None, expected: dict[str, Any]
) -> None:
    plain = {"a": 1, "b": True, "p": "2388.1", "s": "0.0125", "r": False, "c": CLOID}
    assert built(reference, **changes) == {
        "type": "order",
        "orders": (plain | expected,),
        "grouping": "na",
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_order_id": ClientOrderId("mine")}, "'mine' can't be a cloid"),
        ({"price": None}, "above 0"),
        ({"price": D(0)}, "above 0"),
        ({"price": D(-1)}, "above 0"),
        ({"price": D("NaN")}, "above 0"),
        ({"trigger_price": D(0)}, "above 0"),
        ({"price": D("2388.15")}, "price 2388.15 is off the tick size 0.1"),
        ({"price": D("12345.6")}, "off the tick size 1"),
        ({"trigger_price": D("2388.15")}, "off the tick size"),
        ({"quantity": D("0.01255")}, "not a multiple of the lot size 0.0001"),
        ({"quantity": D(0)}, "not a multiple"),
        ({"quantity": D("Infinity")}, "not a multiple"),
        ({"quantity": D("0.004")}, "notional 9.5524 is under 10"),
        (market(price=D(2388)), "a market order has no price"),
        ({"post_only": True, "time_in_force": TimeInForce.IOC}, "post-only"),
        (market(post_only=True), "post-only"),
        ({"post_only": True, "trigger_price": D(2400)}, "post-only"),
        ({"time_in_force": TimeInForce.IOC, "trigger_price": D(2400)}, "rests once it has woken"),
        ({"symbol": HYPE, "reduce_only": True}, "nothing to reduce on spot"),
        ({"symbol": HYPE, "trigger_price": D(40)}, "not offered on spot"),
    ],
)
def test_what_the_venue_would_refuse_does_not_leave(changes: dict[str, Any], words: str) -> None:
    refused = built(D(2400), **changes)
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.INVALID
    assert words in refused.reason


@pytest.mark.parametrize("reference", [None, D(0), D(-1), D("NaN"), D("Infinity")])
def test_a_market_order_waits_for_a_price(reference: Decimal | None) -> None:
    refused = built(reference, **market())
    assert refused == Refused(RefusalKind.BUSY, "there is no price of ETH/USDC:USDC yet")


prices = st.one_of(
    st.decimals("0.000001", "0.001", places=9),
    st.decimals("0.001", "100", places=7),
    st.decimals("100", "500000", places=3),
)
shares = st.decimals("0.0001", "0.2", places=4)


@settings(max_examples=300, deadline=None)
@given(prices, shares, st.sampled_from(list(Side)), st.booleans())
def test_a_price_through_the_book_is_valid_and_at_most_a_tick_beyond_the_share(
    reference: Decimal, share: Decimal, side: Side, stop: bool
) -> None:
    for one in UNIVERSE.instruments:
        trigger = max(one.round_price(reference, side), one.tick_size) if stop else None
        if stop and one.market is MarketType.SPOT:
            continue
        wanted = request(
            symbol=one.symbol,
            side=side,
            quantity=one.round_quantity(20 / reference * 2) + one.lot_size,
            trigger_price=trigger,
            **market(),
        )
        made = orders.wire_order(wanted, listing(one.symbol), WorstPrices(share, share), reference)
        if isinstance(made, Refused):
            assert "notional" in made.reason
            continue
        worst, start = D(made.p), trigger or reference
        assert one.on_tick(worst)
        limit = start * (1 + share * side.sign)
        beyond = (worst - limit) * side.sign
        assert beyond <= one.tick_at(max(worst, limit))
        assert beyond >= 0 or worst == one.tick_size  # there is no lower price to sell at


@pytest.mark.parametrize(
    ("oid", "client_id", "expected"),
    [
        ("62014449551", OURS, CancelAction((Cancel(1, 62014449551),))),
        (None, OURS, CancelByCloidAction((CancelByCloid(1, CLOID),))),
        ("", OURS, CancelByCloidAction((CancelByCloid(1, CLOID),))),
        ("62014449551", ClientOrderId(""), CancelAction((Cancel(1, 62014449551),))),
        (None, ClientOrderId(""), Refused(RefusalKind.INVALID, "'' can't be a cloid")),
    ],
)
def test_a_cancel_names_the_order_in_the_surest_way(
    oid: str | None, client_id: ClientOrderId, expected: object
) -> None:
    wanted = CancelRequest(
        client_order_id=client_id,
        symbol=ETH,
        exchange_order_id=None if oid is None else ExchangeOrderId(oid),
    )
    assert expected == orders.cancel_action(wanted, listing(ETH))
