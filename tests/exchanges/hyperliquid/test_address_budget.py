"""An address's actions: counted as the venue does, slowed near the cap, never locked for exits."""

from decimal import Decimal

import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.exchanges.hyperliquid.address_budget import (
    KEPT_FOR_EXITS,
    TRICKLE_NS,
    AddressBudget,
)
from nimbus_tui.exchanges.hyperliquid.wire_info import UserRateLimit
from nimbus_tui.simulation.clock import SimulatedClock

START = 1_790_000_000_000_000_000


def learned(used: int, cap: int = 10_000) -> tuple[AddressBudget, SimulatedClock]:
    clock = SimulatedClock(START)
    budget = AddressBudget(clock)
    budget.learn(UserRateLimit(Decimal(cap - 10_000), used, cap), sent_before=0)
    return budget, clock


def test_before_the_first_reading_all_is_allowed() -> None:
    budget = AddressBudget(SimulatedClock(START))
    assert budget.allows(200)
    assert budget.share_used == 0


def test_a_batch_counts_each_of_its_items() -> None:
    budget, _ = learned(used=1000)
    budget.count(200)
    assert budget.used == 1200
    assert budget.share_used == pytest.approx(0.12)


def test_what_was_refused_as_a_whole_counts_nothing() -> None:
    budget, _ = learned(used=1000)
    budget.count(50)
    budget.give_back(50)
    assert budget.used == 1000


def test_actions_that_leave_while_the_reading_is_on_its_way_are_not_lost() -> None:
    budget, _ = learned(used=0)
    budget.count(10)
    asked_at = budget.sent
    budget.count(5)
    budget.learn(UserRateLimit(Decimal(0), 10, 10_000), sent_before=asked_at)
    assert budget.used == 15


@pytest.mark.parametrize(
    ("used", "actions", "kind", "allowed"),
    [
        (10_000 - KEPT_FOR_EXITS - 2, 2, {}, True),
        (10_000 - KEPT_FOR_EXITS - 1, 2, {}, False),
        (10_000 - KEPT_FOR_EXITS - 1, 2, {"urgent": True}, True),
        (9_998, 2, {"urgent": True}, True),
        (9_999, 2, {"urgent": True}, False),
        (9_999, 2, {"cancel": True}, True),
        (19_998, 2, {"cancel": True}, True),
        (19_999, 2, {"cancel": True}, False),
    ],
)
def test_orders_exits_and_cancels_have_their_own_limits(
    used: int, actions: int, kind: dict[str, bool], allowed: bool
) -> None:
    budget, _ = learned(used)
    assert budget.allows(actions, **kind) is allowed


def test_a_large_cap_allows_a_hundred_thousand_cancels_more() -> None:
    budget, _ = learned(used=1_099_999, cap=1_000_000)
    assert budget.allows(1, cancel=True)
    budget.count(1)
    assert not budget.allows(1, cancel=True)


def test_beyond_the_cap_one_action_passes_every_ten_seconds() -> None:
    budget, clock = learned(used=10_500)
    assert budget.allows(1)
    assert not budget.allows(2)
    budget.count(1)
    assert not budget.allows(1, urgent=True)
    clock.jump(START + 10 * NS_PER_SECOND)
    assert not budget.allows(1)
    clock.jump(START + TRICKLE_NS)
    assert budget.allows(1)


def test_a_clock_that_is_set_back_does_not_lock_the_account() -> None:
    class Set:
        ns = START

        def now(self) -> int:
            return self.ns

    clock = Set()
    budget = AddressBudget(clock)  # type: ignore[arg-type]
    budget.learn(UserRateLimit(Decimal(0), 20_000, 10_000), sent_before=0)
    budget.count(1)
    clock.ns = START - 3600 * NS_PER_SECOND
    assert budget.allows(1)


def test_the_share_never_exceeds_one() -> None:
    assert learned(used=97_460, cap=97_456)[0].share_used == 1.0
    assert learned(used=0, cap=0)[0].share_used == 1.0
