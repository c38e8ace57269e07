"""One file for all processes: what one spends or is forbidden counts for the others, later too."""

import asyncio
from pathlib import Path

import pytest

from nimbus_tui.exchanges.net.budget import Budgets
from nimbus_tui.exchanges.net.spending import WINDOW_NS
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from tests.exchanges.net.ledgers import SetClock, path_in, process
from tests.exchanges.net.virtual import in_virtual_time

WINDOW_S = WINDOW_NS / 1e9


def test_what_one_process_spends_is_missing_for_the_others(tmp_path: Path) -> None:
    clock = SetClock()
    one, other = process(tmp_path, clock), process(tmp_path, clock)
    assert one.try_take(50)
    one.charge(10)
    assert (other.spent, other.used) == (60, 0.75)
    assert not other.try_take(21)
    assert other.try_take(20)
    assert not one.try_take(1)
    assert one.try_take(20, urgent=True)
    assert not other.try_take(1, urgent=True)


def test_a_process_that_starts_anew_within_the_minute_knows_what_was_spent(tmp_path: Path) -> None:
    clock = SetClock()
    assert process(tmp_path, clock).try_take(80)
    clock.go(WINDOW_S - 0.1)
    assert not process(tmp_path, clock).try_take(1)
    clock.go(0.1)
    assert process(tmp_path, clock).try_take(80)


def test_what_the_venue_says_is_spent_counts_for_all_and_once(tmp_path: Path) -> None:
    clock = SetClock()
    one, other = process(tmp_path, clock), process(tmp_path, clock)
    one.charge(20)
    other.correct(60)
    one.correct(60)
    assert one.spent == 60


def test_a_429_of_one_process_holds_all_back_and_those_that_start_later(tmp_path: Path) -> None:
    clock = SetClock()
    one, other = process(tmp_path, clock), process(tmp_path, clock)
    one.penalise(10)
    assert not other.try_take(1, urgent=True)
    clock.go(10)
    later = process(tmp_path, clock)
    assert not later.try_take(1)
    assert later.used == 1.0
    assert later.try_take(1, urgent=True)
    clock.go(10)
    assert later.try_take(1)


def test_who_waits_goes_on_when_there_is_room_however_it_came(tmp_path: Path) -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        one, other = process(tmp_path, clock), process(tmp_path, clock)
        await one.take(80)
        waits = asyncio.ensure_future(other.take(80))
        await asyncio.sleep(10)
        clock.offset_ns = WINDOW_NS  # set forward: a minute is over, as far as anybody can tell
        await waits
        return loop.time()

    assert in_virtual_time(play) == pytest.approx(11, abs=1)


def test_who_waits_waits_longer_when_others_spend_meanwhile(tmp_path: Path) -> None:
    async def play(clock: LoopClock, loop: VirtualTimeLoop) -> float:
        one, other = process(tmp_path, clock), process(tmp_path, clock)
        await one.take(50)
        waits = asyncio.ensure_future(other.take(40))
        await asyncio.sleep(30)
        await one.take(30)
        one.charge(20)
        await waits
        return loop.time()

    assert in_virtual_time(play) == pytest.approx(30 + WINDOW_S, abs=1)


def test_a_clock_that_is_set_back_frees_nothing_early_and_locks_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(80)
    clock.go(-6 * 3600)
    other = process(tmp_path, clock)
    assert not other.try_take(1)
    clock.go(WINDOW_S - 1)
    assert not other.try_take(1)
    assert not one.try_take(1)
    clock.go(1)
    assert other.try_take(40)
    assert one.try_take(40)
    assert not process(tmp_path, clock).try_take(1)


def test_a_clock_that_was_far_ahead_for_a_while_locks_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    clock.go(10 * 365 * 86_400)
    process(tmp_path, clock).penalise(10)
    clock.go(-10 * 365 * 86_400)
    later = process(tmp_path, clock)
    assert not later.try_take(1)
    clock.go(20)
    assert later.try_take(80)


def test_looking_on_writes_nothing(tmp_path: Path) -> None:
    clock = SetClock()
    one = process(tmp_path, clock)
    assert one.try_take(1)
    before = path_in(tmp_path).read_bytes()
    clock.go(5)
    assert (one.spent, one.used, one.try_take(80)) == (1, 0.0125, False)
    assert path_in(tmp_path).read_bytes() == before


def test_files_are_small_private_and_named_by_host(tmp_path: Path) -> None:
    budgets = Budgets(SetClock(), tmp_path / "budgets")
    for host in ("api.venue", "127.0.0.1:8080", "../escape"):
        budgets.of(host, 1200).charge(1)
    found = sorted((tmp_path / "budgets").iterdir())
    names = ["..%2Fescape.spent", "127.0.0.1%3A8080.spent", "api.venue.spent"]
    assert names == [path.name for path in found]
    assert {0o600} == {path.stat().st_mode & 0o777 for path in found}
    assert max(path.stat().st_size for path in found) < 2000
    assert (tmp_path / "budgets").stat().st_mode & 0o777 == 0o700


def test_budgets_without_a_folder_are_of_one_process_alone() -> None:
    clock = SetClock()
    assert Budgets(clock).of("api.venue", 100).try_take(80)
    assert Budgets(clock).of("api.venue", 100).try_take(80)
