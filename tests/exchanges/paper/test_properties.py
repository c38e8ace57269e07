"""What holds for the paper venue whatever is asked of it, and whatever the market does."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.market import FundingRate
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    OrderReport,
    OrderState,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.matching import FillModel
from tests.exchanges.paper.venues import PERPETUAL, SPOT, paper, request, tick

START = {"USDC": "5000", "ETH": "2"}

prices = st.integers(-12, 12).map(lambda step: f"{2400 + step}.00")
quantities = st.integers(5, 600).map(lambda lots: Decimal(lots) / 1000)
flags = st.sampled_from(
    [
        {},
        {"post_only": True},
        {"reduce_only": True},
        {"time_in_force": TimeInForce.IOC},
        {"time_in_force": TimeInForce.IOC, "reduce_only": True},
    ]
)
orders = st.builds(
    lambda symbol, side, price, quantity, terms: {
        "symbol": symbol,
        "side": side,
        "price": price,
        "quantity": quantity,
        **terms,
    },
    st.sampled_from([SPOT, PERPETUAL, PERPETUAL]),
    st.sampled_from(list(Side)),
    st.none() | prices,
    quantities,
    flags,
)
ticks = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from([SPOT, PERPETUAL]),
        "price": prices,
        "size": st.sampled_from(["0", "0.0004", "0.3", "2.00049"]),
    }
)
# Now and then a cancel, mostly orders and the ticks that fill them: a story should trade.
steps = st.lists(
    st.tuples(st.just("place"), orders)
    | st.tuples(st.just("tick"), ticks)
    | st.tuples(st.just("cancel"), st.integers(0, 12)),
    min_size=20,
    max_size=50,
)
venues = st.fixed_dictionaries(
    {
        "fill_model": st.sampled_from(list(FillModel)),
        "partial_fills": st.booleans(),
        "slippage_percent": st.sampled_from([Decimal(0), Decimal("0.03")]),
        "fee_in_base": st.booleans(),
        "funding": st.sampled_from(
            [
                FundingSchedule(),
                # A time of which ticks come before, at and after, and one of either sign.
                FundingSchedule(
                    recorded={
                        PERPETUAL: tuple(
                            FundingRate(ts, Decimal("0.00013") * (-1) ** ts)
                            for ts in range(5, 60, 3)
                        )
                    }
                ),
            ]
        ),
    }
)


class Run:
    """One story at one venue, and everything that it told."""

    def __init__(self, **venue: Any) -> None:
        self.exchange: PaperExchange = paper(SPOT, PERPETUAL, balances=START, **venue)
        self.fills: list[Fill] = []
        self.payments: list[FundingPayment] = []
        self.reports: list[OrderReport] = []
        self.accepted_at: dict[str, int] = {}
        self.wanted: dict[str, Any] = {}
        self.prices: list[tuple[int, Decimal]] = []
        self.now = 0
        self.exchange.subscribe_order_fills(self.fills.append)
        self.exchange.subscribe_funding(self.payments.append)
        self.exchange.subscribe_order_updates(self.reports.append)

    async def live(self, story: list[tuple[str, Any]]) -> "Run":
        for symbol in (SPOT, PERPETUAL):
            self.move(symbol=symbol, price="2400", size="0")
        for verb, terms in story:
            if verb == "place":
                await self.place(**terms)
            elif verb == "tick":
                self.move(**terms)
            else:
                identity = f"nb{terms}"
                symbol = self.wanted[identity].symbol if identity in self.wanted else SPOT
                await self.exchange.cancel_order(
                    CancelRequest(client_order_id=identity, symbol=symbol)
                )
        return self

    async def place(self, side: Side, price: str | None, **terms: Any) -> None:
        wanted = request(f"nb{len(self.wanted)}", side, price, **terms)
        self.wanted[wanted.client_order_id] = wanted
        if isinstance(await self.exchange.place_order(wanted), Accepted):
            self.accepted_at[wanted.client_order_id] = self.now

    def move(self, symbol: str, price: str, size: str) -> None:
        self.now += 1
        if symbol == PERPETUAL:
            self.prices.append((self.now, Decimal(price)))
        self.exchange.deliver(tick(price, self.now, size=size, symbol=symbol))


def lived(story: list[tuple[str, Any]], venue: dict[str, Any]) -> Run:
    async def told() -> Run:
        return await Run(**venue).live(story)

    return asyncio.run(told())


many = settings(max_examples=80, deadline=None)


@many
@given(steps, venues)
def test_balances_change_by_the_sum_of_fills_fees_and_funding_to_the_last_digit(
    story: list[tuple[str, Any]], venue: dict[str, Any]
) -> None:
    run = lived(story, venue)
    expected: dict[str, Decimal] = defaultdict(Decimal, {a: Decimal(b) for a, b in START.items()})
    position = Position()
    for fill in run.fills:
        expected[fill.fee_asset] -= fill.fee
        if fill.symbol == SPOT:
            expected["ETH"] += fill.signed_quantity
            expected["USDC"] -= fill.signed_quantity * fill.price
        else:
            position, realized = trade(position, fill.signed_quantity, fill.price, Decimal(0))
            expected["USDC"] += realized
    for payment in run.payments:
        expected["USDC"] += payment.amount
    actual = {one.asset: one.total for one in asyncio.run(run.exchange.balances())}
    assert {asset: total for asset, total in expected.items() if total} == actual
    held = {one.symbol: one.quantity for one in asyncio.run(run.exchange.positions())}
    assert ({PERPETUAL: position.quantity} if position.quantity else {}) == held


@many
@given(steps, venues)
def test_funding_is_minus_position_times_price_times_rate_as_they_stood_before(
    story: list[tuple[str, Any]], venue: dict[str, Any]
) -> None:
    run = lived(story, venue)
    expected = []
    for ts in range(5, run.now + 1, 3) if venue["funding"].recorded else ():
        held = sum(
            (f.signed_quantity for f in run.fills if f.symbol == PERPETUAL and f.ts < ts),
            Decimal(0),
        )
        price = next(price for at, price in reversed(run.prices) if at < ts)
        if held:
            expected.append((ts, -held * price * Decimal("0.00013") * (-1) ** ts))
    assert [(payment.ts, payment.amount) for payment in run.payments] == expected
    assert list(asyncio.run(run.exchange.funding_since("")).payments) == run.payments


@many
@given(steps, venues)
def test_an_order_never_fills_beyond_its_quantity_its_limit_or_before_the_next_tick(
    story: list[tuple[str, Any]], venue: dict[str, Any]
) -> None:
    run = lived(story, venue)
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in run.fills:
        wanted = run.wanted[fill.client_order_id]
        filled[fill.client_order_id] += fill.quantity
        assert fill.quantity > 0
        assert fill.quantity % Decimal("0.001") == 0
        assert fill.ts > run.accepted_at[fill.client_order_id]
        if wanted.price is not None:
            assert (fill.price - wanted.price) * fill.side.sign <= 0
        assert fill.maker or not wanted.post_only
    for identity, quantity in filled.items():
        report = asyncio.run(run.exchange.order_status(identity, run.wanted[identity].symbol))
        assert isinstance(report, OrderReport)
        assert quantity == report.filled <= run.wanted[identity].quantity
        assert (report.state is OrderState.FILLED) == (quantity == run.wanted[identity].quantity)


@many
@given(steps, venues)
def test_what_is_told_is_what_is_kept(story: list[tuple[str, Any]], venue: dict[str, Any]) -> None:
    run = lived(story, venue)
    assert list(asyncio.run(run.exchange.fills_since("")).fills) == run.fills
    assert len({fill.trade_id for fill in run.fills}) == len(run.fills)
    ended = [one.client_order_id for one in run.reports if one.state.is_final]
    assert len(set(ended)) == len(ended)
    live = {one.client_order_id for one in asyncio.run(run.exchange.open_orders())}
    assert run.accepted_at.keys() == live | set(ended)
    assert not live & set(ended)


@many
@given(steps, venues)
def test_spot_alone_never_spends_what_is_not_there(
    story: list[tuple[str, Any]], venue: dict[str, Any]
) -> None:
    spot = [
        (verb, {**terms, "symbol": SPOT} if isinstance(terms, dict) else terms)
        for verb, terms in story
    ]
    run = lived(spot, venue)
    for one in asyncio.run(run.exchange.balances()):
        assert one.total >= 0
        assert one.locked >= 0


@many
@given(steps, venues)
def test_a_reduce_only_order_never_opens_or_turns_a_position(
    story: list[tuple[str, Any]], venue: dict[str, Any]
) -> None:
    run = lived(story, venue)
    held = Decimal(0)
    for fill in run.fills:
        if fill.symbol != PERPETUAL:
            continue
        before, held = held, held + fill.signed_quantity
        if run.wanted[fill.client_order_id].reduce_only:
            assert abs(held) < abs(before)
            assert held * before >= 0


@many
@given(st.lists(orders, max_size=6), venues, st.lists(prices, min_size=1, max_size=20))
def test_no_tick_inside_the_quiet_band_fills_anything(
    wanted: list[dict[str, Any]], venue: dict[str, Any], moves: list[str]
) -> None:
    run = lived([("place", terms) for terms in wanted], venue)
    for price in moves:
        below, above = run.exchange.quiet_band(PERPETUAL)
        inside = (below is None or Decimal(price) > below) and (
            above is None or Decimal(price) < above
        )
        told = len(run.reports)
        run.move(PERPETUAL, price, "0")
        assert not inside or len(run.reports) == told
