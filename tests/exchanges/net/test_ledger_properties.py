"""However two processes ask, stop and start again: together they exceed no minute's budget."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.net.ledgers import path_in, process
from tests.exchanges.net.virtual import in_virtual_time

MOST = 100
MOST_NORMAL = 80
Taken = tuple[float, int, bool]
Ask = tuple[float, int, bool, int, float | None]

ASKS = st.lists(
    st.tuples(
        st.floats(0, 120),  # when it is asked
        st.integers(1, 60),  # its weight
        st.booleans(),  # urgent
        st.integers(0, 1),  # by which process
        st.none() | st.floats(0, 90),  # how long it waits before it gives up
    ),
    max_size=20,
)
RESTARTS = st.lists(st.tuples(st.floats(0, 120), st.integers(0, 1)), max_size=6)
SET = st.lists(st.tuples(st.floats(0, 120), st.integers(-7200, 0)), max_size=3)
TEARS = st.lists(st.floats(0, 120), max_size=2)


def served(
    folder: Path,
    asks: list[Ask],
    restarts: list[tuple[float, int]],
    sets: list[tuple[float, int]],
    tears: list[float],
) -> tuple[list[Taken], int]:
    """Who was served when, and how many gave up; restarts lose what waits to nobody."""

    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> tuple[list[Taken], int]:
        budgets: list[Budget] = [process(folder, clock, MOST) for _ in range(2)]
        taken: list[Taken] = []
        gone = 0

        async def ask(
            at: float, weight: int, urgent: bool, who: int, patience: float | None
        ) -> None:
            nonlocal gone
            await asyncio.sleep(at)
            try:
                async with asyncio.timeout(patience):
                    await budgets[who].take(weight, urgent=urgent)
            except TimeoutError:
                gone += 1
            else:
                taken.append((loop.time(), weight, urgent))

        async def restart(at: float, who: int) -> None:
            await asyncio.sleep(at)
            budgets[who] = process(folder, clock, MOST)

        async def set_back(at: float, seconds: int) -> None:
            await asyncio.sleep(at)
            clock.offset_ns += seconds * 1_000_000_000

        async def tear(at: float) -> None:
            await asyncio.sleep(at)
            for budget in budgets:
                assert budget.spent >= 0  # both have looked, and so know what is lost
            path_in(folder).write_bytes(path_in(folder).read_bytes()[:-100])

        await asyncio.gather(
            *(ask(*each) for each in asks),
            *(restart(*each) for each in restarts),
            *(set_back(*each) for each in sets),
            *(tear(at) for at in tears),
        )
        return taken, gone

    return in_virtual_time(play)


@settings(max_examples=120, deadline=None)
@given(ASKS, RESTARTS, SET)
def test_no_minute_of_two_processes_exceeds_the_budget_and_nobody_is_forgotten(
    asks: list[Ask], restarts: list[tuple[float, int]], sets: list[tuple[float, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(asks, *served(Path(folder), asks, restarts, sets, []))


@settings(max_examples=80, deadline=None)
@given(ASKS, SET, TEARS)
def test_a_file_that_is_torn_while_both_run_costs_no_minute_its_limit(
    asks: list[Ask], sets: list[tuple[float, int]], tears: list[float]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(asks, *served(Path(folder), asks, [], sets, tears))


def check(asks: list[Ask], taken: list[Taken], gone: int) -> None:
    assert len(taken) + gone == len(asks)
    for start, _, _ in taken:
        minute = [each for each in taken if start <= each[0] < start + 60]
        assert sum(weight for _, weight, _ in minute) <= MOST
        normal = [each for each in minute if not each[2]]
        if normal:
            until = max(at for at, _, _ in normal)
            before = [weight for at, weight, _ in minute if at < until]
            last = max(weight for at, weight, _ in normal if at == until)
            assert sum(before) + last <= MOST_NORMAL
