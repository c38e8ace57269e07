"""A position by hand, and against exact fractions over any sequence of trades."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting.position import Position, trade

GRAIN = Fraction(1, 10**12)


class Trade(msgspec.Struct, frozen=True):
    """A signed quantity at a price, with its fee in quote."""

    quantity: Decimal
    price: Decimal
    fee: Decimal


class Exact:
    """Average-cost accounting in fractions, kept as averages per unit, not as sums."""

    def __init__(self) -> None:
        self.held = Fraction(0)
        self.entry = Fraction(0)
        self.fee_per_unit = Fraction(0)
        self.realized = Fraction(0)

    def trade(self, one: Trade) -> None:
        quantity, price, fee = (Fraction(x) for x in (one.quantity, one.price, one.fee))
        sign = 1 if quantity > 0 else -1
        against = max(Fraction(0), -self.held * sign)
        closed = min(abs(quantity), against)
        self.realized += closed * (price - self.entry) * -sign
        self.held += sign * closed
        added = abs(quantity) - closed
        if added:
            size = abs(self.held)
            share = fee * added / abs(quantity)
            self.entry = (self.entry * size + price * added) / (size + added)
            self.fee_per_unit = (self.fee_per_unit * size + share) / (size + added)
            self.held += sign * added

    @property
    def cost(self) -> Fraction:
        return self.entry + self.fee_per_unit * (1 if self.held > 0 else -1)


def decimals(text: str) -> list[Decimal]:
    return [Decimal(word) for word in text.split()]


def after(history: list[Trade]) -> tuple[Position, Decimal]:
    position, realized = Position(), Decimal(0)
    for one in history:
        position, gained = trade(position, one.quantity, one.price, one.fee)
        realized += gained
    return position, realized


quantities = st.decimals("0.00000001", 5000, places=8)
trades = st.lists(
    st.builds(
        Trade,
        st.one_of(
            quantities,
            quantities.map(lambda quantity: -quantity),
            # Round sizes, so that positions come out flat now and then.
            st.integers(-3, 3).filter(bool).map(Decimal),
        ),
        st.decimals("0.0001", 100_000, places=4),
        st.decimals(-5, 50, places=6),
    ),
    max_size=25,
)


@pytest.mark.parametrize(
    ("history", "expected", "realized"),
    [
        pytest.param("", "0 0 0", "0", id="nothing"),
        pytest.param("2 100 1", "2 200 1", "0", id="opens long"),
        pytest.param("2 100 1; 2 110 3", "4 420 4", "0", id="adds to a long"),
        pytest.param("2 100 1; 2 110 3; -1 120 7", "3 315 3", "15", id="sells a part"),
        pytest.param("2 100 1; 2 110 3; -4 100 7", "0 0 0", "-20", id="sells all"),
        pytest.param("-2 100 1", "-2 -200 1", "0", id="opens short"),
        pytest.param("-2 100 1; -2 90 3", "-4 -380 4", "0", id="adds to a short"),
        pytest.param("-2 100 1; -2 90 3; 1 80 7", "-3 -285 3", "15", id="buys a part back"),
        pytest.param("-2 100 1; 2 110 9", "0 0 0", "-20", id="buys all back"),
        pytest.param("2 100 1; -5 110 5", "-3 -330 3", "20", id="flips to short"),
        pytest.param("-2 100 1; 5 90 5", "3 270 3", "20", id="flips to long"),
        pytest.param("2 100 -1", "2 200 -1", "0", id="a rebate lowers the cost"),
        pytest.param("1 1 1E-15", "1 1 1E-15", "0", id="keeps a fee that opens to its last digit"),
        pytest.param("0 9 5; 1 9 1", "1 9 6", "0", id="a buy eaten by its fee still cost it"),
        pytest.param("3 1 1; -1 1 0", "2 2 0.666666666667", "0", id="rounds fees to the grain"),
    ],
)
def test_a_position_by_hand(history: str, expected: str, realized: str) -> None:
    steps = [Trade(*decimals(step)) for step in history.split(";") if step]
    assert (Position(*decimals(expected)), Decimal(realized)) == after(steps)


@pytest.mark.parametrize(
    ("position", "entry", "cost", "gain_at_90"),
    [
        pytest.param("4 420 2", "105", "105.5", "-60", id="a long has paid more, fees in"),
        pytest.param("-4 -420 2", "105", "104.5", "60", id="a short has got less, fees in"),
        pytest.param("4 420 -2", "105", "104.5", "-60", id="a rebate makes it cheaper"),
    ],
)
def test_averages_by_hand(position: str, entry: str, cost: str, gain_at_90: str) -> None:
    held = Position(*decimals(position))
    assert Decimal(entry) == held.average_entry
    assert Decimal(cost) == held.average_cost
    assert Decimal(gain_at_90) == held.unrealized_pnl(Decimal(90))


def test_a_flat_position_has_no_average_and_gains_nothing() -> None:
    assert Position().average_entry is None
    assert Position().average_cost is None
    assert Position().unrealized_pnl(Decimal(90)) == 0


@given(trades)
def test_it_equals_exact_fractions_at_every_trade(history: list[Trade]) -> None:
    position, realized, exact = Position(), Decimal(0), Exact()
    for count, one in enumerate(history, start=1):
        position, gained = trade(position, one.quantity, one.price, one.fee)
        realized += gained
        exact.trade(one)
        assert exact.held == Fraction(position.quantity)
        # Each partial close rounds once to the grain; nothing else may be lost.
        assert abs(exact.realized - Fraction(realized)) <= count * GRAIN
        if position.average_entry is None or position.average_cost is None:
            assert exact.held == 0
            continue
        size = abs(exact.held)
        assert abs(exact.entry - Fraction(position.average_entry)) * size <= count * GRAIN
        assert abs(exact.cost - Fraction(position.average_cost)) * size <= 2 * count * GRAIN


@given(trades, st.decimals("0.0001", 100_000, places=4))
def test_what_was_paid_is_either_realized_or_still_open(
    history: list[Trade], mark: Decimal
) -> None:
    position, realized = after(history)
    paid = sum((Fraction(one.quantity) * Fraction(one.price) for one in history), Fraction(0))
    worth = Fraction(position.quantity) * Fraction(mark)
    assert worth - paid == Fraction(realized) + Fraction(position.unrealized_pnl(mark))


@given(trades)
def test_a_short_is_the_mirror_of_a_long(history: list[Trade]) -> None:
    mirrored = [msgspec.structs.replace(one, quantity=-one.quantity) for one in history]
    position, realized = after(history)
    expected = Position(-position.quantity, -position.entry_value, position.entry_fees)
    assert (expected, -realized) == after(mirrored)


@given(trades)
def test_a_position_that_comes_out_flat_keeps_nothing(history: list[Trade]) -> None:
    position, _ = after(history)
    flat, _ = trade(position, -position.quantity, Decimal(7), Decimal(1))
    assert not position.quantity or flat == Position()


@given(trades)
def test_closing_never_moves_the_average_entry(history: list[Trade]) -> None:
    positions = [after(history[:count])[0] for count in range(len(history) + 1)]
    for before, now in pairwise(positions):
        shrunk = abs(now.quantity) < abs(before.quantity)
        if not shrunk or now.quantity * before.quantity <= 0:
            continue
        assert before.average_entry is not None
        assert now.average_entry is not None
        moved = Fraction(now.average_entry) - Fraction(before.average_entry)
        assert abs(moved * Fraction(now.quantity)) <= GRAIN
