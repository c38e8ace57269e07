"""A host's budget: order, reserve, penalties, and what others have spent."""

import asyncio

import pytest

from nimbus_tui.exchanges.net.budget import Budget, Budgets
from nimbus_tui.exchanges.net.spending import WINDOW_NS
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.net.virtual import START_NS, in_virtual_time

WINDOW_S = WINDOW_NS / 1e9


def budget(clock: LoopClock) -> Budget:
    return Budget(clock, per_minute=100, reserve=0.2)


def test_what_has_room_goes_at_once_and_the_next_waits_for_a_whole_minute() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> list[float]:
        spending = budget(clock)
        times = []
        for _ in range(5):
            await spending.take(40)
            times.append(loop.time())
        return times

    assert in_virtual_time(play) == pytest.approx(
        [0, 0, WINDOW_S, WINDOW_S, 2 * WINDOW_S], abs=0.01
    )


def test_only_urgent_requests_use_the_reserve() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        spending = budget(clock)
        assert spending.try_take(80)
        assert not spending.try_take(1)
        assert spending.try_take(20, urgent=True)
        assert not spending.try_take(1, urgent=True)

    in_virtual_time(play)


def test_urgent_requests_go_first_and_each_kind_in_the_order_it_came() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> list[str]:
        spending = budget(clock)
        spending.charge(100)
        served: list[str] = []

        async def ask(name: str, weight: int, urgent: bool) -> None:
            await spending.take(weight, urgent=urgent)
            served.append(name)

        asked = [("n1", 60, False), ("n2", 1, False), ("u1", 20, True), ("u2", 1, True)]
        await asyncio.gather(*(ask(*each) for each in asked))
        return served

    assert in_virtual_time(play) == ["u1", "u2", "n1", "n2"]


def test_a_small_request_does_not_overtake_a_large_one_that_waits() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        spending = budget(clock)
        await spending.take(50)
        large = asyncio.ensure_future(spending.take(60))
        await asyncio.sleep(1)
        assert not spending.try_take(1)
        assert spending.try_take(1, urgent=True)
        await large

    in_virtual_time(play)


def test_an_urgent_request_wakes_as_soon_as_it_has_room_while_others_wait_longer() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        spending = budget(clock)
        await spending.take(10)
        await asyncio.sleep(5)
        spending.charge(90)
        waits = asyncio.ensure_future(spending.take(80))
        await asyncio.sleep(1)
        await spending.take(10, urgent=True)
        now = loop.time()
        waits.cancel()
        return now

    assert in_virtual_time(play) == pytest.approx(WINDOW_S, abs=0.01)


def test_who_gives_up_spends_nothing_and_lets_the_next_go() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        spending = budget(clock)
        await spending.take(50)
        first = asyncio.ensure_future(spending.take(60))
        second = asyncio.ensure_future(spending.take(30))
        await asyncio.sleep(3)
        first.cancel()
        await second
        return loop.time()

    assert in_virtual_time(play) == pytest.approx(3, abs=0.01)


def test_the_share_used_is_of_what_all_may_spend() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        spending = budget(clock)
        assert spending.used == 0
        await spending.take(40)
        assert spending.used == 0.5
        waits = asyncio.ensure_future(spending.take(60))
        await asyncio.sleep(1)
        assert spending.used == 1.0
        await waits
        assert spending.used == 0.75
        spending.charge(100)
        assert spending.used == 1.0

    in_virtual_time(play)


def test_after_a_429_nobody_sends_then_only_urgent_requests_then_all() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> list[float]:
        spending = budget(clock)
        spending.penalise(10)
        assert not spending.try_take(1, urgent=True)
        assert spending.used == 1.0

        async def ask(urgent: bool) -> float:
            await spending.take(1, urgent=urgent)
            return loop.time()

        return await asyncio.gather(ask(False), ask(True))

    assert in_virtual_time(play) == pytest.approx([20, 10], abs=0.01)


def test_a_shorter_penalty_does_not_shorten_a_longer_one() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        spending = budget(clock)
        spending.penalise(30)
        spending.penalise(1)
        await spending.take(1, urgent=True)
        return loop.time()

    assert in_virtual_time(play) == pytest.approx(30, abs=0.01)


def test_what_others_have_spent_is_learned_from_the_venue() -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        spending = budget(clock)
        await spending.take(20)
        spending.correct(60)
        assert spending.used == 0.75
        spending.correct(10)
        assert spending.used == 0.75

    in_virtual_time(play)


def test_a_clock_that_is_set_back_does_not_lock_the_budget() -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        spending = budget(clock)
        await spending.take(80)
        clock.offset_ns = -6 * 3_600_000_000_000
        await spending.take(80)
        return loop.time()

    assert in_virtual_time(play) == pytest.approx(WINDOW_S, abs=0.01)


@pytest.mark.parametrize(("weight", "urgent"), [(0, False), (81, False), (101, True)])
def test_what_can_never_be_spent_is_refused_at_once(weight: int, urgent: bool) -> None:
    async def play(clock: LoopClock, _: VirtualTimeLoop) -> None:
        with pytest.raises(ValueError, match="can't be spent"):
            await budget(clock).take(weight, urgent=urgent)

    in_virtual_time(play)


@pytest.mark.parametrize(("per_minute", "reserve"), [(0, 0.2), (10, 1.0), (10, -0.1)])
def test_a_budget_of_nothing_is_refused(per_minute: int, reserve: float) -> None:
    with pytest.raises(ValueError, match="is none"):
        Budget(SimulatedClock(START_NS), per_minute=per_minute, reserve=reserve)


def test_all_who_ask_for_a_host_share_its_budget() -> None:
    budgets = Budgets(SimulatedClock(START_NS))
    assert budgets.of("api.one", 1200) is budgets.of("api.one", 1200)
    assert budgets.of("api.one", 1200) is not budgets.of("api.two", 1200)


def test_it_waits_on_the_injected_clock_alone() -> None:
    async def play(_: LoopClock, __: VirtualTimeLoop) -> None:
        clock = SimulatedClock(START_NS)
        spending = Budget(clock, per_minute=100)
        await spending.take(80)
        waits = asyncio.ensure_future(spending.take(80))
        await asyncio.sleep(1000)
        assert not waits.done()

        async def settle() -> None:
            await asyncio.sleep(0.01)

        await clock.advance_to(START_NS + WINDOW_NS, settle)
        assert waits.done()

    in_virtual_time(play)
