"""What is the paper exchange's own: takers, the size of a tick, refusals, and what is told when."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import (
    OrderState,
    OrderType,
    RefusalKind,
    TimeInForce,
)
from nimbus_tui.exchanges.paper.adapter import PAGE
from nimbus_tui.exchanges.paper.matching import FillModel
from tests.exchanges.paper.venues import (
    PERPETUAL,
    SPOT,
    fills,
    kind,
    paper,
    request,
    state,
    tick,
)


async def test_a_crossing_limit_takes_the_next_tick_at_its_price() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price="2410"))
    assert await fills(exchange) == []
    exchange.deliver(tick("2405", 2))
    assert await fills(exchange) == [("nb1", "2405", "1", False)]


async def test_a_crossing_limit_that_the_price_has_left_rests_and_then_makes() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price="2410"))
    exchange.deliver(tick("2420", 2))
    assert [o.state for o in await exchange.open_orders()] == [OrderState.OPEN]
    exchange.deliver(tick("2405", 3))
    assert await fills(exchange) == [("nb1", "2410", "1", True)]


async def test_a_crossing_limit_takes_on_tick_by_tick_at_the_market_not_at_its_limit() -> None:
    exchange = paper(partial_fills=True)
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price="2500"))
    exchange.deliver(tick("2400", 2, size="0.3"))
    exchange.deliver(tick("2401", 3, size="5"))
    assert await fills(exchange) == [("nb1", "2400", "0.3", False), ("nb1", "2401", "0.7", False)]


async def test_an_ioc_takes_what_the_tick_has_and_cancels_the_rest() -> None:
    exchange = paper(partial_fills=True)
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price="2410", time_in_force=TimeInForce.IOC))
    exchange.deliver(tick("2400", 2, size="0.3"))
    assert await fills(exchange) == [("nb1", "2400", "0.3", False)]
    assert await state(exchange, "nb1") is OrderState.CANCELLED


async def test_an_ioc_that_does_not_cross_is_cancelled_at_the_next_tick() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price="2300", time_in_force=TimeInForce.IOC))
    exchange.deliver(tick("2399", 2))
    assert not await exchange.open_orders()
    assert await fills(exchange) == []


async def test_a_ticks_size_is_shared_by_priority_and_rounded_to_lots() -> None:
    exchange = paper(partial_fills=True)
    exchange.deliver(tick("2400"))
    for identity, price in (("nb1", "2380"), ("nb2", "2388")):
        await exchange.place_order(request(identity, price=price))
    exchange.deliver(tick("2370", 2, size="1.20049"))
    assert await fills(exchange) == [("nb2", "2388", "1", True), ("nb1", "2380", "0.2", True)]
    exchange.deliver(tick("2370", 3, size="0.0004"))
    assert len(await fills(exchange)) == 2
    exchange.deliver(tick("2370", 4))
    assert (await fills(exchange))[2:] == [("nb1", "2380", "0.8", True)]


async def test_a_size_is_ignored_unless_partial_fills_are_asked_for() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1"))
    exchange.deliver(tick("2388", 2, size="0.001"))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]


@pytest.mark.parametrize(
    "changes",
    [
        {"trigger_price": Decimal(2300)},
        {"type": OrderType.MARKET},
        {"post_only": True, "time_in_force": TimeInForce.IOC},
    ],
    ids=str,
)
async def test_what_it_cannot_do_it_refuses_rather_than_does_otherwise(
    changes: dict[str, Any],
) -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    assert kind(await exchange.place_order(request("nb1", **changes))) is RefusalKind.INVALID


async def test_a_market_order_before_the_first_price_is_told_to_wait() -> None:
    exchange = paper()
    assert kind(await exchange.place_order(request("nb1", price=None))) is RefusalKind.BUSY
    with pytest.raises(ExchangeError, match="no price of ETH/USDC:USDC yet"):
        await exchange.mark_price(PERPETUAL)


async def test_a_tick_of_a_symbol_that_is_not_traded_is_an_error_in_words() -> None:
    with pytest.raises(ExchangeError, match="does not trade SOL/USDC"):
        paper().deliver(tick("150", symbol="SOL/USDC"))


async def test_fills_and_updates_are_told_before_the_price_that_caused_them() -> None:
    exchange = paper(fill_model=FillModel.TOUCH)
    exchange.deliver(tick("2400"))
    told: list[str] = []
    exchange.subscribe_order_fills(lambda fill: told.append("fill"))
    exchange.subscribe_order_updates(lambda report: told.append(report.state.value))
    exchange.subscribe_price_updates(PERPETUAL, lambda quote: told.append(str(quote.price)))
    await exchange.place_order(request("nb1"))
    exchange.deliver(tick("2388", 2))
    assert told == ["fill", "filled", "2388"]


async def test_a_crossing_order_that_begins_to_rest_has_no_new_state_to_tell() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    told: list[Any] = []
    exchange.subscribe_order_updates(told.append)
    await exchange.place_order(request("nb1", price="2410"))
    exchange.deliver(tick("2420", 2))
    assert told == []


async def test_prices_go_to_the_subscribers_of_their_symbol_only() -> None:
    exchange = paper(PERPETUAL, SPOT)
    told: list[Any] = []
    exchange.subscribe_price_updates(SPOT, told.append)
    exchange.deliver(tick("2400"))
    exchange.deliver(tick("2401", 2, symbol=SPOT))
    assert [quote.symbol for quote in told] == [SPOT]


async def test_more_fills_than_a_page_are_read_page_by_page() -> None:
    exchange = paper(balances={"USDC": "10000000"})
    exchange.deliver(tick("2400"))
    for number in range(PAGE + 1):
        await exchange.place_order(request(f"nb{number}", quantity=Decimal("0.1")))
    exchange.deliver(tick("2388", 2))
    first = await exchange.fills_since("")
    second = await exchange.fills_since(first.cursor)
    assert (len(first.fills), first.more) == (PAGE, True)
    assert [fill.client_order_id for fill in second.fills] == [f"nb{PAGE}"]
    assert not second.more
