"""Funding at the paper venue: when, on what, and never twice."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.market import FundingRate
from nimbus_tui.core.order import Side
from nimbus_tui.exchanges.paper.adapter import PAGE, PaperExchange
from nimbus_tui.exchanges.paper.funding import INTERVAL_NS, FundingSchedule
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.paper.venues import PERPETUAL, SPOT, paper, request, tick

BTC = "BTC/USDC:USDC"
HOUR = INTERVAL_NS // 8
CONSTANT = FundingSchedule(rate=Decimal("0.0001"))


def recorded(*rates: tuple[int, str], symbol: str = PERPETUAL) -> FundingSchedule:
    listed = tuple(FundingRate(ts, Decimal(rate)) for ts, rate in rates)
    return FundingSchedule(recorded={symbol: listed})


async def holding(
    exchange: PaperExchange, side: Side = Side.BUY, symbol: str = PERPETUAL
) -> PaperExchange:
    """One coin bought or sold at 2400, two nanoseconds after the first price."""
    exchange.deliver(tick("2400", 1, symbol=symbol))
    await exchange.place_order(request(f"nb-{symbol}", side, None, symbol=symbol))
    exchange.deliver(tick("2400", 2, symbol=symbol))
    return exchange


async def paid(exchange: PaperExchange) -> list[FundingPayment]:
    return list((await exchange.funding_since("")).payments)


def balance(exchange: PaperExchange) -> Decimal:
    return {one.asset: one.total for one in asyncio.run(exchange.balances())}["USDC"]


@pytest.mark.parametrize(
    ("side", "rate", "amount"),
    [
        (Side.BUY, "0.0001", "-0.24"),
        (Side.BUY, "-0.0001", "0.24"),
        (Side.SELL, "0.0001", "0.24"),
        (Side.SELL, "-0.0001", "-0.24"),
    ],
)
async def test_a_long_pays_a_positive_rate_and_a_short_receives_it(
    side: Side, rate: str, amount: str
) -> None:
    exchange = await holding(paper(funding=FundingSchedule(rate=Decimal(rate))), side)
    exchange.deliver(tick("2500", INTERVAL_NS))
    (payment,) = await paid(exchange)
    assert payment.amount == Decimal(amount)
    assert (payment.ts, payment.rate) == (INTERVAL_NS, Decimal(rate))
    assert (payment.position, payment.mark_price) == (side.sign, Decimal(2400))


async def test_the_position_and_the_price_are_those_before_the_tick_of_the_funding_time() -> None:
    exchange = await holding(paper(funding=CONSTANT))
    exchange.deliver(tick("2410", INTERVAL_NS - 1))
    await exchange.place_order(request("nb2", Side.SELL, "2420"))
    exchange.deliver(tick("2420", INTERVAL_NS + 5))
    assert [one.amount for one in await paid(exchange)] == [Decimal("-0.2410")]
    exchange.deliver(tick("2420", 2 * INTERVAL_NS))
    assert len(await paid(exchange)) == 1


async def test_every_funding_time_of_a_gap_is_charged_at_the_last_price() -> None:
    exchange = await holding(paper(funding=CONSTANT))
    exchange.deliver(tick("9999", 3 * INTERVAL_NS + 1))
    payments = await paid(exchange)
    assert [one.ts // INTERVAL_NS for one in payments] == [1, 2, 3]
    assert {one.amount for one in payments} == {Decimal("-0.24")}
    exchange.deliver(tick("9999", 3 * INTERVAL_NS + 2))
    assert len(await paid(exchange)) == 3


async def test_a_tick_of_one_symbol_is_a_funding_time_of_all() -> None:
    schedule = FundingSchedule(
        rate=Decimal("0.001"), recorded={BTC: (FundingRate(HOUR, Decimal("0.0002")),)}
    )
    exchange = paper(PERPETUAL, BTC, balances={"USDC": "100000"}, funding=schedule)
    await holding(exchange)
    await holding(exchange, Side.SELL, BTC)
    exchange.deliver(tick("2400", HOUR))
    exchange.deliver(tick("2400", INTERVAL_NS))
    assert [(one.symbol, one.ts, one.amount) for one in await paid(exchange)] == [
        (BTC, HOUR, Decimal("0.48")),
        (PERPETUAL, INTERVAL_NS, Decimal("-2.4")),
    ]


async def test_payments_of_one_gap_stand_in_the_order_of_their_times() -> None:
    schedule = FundingSchedule(
        recorded={
            PERPETUAL: (FundingRate(20, Decimal("0.001")), FundingRate(40, Decimal("0.001"))),
            BTC: (FundingRate(10, Decimal("0.001")), FundingRate(30, Decimal("0.001"))),
        }
    )
    exchange = paper(PERPETUAL, BTC, balances={"USDC": "100000"}, funding=schedule)
    await holding(exchange)
    await holding(exchange, Side.SELL, BTC)
    exchange.deliver(tick("2400", 50))
    assert [one.ts for one in await paid(exchange)] == [10, 20, 30, 40]


async def test_spot_pays_no_funding() -> None:
    exchange = await holding(paper(SPOT, funding=CONSTANT), symbol=SPOT)
    assert exchange.next_funding() is None
    exchange.deliver(tick("2400", INTERVAL_NS, symbol=SPOT))
    assert await paid(exchange) == []


async def test_recorded_rates_are_charged_at_their_own_times_and_none_after_the_last() -> None:
    exchange = paper(funding=recorded((1, "0.05"), (HOUR, "0.0001"), (HOUR + 7, "0")))
    await holding(exchange)
    exchange.deliver(tick("2400", HOUR - 1))
    assert await paid(exchange) == []
    assert exchange.next_funding() == HOUR
    exchange.deliver(tick("2400", 99 * INTERVAL_NS))
    assert [(one.ts, one.amount) for one in await paid(exchange)] == [(HOUR, Decimal("-0.24"))]
    assert exchange.next_funding() is None


async def test_a_restart_neither_repeats_nor_forgets_a_payment(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = await holding(paper(store=PaperStore(path), funding=CONSTANT))
    first.deliver(tick("2400", INTERVAL_NS))
    again = paper(store=PaperStore(path), funding=CONSTANT)
    again.deliver(tick("2400", INTERVAL_NS))
    again.deliver(tick("2400", 2 * INTERVAL_NS - 1))
    assert await paid(again) == await paid(first)
    # While it was off one funding time passed.
    third = paper(store=PaperStore(path), funding=CONSTANT)
    third.deliver(tick("3000", 2 * INTERVAL_NS + 1))
    payments = await paid(third)
    assert [(one.funding_id, one.ts) for one in payments] == [
        ("paper-f1", INTERVAL_NS),
        ("paper-f2", 2 * INTERVAL_NS),
    ]
    assert payments[1].amount == Decimal("-0.24")


async def test_what_could_not_be_written_has_not_been_charged(tmp_path: Path) -> None:
    store = PaperStore(tmp_path / "paper.db")
    exchange = await holding(paper(store=store, funding=CONSTANT))
    told: list[FundingPayment] = []
    exchange.subscribe_funding(told.append)
    before = await exchange.balances()
    store._connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON funding BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(Exception, match="full"):
        exchange.deliver(tick("2400", INTERVAL_NS))
    assert (told, await exchange.balances()) == ([], before)
    store._connection.execute("DROP TRIGGER full")
    exchange.deliver(tick("2400", INTERVAL_NS))
    assert [one.amount for one in told] == [Decimal("-0.24")]


async def test_in_a_replay_the_funding_times_are_those_of_the_recording() -> None:
    exchange = await holding(paper(funding=CONSTANT))
    shifted = msgspec.structs.replace(tick("2400", 10 * INTERVAL_NS), recorded_ts=INTERVAL_NS + 4)
    exchange.deliver(shifted)
    (payment,) = await paid(exchange)
    assert payment.ts == 10 * INTERVAL_NS - 4


async def test_prices_that_begin_anew_charge_nothing_for_the_time_in_between() -> None:
    exchange = await holding(paper(funding=CONSTANT))
    exchange.deliver(tick("2400", INTERVAL_NS))
    exchange.deliver(tick("2400", 5))
    assert len(await paid(exchange)) == 1
    exchange.deliver(tick("2400", INTERVAL_NS))
    assert len(await paid(exchange)) == 2


async def test_pages_end_where_the_venue_says() -> None:
    exchange = await holding(paper(funding=CONSTANT))
    exchange.deliver(tick("2400", (PAGE + 1) * INTERVAL_NS))
    first = await exchange.funding_since("")
    second = await exchange.funding_since(first.cursor)
    assert (len(first.payments), first.more) == (PAGE, True)
    assert (len(second.payments), second.more) == (1, False)


times = st.lists(st.integers(0, 60), unique=True, max_size=15).map(sorted)


@given(times, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_no_funding_time_is_left_out_or_taken_twice_however_the_time_is_cut(
    rates: list[int], first: int, second: int, third: int
) -> None:
    schedule = recorded(*((ts, "0.0001") for ts in rates))
    a, b, c = sorted((first, second, third))
    parts = [*schedule.due(PERPETUAL, a, b), *schedule.due(PERPETUAL, b, c)]
    assert parts == schedule.due(PERPETUAL, a, c)
    assert [rate.ts for rate in parts] == [ts for ts in rates if a < ts <= c]
    assert schedule.next_after([PERPETUAL], a) == min((t for t in rates if t > a), default=None)


@given(st.integers(0, 5 * INTERVAL_NS), st.integers(0, 5 * INTERVAL_NS))
def test_a_constant_rate_is_due_every_eight_hours(one: int, other: int) -> None:
    a, b = sorted((one, other))
    due = [rate.ts for rate in CONSTANT.due(PERPETUAL, a, b)]
    assert due == [ts for ts in range(0, 6 * INTERVAL_NS, INTERVAL_NS) if a < ts <= b]
    following = CONSTANT.next_after([PERPETUAL], a)
    assert following is not None
    assert 0 < following - a <= INTERVAL_NS
    assert following % INTERVAL_NS == 0
    assert FundingSchedule().due(PERPETUAL, a, b) == []


def test_the_clock_of_the_venue_is_not_asked() -> None:
    exchange = asyncio.run(holding(paper(funding=CONSTANT, clock=SimulatedClock(10**18))))
    before = balance(exchange)
    exchange.deliver(tick("2400", INTERVAL_NS))
    assert balance(exchange) - before == Decimal("-0.24")
