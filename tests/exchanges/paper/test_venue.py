"""What is the paper exchange's own: takers, latency, money, sources and the file behind it."""

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.core.errors import DataError, ExchangeError
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    NotFound,
    OrderReport,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    TimeInForce,
    Unknown,
)
from nimbus_tui.exchanges.base import Link
from nimbus_tui.exchanges.paper.adapter import PAGE, PaperExchange
from nimbus_tui.exchanges.paper.matching import NO_BAND, FillModel
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.paper.venues import (
    PERPETUAL,
    SPOT,
    ScriptedSource,
    paper,
    request,
    tick,
)

MS = 1_000_000


async def fills(exchange: PaperExchange) -> list[tuple[str, str, str, bool]]:
    page = await exchange.fills_since("")
    return [
        (str(f.client_order_id), f"{f.price.normalize():f}", f"{f.quantity.normalize():f}", f.maker)
        for f in page.fills
    ]


async def totals(exchange: PaperExchange) -> dict[str, Decimal]:
    return {one.asset: one.total for one in await exchange.balances()}


async def state(exchange: PaperExchange, identity: str) -> OrderState:
    report = await exchange.order_status(identity, PERPETUAL)
    assert isinstance(report, OrderReport)
    return report.state


def kind(answer: object) -> RefusalKind | None:
    return answer.kind if isinstance(answer, Refused) else None


# takers


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


# latency


async def travel(clock: SimulatedClock, ts: int) -> None:
    async def settled() -> None:
        for _ in range(3):
            await asyncio.sleep(0)

    await settled()
    await clock.advance_to(ts, settled)
    await settled()


async def test_an_order_is_live_from_its_arrival_and_judged_by_the_last_tick_before_it() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1", post_only=True)))
    await travel(clock, 5 * MS)
    exchange.deliver(tick("2380", 5 * MS))
    assert not placing.done()
    assert await exchange.open_orders() == []
    exchange.deliver(tick("2395", 6 * MS))
    await travel(clock, 10 * MS)
    assert isinstance(placing.result(), Accepted)
    assert await fills(exchange) == []
    exchange.deliver(tick("2388", 11 * MS))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]


async def test_a_tick_at_the_arrival_takes_the_order_in_before_it_matches() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 0)
    exchange.deliver(tick("2388", 10 * MS))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]
    await travel(clock, 10 * MS)
    assert isinstance(placing.result(), Accepted)


async def test_post_only_is_judged_on_arrival() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1", post_only=True)))
    await travel(clock, 0)
    exchange.deliver(tick("2380", 5 * MS))
    await travel(clock, 10 * MS)
    assert kind(placing.result()) is RefusalKind.POST_ONLY_WOULD_CROSS
    assert not await exchange.open_orders()


async def test_the_same_request_twice_on_its_way_is_one_order() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    first = asyncio.create_task(exchange.place_order(request("nb1")))
    second = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 0)
    assert kind(await exchange.place_order(request("nb1", price="2300"))) is RefusalKind.DUPLICATE
    await travel(clock, 20 * MS)
    assert first.result() == second.result()
    assert isinstance(first.result(), Accepted)
    assert len(await exchange.open_orders()) == 1


async def test_two_orders_on_their_way_cannot_spend_the_same_money() -> None:
    clock = SimulatedClock(0)
    exchange = paper(SPOT, clock=clock, latency_ms=10, balances={"USDC": "3000"})
    exchange.deliver(tick("2400", 0, symbol=SPOT))
    placing = [
        asyncio.create_task(exchange.place_order(request(identity, symbol=SPOT)))
        for identity in ("nb1", "nb2")
    ]
    await travel(clock, 20 * MS)
    assert [kind(one.result()) for one in placing] == [None, RefusalKind.INSUFFICIENT_BALANCE]


class EarlyClock(SimulatedClock):
    """A clock whose sleeper wakes a little before its time, as the machine's sometimes does."""

    async def sleep_until(self, ts: int) -> None:
        await super().sleep_until(ts - 1 if self.now() < ts - 1 else ts)


async def test_a_sleeper_that_wakes_too_early_does_not_make_a_refusal() -> None:
    clock = EarlyClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 10 * MS - 1)
    assert not placing.done()
    await travel(clock, 10 * MS)
    assert isinstance(placing.result(), Accepted)


async def test_a_cancel_takes_its_time_and_may_come_too_late() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 10 * MS)
    assert placing.done()
    cancel = CancelRequest(client_order_id="nb1", symbol=PERPETUAL)
    cancelling = asyncio.create_task(exchange.cancel_order(cancel))
    await travel(clock, 15 * MS)
    exchange.deliver(tick("2388", 15 * MS))
    await travel(clock, 20 * MS)
    assert kind(cancelling.result()) is RefusalKind.NOT_FOUND
    assert await state(exchange, "nb1") is OrderState.FILLED


async def test_an_order_is_not_cancelled_under_another_symbol() -> None:
    exchange = paper(PERPETUAL, SPOT)
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1"))
    answer = await exchange.cancel_order(CancelRequest(client_order_id="nb1", symbol=SPOT))
    assert kind(answer) is RefusalKind.NOT_FOUND
    assert len(await exchange.open_orders()) == 1


# the fast path


async def test_the_quiet_band_holds_nothing_while_an_order_travels_or_waits_to_take() -> None:
    clock = SimulatedClock(0)
    exchange = paper(PERPETUAL, SPOT, clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 0)
    assert exchange.quiet_band(PERPETUAL) == NO_BAND
    assert exchange.quiet_band(SPOT) == (None, None)
    await travel(clock, 10 * MS)
    assert placing.done()
    assert exchange.quiet_band(PERPETUAL) == (Decimal(2388), None)


async def test_a_noted_tick_is_the_newest_price_and_its_time() -> None:
    exchange = paper()
    exchange.deliver(tick("2400", 1))
    exchange.note(tick("2401.5", 99))
    quote = await exchange.mark_price(PERPETUAL)
    assert (quote.price, quote.ts) == (Decimal("2401.5"), 99)
    answer = await exchange.place_order(request("nb1", price="2401.5", post_only=True))
    assert kind(answer) is RefusalKind.POST_ONLY_WOULD_CROSS


# money


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


# subscribers


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


# sources


async def pumped(exchange: PaperExchange) -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_pump_waits_for_the_clock_and_for_all_to_settle_after_each_tick() -> None:
    clock = SimulatedClock(0)
    source = ScriptedSource([tick("2400", 0), tick("2401", MS), tick("2402", 2 * MS)])
    exchange = paper(clock=clock, source=source)
    happened: list[str] = []
    exchange.subscribe_price_updates(PERPETUAL, lambda quote: happened.append(str(quote.price)))

    async def settle() -> None:
        happened.append("settling")
        await asyncio.sleep(0)
        happened.append("settled")

    exchange.settle = settle
    await exchange.connect()
    await pumped(exchange)
    assert happened == ["2400", "settling", "settled"]
    await travel(clock, 2 * MS)
    await pumped(exchange)
    assert happened == [
        "2400", "settling", "settled", "2401", "settling", "settled", "2402", "settling", "settled",
    ]  # fmt: skip
    await exchange.disconnect()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (None, "the price source has ended"),
        (DataError("prices.csv, row 3: broken"), "prices.csv, row 3: broken"),
        (RuntimeError("boom"), "the price source failed: RuntimeError: boom"),
    ],
)
async def test_a_source_that_ends_or_fails_is_shown_and_told(
    fault: Exception | None, reason: str
) -> None:
    told: list[tuple[bool, str]] = []
    source = ScriptedSource([tick("2400", 0)], fault)
    exchange = paper(source=source)
    exchange.subscribe_link(lambda is_up, why: told.append((is_up, why)))
    await exchange.connect()
    assert exchange.is_connected()
    await pumped(exchange)
    status = exchange.connection_status()
    assert (status.link, status.detail) == (Link.DISCONNECTED, reason)
    assert told == [(False, reason)]
    await exchange.disconnect()


async def test_connecting_again_after_the_end_asks_the_source_for_what_comes_next() -> None:
    source = ScriptedSource([tick("2400", 0), tick("2401", 0)])
    exchange = paper(source=source)
    await exchange.connect()
    await pumped(exchange)
    await exchange.connect()
    await pumped(exchange)
    assert source.begun_at == ["", "2"]
    assert not exchange.is_connected()
    await exchange.disconnect()


async def test_the_age_of_the_data_is_that_of_the_newest_price() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock)
    assert exchange.connection_status().data_age_ms is None
    exchange.deliver(tick("2400", 0))
    await travel(clock, 1500 * MS)
    assert exchange.connection_status().data_age_ms == 1500


# the file


async def test_a_restart_goes_on_behind_the_last_tick_with_the_same_books_and_new_ids(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.db"
    script = [tick("2400", 0), tick("2388", 0), tick("2376", 0), tick("2400", 0)]
    first = paper(store=PaperStore(path), source=ScriptedSource(script[:1]))
    await first.connect()
    await pumped(first)
    placed = [await first.place_order(request(f"nb{n}", price=f"23{n}6")) for n in (7, 8)]
    await first.disconnect()

    source = ScriptedSource(script)
    second = paper(store=PaperStore(path), source=source, balances={"USDC": "1"})
    assert [o.client_order_id for o in await second.open_orders()] == ["nb7", "nb8"]
    assert await totals(second) == {"USDC": Decimal(10000)}
    assert [await second.place_order(request(f"nb{n}", price=f"23{n}6")) for n in (7, 8)] == placed
    await second.connect()
    await pumped(second)
    assert source.begun_at == ["1"]
    assert [fill[0] for fill in await fills(second)] == ["nb8", "nb7"]
    new = await second.place_order(request("nb9", price="2300"))
    ids = {one.exchange_order_id for one in [*placed, new] if isinstance(one, Accepted)}
    assert len(ids) == 3
    await second.disconnect()


async def test_what_cannot_be_written_has_not_happened(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    exchange = paper(store=PaperStore(path))
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1"))
    before = await totals(exchange)
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON venue BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        other.execute(
            "CREATE TRIGGER f2 BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        other.commit()
        told: list[Any] = []
        exchange.subscribe_order_fills(told.append)
        with pytest.raises(ExchangeError, match="full"):
            exchange.deliver(tick("2388", 2))
        placing = await exchange.place_order(request("nb2", price="2300"))
        cancelling = await exchange.cancel_order(
            CancelRequest(client_order_id="nb1", symbol=PERPETUAL)
        )
        assert isinstance(placing, Unknown)
        assert isinstance(cancelling, Unknown)
        assert told == []
        assert await totals(exchange) == before
        assert [o.client_order_id for o in await exchange.open_orders()] == ["nb1"]
        assert await exchange.order_status("nb2", PERPETUAL) == NotFound()
        other.execute("DROP TRIGGER full")
        other.execute("DROP TRIGGER f2")
        other.commit()
    exchange.deliver(tick("2388", 3))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]
    assert not await exchange.open_orders()  # the request that was lost stays lost


async def test_orders_of_a_symbol_that_left_the_config_can_still_be_seen_and_cancelled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.db"
    first = paper(store=PaperStore(path))
    first.deliver(tick("2400"))
    await first.place_order(request("nb1"))
    second = paper("BTC/USDC:USDC", store=PaperStore(path))
    assert [o.client_order_id for o in await second.open_orders()] == ["nb1"]
    answer = await second.cancel_order(CancelRequest(client_order_id="nb1", symbol=PERPETUAL))
    assert isinstance(answer, Accepted)


async def test_a_held_symbol_that_nobody_knows_any_more_is_named(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = paper("ODD/USDC:USDC", store=PaperStore(path))
    first.deliver(tick("2400", symbol="ODD/USDC:USDC"))
    await first.place_order(request("nb1", symbol="ODD/USDC:USDC"))
    with pytest.raises(ExchangeError, match="ODD/USDC:USDC"):
        paper(store=PaperStore(path))
