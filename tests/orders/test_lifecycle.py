"""The table of order states, transcribed from the product's definition, and what messages do."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.errors import InvariantViolated
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import (
    Accepted,
    Order,
    OrderReport,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    Unknown,
)
from nimbus_tui.orders import lifecycle

MAY_FOLLOW = """
pending: open partially_filled filled cancelled rejected expired unknown
unknown: open partially_filled filled cancelled rejected expired
open: partially_filled filled cancelled expired
partially_filled: filled cancelled expired
cancelled: filled
expired: filled
rejected: filled
filled:
"""


def order(state: OrderState = OrderState.PENDING, filled: str = "0", reason: str = "") -> Order:
    return Order(
        bot_id="b",
        key="grid/+1/c1",
        generation=0,
        client_order_id="nb0000aa",
        symbol="ETH/USDC",
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal(2400),
        state=state,
        filled=Decimal(filled),
        reason=reason,
    )


def report(state: OrderState, filled: str = "0") -> OrderReport:
    return OrderReport(
        client_order_id="nb0000aa",
        exchange_order_id="7",
        symbol="ETH/USDC",
        side=Side.BUY,
        type=OrderType.LIMIT,
        price=Decimal(2400),
        quantity=Decimal(10),
        filled=Decimal(filled),
        state=state,
        ts=1,
    )


def fill(quantity: str, trade_id: str = "1") -> Fill:
    return Fill(
        exchange="sim",
        trade_id=trade_id,
        client_order_id="nb0000aa",
        symbol="ETH/USDC",
        side=Side.BUY,
        price=Decimal(2400),
        quantity=Decimal(quantity),
        fee=Decimal(0),
        fee_asset="USDC",
        maker=True,
        ts=1,
    )


def test_the_table_says_what_may_follow_what() -> None:
    expected = {}
    for line in MAY_FOLLOW.strip().splitlines():
        state, _, followers = line.partition(":")
        expected[OrderState(state)] = frozenset(OrderState(name) for name in followers.split())
    assert expected == lifecycle.NEXT_STATES


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (Accepted("7"), OrderState.OPEN),
        (Refused(RefusalKind.INVALID, "off tick"), OrderState.REJECTED),
        (Unknown("timed out"), OrderState.UNKNOWN),
    ],
)
def test_an_answer_moves_a_pending_order(response: object, state: OrderState) -> None:
    assert lifecycle.answered(order(), response, 5).order.state is state


def test_a_late_open_never_overwrites_filled() -> None:
    done = order(OrderState.FILLED, "10")
    step = lifecycle.reported(done, report(OrderState.OPEN), 5)
    assert step.stale
    assert step.order.state is OrderState.FILLED


def test_a_late_answer_never_reopens_a_cancelled_order() -> None:
    step = lifecycle.answered(order(OrderState.CANCELLED), Accepted("7"), 5)
    assert step.stale
    assert step.order.state is OrderState.CANCELLED


def test_cancelled_waits_for_the_fills_that_the_venue_speaks_of() -> None:
    step = lifecycle.reported(order(OrderState.OPEN), report(OrderState.CANCELLED, "4"), 5)
    assert step.fills_missing
    assert step.order.is_live
    caught_up = lifecycle.filled(step.order, fill("4"), 6)
    final = lifecycle.reported(caught_up, report(OrderState.CANCELLED, "4"), 7)
    assert (final.order.state, final.order.filled) == (OrderState.CANCELLED, Decimal(4))


def test_filled_without_its_fills_stays_live_until_they_are_read() -> None:
    step = lifecycle.reported(order(OrderState.OPEN), report(OrderState.FILLED, "10"), 5)
    assert step.fills_missing
    assert step.order.is_live


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED])
def test_a_final_order_absorbs_late_fills_and_a_whole_one_makes_it_filled(
    state: OrderState,
) -> None:
    part = lifecycle.filled(order(state), fill("4"), 5)
    assert (part.state, part.filled) == (state, Decimal(4))
    assert lifecycle.filled(part, fill("6", "2"), 6).state is OrderState.FILLED


def test_more_filled_than_ordered_is_a_contradiction() -> None:
    with pytest.raises(InvariantViolated, match="11 filled of 10"):
        lifecycle.filled(order(OrderState.OPEN, "5"), fill("6"), 5)
    with pytest.raises(InvariantViolated, match="reports 11"):
        lifecycle.reported(order(OrderState.OPEN), report(OrderState.OPEN, "11"), 5)


def test_open_after_a_final_not_found_is_a_contradiction() -> None:
    gone = lifecycle.not_found(order(OrderState.UNKNOWN), 5).order
    assert gone.state is OrderState.REJECTED
    with pytest.raises(InvariantViolated, match="although it was not found"):
        lifecycle.reported(gone, report(OrderState.OPEN), 6)


def test_where_a_not_found_proves_nothing_the_order_may_turn_up() -> None:
    gone = lifecycle.not_found(order(OrderState.UNKNOWN), 5, frees_the_id=False).order
    assert (gone.state, gone.reason) == (OrderState.REJECTED, lifecycle.NOT_FOUND_YET)
    found = lifecycle.reported(gone, report(OrderState.OPEN), 6).order
    assert (found.state, found.reason) == (OrderState.OPEN, "")


@pytest.mark.parametrize("state", [OrderState.OPEN, OrderState.PARTIALLY_FILLED])
def test_an_order_that_existed_and_is_no_longer_listed_has_ended(state: OrderState) -> None:
    ended = lifecycle.not_found(order(state), 5).order
    assert (ended.state, ended.reason) == (OrderState.CANCELLED, lifecycle.NO_LONGER_LISTED)


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.UNKNOWN])
def test_an_order_that_was_there_before_is_taken_as_it_is(state: OrderState) -> None:
    told = msgspec.structs.replace(
        report(OrderState.OPEN), price=Decimal(2350), quantity=Decimal(12)
    )
    taken = lifecycle.reported(order(state), told, 5).order
    assert (taken.price, taken.quantity, taken.adopted) == (2350, 12, True)
    again = lifecycle.reported(taken, report(OrderState.OPEN), 6).order
    assert (again.price, again.quantity) == (2350, 12)


def test_an_order_on_our_own_terms_is_not_called_adopted() -> None:
    mine = order(OrderState.UNKNOWN)
    told = msgspec.structs.replace(
        report(OrderState.OPEN), price=mine.price, quantity=mine.quantity
    )
    assert not lifecycle.reported(mine, told, 5).order.adopted


@given(
    st.lists(
        st.one_of(
            st.sampled_from([Accepted("7"), Refused(RefusalKind.INVALID, "x"), Unknown("y")]),
            st.sampled_from(list(OrderState)).map(report),
            st.integers(1, 4).map(lambda quantity: fill(str(quantity))),
        ),
        max_size=12,
    )
)
def test_no_message_ever_moves_an_order_backwards(messages: list[object]) -> None:
    current = order()
    for message in messages:
        before = current
        if isinstance(message, Fill):
            if current.filled + message.quantity > current.quantity:
                continue
            current = lifecycle.filled(current, message, 1)
        elif isinstance(message, OrderReport):
            current = lifecycle.reported(current, message, 1).order
        else:
            current = lifecycle.answered(current, message, 1).order
        assert current.filled >= before.filled
        assert current.state is before.state or (
            current.state in lifecycle.NEXT_STATES[before.state]
        )
