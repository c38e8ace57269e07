"""Figures of merit, against their definitions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting.performance import buy_and_hold, drawdown, max_drawdown, sharpe

DAY_NS = 86_400 * 10**9


def curve(*values: str) -> list[tuple[int, Decimal]]:
    return [(number, Decimal(value)) for number, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "worst"),
    [
        ("", "0"),
        ("100", "0"),
        ("100 120 150", "0"),
        ("100 90 200", "0.1"),
        ("100 200 150 180 90", "0.55"),
        ("0 0", "0"),
        ("100 -100", "2"),
    ],
)
def test_drawdown_by_hand(values: str, worst: str) -> None:
    assert max_drawdown(curve(*values.split())) == Decimal(worst)


def test_f12_the_first_losing_trade_counts() -> None:
    assert max_drawdown(curve("1000", "992.1", "1200")) == Decimal("0.0079")


@given(st.lists(st.decimals(1, 10_000, places=2), max_size=30))
def test_f12_drawdown_is_that_of_the_equity_curve(values: list[Decimal]) -> None:
    worst = Fraction(0)
    for at, low in enumerate(values):
        for high in values[:at]:
            worst = max(worst, 1 - Fraction(low) / Fraction(high))
    found = max_drawdown(list(enumerate(values)))
    assert abs(Fraction(found) - worst) < Fraction(1, 10**25)
    assert 0 <= found < 1


def test_drawdown_of_nothing_is_nothing() -> None:
    assert drawdown(Decimal(-5), Decimal(0)) == 0


def test_sharpe_by_hand() -> None:
    ends = [(0, 100.0), (1, 110.0), (2, 99.0)]
    points = [(day * DAY_NS + 5, Decimal(value)) for day, value in ends]
    # Returns of +10 % and −10 %: a mean of 0.
    assert sharpe(points) == pytest.approx(0)
    risen = [*points, (3 * DAY_NS, Decimal("118.8"))]
    mean, returns = 0.2 / 3, (0.1, -0.1, 0.2)
    deviation = (sum((one - mean) ** 2 for one in returns) / 2) ** 0.5
    assert sharpe(risen) == pytest.approx(mean / deviation * 365**0.5)


def test_sharpe_needs_three_days_and_some_movement() -> None:
    assert sharpe([(0, Decimal(100)), (DAY_NS, Decimal(110))]) is None
    assert sharpe([(day * DAY_NS, Decimal(100)) for day in range(5)]) is None


def test_buy_and_hold_is_the_capital_at_the_first_price_marked_at_the_last() -> None:
    assert buy_and_hold(Decimal(1000), {"ETH": Decimal(2000)}, {"ETH": Decimal(2100)}) == 1050
    two = {"ETH": Decimal(2000), "BTC": Decimal(50_000)}
    assert buy_and_hold(Decimal(1000), two, {"ETH": Decimal(4000), "BTC": Decimal(25_000)}) == 1250


def test_buy_and_hold_without_a_price_is_unknown() -> None:
    assert buy_and_hold(Decimal(1000), {}, {}) is None
    assert buy_and_hold(Decimal(1000), {"ETH": Decimal(1)}, {}) is None
