"""Whatever is asked, when, and given up: no minute exceeds the budget, and everybody is served."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.spending import WINDOW_NS
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.net.virtual import in_virtual_time

MOST = 100
RESERVE = 0.2
WINDOW_S = WINDOW_NS / 1e9
Taken = tuple[float, int, bool]

ASKS = st.lists(
    st.tuples(
        st.floats(0, 120),  # when it is asked
        st.integers(1, 60),  # its weight
        st.booleans(),  # urgent
        st.none() | st.floats(0, 90),  # how long it waits before it gives up
    ),
    max_size=25,
)


def served(asks: list[tuple[float, int, bool, float | None]]) -> tuple[list[Taken], int]:
    """Who was served when, and how many gave up."""

    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> tuple[list[Taken], int]:
        budget = Budget(clock, per_minute=MOST, reserve=RESERVE)
        taken: list[Taken] = []
        gone = 0

        async def ask(at: float, weight: int, urgent: bool, patience: float | None) -> None:
            nonlocal gone
            await asyncio.sleep(at)
            try:
                async with asyncio.timeout(patience):
                    await budget.take(weight, urgent=urgent)
            except TimeoutError:
                gone += 1
            else:
                taken.append((loop.time(), weight, urgent))

        await asyncio.gather(*(ask(*each) for each in asks))
        return taken, gone

    return in_virtual_time(play)


@settings(max_examples=150, deadline=None)
@given(ASKS)
def test_no_minute_exceeds_the_budget_and_nobody_is_forgotten(
    asks: list[tuple[float, int, bool, float | None]],
) -> None:
    taken, gone = served(asks)
    assert len(taken) + gone == len(asks)
    for start, _, _ in taken:
        minute = [each for each in taken if start <= each[0] < start + 60]
        assert sum(weight for _, weight, _ in minute) <= MOST
        until_last_normal = [at for at, _, urgent in minute if not urgent]
        if until_last_normal:
            before = [each for each in minute if each[0] < max(until_last_normal)]
            last = max(each[1] for each in minute if each[0] == max(until_last_normal))
            assert sum(weight for _, weight, _ in before) + last <= MOST


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=30), st.integers(1, 20))
def test_an_urgent_request_waits_a_minute_at_most_however_many_others_wait(
    others: list[tuple[int, bool]], weight: int
) -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        budget = Budget(clock, per_minute=MOST, reserve=RESERVE)
        normal = [asyncio.ensure_future(budget.take(each)) for each, _ in others]
        await asyncio.sleep(0.5)
        for waiting, (_, gives_up) in zip(normal, others, strict=True):
            if gives_up:
                waiting.cancel()
        asked = loop.time()
        await budget.take(weight, urgent=True)
        waited = loop.time() - asked
        await asyncio.gather(*normal, return_exceptions=True)
        return waited

    assert in_virtual_time(play) == 0  # the reserve alone covers it


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.data())
def test_urgent_requests_are_served_before_all_that_waited_with_them(
    count: int, data: st.DataObject
) -> None:
    kinds = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))

    async def play(clock: LoopClock, _: VirtualTimeLoop) -> list[bool]:
        budget = Budget(clock, per_minute=MOST, reserve=RESERVE)
        budget.charge(MOST)
        order: list[bool] = []

        async def ask(urgent: bool) -> None:
            await budget.take(30, urgent=urgent)
            order.append(urgent)

        await asyncio.gather(*(ask(kind) for kind in kinds))
        return order

    assert in_virtual_time(play) == sorted(kinds, reverse=True)
