"""The gate on its own: steps, validation and what a replacement must pass."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.order import DesiredOrder, Order, OrderState, OrderType, Side
from nimbus_tui.core.plan import Plan
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.gate import Situation, VenueSync, review
from nimbus_tui.risk.limits import RiskLimits
from tests.simulation.worlds import instrument

SYMBOL = "ETH/USDC:USDC"


def wish(key: str = "a", **changes: Any) -> DesiredOrder:
    terms: dict[str, Any] = {
        "key": key,
        "symbol": SYMBOL,
        "side": Side.BUY,
        "price": Decimal(2388),
        "quantity": Decimal("0.05"),
    }
    return DesiredOrder(**(terms | changes))


def resting(key: str = "a", **changes: Any) -> Order:
    terms: dict[str, Any] = {
        "bot_id": "grid",
        "key": key,
        "generation": 0,
        "client_order_id": f"nb-{key}",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "price": Decimal(2388),
        "quantity": Decimal("0.05"),
        "state": OrderState.OPEN,
    }
    return Order(**(terms | changes))


def situation(**changes: Any) -> Situation:
    terms: dict[str, Any] = {
        "step": RiskStep.NORMAL,
        "positions": {SYMBOL: Decimal(0)},
        "prices": {SYMBOL: Decimal(2400)},
        "instruments": {SYMBOL: instrument()},
        "limits": RiskLimits(),
    }
    return Situation(**(terms | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": Decimal("2388.005")}, "tick size"),
        ({"quantity": Decimal("0.05005")}, "lot size"),
        ({"quantity": Decimal(0)}, "lot size"),
        ({"quantity": Decimal("0.004")}, "minimum"),
        ({"price": Decimal(2700)}, "collar"),
    ],
)
def test_an_order_that_breaks_a_rule_is_held_back_with_both_numbers(
    changes: dict[str, Decimal], words: str
) -> None:
    reviewed = review(Plan((wish(**changes),)), situation())
    assert reviewed.orders == ()
    assert words in reviewed.held_back["a"]


def test_the_collar_is_about_giving_money_away_and_not_about_waiting_far_off() -> None:
    far = wish(price=Decimal(1000))
    assert review(Plan((far,)), situation()).orders == (far,)


@pytest.mark.parametrize("changes", [{"quantity": Decimal("0.004")}, {"price": Decimal(2700)}])
def test_f24_what_rests_stays_while_its_replacement_is_not_allowed(
    changes: dict[str, Decimal],
) -> None:
    live = {"a": resting()}
    reviewed = review(Plan((wish(**changes),)), situation(live=live))
    assert reviewed.orders == (wish(),)
    assert "a" in reviewed.held_back


def test_what_rests_as_it_is_wished_is_not_looked_at_again() -> None:
    odd = {"quantity": Decimal("0.004")}
    reviewed = review(Plan((wish(**odd),)), situation(live={"a": resting(**odd)}))
    assert reviewed.orders == (wish(**odd),)
    assert reviewed.held_back == {}


def test_a_pause_does_not_keep_what_it_would_have_trimmed() -> None:
    sell = {"side": Side.SELL, "price": Decimal(2412)}
    paused = situation(
        step=RiskStep.PAUSE,
        positions={SYMBOL: Decimal("0.001")},
        instruments={SYMBOL: instrument("ETH/USDC")},
        live={"a": resting(**sell)},
    )
    assert review(Plan((wish(**sell),)), paused).orders == ()


def test_a_pause_keeps_reducing_orders_best_price_first_until_they_match_the_position() -> None:
    sells = [
        wish(f"s{price}", side=Side.SELL, price=Decimal(price)) for price in (2436, 2412, 2424)
    ]
    paused = situation(step=RiskStep.PAUSE, positions={SYMBOL: Decimal("0.08")})
    reviewed = review(Plan((*sells, wish("b"))), paused)
    assert [(o.key, o.quantity) for o in reviewed.orders] == [
        ("s2412", Decimal("0.05")),
        ("s2424", Decimal("0.03")),
    ]
    assert set(reviewed.held_back) == {"s2436", "b"}


def test_the_trimmed_order_of_a_perpetual_only_reduces() -> None:
    sell = wish(side=Side.SELL, price=Decimal(2412))
    paused = situation(step=RiskStep.PAUSE, positions={SYMBOL: Decimal("0.02")})
    (trimmed,) = review(Plan((sell,)), paused).orders
    assert (trimmed.quantity, trimmed.reduce_only) == (Decimal("0.02"), True)


@pytest.mark.parametrize("step", [RiskStep.STOP, RiskStep.EMERGENCY])
def test_a_stop_leaves_nothing_but_what_closes(step: RiskStep) -> None:
    close = wish("close/1", type=OrderType.MARKET, price=None, side=Side.SELL)
    reviewed = review(Plan((wish(),)), situation(step=step, closing=(close,)))
    assert reviewed.orders == (close,)
    assert reviewed.held_back == {"a": "stopped"}


@pytest.mark.parametrize("sync", [VenueSync.NEVER, VenueSync.LOST])
def test_out_of_step_with_the_venue_nothing_new_leaves_and_what_rests_stays(
    sync: VenueSync,
) -> None:
    plan = Plan((wish("rests"), wish("new")))
    reviewed = review(plan, situation(sync=sync, live={"rests": resting("rests")}))
    assert [order.key for order in reviewed.orders] == ["rests"]
    assert "in step" in reviewed.held_back["new"]


@pytest.mark.parametrize(
    ("sync", "leaves"), [(VenueSync.NEVER, False), (VenueSync.LOST, True), (VenueSync.NOW, True)]
)
def test_an_exit_leaves_while_the_line_is_lost_but_never_before_the_first_comparison(
    sync: VenueSync, leaves: bool
) -> None:
    closing = wish("close/1", side=Side.SELL, type=OrderType.MARKET, price=None)
    reviewed = review(Plan(), situation(sync=sync, step=RiskStep.STOP, closing=(closing,)))
    assert bool(reviewed.orders) is leaves


def test_f09_nothing_is_added_beside_an_order_that_is_still_being_cancelled() -> None:
    live = {"a": resting()}
    other = wish("b")
    assert review(Plan((other,)), situation(live=live)).orders == ()
    assert review(Plan((wish(), other)), situation(live=live)).orders == (wish(), other)
    held = review(Plan((other,)), situation(live=live)).held_back["b"]
    assert held == "waits: a is still being cancelled"


@pytest.mark.parametrize(("side", "position"), [(Side.SELL, Decimal(0)), (Side.BUY, Decimal(-1))])
def test_another_side_and_what_reduces_need_not_wait_for_a_cancel(
    side: Side, position: Decimal
) -> None:
    other = wish("b", side=side)
    there = situation(live={"a": resting()}, positions={SYMBOL: position})
    assert review(Plan((other,)), there).orders == (other,)


def test_an_order_that_stays_for_want_of_a_valid_replacement_holds_nobody_up() -> None:
    small, other = wish(quantity=Decimal("0.004")), wish("b")
    reviewed = review(Plan((small, other)), situation(live={"a": resting()}))
    assert reviewed.orders == (wish(), other)
