"""Real processes on one file: together they keep to the budget, also when they are killed."""

from pathlib import Path
from random import Random

import pytest

from tests.exchanges.net.hammer import begin, live_budget, started

BUDGET = 20_000


def test_f22_processes_that_hammer_one_host_take_together_what_one_may_take(
    tmp_path: Path,
) -> None:
    running = [started(tmp_path / "host.spent", BUDGET) for _ in range(3)]
    for process in running:
        begin(process)
    said = [process.communicate() for process in running]
    assert [errors for _, errors in said] == [b""] * 3
    taken = [len(weights) for weights, _ in said]
    assert sum(taken) == BUDGET
    assert min(taken) > 0


def test_f22_engines_that_are_killed_and_started_again_keep_to_the_budget(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, chance, taken = tmp_path / "host.spent", Random(22), 0
    kills = 5
    for killed in range(1, kills + 1):
        process = started(path, BUDGET)
        begin(process)
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.read(1)
        while len(said) < chance.randint(1, BUDGET // 10):
            said += process.stdout.read(1)
        process.kill()
        said += process.stdout.read()
        assert process.stderr.read() == b""
        process.stdout.close()
        process.stderr.close()
        process.wait()
        taken += len(said)
        # What it took in its last moment it may not have said any more.
        assert taken <= live_budget(path, BUDGET).spent <= taken + killed
    again = started(path, BUDGET)
    begin(again)
    last, errors = again.communicate()
    assert errors == b""
    assert BUDGET - kills <= taken + len(last) <= BUDGET
    assert caplog.records == []
