"""Reconcile turns what rests into what should rest, with one order per key at any time."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.order import DesiredOrder, Order, OrderState, Side
from nimbus_tui.core.plan import ReviewedPlan
from nimbus_tui.orders.live_orders import LiveOrders
from nimbus_tui.orders.reconcile import Cancel, Place, reconcile

KEYS = [f"grid/{level:+d}/c1" for level in range(-4, 5)]


def desired(key: str, price: int = 100, quantity: int = 1) -> DesiredOrder:
    return DesiredOrder(
        key=key,
        symbol="ETH/USDC",
        side=Side.BUY,
        price=Decimal(price),
        quantity=Decimal(quantity),
    )


def resting(wish: DesiredOrder, state: OrderState = OrderState.OPEN, generation: int = 0) -> Order:
    return Order(
        bot_id="b",
        key=wish.key,
        generation=generation,
        client_order_id=f"{wish.key}#{generation}",
        symbol=wish.symbol,
        side=wish.side,
        price=wish.price,
        quantity=wish.quantity,
        state=state,
    )


def test_what_is_missing_is_placed_and_what_is_surplus_cancelled_first() -> None:
    kept, gone, new = (desired(key) for key in KEYS[:3])
    live = LiveOrders((resting(kept), resting(gone)))
    actions = reconcile(ReviewedPlan((new, kept)), live)
    assert actions == [Cancel(resting(gone)), Place(new)]


def test_a_changed_order_is_cancelled_and_placed_only_when_the_key_is_free() -> None:
    old, new = desired(KEYS[0], price=100), desired(KEYS[0], price=101)
    live = LiveOrders((resting(old),))
    assert reconcile(ReviewedPlan((new,)), live) == [Cancel(resting(old))]
    assert reconcile(ReviewedPlan((new,)), LiveOrders()) == [Place(new)]


def test_a_partial_fill_alone_changes_nothing() -> None:
    wish = desired(KEYS[0], quantity=3)
    part = msgspec.structs.replace(resting(wish, OrderState.PARTIALLY_FILLED), filled=Decimal(1))
    assert reconcile(ReviewedPlan((wish,)), LiveOrders((part,))) == []


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.UNKNOWN])
def test_an_unanswered_key_is_frozen(state: OrderState) -> None:
    live = LiveOrders((resting(desired(KEYS[0]), state),))
    assert reconcile(ReviewedPlan(()), live) == []
    assert reconcile(ReviewedPlan((desired(KEYS[0], price=7),)), live) == []


def test_a_cancel_under_way_is_not_sent_again() -> None:
    order = msgspec.structs.replace(resting(desired(KEYS[0])), cancel_requested=True)
    assert reconcile(ReviewedPlan(()), LiveOrders((order,))) == []


def test_two_wishes_under_one_key_are_refused() -> None:
    with pytest.raises(InvariantViolated):
        reconcile(ReviewedPlan((desired(KEYS[0]), desired(KEYS[0], price=3))), {})


plans = st.dictionaries(
    st.sampled_from(KEYS), st.tuples(st.integers(90, 110), st.integers(1, 5))
).map(lambda wishes: tuple(desired(key, *terms) for key, terms in wishes.items()))


def carried_out(live: LiveOrders, plan: tuple[DesiredOrder, ...], generation: int) -> LiveOrders:
    orders = dict(live)
    for action in reconcile(ReviewedPlan(plan), live):
        match action:
            case Cancel(order):
                del orders[order.key]
            case Place(wish):
                assert wish.key not in orders
                orders[wish.key] = resting(wish, generation=generation)
    return LiveOrders(tuple(orders.values()))


@given(st.lists(plans, min_size=1, max_size=6))
def test_two_rounds_reach_any_plan_and_a_third_changes_nothing(
    sequence: list[tuple[DesiredOrder, ...]],
) -> None:
    live = LiveOrders()
    for number, plan in enumerate(sequence):
        live = carried_out(live, plan, 2 * number)
        live = carried_out(live, plan, 2 * number + 1)
        assert {wish.key: (wish.price, wish.quantity) for wish in plan} == {
            key: (order.price, order.quantity) for key, order in live.items()
        }
        assert reconcile(ReviewedPlan(plan), live) == []


states = st.sampled_from([s for s in OrderState if not s.is_final])


@given(
    plans,
    plans,
    st.lists(states, min_size=9, max_size=9),
    st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_no_action_ever_makes_two_live_orders_under_one_key(
    resting_plan: tuple[DesiredOrder, ...],
    wanted: tuple[DesiredOrder, ...],
    order_states: list[OrderState],
    cancelling: list[bool],
) -> None:
    live = LiveOrders(
        tuple(
            msgspec.structs.replace(resting(wish, state), cancel_requested=flag)
            for wish, state, flag in zip(resting_plan, order_states, cancelling, strict=False)
        )
    )
    actions = reconcile(ReviewedPlan(wanted), live)
    placed = [action.desired.key for action in actions if isinstance(action, Place)]
    assert len(placed) == len(set(placed))
    assert not set(placed) & set(live)
    assert all(
        action.order.state in {OrderState.OPEN, OrderState.PARTIALLY_FILLED}
        for action in actions
        if isinstance(action, Cancel)
    )
