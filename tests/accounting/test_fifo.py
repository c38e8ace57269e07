"""First in, first out against a queue of single units, and against the average cost."""

from collections import deque
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting import fifo, position
from nimbus_tui.accounting.fifo import Disposal, Lots

Trade = tuple[Decimal, Decimal, Decimal]
"""Signed quantity, price, fee."""


def played(trades: list[Trade]) -> tuple[Lots, list[Disposal]]:
    lots: Lots = ()
    disposals: list[Disposal] = []
    for ts, (quantity, price, fee) in enumerate(trades):
        lots, closed = fifo.trade(lots, quantity, price, fee, ts)
        disposals += closed
    return lots, disposals


def table(text: str) -> list[Trade]:
    """`+1 100 0.5; …`: signed quantity, price, fee."""
    return [tuple(Decimal(word) for word in row.split()) for row in text.split(";")]  # type: ignore[misc]


def told(lots: Lots) -> str:
    return " ".join(f"{lot.quantity}@{lot.price}" for lot in lots)


@pytest.mark.parametrize(
    ("trades", "left", "gains"),
    [
        ("+1 100 0; +1 120 0; -1.5 150 0", "0.5@120", "50 15.0"),
        ("+1 100 1; -1 110 1", "", "8"),
        ("-1 100 0; -1 90 0; +1.5 80 0", "-0.5@90", "20 5.0"),
        ("+1 100 0; -3 110 3", "-2@110", "9"),
        ("-1 100 0; +3 90 3", "2@90", "9"),
        ("+2 100 2; -0.5 110 0.1; -1.5 90 0.3", "", "4.4 -16.8"),
        ("+1 100 -0.5; -1 100 -0.5", "", "1.0"),
    ],
)
def test_lots_by_hand(trades: str, left: str, gains: str) -> None:
    lots, disposals = played(table(trades))
    assert told(lots) == left
    assert [Decimal(gain) for gain in gains.split()] == [one.gain for one in disposals]


def test_a_disposal_says_when_its_lot_was_opened_and_closed() -> None:
    _, disposals = played(table("+1 100 0; +1 120 0; -1.5 150 0"))
    assert [(one.opened_ns, one.closed_ns, one.quantity) for one in disposals] == [
        (0, 2, Decimal(1)),
        (1, 2, Decimal("0.5")),
    ]


units = st.integers(-6, 6).filter(bool)
prices = st.decimals("0.01", 9999, places=2)
fees = st.decimals("-1", 5, places=4)


@given(st.lists(st.tuples(units, prices, fees), max_size=40))
def test_a_queue_of_single_units_says_the_same(history: list[tuple[int, Decimal, Decimal]]) -> None:
    queue: deque[tuple[int, Decimal]] = deque()
    gained = Fraction(0)
    for quantity, price, _ in history:
        sign = 1 if quantity > 0 else -1
        for _ in range(abs(quantity)):
            if queue and queue[0][0] != sign:
                held, entry = queue.popleft()
                gained += held * (Fraction(price) - Fraction(entry))
            else:
                queue.append((sign, price))
    lots, disposals = played([(Decimal(q), price, fee) for q, price, fee in history])
    assert Fraction(fifo.realized(tuple(disposals))) == gained
    assert [
        (lot.quantity > 0, lot.price) for lot in lots for _ in range(abs(int(lot.quantity)))
    ] == [(sign > 0, price) for sign, price in queue]


quantities = st.decimals("-50", 50, places=4).filter(bool)


@given(st.lists(st.tuples(quantities, prices, fees), max_size=40))
def test_realized_less_remaining_cost_is_that_of_the_average_to_the_last_digit(
    history: list[Trade],
) -> None:
    lots, disposals = played(history)
    held, by_average = position.Position(), Decimal(0)
    for quantity, price, fee in history:
        held, realized = position.trade(held, quantity, price, fee)
        by_average += realized
    assert (
        fifo.realized(tuple(disposals)) - fifo.remaining_cost(lots) == by_average - held.entry_value
    )
    assert sum((lot.quantity for lot in lots), Decimal(0)) == held.quantity


@given(st.lists(st.tuples(quantities, prices, fees), max_size=40))
def test_fees_of_lots_and_disposals_add_up_to_all_that_was_paid(history: list[Trade]) -> None:
    lots, disposals = played(history)
    kept = sum((lot.fee for lot in lots), Decimal(0))
    assert kept + sum((one.fees for one in disposals), Decimal(0)) == sum(
        (fee for _, _, fee in history), Decimal(0)
    )


@given(st.lists(st.tuples(quantities, prices, fees), max_size=40))
def test_open_lots_are_of_one_sign_and_in_the_order_of_their_opening(history: list[Trade]) -> None:
    lots, _ = played(history)
    assert len({lot.quantity > 0 for lot in lots}) <= 1
    assert all(lot.quantity for lot in lots)
    assert [lot.opened_ns for lot in lots] == sorted({lot.opened_ns for lot in lots})
