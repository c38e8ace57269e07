"""Waits grow, stay within their bounds, are never in step, and start anew after a success."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.exchanges.net.backoff import Backoff


@given(st.integers(), st.floats(0.01, 5), st.floats(1, 100))
def test_every_wait_lies_within_the_bounds(seed: int, first_s: float, factor: float) -> None:
    most_s = first_s * factor
    backoff = Backoff(Random(seed), first_s, most_s)
    waits = [backoff.next_s() for _ in range(100)]
    assert all(first_s <= wait <= most_s for wait in waits)


def test_waits_grow_until_the_longest() -> None:
    averages = [0.0] * 10
    for seed in range(400):
        backoff = Backoff(Random(seed), 1, 60)
        averages = [average + backoff.next_s() / 400 for average in averages]
    assert averages[:6] == sorted(averages[:6])
    assert averages[0] == pytest.approx(1.5, abs=0.1)
    assert averages[9] == pytest.approx(30.5, abs=3)


def test_after_a_success_the_next_wait_is_short() -> None:
    backoff = Backoff(Random(1), 1, 60)
    for _ in range(8):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() <= 2


def test_clients_that_failed_together_do_not_come_back_together() -> None:
    assert len({Backoff(Random(seed)).next_s() for seed in range(50)}) == 50


def test_bounds_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="is none"):
        Backoff(Random(1), 5, 1)
