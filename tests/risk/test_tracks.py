"""What the rules remember: equity, losing streaks, orders sent."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.risk.equity_track import (
    BUCKET_NS,
    DAY_NS,
    EquityTrack,
    began,
    day_began,
    observed,
    with_peak_reset,
)
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.order_rate import (
    MINUTE_NS,
    OrderRate,
    adding_left,
    next_adding_ns,
    next_throttled_ns,
    sent,
    throttled_left,
)
from nimbus_tui.risk.streak import LosingStreak, cycle_closed, settled
from tests.risk.inputs import MARKS, NOW, bot, results, said

CURVES = st.lists(
    st.tuples(st.integers(1, 8 * 3600 * NS_PER_SECOND), st.decimals(5000, 20000, places=2)),
    min_size=1,
    max_size=60,
)
LIMITS = RiskLimits(daily_loss=Decimal(10), drawdown=Decimal(10))


def followed(curve: list[tuple[int, Decimal]]) -> tuple[EquityTrack, list[tuple[int, Decimal]]]:
    track, now = began(Decimal(10000), NOW, MARKS), NOW
    points = [(NOW, Decimal(10000))]
    for wait, equity in curve:
        now += wait
        track = observed(track, equity, now, origin=MARKS)
        points.append((now, equity))
    return track, points


def known_at(points: list[tuple[int, Decimal]], ts: int) -> Decimal:
    """The last equity at or before a time, else the first."""
    return [equity for at, equity in points if at <= ts or at == points[0][0]][-1]


@given(CURVES)
def test_f12_drawdown_and_daily_loss_are_those_of_the_equity_curve(
    curve: list[tuple[int, Decimal]],
) -> None:
    track, points = followed(curve)
    now, equity = points[-1]
    inputs = bot(strategy=results(str(equity), track=track), now_ns=now)
    peak = max(value for _, value in points)
    assert said("drawdown", inputs, LIMITS).reading.measured == (peak - equity) / peak * 100

    midnight = now // DAY_NS * DAY_NS
    day = known_at([(at, value) for at, value in points if at < midnight or at == NOW], midnight)
    # The window begins in the bucket of the moment 24 hours ago, with the last equity known then.
    edge = now - DAY_NS
    by_bucket = {at // BUCKET_NS: (at, value) for at, value in points}
    kept = [points[0], *(point for point in by_bucket.values() if point[0] <= edge)]
    worst = max((start - equity) / start * 100 for start in (day, kept[-1][1]))
    assert said("daily_loss", inputs, LIMITS).reading.measured == max(0, worst)


@given(CURVES)
def test_a_track_is_bounded_and_survives_the_journal(curve: list[tuple[int, Decimal]]) -> None:
    track, _ = followed(curve * 20)
    assert len(track.points) <= DAY_NS // BUCKET_NS + 2
    assert msgspec.json.decode(msgspec.json.encode(track), type=EquityTrack) == track


def test_a_peak_between_two_looks_counts() -> None:
    track = observed(
        began(Decimal(100), NOW, MARKS), Decimal(90), NOW + 1, origin=MARKS, highest=Decimal(120)
    )
    assert track.peak == 120
    assert with_peak_reset(track, NOW + 2).peak == 90


def test_the_day_begins_where_it_is_told_to() -> None:
    five = 5 * 3600 * NS_PER_SECOND
    assert day_began(NOW + five - 1, five) == NOW + five - DAY_NS
    assert day_began(NOW + five, five) == NOW + five


def test_an_earlier_time_moves_nothing_back() -> None:
    track = observed(began(Decimal(100), NOW, MARKS), Decimal(90), NOW + 5, origin=MARKS)
    assert observed(track, Decimal(91), NOW, origin=MARKS).last.ts == NOW + 5


def test_a_streak_trips_once_and_stands_until_it_is_cool() -> None:
    streak = LosingStreak()
    for at, result in enumerate((-1, -1, 1, -1, -1, -1)):
        streak = cycle_closed(streak, Decimal(result), at, 3)
    assert streak == LosingStreak(3, 5)
    assert cycle_closed(streak, Decimal(-1), 6, 3) == streak
    assert cycle_closed(streak, Decimal(9), 6, 3) == streak
    assert settled(streak, 14, 3, 10) == streak
    assert settled(streak, 15, 3, 10) == LosingStreak()


def test_a_lower_limit_trips_a_streak_that_has_reached_it() -> None:
    assert settled(LosingStreak(2), 7, 2, 10) == LosingStreak(2, 7)
    assert settled(LosingStreak(2), 7, None, 10) == LosingStreak(2)


RATE = {"order_rate": Decimal(60), "throttle_rate": Decimal(6)}


def test_adding_orders_leave_a_share_to_cancels_and_exits() -> None:
    rate, now = OrderRate(), NOW
    assert adding_left(rate, now, Decimal(60)) == 48
    for _ in range(48):
        rate = sent(rate, now, adds=True, **RATE)
    assert adding_left(rate, now, Decimal(60)) == 0
    assert rate.per_minute(now) == 48
    at = next_adding_ns(rate, now, Decimal(60))
    assert at == now + NS_PER_SECOND
    assert (adding_left(rate, at - 1, Decimal(60)), adding_left(rate, at, Decimal(60))) == (0, 1)


def test_the_throttled_rate_counts_adding_orders_only() -> None:
    rate = OrderRate()
    for _ in range(20):
        rate = sent(rate, NOW, adds=False, **RATE)
    assert throttled_left(rate, NOW, Decimal(6)) == 6
    for _ in range(6):
        rate = sent(rate, NOW, adds=True, **RATE)
    assert throttled_left(rate, NOW, Decimal(6)) == 0
    assert next_throttled_ns(rate, NOW, Decimal(6)) == NOW + 10 * NS_PER_SECOND


@given(st.lists(st.tuples(st.integers(0, 5 * NS_PER_SECOND), st.booleans()), max_size=300))
def test_never_more_adding_orders_than_the_rate_in_any_minute(
    wishes: list[tuple[int, bool]],
) -> None:
    rate, now, placed = OrderRate(), NOW, []
    for wait, adds in wishes:
        now += wait
        if not adds or adding_left(rate, now, Decimal(60)) > 0:
            rate = sent(rate, now, adds=adds, **RATE)
            placed += [now] if adds else []
    assert len(rate.seconds) <= 60
    # A full bucket and what flows in while it is emptied.
    for at in placed:
        assert sum(1 for other in placed if at <= other < at + MINUTE_NS) <= 48 + 60
