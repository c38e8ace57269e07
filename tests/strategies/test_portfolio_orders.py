"""What a rebalance trades, on the portfolio's own numbers: 45/28/18/9 of 10,000 to 40/30/20/10."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order, Side
from nimbus_tui.strategies.portfolio_orders import (
    Desk,
    Leg,
    Phase,
    PortfolioState,
    Round,
    absorb_fill,
    budget,
    intents,
    order_ended,
    sized_buys,
)
from nimbus_tui.strategies.portfolio_weights import Holdings
from tests.simulation.portfolio_world import GRAINS, PRICES, TARGETS, config, spot, spots

FEE = Decimal("0.001")
GRAIN = Decimal("1e-15")
"""Of the 28 digits that are reckoned with."""


def desk(targets: dict[str, Decimal] = TARGETS, fee: Decimal = Decimal(0), **more: Any) -> Desk:
    asked = config(targets, **more)
    return Desk(asked, spots(asked.coins, taker_fee=fee))


def held(cash: str, **quantities: str) -> Holdings:
    return Holdings(
        quote="USDC",
        cash=Decimal(cash),
        quantities={coin: Decimal(quantity) for coin, quantity in quantities.items()},
        prices={coin: Decimal(PRICES[coin]) for coin in quantities},
    )


EXAMPLE = held("0", BTC="0.09", ETH="1.12", SOL="18", MATIC="1800")
"""45, 28, 18 and 9 percent of 10,000."""


def test_btc_45_of_40_sells_500_and_then_buys_eth_200_sol_200_matic_100() -> None:
    wanted = intents(desk(), EXAMPLE)
    assert [(leg.asset, leg.side, leg.value) for leg in wanted.legs] == [
        ("BTC", Side.SELL, Decimal(500)),
        ("ETH", Side.BUY, Decimal(200)),
        ("SOL", Side.BUY, Decimal(200)),
        ("MATIC", Side.BUY, Decimal(100)),
    ]
    assert wanted.legs[0].quantity == Decimal("0.01")
    after = held("500", BTC="0.08", ETH="1.12", SOL="18", MATIC="1800")
    bought = sized_buys(desk(), wanted.legs[1:], after, budget(desk(), after))
    assert [(leg.asset, leg.quantity) for leg in bought] == [
        ("ETH", Decimal("0.08")),
        ("SOL", Decimal(2)),
        ("MATIC", Decimal(200)),
    ]


def test_buys_shrink_in_proportion_to_the_proceeds_after_fees() -> None:
    # 500 sold at a fee of 0.1 % leave 499.50; with their own fee the buys come to 500.5.
    costly = desk(fee=FEE)
    wanted = intents(costly, EXAMPLE)
    after = held("499.5", BTC="0.08", ETH="1.12", SOL="18", MATIC="1800")
    bought = sized_buys(costly, wanted.legs[1:], after, budget(costly, after))
    # 499.5 ÷ 500.5 of 200 is 199.60, of 100 is 99.80; then whole lots
    assert [(leg.asset, leg.quantity) for leg in bought] == [
        ("ETH", Decimal("0.0798")),
        ("SOL", Decimal("1.996")),
        ("MATIC", Decimal("199.6")),
    ]


def test_a_target_for_the_quote_keeps_that_much_cash() -> None:
    shares = {"BTC": Decimal(50), "ETH": Decimal(30), "USDC": Decimal(20)}
    wanted = intents(desk(shares), held("4000", BTC="0.1", ETH="0.4"))
    # of 10,000: BTC is right, ETH lacks 2,000, and 2,000 of the 4,000 in cash stay
    assert [(leg.asset, leg.value) for leg in wanted.legs] == [("ETH", Decimal(2000))]
    assert budget(desk(shares), held("4000", BTC="0.1", ETH="0.4")) == 2000


def test_what_is_under_the_minimum_is_left_and_reported() -> None:
    wanted = intents(desk(min_trade=Decimal(150)), EXAMPLE)
    assert [leg.asset for leg in wanted.legs] == ["BTC", "ETH", "SOL"]
    assert wanted.small == {"MATIC": Decimal(100)}


def test_buys_that_nothing_would_pay_for_are_not_wanted() -> None:
    # SOL lacks 15, but BTC and ETH are over by 5 and 10 only, which is too small to sell.
    rich = held("0", BTC="0.0801", ETH="1.204", SOL="19.85", MATIC="2000")
    wanted = intents(desk(min_trade=Decimal(12)), rich)
    assert wanted.legs == ()
    assert wanted.small == {"BTC": 5, "ETH": 10, "SOL": 15}


@st.composite
def any_holdings(draw: st.DrawFn) -> tuple[Desk, Holdings]:
    shares = draw(st.lists(st.integers(1, 40), min_size=2, max_size=5))
    coins = ["BTC", "ETH", "SOL", "MATIC"][: min(4, len(shares))]
    names = [*coins, *(["USDC"] if len(shares) > 4 else [])]
    total = sum(shares)
    targets = {n: Decimal(s * 100) / total for n, s in zip(names, shares, strict=True)}
    targets[names[-1]] = 100 - sum(t for n, t in targets.items() if n != names[-1])
    fee = draw(st.sampled_from(["0", "0.0005", "0.01"]))
    prices = {c: Decimal(draw(st.integers(1, 10**7))) * Decimal(GRAINS[c][0]) for c in coins}
    values = {c: Decimal(draw(st.integers(0, 9000))) for c in coins}
    return desk(targets, Decimal(fee)), Holdings(
        quote="USDC",
        cash=Decimal(draw(st.integers(-10, 9000))) + 11,
        quantities={c: values[c] / prices[c] for c in coins},
        prices=prices,
    )


@settings(max_examples=400, deadline=None)
@given(any_holdings())
def test_f26_a_rebalance_never_sells_everything_and_buys_it_back(
    case: tuple[Desk, Holdings],
) -> None:
    asked, now = case
    wanted = intents(asked, now)
    sells = [leg for leg in wanted.legs if leg.side is Side.SELL]
    buys = [leg for leg in wanted.legs if leg.side is Side.BUY]
    assert len({leg.asset for leg in wanted.legs}) == len(wanted.legs)
    total = now.total
    off = {c: now.value(c) - total * asked.config.target(c) / 100 for c in asked.config.coins}
    proceeds = sum((leg.quantity * leg.price for leg in sells), Decimal(0))
    paid = Decimal(1) - asked.instrument(asked.config.coins[0]).taker_fee
    sized = sized_buys(asked, buys, now, budget(asked, now) + proceeds * paid)
    turnover = proceeds + sum((leg.quantity * leg.price for leg in sized), Decimal(0))
    assert turnover <= sum(abs(distance) for distance in off.values()) + GRAIN
    for leg in [*sells, *sized]:
        assert leg.quantity * leg.price <= abs(off[leg.asset]) + GRAIN
        assert (off[leg.asset] > 0) == (leg.side is Side.SELL)
        assert leg.quantity <= now.quantities[leg.asset] or leg.side is Side.BUY
    cost = sum((leg.quantity * leg.price for leg in sized), Decimal(0)) * (2 - paid)
    spare = budget(asked, now) + proceeds * paid
    assert cost <= max(Decimal(0), spare) + GRAIN


# what comes back

LEG = Leg(asset="SOL", side=Side.BUY, value=Decimal(200), price=Decimal(100), quantity=Decimal(2))
STATE = PortfolioState(rounds=4, round=Round(number=4, phase=Phase.BUYING, legs=(LEG,), before={}))


def fill(key: str, quantity: str, **changes: Any) -> Fill:
    facts: dict[str, Any] = {
        "exchange": "sim", "trade_id": "1", "client_order_id": "x", "symbol": "SOL/USDC",
        "side": Side.BUY, "price": Decimal(100), "quantity": Decimal(quantity),
        "fee": Decimal("0.1"), "fee_asset": "USDC", "maker": False, "ts": 1, "key": key,
    }  # fmt: skip
    return Fill(**(facts | changes))


def ended(key: str, quantity: str, filled: str) -> Order:
    return Order(
        bot_id="pf", key=key, generation=0, client_order_id="x", symbol="SOL/USDC", side=Side.BUY,
        quantity=Decimal(quantity), filled=Decimal(filled),
    )  # fmt: skip


def leg_of(state: PortfolioState) -> Leg:
    assert state.round is not None
    return state.round.legs[0]


def test_a_part_that_ended_spends_its_key_and_the_rest_is_the_next_parts() -> None:
    state = absorb_fill(STATE, fill("rebalance/4.1/SOL", "0.5"), spot("SOL"))
    state = order_ended(state, ended("rebalance/4.1/SOL", "2", "0.5"))
    assert state.round is not None
    leg = leg_of(state)
    assert state.round.key(leg) == "rebalance/4.1/SOL/p2"
    assert leg.quantity - leg.spent == Decimal("1.5")
    state = absorb_fill(state, fill("rebalance/4.1/SOL/p2", "1.5"), spot("SOL"))
    assert not leg_of(state).is_open
    assert leg_of(state).orders == 2


def test_a_late_fill_of_a_spent_key_makes_the_next_part_smaller() -> None:
    state = absorb_fill(STATE, fill("rebalance/4.1/SOL", "0.5"), spot("SOL"))
    state = order_ended(state, ended("rebalance/4.1/SOL", "2", "0.5"))
    leg = leg_of(absorb_fill(state, fill("rebalance/4.1/SOL", "0.25"), spot("SOL")))
    assert leg.quantity - leg.spent == Decimal("1.25")
    assert leg.remaining == Decimal("1.25")


@pytest.mark.parametrize("key", ["close/1", "rebalance/4.2/SOL", "rebalance/3.1/SOL", "grid/0/c1"])
def test_fills_of_other_orders_leave_the_leg_alone(key: str) -> None:
    assert leg_of(absorb_fill(STATE, fill(key, "1"), spot("SOL"))) == LEG


def test_an_order_of_a_round_that_was_given_up_changes_nothing_when_it_ends() -> None:
    idle = PortfolioState(rounds=4)
    assert order_ended(idle, ended("rebalance/4.1/SOL", "2", "0.5")) == idle
    late = absorb_fill(idle, fill("rebalance/4.1/SOL", "2"), spot("SOL"))
    assert (late.round, late.turnover) == (None, 200)


def test_fees_count_in_quote_whatever_they_are_paid_in() -> None:
    in_base = fill("rebalance/4.1/SOL", "2", fee=Decimal("0.002"), fee_asset="SOL")
    state = absorb_fill(STATE, in_base, spot("SOL"))
    assert state.round is not None
    assert (state.cost, state.round.cost, state.turnover) == (
        Decimal("0.2"), Decimal("0.2"), Decimal(200),
    )  # fmt: skip
