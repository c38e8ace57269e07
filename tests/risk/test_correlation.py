"""Which assets move together: their hourly returns over 30 days, and no data as together."""

from decimal import Decimal
from itertools import accumulate
from random import Random

import pytest

from nimbus_tui.core.ids import Asset
from nimbus_tui.risk.correlation import WINDOW_HOURS, clusters, log_returns, rho

A, B, C, D = (Asset(name) for name in "ABCD")
LIMIT = Decimal("0.7")


def closes(*returns: list[float]) -> list[dict[int, Decimal]]:
    """Hourly closes 0 … 720 from returns of each asset."""
    return [
        dict(
            enumerate(
                Decimal(repr(price))
                for price in accumulate(one, lambda p, r: p * (1 + r), initial=100.0)
            )
        )
        for one in returns
    ]


def noise(seed: int) -> list[float]:
    chance = Random(seed)
    return [chance.gauss(0, 0.01) for _ in range(WINDOW_HOURS)]


@pytest.mark.parametrize("sign", [1, -1])
def test_assets_that_follow_each_other_either_way_are_one_cluster(sign: int) -> None:
    leader, other = noise(1), noise(2)
    follower = [sign * a + 0.3 * b for a, b in zip(leader, noise(3), strict=True)]
    one, two, three = closes(leader, follower, other)
    found = clusters([C, B, A], {A: one, B: two, C: three}, WINDOW_HOURS, LIMIT)
    assert found == (frozenset({A, B}), frozenset({C}))


def test_clusters_are_transitive() -> None:
    first, last = noise(1), noise(2)
    between = [a + b for a, b in zip(first, last, strict=True)]
    one, two, three = closes(first, between, last)
    found = clusters([A, B, C], {A: one, B: two, C: three}, WINDOW_HOURS, LIMIT)
    assert found == (frozenset({A, B, C}),)
    assert len(clusters([A, C], {A: one, C: three}, WINDOW_HOURS, LIMIT)) == 2


def test_no_data_is_together() -> None:
    one, two = closes(noise(1), noise(2))
    assert len(clusters([A, B], {A: one, B: two}, WINDOW_HOURS, LIMIT)) == 2
    for other in (
        {},
        {hour: price for hour, price in two.items() if hour > 100},
        {h: Decimal(1) for h in two},
    ):
        assert len(clusters([A, B], {A: one, B: other}, WINDOW_HOURS, LIMIT)) == 1


def test_hours_beside_a_gap_and_before_the_window_have_no_return() -> None:
    prices = {hour: Decimal(100 + hour) for hour in (0, 1, 2, 4, 5)}
    assert sorted(log_returns(prices, 5)) == [1, 2, 5]
    assert log_returns(prices, WINDOW_HOURS + 2).keys() == {4 + 1}
    assert rho({}, {}) is None
