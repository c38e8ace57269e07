"""The curve of a run: its worst fall is that of all ticks, though it has few points."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.accounting.performance import max_drawdown
from nimbus_tui.simulation.curve import EquityCurve, thinned

ticks = st.lists(
    st.tuples(st.integers(0, 2), st.decimals(1, 1000, places=2), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(ticks)
def test_f12_the_drawdown_of_the_points_is_that_of_every_tick(
    story: list[tuple[int, Decimal, bool]],
) -> None:
    curve, every, asked, now = EquityCurve(), [], [], 0
    for pause, equity, wanted in story:
        now += pause
        every.append((now, equity))
        curve.look(now, equity)
        if wanted:
            curve.mark(now, equity)
            asked.append((now, equity))
    points = curve.points()
    assert curve.max_drawdown == max_drawdown(every) == max_drawdown(points)
    assert [ts for ts, _ in points] == sorted(ts for ts, _ in points)
    assert set(asked) <= set(points) <= set(every)
    assert len(points) <= len(asked) + 2


def test_a_fall_between_two_points_is_on_the_curve() -> None:
    curve = EquityCurve()
    curve.mark(0, Decimal(100))
    for ts, equity in ((1, 120), (2, 90), (3, 130)):
        curve.look(ts, Decimal(equity))
    curve.mark(4, Decimal(110))
    assert curve.points() == [(0, 100), (1, 120), (2, 90), (4, 110)]
    assert curve.max_drawdown == Decimal("0.25")


def test_the_same_point_twice_is_one() -> None:
    curve = EquityCurve()
    for _ in range(2):
        curve.mark(5, Decimal(100))
    assert curve.points() == [(5, Decimal(100))]


def test_a_thinned_curve_keeps_its_ends_its_peak_and_its_lowest() -> None:
    points = [(at, Decimal(at % 97)) for at in range(10_000)]
    points[4_321] = (4_321, Decimal(500))
    points[6_789] = (6_789, Decimal(-500))
    made = thinned(points, 100)
    assert len(made) <= 100
    assert (made[0], made[-1]) == (points[0], points[-1])
    assert {points[4_321], points[6_789]} <= set(made)
    assert made == sorted(made)
    assert thinned(points[:100], 100) == points[:100]
