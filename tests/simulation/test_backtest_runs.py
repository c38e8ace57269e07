"""Runs in processes of their own: what happens when a process says nonsense, dies, or is let go."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nimbus_tui.bootstrap import load_config
from nimbus_tui.control.backtest_wire import Job
from nimbus_tui.control.backtests import BacktestRequest, BacktestRun, RunState
from nimbus_tui.simulation.backtest_runs import COMMAND, RUNS_AT_ONCE, BacktestRuns, flattened
from tests.contracts.backtesting_client import ETH, prepared

WITHIN_S = 30
REQUEST = BacktestRequest(config="", data={ETH: "ETHUSDC-trades.csv"})
ENDLESS = "import sys; sys.stdin.read()"


@contextmanager
def runs(folder: Path, script: str) -> Iterator[BacktestRuns]:
    """A runner whose processes do what a script says."""
    command = (sys.executable, "-c", script)
    made = BacktestRuns(prepared(folder), load_config, folder / "folders.json", command)
    yield made
    made.close()


def ended(made: BacktestRuns, number: int) -> BacktestRun:
    """The listener's thread is over: its run has ended."""
    (listener,) = [
        thread for thread in threading.enumerate() if thread.name == f"backtest-{number}"
    ] or [threading.current_thread()]
    if listener is not threading.current_thread():
        listener.join(WITHIN_S)
    (run,) = [run for run in made.runs() if run.number == number]
    return run


def test_a_process_that_dies_is_a_run_that_failed(tmp_path: Path) -> None:
    with runs(tmp_path, "import sys; sys.exit(7)") as made:
        run = ended(made, made.run(REQUEST).number)
    assert (run.state, run.problem) == (RunState.FAILED, "its process ended early, with code 7")


def test_a_process_that_talks_nonsense_is_a_run_that_failed(tmp_path: Path) -> None:
    with runs(tmp_path, "print('hello')") as made:
        run = ended(made, made.run(REQUEST).number)
    assert (run.state, run.problem) == (
        RunState.FAILED, "the run said what nobody understands",
    )  # fmt: skip


def test_no_more_than_two_run_at_once_and_a_cancelled_one_makes_room(tmp_path: Path) -> None:
    with runs(tmp_path, ENDLESS) as made:
        begun = [made.run(REQUEST) for _ in range(RUNS_AT_ONCE)]
        assert {run.state for run in begun} == {RunState.RUNNING}
        refused = made.run(REQUEST)
        assert refused.state is RunState.FAILED
        assert "2 runs are under way: wait for one, or cancel one" in refused.problem
        cancelled = made.cancel(begun[0].number)
        assert cancelled is not None
        assert cancelled.state is RunState.CANCELLED
        assert made.run(REQUEST).state is RunState.RUNNING
        assert [run.number for run in made.runs()] == [1, 2, 3, 4]
    assert {run.state for run in made.runs()} == {RunState.CANCELLED, RunState.FAILED}


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    made = BacktestRuns(prepared(tmp_path), load_config, tmp_path / "f.json", ("/no/such/python",))
    run = made.run(REQUEST)
    assert run.state is RunState.FAILED
    assert "No such file" in run.problem


def test_the_process_ends_when_nobody_holds_its_input_any_more(tmp_path: Path) -> None:
    config = prepared(tmp_path)
    rows = (tmp_path / "ETHUSDC-trades.csv").read_text().splitlines()
    long = [f"{1_741_276_800_000 + at},{2400 + at % 60 - 30},1" for at in range(400_000)]
    (tmp_path / "long.csv").write_text("\n".join([rows[0], *long]))
    job = Job(1, BacktestRequest(config=str(config), data={ETH: str(tmp_path / "long.csv")}))
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"NIMBUS_HOME": str(tmp_path / "home")},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(job) + b"\n")
    process.stdin.flush()
    assert b"advance" in process.stdout.readline()
    process.stdin.close()
    assert process.wait(WITHIN_S) == 1
    process.stdout.close()


def test_a_table_is_told_by_dotted_keys() -> None:
    table = {"a": 1, "b": {"c": True, "d": {"e": "x"}}, "f": [1, 2]}
    assert flattened(table) == {"a": "1", "b.c": "true", "b.d.e": "x", "f": "[1, 2]"}
