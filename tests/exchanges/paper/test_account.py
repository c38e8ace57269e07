"""The money of a paper account: balances, fees, margin, and what only reduces a position."""

from decimal import Decimal

import pytest

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    OrderReport,
    OrderState,
    RefusalKind,
    Side,
)
from tests.exchanges.paper.venues import (
    PERPETUAL,
    SPOT,
    fills,
    kind,
    paper,
    request,
    state,
    tick,
    totals,
)


@pytest.mark.parametrize(
    ("fee_in_base", "expected"),
    [
        (False, {"USDC": "7611.5224", "ETH": "1"}),
        (True, {"USDC": "7612", "ETH": "0.9998"}),
    ],
)
async def test_a_spot_buy_moves_both_balances_and_pays_its_fee(
    fee_in_base: bool, expected: dict[str, str]
) -> None:
    exchange = paper(SPOT, fee_in_base=fee_in_base)
    exchange.deliver(tick("2400", symbol=SPOT))
    await exchange.place_order(request("nb1", symbol=SPOT))
    exchange.deliver(tick("2388", 2, symbol=SPOT))
    assert {a: Decimal(b) for a, b in expected.items()} == await totals(exchange)


async def test_a_spot_sell_needs_the_coins_and_pays_in_quote() -> None:
    exchange = paper(SPOT, balances={"USDC": "0", "ETH": "1.5"}, fee_in_base=True)
    exchange.deliver(tick("2400", symbol=SPOT))
    sell = request("nb1", Side.SELL, "2412", symbol=SPOT)
    assert isinstance(await exchange.place_order(sell), Accepted)
    second = await exchange.place_order(request("nb2", Side.SELL, "2424", symbol=SPOT))
    assert kind(second) is RefusalKind.INSUFFICIENT_BALANCE
    exchange.deliver(tick("2412", 2, symbol=SPOT))
    assert await totals(exchange) == {"ETH": Decimal("0.5"), "USDC": Decimal("2411.5176")}


async def test_resting_orders_hold_their_money_until_they_end() -> None:
    exchange = paper(SPOT, balances={"USDC": "5000"})
    exchange.deliver(tick("2400", symbol=SPOT))
    await exchange.place_order(request("nb1", symbol=SPOT))
    await exchange.place_order(request("nb2", symbol=SPOT, price="2376"))
    refused = await exchange.place_order(request("nb3", symbol=SPOT, price="2364"))
    assert kind(refused) is RefusalKind.INSUFFICIENT_BALANCE
    await exchange.cancel_order(CancelRequest(client_order_id="nb1", symbol=SPOT))
    accepted = await exchange.place_order(request("nb3", symbol=SPOT, price="2364"))
    assert isinstance(accepted, Accepted)


async def test_a_market_buy_takes_no_more_than_the_balance_pays_when_the_price_has_run() -> None:
    exchange = paper(SPOT, balances={"USDC": "2402"})
    exchange.deliver(tick("2400", symbol=SPOT))
    answer = await exchange.place_order(request("nb1", price=None, symbol=SPOT))
    assert isinstance(answer, Accepted)
    exchange.deliver(tick("2500", 2, symbol=SPOT))
    after = await totals(exchange)
    assert after["ETH"] == Decimal("0.960")
    assert after["USDC"] == Decimal("2402") - Decimal("0.960") * 2500 * Decimal("1.0005")
    assert await state(exchange, "nb1") is OrderState.CANCELLED


async def test_margin_counts_what_rests_on_the_worse_side() -> None:
    exchange = paper(balances={"USDC": "100"})
    exchange.deliver(tick("2400"))
    small = Decimal("0.2")
    answers = [
        await exchange.place_order(request(f"nb{n}", side, price, quantity=small))
        for n, (side, price) in enumerate(
            [(Side.BUY, "2388"), (Side.SELL, "2412"), (Side.BUY, "2376"), (Side.SELL, "2424"),
             (Side.BUY, "2364")]
        )
    ]  # fmt: skip
    assert [kind(answer) for answer in answers] == [
        None, None, None, None, RefusalKind.INSUFFICIENT_BALANCE,
    ]  # fmt: skip


async def test_what_reduces_a_position_needs_no_margin() -> None:
    exchange = paper(balances={"USDC": "100"})
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None, quantity=Decimal("0.4")))
    exchange.deliver(tick("2400", 2))
    exchange.deliver(tick("2200", 3))  # equity is below the margin of the position now
    more = await exchange.place_order(request("nb2", price="2190", quantity=Decimal("0.01")))
    assert kind(more) is RefusalKind.INSUFFICIENT_BALANCE
    less = request("nb3", Side.SELL, "2210", quantity=Decimal("0.4"))
    assert isinstance(await exchange.place_order(less), Accepted)


async def test_reduce_only_orders_use_no_margin() -> None:
    exchange = paper(balances={"USDC": "100"})
    exchange.deliver(tick("2400"))
    for number in range(3):
        sell = request(f"nb{number}", Side.SELL, "2412", quantity=Decimal("0.4"), reduce_only=True)
        assert isinstance(await exchange.place_order(sell), Accepted)
    opening = request("nb9", Side.SELL, "2412", quantity=Decimal("0.4"))
    assert isinstance(await exchange.place_order(opening), Accepted)


async def test_what_is_margin_of_a_perpetual_is_not_free_for_spot() -> None:
    exchange = paper(SPOT, PERPETUAL, balances={"USDC": "1000"}, leverage=Decimal(2))
    exchange.deliver(tick("2400", symbol=SPOT))
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price="2388", quantity=Decimal("0.5")))
    too_much = request("nb2", symbol=SPOT, quantity=Decimal("0.2"))
    assert kind(await exchange.place_order(too_much)) is RefusalKind.INSUFFICIENT_BALANCE
    within = request("nb3", symbol=SPOT, quantity=Decimal("0.16"))
    assert isinstance(await exchange.place_order(within), Accepted)


@pytest.mark.parametrize(("money", "refused"), [("2389.194", None), ("2389.193", "refused")])
async def test_a_spot_buy_reserves_its_fee_too(money: str, refused: str | None) -> None:
    exchange = paper(SPOT, balances={"USDC": money})
    exchange.deliver(tick("2400", symbol=SPOT))
    answer = await exchange.place_order(request("nb1", symbol=SPOT))
    assert (kind(answer) is RefusalKind.INSUFFICIENT_BALANCE) == (refused is not None)


async def test_a_fee_paid_in_coins_needs_no_reserve_in_quote() -> None:
    exchange = paper(SPOT, balances={"USDC": "2388"}, fee_in_base=True)
    exchange.deliver(tick("2400", symbol=SPOT))
    assert isinstance(await exchange.place_order(request("nb1", symbol=SPOT)), Accepted)


async def test_a_gain_that_is_not_realized_buys_no_coins() -> None:
    exchange = paper(SPOT, PERPETUAL, balances={"USDC": "1000"}, leverage=Decimal(100))
    exchange.deliver(tick("2400", symbol=SPOT))
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None))
    exchange.deliver(tick("2400", 2))
    exchange.deliver(tick("3400", 3))  # 1,000 of gain, 34 of margin
    dear = request("nb2", symbol=SPOT, quantity=Decimal("0.5"))
    assert kind(await exchange.place_order(dear)) is RefusalKind.INSUFFICIENT_BALANCE


async def test_what_spot_orders_hold_back_is_no_margin() -> None:
    exchange = paper(SPOT, PERPETUAL, balances={"USDC": "1000"}, leverage=Decimal(2))
    exchange.deliver(tick("2400", symbol=SPOT))
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", symbol=SPOT, quantity=Decimal("0.2")))
    opening = request("nb2", quantity=Decimal("0.5"))
    assert kind(await exchange.place_order(opening)) is RefusalKind.INSUFFICIENT_BALANCE


async def test_a_position_under_the_minimum_can_still_be_closed() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None, quantity=Decimal("0.005")))
    exchange.deliver(tick("1900", 2))
    tiny = {"price": None, "quantity": Decimal("0.005")}
    assert kind(await exchange.place_order(request("nb2", Side.SELL, **tiny))) is (
        RefusalKind.INVALID
    )
    await exchange.place_order(request("nb3", Side.SELL, **tiny, reduce_only=True))
    exchange.deliver(tick("1900", 3))
    assert await exchange.positions() == []


async def test_an_order_on_the_wrong_side_of_the_position_reduces_nothing() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None, quantity=Decimal("0.4")))
    exchange.deliver(tick("2400", 2))
    await exchange.place_order(request("nb2", Side.BUY, "2388", reduce_only=True))
    exchange.deliver(tick("2388", 3))
    assert len(await fills(exchange)) == 1
    assert await state(exchange, "nb2") is OrderState.CANCELLED


async def test_reduce_only_is_trimmed_to_the_position_and_then_over() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None, quantity=Decimal("0.4")))
    exchange.deliver(tick("2400", 2))
    await exchange.place_order(request("nb2", Side.SELL, "2410", reduce_only=True))
    exchange.deliver(tick("2410", 3))
    assert (await fills(exchange))[1:] == [("nb2", "2410", "0.4", True)]
    report = await exchange.order_status("nb2", PERPETUAL)
    assert isinstance(report, OrderReport)
    assert (report.state, report.filled) == (OrderState.CANCELLED, Decimal("0.4"))
    assert await exchange.positions() == []


async def test_two_reduce_only_orders_in_one_tick_never_turn_the_position() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None))
    exchange.deliver(tick("2400", 2))
    for identity, price in (("nb2", "2410"), ("nb3", "2411")):
        await exchange.place_order(
            request(identity, Side.SELL, price, quantity=Decimal("0.7"), reduce_only=True)
        )
    exchange.deliver(tick("2420", 3))
    assert [fill[2] for fill in (await fills(exchange))[1:]] == ["0.7", "0.3"]
    assert await exchange.positions() == []


async def test_reduce_only_has_nothing_to_say_on_spot() -> None:
    exchange = paper(SPOT, balances={"ETH": "2"})
    exchange.deliver(tick("2400", symbol=SPOT))
    sell = request("nb1", Side.SELL, "2412", symbol=SPOT, reduce_only=True)
    assert kind(await exchange.place_order(sell)) is RefusalKind.INVALID


async def test_equity_is_every_balance_at_last_prices_and_what_positions_have_gained() -> None:
    exchange = paper(SPOT, PERPETUAL, balances={"USDC": "10000", "ETH": "1", "USDT": "50"})
    exchange.deliver(tick("2400", symbol=SPOT))
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", price=None))
    exchange.deliver(tick("2400", 2))
    exchange.deliver(tick("2410", 3))
    exchange.deliver(tick("2420", 3, symbol=SPOT))
    info = await exchange.account_info()
    assert info.currency == "USDC"
    assert info.equity == Decimal("10000") - Decimal("1.2") + 10 + 2420 + 50
    (position,) = await exchange.positions()
    assert (position.entry_price, position.unrealized_pnl) == (Decimal(2400), Decimal(10))


async def test_a_closed_position_leaves_its_gain_in_the_quote() -> None:
    exchange = paper()
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1", Side.SELL, "2412"))
    exchange.deliver(tick("2412", 2))
    await exchange.place_order(request("nb2", price="2400"))
    exchange.deliver(tick("2400", 3))
    fees = (Decimal(2412) + Decimal(2400)) * Decimal("0.0002")
    assert await totals(exchange) == {"USDC": Decimal(10012) - fees}
    assert await exchange.positions() == []


async def test_a_transfer_moves_what_is_free_and_nothing_more() -> None:
    exchange = paper(SPOT)
    exchange.deliver(tick("2400", symbol=SPOT))
    await exchange.place_order(request("nb1", symbol=SPOT))
    with pytest.raises(ExchangeError, match="free"):
        exchange.transfer("USDC", Decimal(-8000))
    exchange.transfer("USDC", Decimal(-7000))
    exchange.transfer("ETH", Decimal(2))
    assert await totals(exchange) == {"USDC": Decimal(3000), "ETH": Decimal(2)}
