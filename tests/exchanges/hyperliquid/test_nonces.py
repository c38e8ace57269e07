"""No nonce comes twice: not in one millisecond, not after a restart, not when the clock steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.exchanges.hyperliquid.nonces import MOST_AHEAD_MS, Nonces

START = 1_790_000_000_000
MS = 1_000_000


def test_in_one_millisecond_nonces_count_on() -> None:
    nonces = Nonces(lambda: START * MS + 999_999)
    assert [nonces.take() for _ in range(3)] == [START, START + 1, START + 2]


def test_a_nonce_follows_the_clock_once_it_is_ahead() -> None:
    times = iter([START, START, START + 50])
    nonces = Nonces(lambda: next(times) * MS)
    assert [nonces.take() for _ in range(3)] == [START, START + 1, START + 50]


def test_a_clock_that_steps_back_does_not_take_the_nonces_along() -> None:
    times = iter([START, START - 60_000, START - 59_000])
    nonces = Nonces(lambda: next(times) * MS)
    assert [nonces.take() for _ in range(3)] == [START, START + 1, START + 2]


def test_what_the_venue_would_refuse_is_said_instead_of_sent() -> None:
    nonces = Nonces(lambda: START * MS, last=START + MOST_AHEAD_MS - 1)
    assert nonces.take() == START + MOST_AHEAD_MS
    with pytest.raises(ExchangeError, match=r"12\.0 h behind"):
        nonces.take()
    assert nonces.last == START + MOST_AHEAD_MS


@given(
    st.lists(st.tuples(st.integers(-5_000, 5_000), st.booleans(), st.integers(1, 30)), max_size=40)
)
def test_nonces_only_rise_whatever_clock_and_restarts_do(
    steps: list[tuple[int, bool, int]],
) -> None:
    clock = [START * MS]
    nonces = Nonces(lambda: clock[0])
    taken: list[int] = []
    for step, restarts, count in steps:
        clock[0] += step * MS
        if restarts:
            nonces = Nonces(lambda: clock[0], nonces.last)
        taken += [nonces.take() for _ in range(count)]
    assert taken == sorted(set(taken))
    assert all(nonce >= START - 200_000 for nonce in taken)
