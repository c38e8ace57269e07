"""The offset is right within half a round trip, whatever the ways, outliers and steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.exchanges.net.clock_offset import WINDOW_NS, ClockOffset

MS = 1_000_000
START = 1_790_000_000_000 * MS


class SteppingClock:
    """Our clock, which somebody may set."""

    def __init__(self) -> None:
        self.ns = START

    def now(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here, not even {seconds} s")

    async def sleep_until(self, ts: int) -> None:
        raise AssertionError(f"nobody sleeps here, not even until {ts}")


class Venue:
    """Answers over a way of given delays; its clock is ahead of the true time by `ahead_ms`."""

    def __init__(self, ahead_ms: int) -> None:
        self.clock = SteppingClock()
        self.offset = ClockOffset(self.clock)
        self.ahead_ms = ahead_ms
        self.true_ns = START

    def asked(self, there_ms: int, back_ms: int, wrong_ms: int = 0) -> None:
        sent = self.clock.ns
        self.pass_ms(there_ms)
        stamp = self.true_ns // MS + self.ahead_ms + wrong_ms
        self.pass_ms(back_ms)
        self.offset.saw(stamp, sent, self.clock.ns)

    def pass_ms(self, ms: int) -> None:
        self.true_ns += ms * MS
        self.clock.ns += ms * MS


def test_nothing_is_known_at_first() -> None:
    offset = ClockOffset(SteppingClock())
    assert offset.offset_ms is None
    assert offset.round_trip_ms is None


def test_equal_ways_give_the_offset_exactly() -> None:
    venue = Venue(ahead_ms=1500)
    venue.asked(40, 40)
    assert venue.offset.offset_ms == 1500
    assert venue.offset.round_trip_ms == 80


@given(
    st.integers(-100_000, 100_000),
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=1, max_size=50),
)
def test_the_error_is_at_most_half_of_the_shortest_round_trip(
    ahead_ms: int, ways: list[tuple[int, int]]
) -> None:
    venue = Venue(ahead_ms)
    for there_ms, back_ms in ways:
        venue.asked(there_ms, back_ms)
    offset, round_trip = venue.offset.offset_ms, venue.offset.round_trip_ms
    assert offset is not None
    assert round_trip == min(there + back for there, back in ways[-32:])
    assert abs(offset - ahead_ms) <= round_trip / 2


def test_a_slow_lopsided_answer_does_not_spoil_a_fast_one() -> None:
    venue = Venue(ahead_ms=200)
    venue.asked(10, 10)
    venue.asked(10, 4000)
    assert venue.offset.offset_ms == 200


def test_one_wrong_stamp_is_an_outlier() -> None:
    venue = Venue(ahead_ms=0)
    venue.asked(20, 20)
    venue.asked(5, 5, wrong_ms=-60_000)
    venue.asked(20, 20)
    venue.asked(5, 5, wrong_ms=+60_000)
    assert venue.offset.offset_ms == 0


@pytest.mark.parametrize("step_ms", [-6 * 3_600_000, -3000, 3000, 6 * 3_600_000])
def test_after_our_clock_was_set_two_samples_show_the_new_offset(step_ms: int) -> None:
    venue = Venue(ahead_ms=0)
    for _ in range(10):
        venue.asked(10, 10)
    venue.clock.ns += step_ms * MS
    venue.asked(30, 30)
    venue.asked(30, 30)
    assert venue.offset.offset_ms == -step_ms


def test_a_clock_set_back_during_the_request_spoils_only_that_sample() -> None:
    venue = Venue(ahead_ms=100)
    sent = venue.clock.ns
    venue.clock.ns -= 5000 * MS
    venue.offset.saw(START // MS, sent, venue.clock.ns)
    assert venue.offset.offset_ms is None


def test_old_samples_do_not_count() -> None:
    venue = Venue(ahead_ms=100)
    venue.asked(1, 1)
    venue.pass_ms(WINDOW_NS // MS)
    venue.asked(30, 30)
    assert venue.offset.round_trip_ms == 60
    venue.pass_ms(WINDOW_NS // MS + 1)
    assert venue.offset.offset_ms is None
