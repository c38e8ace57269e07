"""When slots are due: by length of time, by cron, over changes of the clocks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.strategies import dca_schedule
from nimbus_tui.strategies.dca_schedule import (
    Schedule,
    due_of,
    instant,
    overdue,
    schedule_of,
    slot_key,
    time_zone,
)
from tests.simulation.dca_worlds import DAY, HOUR, MINUTE, NINE, SECOND, ns


def told(dues: tuple[int, ...]) -> list[str]:
    return [str(slot_key(due)).removeprefix("dca/") for due in dues]


def cron(expression: str, zone: str = "UTC", start: str = "2026-01-01") -> Schedule:
    return schedule_of(expression, zone, ns(start))


@pytest.mark.parametrize(
    ("due", "part", "key"),
    [
        ("2026-11-22 09:00", 1, "dca/2026-11-22T09:00Z"),
        ("2026-11-22 09:00:30", 1, "dca/2026-11-22T09:00:30Z"),
        ("2026-11-22 09:00", 2, "dca/2026-11-22T09:00Z/p2"),
    ],
)
def test_a_key_is_the_due_time_with_seconds_where_it_has_some(
    due: str, part: int, key: str
) -> None:
    assert slot_key(ns(due), part) == key
    assert due_of(slot_key(ns(due), part)) == ns(due)


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_different_due_times_have_different_keys(one: int, other: int) -> None:
    assert (slot_key(one * SECOND) == slot_key(other * SECOND)) is (one == other)


def test_the_keys_of_other_orders_have_no_due_time() -> None:
    assert [due_of("close/1"), due_of(None)] == [None, None]


@given(
    start=st.integers(0, 10**9),
    every=st.integers(1, 10**6),
    at=st.integers(-(10**9), 2 * 10**9),
)
def test_slot_n_is_due_at_start_plus_n_intervals(start: int, every: int, at: int) -> None:
    schedule = Schedule(start_at=start * SECOND, every=every * SECOND)
    due = schedule.first_after(at * SECOND)
    assert due is not None
    slot, rest = divmod(due - schedule.start_at, every * SECOND)
    assert (rest, slot >= 0, due > at * SECOND) == (0, True, True)
    assert slot == 0 or due - every * SECOND <= at * SECOND


@given(
    start=st.integers(0, 200),
    every=st.integers(1, 9),
    a=st.integers(-50, 700),
    b=st.integers(0, 900),
)
def test_overdue_slots_are_those_between_two_times(start: int, every: int, a: int, b: int) -> None:
    schedule = Schedule(start_at=start * SECOND, every=every * SECOND)
    expected = [due * SECOND for due in range(start, start + 2000, every) if a < due <= a + b]
    found = overdue(schedule, a * SECOND, (a + b) * SECOND)
    assert (found.count, list(found.newest)) == (len(expected), expected[-200:])


def test_a_cron_expression_names_its_times() -> None:
    mondays = cron("0 9 * * mon", start="2026-11-22")
    assert told(mondays.after(ns("2026-11-22"), 2)) == ["2026-11-23T09:00Z", "2026-11-30T09:00Z"]


def test_a_cron_schedule_has_no_slot_before_its_start() -> None:
    schedule = cron("0 9 * * *", start="2026-11-22 09:00")
    assert told(schedule.after(0, 1)) == ["2026-11-22T09:00Z"]
    later = cron("0 9 * * *", start="2026-11-22 09:01")
    assert told(later.after(0, 1)) == ["2026-11-23T09:00Z"]


def test_where_the_clocks_go_back_a_named_time_happens_once() -> None:
    # Berlin, 25 October 2026: 03:00 summer time becomes 02:00; 02:30 comes twice.
    daily = cron("30 2 * * *", "Europe/Berlin")
    assert told(daily.after(ns("2026-10-24"), 3)) == [
        "2026-10-24T00:30Z",
        "2026-10-25T00:30Z",
        "2026-10-26T01:30Z",
    ]


@pytest.mark.parametrize("asked_at", ["2026-10-25 00:45", "2026-10-25 01:10", "2026-10-25 01:30"])
def test_asked_in_the_hour_that_comes_twice_the_time_is_not_due_again(asked_at: str) -> None:
    daily = cron("30 2 * * *", "Europe/Berlin")
    assert told(daily.after(ns(asked_at), 1)) == ["2026-10-26T01:30Z"]


def test_where_the_clocks_go_forward_a_time_that_does_not_exist_moves_to_the_next_hour() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00 summer time, so 02:30 doesn't exist.
    daily = cron("30 2 * * *", "Europe/Berlin")
    assert told(daily.after(ns("2026-03-28"), 3)) == [
        "2026-03-28T01:30Z",
        "2026-03-29T01:00Z",
        "2026-03-30T00:30Z",
    ]


def test_every_hour_is_every_hour_also_where_one_comes_twice() -> None:
    hourly = cron("0 * * * *", "America/New_York")
    dues = hourly.after(ns("2026-11-01 03:30"), 6)
    assert {later - earlier for earlier, later in pairwise(dues)} == {HOUR}


def by_the_wall_clock(
    matches: Callable[[datetime], bool], zone: str, start: int, days: int
) -> list[int]:
    """Every minute at which a clock on the wall shows a matching time, the first time it does."""
    found, seen = [], set()
    for minute in range(days * 1440):
        ts = start + minute * MINUTE
        wall = datetime.fromtimestamp(ts // SECOND, ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        if matches(wall) and wall not in seen:
            seen.add(wall)
            found.append(ts)
    return found


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
)
@pytest.mark.parametrize("month", ["2026-03-01", "2026-04-01", "2026-10-01", "2026-11-01"])
@pytest.mark.parametrize(
    ("expression", "hour", "minute"), [("0 9 * * *", 9, 0), ("15 4 * * *", 4, 15)]
)
def test_a_daily_time_is_the_one_on_the_wall(
    expression: str, hour: int, minute: int, month: str, zone: str
) -> None:
    def matches(wall: datetime) -> bool:
        return (wall.hour, wall.minute) == (hour, minute)

    start = ns(month)
    expected = by_the_wall_clock(matches, zone, start, 33)
    found = overdue(schedule_of(expression, zone, start), start - 1, start + 33 * DAY - 1)
    assert list(found.newest) == expected


@given(
    st.sampled_from(["30 2 * * *", "*/20 * * * *", "0 1,2,3 * * *", "5 * * * *", "0 9 * * mon"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
    st.sampled_from(["2026-03-28 12:00", "2026-10-24 20:00", "2026-11-01 00:00", "2026-03-08"]),
    st.integers(0, 2000),
)
def test_wherever_it_is_asked_from_the_due_times_are_the_same(
    expression: str, zone: str, start: str, minutes: int
) -> None:
    schedule = schedule_of(expression, zone, ns(start))
    dues = schedule.after(ns(start) - 1, 120)
    assert list(dues) == sorted(set(dues))
    asked = ns(start) + minutes * MINUTE
    following = [due for due in dues if due > asked]
    if following:
        assert schedule.first_after(asked) == following[0]


def test_a_year_of_minutes_is_counted_up_to_a_limit_and_its_newest_are_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dca_schedule, "MOST_COUNTED", 1500)
    found = overdue(cron("* * * * *"), ns("2026-01-01"), ns("2026-12-31"))
    assert (found.count, found.newest[-1]) == (1500, ns("2026-12-31"))
    januaries = cron("0 * * 1 *", start="2024-01-01")
    assert told(overdue(januaries, ns("2024-01-01"), ns("2026-12-31")).newest[-1:]) == [
        "2026-01-31T23:00Z"
    ]


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ("daily", "'daily' is neither a length of time (15m, 24h, 7d)"),
        ("0s", "neither a length of time"),
        ("60 9 * * *", "is not a cron expression (bad minute)"),
        ("0 0 31 2 *", "is not a cron expression (bad day-of-month)"),
        ("0 0 9 * * mon", "more than the five fields"),
        ("0 9 * *", "neither a length of time"),
    ],
)
def test_an_interval_that_is_none_is_told_what_is_allowed(interval: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        schedule_of(interval, "UTC", 0)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["Europe/Berlinn", "../etc/passwd", "", "Europe"])
def test_a_time_zone_that_nobody_knows_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match="there is no time zone"):
        time_zone(name)


def test_a_machine_without_time_zones_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_known(name: str) -> ZoneInfo:
        raise KeyError(name)

    monkeypatch.setattr(dca_schedule, "ZoneInfo", none_known)
    monkeypatch.setattr(dca_schedule, "available_timezones", set)
    with pytest.raises(ConfigError, match="install the package tzdata"):
        time_zone("Asia/Tokyo")
    assert time_zone("UTC") is UTC


def test_a_date_without_an_offset_is_one_of_the_time_zone_and_counts_to_the_second() -> None:
    nine = datetime.fromisoformat("2026-11-22T09:00:00.000999")
    assert instant(nine, "UTC") == NINE
    assert instant(nine, "Europe/Berlin") == NINE - HOUR
    assert instant(nine.replace(tzinfo=UTC) + timedelta(hours=1), "Europe/Berlin") == NINE + HOUR
