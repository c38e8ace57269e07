"""The gate and the limits: what adds is counted, halved, delayed or refused; exits never are."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.ids import Asset, BotId, Symbol
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.plan import Plan, ReviewedPlan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.allowances import (
    account_allowances,
    bot_allowances,
    engine_allowances,
    refusal,
)
from nimbus_tui.risk.gate import Situation, review
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.states import BudgetState, Holding, worst_quantity
from tests.risk.inputs import account, bot, engine, number, position, said
from tests.risk.test_gate import SYMBOL, resting, situation, wish
from tests.simulation.worlds import instrument

MARK = Decimal(2400)
SIZE = RiskLimits(position_size=Decimal(600))


def buy(key: str, quantity: str = "0.05", price: int = 2388) -> DesiredOrder:
    return wish(key, quantity=Decimal(quantity), price=Decimal(price))


def sell(key: str, quantity: str = "0.05", price: int = 2412) -> DesiredOrder:
    return wish(key, side=Side.SELL, quantity=Decimal(quantity), price=Decimal(price))


def held(quantity: str = "0", **resting_orders: Decimal) -> Holding:
    return Holding(
        bot_id=BotId("eth"),
        symbol=Symbol(SYMBOL),
        quantity=Decimal(quantity),
        mark=number(str(MARK)),
        **resting_orders,
    )


def sized(
    plan: Plan, quantity: str = "0", limits: RiskLimits = SIZE, **changes: Any
) -> ReviewedPlan:
    """A review by the position size; what rests is in the holding too."""
    live = changes.get("live", {})
    sums = {
        name: sum((o.remaining for o in live.values() if o.side is side), Decimal(0))
        for name, side in (("buys", Side.BUY), ("sells", Side.SELL))
    }
    inputs = bot(position(holding=held(quantity, **sums)))
    return review(
        plan,
        situation(
            positions={SYMBOL: Decimal(quantity)},
            allowances=bot_allowances(inputs, limits),
            **changes,
        ),
    )


def keys(reviewed: ReviewedPlan) -> list[str]:
    return [order.key for order in reviewed.orders]


def test_the_orders_of_one_plan_are_counted_together() -> None:
    # Each is 120 at the mark: five are 600.
    plan = Plan(tuple(buy(f"b{number}") for number in range(6)))
    reviewed = sized(plan)
    assert keys(reviewed) == ["b0", "b1", "b2", "b3", "b4"]
    assert reviewed.held_back == {"b5": "position size would be 720.00, the limit is 600"}


def test_buys_and_sells_of_a_flat_bot_are_not_added_up() -> None:
    plan = Plan((*(buy(f"b{n}") for n in range(5)), *(sell(f"s{n}") for n in range(5))))
    assert len(sized(plan).orders) == 10


def test_what_rests_counts_and_its_replacement_takes_its_place() -> None:
    live = {"b0": resting("b0", quantity=Decimal("0.25"))}
    moved = sized(Plan((buy("b0", "0.25", 2400),)), live=live)
    assert [order.price for order in moved.orders] == [2400]
    more = sized(Plan((live["b0"].wish(), buy("b1"))), live=live)
    assert (keys(more), list(more.held_back)) == (["b0"], ["b1"])


def test_what_reduces_is_never_refused_and_what_would_turn_the_position_is_cut() -> None:
    plan = Plan((sell("s0", "0.3"), sell("s1", "0.4"), buy("b0")))
    reviewed = sized(plan, "0.5")  # 1,200 of 600
    assert [(o.key, o.quantity, o.reduce_only) for o in reviewed.orders] == [
        ("s0", Decimal("0.3"), False),
        ("s1", Decimal("0.2"), True),
    ]
    assert "position size" in reviewed.held_back["s1"]
    assert "position size" in reviewed.held_back["b0"]
    within = sized(Plan((sell("s", "0.3"),)), "0.1")  # then 480, short
    assert [order.quantity for order in within.orders] == [Decimal("0.3")]


def test_every_portfolio_rule_refuses_with_its_name_and_both_numbers() -> None:
    inputs = engine("1000", held("0.25"))
    for limits, words in (
        (EngineLimits(total_exposure=Decimal("0.7")), "total exposure would be 0.72"),
        (EngineLimits(correlation=Decimal("0.7")), "correlation would be 0.72"),
        (EngineLimits(asset_allocation=Decimal(60)), "asset allocation would be 100.00 %"),
    ):
        given = engine_allowances(inputs, limits, [Asset("ETH")])
        there = situation(positions={SYMBOL: Decimal("0.25")}, allowances=given)
        assert words in review(Plan((buy("b"),)), there).held_back["b"]
    margin = account_allowances(
        account("1000", held("0.25")), AccountLimits(leverage=Decimal("0.7"))
    )
    there = situation(positions={SYMBOL: Decimal("0.25")}, allowances=margin)
    assert "leverage would be 0.72" in review(Plan((buy("b"),)), there).held_back["b"]


def test_a_plan_that_buys_several_assets_at_once_is_judged_as_a_whole() -> None:
    eth, btc = Symbol("ETH/USDC"), Symbol("BTC/USDC")
    limits = EngineLimits(asset_allocation=Decimal(50))
    given = engine_allowances(engine("1000"), limits, [Asset("ETH"), Asset("BTC")])

    def reviewed(*orders: DesiredOrder) -> ReviewedPlan:
        there = Situation(
            step=RiskStep.NORMAL,
            positions={},
            prices={eth: MARK, btc: MARK},
            instruments={name: instrument(name) for name in (eth, btc)},
            limits=RiskLimits(),
            allowances=given,
        )
        return review(Plan(orders), there)

    one, other = (wish(name, symbol=name) for name in (eth, btc))
    assert len(reviewed(one, other).orders) == 2
    assert reviewed(one).orders == ()
    more = wish("more", symbol=eth, quantity=Decimal("0.01"))
    assert keys(reviewed(one, other, more)) == [eth, btc]


def test_without_a_mark_nothing_may_be_added() -> None:
    blind = bot(
        position(
            holding=Holding(
                bot_id=BotId("eth"), symbol=Symbol(SYMBOL), quantity=Decimal(1), mark=number(None)
            )
        )
    )
    there = situation(positions={SYMBOL: Decimal(1)}, allowances=bot_allowances(blind, SIZE))
    reviewed = review(Plan((buy("b"), sell("s"))), there)
    assert keys(reviewed) == ["s"]
    assert "missing" in reviewed.held_back["b"]


# throttle and rates


def test_throttle_halves_what_adds_and_leaves_what_reduces_and_what_rests() -> None:
    live = {"old": resting("old", price=Decimal(2376))}
    plan = Plan((buy("old", price=2376), buy("new"), sell("exit", "0.02")))
    reviewed = review(
        plan,
        situation(step=RiskStep.THROTTLE, positions={SYMBOL: Decimal("0.02")}, live=live),
    )
    assert [(o.key, o.quantity) for o in reviewed.orders] == [
        ("old", Decimal("0.05")),
        ("new", Decimal("0.025")),
        ("exit", Decimal("0.02")),
    ]
    assert "0.025" in reviewed.held_back["new"]


def test_a_halved_order_stays_while_it_rests_and_waits_while_it_is_too_small() -> None:
    half = {"new": resting("new", quantity=Decimal("0.025"), filled=Decimal("0.01"))}
    there = situation(step=RiskStep.THROTTLE, live=half, filled={"new": Decimal("0.01")})
    assert [o.quantity for o in review(Plan((buy("new"),)), there).orders] == [Decimal("0.025")]
    small = review(Plan((buy("s", "0.007"),)), situation(step=RiskStep.THROTTLE))
    assert small.orders == ()
    assert small.held_back["s"].startswith("waits: throttle halves it: notional")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"adding_left": 1}, "order rate"),
        ({"throttled_left": 1, "step": RiskStep.THROTTLE}, "throttle rate"),
    ],
)
def test_a_rate_lets_so_many_adding_orders_through_and_all_that_reduce(
    changes: dict[str, Any], rule: str
) -> None:
    plan = Plan((buy("b0"), buy("b1"), sell("s0", "0.1"), sell("s1", "0.1")))
    reviewed = review(plan, situation(positions={SYMBOL: Decimal("0.2")}, **changes))
    assert keys(reviewed) == ["b0", "s0", "s1"]
    assert reviewed.held_back["b1"].startswith(f"waits: {rule}")


def test_a_refusal_of_everything_is_about_what_adds() -> None:
    words = "api rate: 81.00 % of 80.00 %"
    there = situation(positions={SYMBOL: Decimal("0.2")}, refusal=words)
    reviewed = review(Plan((buy("b"), sell("s"))), there)
    assert (keys(reviewed), reviewed.held_back) == (["s"], {"b": words})


def test_the_api_rate_refuses_everything_and_what_is_counted_does_not() -> None:
    used = BudgetState(name="weight", used=number("81"), allowed=Decimal(100))
    busy = said("api_rate", account("1", budgets=(used,)), AccountLimits())
    full = said("position_size", bot(position(holding=held("1"))), SIZE)
    assert full.reading.refuses
    assert refusal([full, busy]) == "api rate: 81.00 % of 80.00 %"
    assert refusal([full]) == ""


# validation


def test_an_order_that_only_reduces_needs_something_to_reduce() -> None:
    order = wish("r", side=Side.SELL, price=Decimal(2412), reduce_only=True)
    assert "reduce only" in review(Plan((order,)), situation()).held_back["r"]
    long = situation(positions={SYMBOL: Decimal(1)})
    assert review(Plan((order,)), long).orders == (order,)


def test_a_second_order_under_a_key_is_left_out() -> None:
    reviewed = review(Plan((buy("b"), buy("b", price=2376))), situation())
    assert [order.price for order in reviewed.orders] == [2388]
    assert "duplicate" in reviewed.held_back["b"]


def test_spot_orders_fit_the_balance_together() -> None:
    spot = Symbol("ETH/USDC")
    there = situation(
        instruments={spot: instrument(spot)},
        prices={spot: MARK},
        positions={spot: Decimal(0)},
        free={Asset("USDC"): Decimal(200)},
    )
    orders = tuple(wish(key, symbol=spot) for key in ("a", "b"))
    reviewed = review(Plan(orders), there)
    assert keys(reviewed) == ["a"]
    assert reviewed.held_back["b"] == "balance: it needs 119.40 USDC, 80.60 is free"


# properties

ORDERS = st.lists(
    st.tuples(
        st.sampled_from([Side.BUY, Side.SELL]),
        st.integers(1, 40),
        st.integers(2300, 2500),
        st.booleans(),
    ),
    max_size=8,
)
POSITIONS = st.integers(-60, 60).map(lambda lots: Decimal(lots) / 100)


def drawn(orders: list[tuple[Side, int, int, bool]]) -> tuple[Plan, dict[Any, Any]]:
    """A plan, and those of its orders that rest already."""
    wishes = [
        wish(f"o{n}", side=side, quantity=Decimal(lots) / 100, price=Decimal(price))
        for n, (side, lots, price, _) in enumerate(orders)
    ]
    live = {
        one.key: resting(one.key, side=one.side, quantity=one.quantity, price=one.price)
        for one, (*_, rests) in zip(wishes, orders, strict=True)
        if rests
    }
    return Plan(tuple(wishes)), live


@given(ORDERS, POSITIONS, st.data())
def test_no_plan_at_pause_adds_exposure_whatever_part_of_it_fills(
    orders: list[tuple[Side, int, int, bool]], quantity: Decimal, data: st.DataObject
) -> None:
    plan, live = drawn(orders)
    paused = situation(step=RiskStep.PAUSE, positions={SYMBOL: quantity}, live=live)
    after = quantity
    for order in data.draw(st.permutations(review(plan, paused).orders)):
        lots = int(order.quantity * 10_000)
        after += order.side.sign * Decimal(data.draw(st.integers(0, lots))) / 10_000
        assert abs(after) <= abs(quantity)
        assert after * quantity >= 0


@given(ORDERS, POSITIONS, st.sampled_from(list(RiskStep)[:3]))
def test_an_order_that_reduces_is_never_blocked_by_the_levels_1_to_3(
    orders: list[tuple[Side, int, int, bool]], quantity: Decimal, step: RiskStep
) -> None:
    plan, _ = drawn(orders)
    tight = RiskLimits(position_size=Decimal(1))
    reviewed = sized(
        plan, str(quantity), tight, step=step, adding_left=0, throttled_left=0, refusal="no"
    )
    passed = {order.key: order.quantity for order in reviewed.orders}
    left = abs(quantity)
    for order in plan.orders:
        if order.side.sign * quantity < 0:
            reduces = min(left, order.quantity)
            left -= reduces
            # Less than the venue's minimum can't leave as an order on its own.
            if reduces == order.quantity and reduces * order.price >= 10:  # type: ignore[operator]
                assert passed[order.key] == order.quantity
        else:
            assert order.key not in passed


@given(ORDERS, POSITIONS, st.integers(0, 3000), st.sampled_from(list(RiskStep)[:3]))
def test_no_plan_takes_the_worst_position_further_past_its_limit(
    orders: list[tuple[Side, int, int, bool]], quantity: Decimal, limit: int, step: RiskStep
) -> None:
    plan, live = drawn(orders)
    limits = RiskLimits(position_size=Decimal(max(1, limit)))
    reviewed = sized(plan, str(quantity), limits, live=live, step=step, throttled_left=99)

    def worst(found: list[Any]) -> Decimal:
        sums = [sum((o.quantity for o in found if o.side is s), Decimal(0)) for s in Side]
        return worst_quantity(quantity, *sums) * MARK

    before = worst([*live.values()])
    # What passes the gate beside what rests; an order that turns the position may be in it.
    assert worst([*reviewed.orders]) <= max(before, limits.position_size or 0)


@given(ORDERS, POSITIONS)
def test_missing_inputs_never_lead_to_an_order(
    orders: list[tuple[Side, int, int, bool]], quantity: Decimal
) -> None:
    """Without a mark the rules pause: nothing new adds, and nothing closes."""
    from nimbus_tui.risk.escalation import Ladder, assess
    from nimbus_tui.risk.table import read_bot

    limits = RiskLimits(stop_loss=Decimal(1), take_profit=Decimal(1), position_size=Decimal(1))
    state = position(str(quantity), None)
    ladder, change = assess(Ladder(scope="eth"), read_bot(bot(state), limits), 0, 1)
    if not quantity:
        return
    assert ladder.step is RiskStep.PAUSE
    assert change is not None
    assert not change.closes
    plan, _ = drawn(orders)
    there = situation(step=ladder.step, positions={SYMBOL: quantity}, limits=limits)
    for order in review(plan, there).orders:
        assert order.side.sign * quantity < 0
