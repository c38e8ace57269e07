"""The pure fill model: which orders a tick fills, in what order, at what price."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderRequest, OrderState, OrderType, Side, TimeInForce
from nimbus_tui.exchanges.paper.matching import (
    NO_BAND,
    Book,
    Execution,
    FillModel,
    PaperOrder,
    after,
)

SYMBOL = "ETH/USDC:USDC"
INSTRUMENT = Instrument(symbol=SYMBOL, tick_size=Decimal("0.01"), lot_size=Decimal("0.001"))


def book(model: FillModel = FillModel.TOUCH, slippage: str = "0", last: str | None = None) -> Book:
    made = Book(INSTRUMENT, model, Decimal(slippage))
    made.last_price = None if last is None else Decimal(last)
    return made


def order(number: int, side: Side, price: str | None, **changes: Any) -> PaperOrder:
    taker = changes.pop("taker", price is None)
    filled = changes.pop("filled", Decimal(0))
    request = OrderRequest(
        client_order_id=f"nb{number}",
        symbol=SYMBOL,
        side=side,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        price=None if price is None else Decimal(price),
        quantity=Decimal(1),
        **changes,
    )
    return PaperOrder(
        request=request, exchange_order_id=f"o{number}", number=number, taker=taker, filled=filled
    )


def tick(price: str, size: str = "0") -> Tick:
    return Tick(7, SYMBOL, Decimal(price), Decimal(size))


BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("model", "side", "limit", "price", "fills"),
    [
        (FillModel.TOUCH, BUY, "100.00", "100.01", False),
        (FillModel.TOUCH, BUY, "100.00", "100.00", True),
        (FillModel.TOUCH, BUY, "100.00", "99.99", True),
        (FillModel.TOUCH, BUY, "100.00", "100.001", False),
        (FillModel.TOUCH, BUY, "100.00", "99.999", True),
        (FillModel.TOUCH, SELL, "100.00", "99.99", False),
        (FillModel.TOUCH, SELL, "100.00", "100.00", True),
        (FillModel.TOUCH, SELL, "100.00", "100.01", True),
        (FillModel.TOUCH, SELL, "100.00", "99.999", False),
        (FillModel.TOUCH, SELL, "100.00", "100.001", True),
        (FillModel.THROUGH, BUY, "100.00", "100.00", False),
        (FillModel.THROUGH, BUY, "100.00", "99.99", True),
        (FillModel.THROUGH, BUY, "100.00", "99.999", True),
        (FillModel.THROUGH, BUY, "100.00", "100.001", False),
        (FillModel.THROUGH, SELL, "100.00", "100.00", False),
        (FillModel.THROUGH, SELL, "100.00", "100.01", True),
        (FillModel.THROUGH, SELL, "100.00", "100.001", True),
        (FillModel.THROUGH, SELL, "100.00", "99.999", False),
    ],
)
def test_touch_fills_at_the_limit_and_through_only_beyond_it(
    model: FillModel, side: Side, limit: str, price: str, fills: bool
) -> None:
    made = book(model)
    made.add(order(1, side, limit))
    expected = [(Decimal(limit), Decimal(1), True)] if fills else []
    assert expected == [(e.price, e.quantity, e.maker) for e in made.touched(tick(price))]


def test_buys_fill_from_the_top_down_sells_from_the_bottom_up_and_ties_by_arrival() -> None:
    made = book()
    for number, side, price in [
        (5, BUY, "98"), (2, BUY, "99"), (1, BUY, "99"), (4, BUY, "97"),
        (9, SELL, "94"), (6, SELL, "93"), (8, SELL, "94"), (7, SELL, "96"),
    ]:  # fmt: skip
        made.add(order(number, side, price))
    filled = [execution.order.number for execution in made.touched(tick("96.5"))]
    assert filled == [1, 2, 5, 4, 6, 8, 9, 7]


def test_takers_come_before_resting_orders_by_arrival() -> None:
    made = book()
    made.add(order(1, BUY, "100"))
    made.add(order(3, SELL, None))
    made.add(order(2, BUY, None))
    assert [e.order.number for e in made.touched(tick("100"))] == [2, 3, 1]


@pytest.mark.parametrize(
    ("side", "limit", "last", "crosses"),
    [
        (BUY, "100", "100", True),
        (BUY, "99.99", "100", False),
        (BUY, "100", "100.001", False),
        (SELL, "100", "100", True),
        (SELL, "100.01", "100", False),
        (SELL, "100", "99.999", False),
        (BUY, None, "100", True),
        (BUY, "100", None, False),
    ],
)
def test_crossing_is_judged_against_the_newest_tick(
    side: Side, limit: str | None, last: str | None, crosses: bool
) -> None:
    assert book(last=last).crosses(order(1, side, limit).request) is crosses


@pytest.mark.parametrize(
    ("side", "limit", "slippage", "price", "expected"),
    [
        (BUY, None, "0", "100", "100"),
        (BUY, None, "0.1", "100", "100.10"),
        (SELL, None, "0.1", "100", "99.90"),
        (BUY, None, "0.001", "100", "100.01"),  # less than a tick still costs one
        (SELL, None, "0.001", "100", "99.99"),
        (BUY, "100.05", "0.1", "100", "100.05"),  # never beyond the limit
        (SELL, "99.95", "0.1", "100", "99.95"),
        (BUY, "101", "0", "100", "100"),
    ],
)
def test_a_taker_pays_the_tick_and_slippage_but_keeps_its_limit(
    side: Side, limit: str | None, slippage: str, price: str, expected: str
) -> None:
    made = book(slippage=slippage)
    made.add(order(1, side, limit, taker=True))
    (execution,) = made.touched(tick(price))
    assert (execution.price, execution.quantity) == (Decimal(expected), Decimal(1))
    assert not execution.maker


def test_slippage_never_moves_a_resting_order() -> None:
    made = book(slippage="1")
    made.add(order(1, BUY, "100"))
    assert [e.price for e in made.touched(tick("99"))] == [Decimal(100)]


def outcome(before: PaperOrder, quantity: str, *, room: str = "1", price: str = "100") -> tuple:
    execution = Execution(before, Decimal(price), Decimal(quantity), maker=not before.taker)
    done = after(before, execution, Decimal(room), tick(price))
    return done.state.value, done.filled, done.taker, done.reason


IOC = {"time_in_force": TimeInForce.IOC, "taker": True}


@pytest.mark.parametrize(
    ("before", "quantity", "room", "expected"),
    [
        (order(1, BUY, "100"), "1", "1", ("filled", Decimal(1), False, "")),
        (order(1, BUY, "100"), "0.4", "1", ("partially_filled", Decimal("0.4"), False, "")),
        (order(1, BUY, "100"), "0", "1", ("open", Decimal(0), False, "")),
        # a crossing limit takes on while it crosses, rests when the price has left
        (order(1, BUY, "101", taker=True), "0.4", "1",
         ("partially_filled", Decimal("0.4"), True, "")),
        (order(1, BUY, "99", taker=True), "0", "1", ("open", Decimal(0), False, "")),
        # what an IOC or a market order doesn't get is cancelled …
        (order(1, BUY, "101", **IOC), "0.4", "1",
         ("cancelled", Decimal("0.4"), True, "nothing left to take")),
        (order(1, BUY, "99", **IOC), "0", "1",
         ("cancelled", Decimal(0), True, "nothing left to take")),
        (order(1, BUY, None), "0.4", "1",
         ("cancelled", Decimal("0.4"), True, "nothing left to take")),
        # … but a market order that found no volume at all waits for the next tick
        (order(1, BUY, None), "0", "1", ("open", Decimal(0), True, "")),
        # reduce-only is trimmed to the position, and ends without one
        (order(1, SELL, "100", reduce_only=True), "0.4", "0.4",
         ("cancelled", Decimal("0.4"), False, "nothing left to reduce")),
        (order(1, SELL, "100", reduce_only=True), "0", "0",
         ("cancelled", Decimal(0), False, "nothing left to reduce")),
        (order(1, SELL, "100", reduce_only=True), "0.2", "0.4",
         ("partially_filled", Decimal("0.2"), False, "")),
        (order(1, BUY, None), "0.4", "0.4",
         ("cancelled", Decimal("0.4"), True, "the balance is used up")),
    ],
)  # fmt: skip
def test_what_becomes_of_an_order_after_a_tick(
    before: PaperOrder, quantity: str, room: str, expected: tuple
) -> None:
    assert expected == outcome(before, quantity, room=room)


def test_an_ended_order_is_stamped_with_the_tick() -> None:
    done = after(
        order(1, BUY, "100"),
        Execution(order(1, BUY, "100"), Decimal(100), Decimal(1), maker=True),
        Decimal(1),
        tick("100"),
    )
    assert (done.state, done.updated_ns) == (OrderState.FILLED, 7)


def test_the_quiet_band_lies_between_the_best_orders_and_is_empty_while_a_taker_waits() -> None:
    made = book(last="100")
    assert made.quiet_band() == (None, None)
    made.add(order(1, BUY, "98"))
    made.add(order(2, BUY, "99"))
    made.add(order(3, SELL, "101"))
    assert made.quiet_band() == (Decimal(99), Decimal(101))
    made.add(order(4, BUY, None))
    assert made.quiet_band() == NO_BAND
    made.remove("nb4")
    made.remove("nb2")
    assert made.quiet_band() == (Decimal(98), Decimal(101))


def test_an_order_that_stops_taking_is_no_longer_a_taker_in_the_book() -> None:
    made = book()
    made.add(order(1, BUY, "99", taker=True))
    made.add(order(1, BUY, "99", taker=False))
    assert [e.maker for e in made.touched(tick("99"))] == [True]
