"""The backtest screen's own actions, by each key, by the palette and by the mouse."""

from pathlib import Path

import pytest

from nimbus_tui.control.backtests import RunState
from tests.tui.acting import WAYS, Scenario, Stage, play
from tests.tui.test_backtest_screen import RUN_WITHIN_S, at_the_bench, finished
from tests.tui.waiting import until


def runs(stage: Stage, state: RunState) -> int:
    return sum(run.state is state for run in stage.app.backtests.runs)


def on_the_run(stage: Stage) -> None:
    stage.app.live.backtest.scroll_rows(len(stage.app.live.backtest.rows))


async def long_run(stage: Stage) -> None:
    """A sweep that takes longer than a hand."""
    tests = stage.app.backtests
    tests.turn_sweep()
    tests.write("spacings", "0.1..3/20")
    tests.write("levels", "2..6")
    assert tests.run() == ""
    await until(lambda: runs(stage, RunState.RUNNING) == 1)


BENCH = {
    "backtest.run": Scenario(lambda stage: runs(stage, RunState.DONE) == 2),
    "backtest.mark": Scenario(lambda stage: stage.app.backtests.marked == (1,), before=on_the_run),
    "backtest.sweep": Scenario(lambda stage: stage.app.backtests.form.swept == "grid"),
    "backtest.measure": Scenario(lambda stage: stage.app.live.backtest._measure == 1),
    "backtest.cancel": Scenario(
        lambda stage: runs(stage, RunState.CANCELLED) == 1, before=long_run
    ),
}


async def put_in_order(stage: Stage, _at: str) -> None:
    """No sweep, no marks, the cursor on the first row."""
    tests, view = stage.app.backtests, stage.app.live.backtest
    tests.form, tests.marked = tests.form._replace(swept=None), ()
    view._cursor = view._measure = 0
    tests.changed()
    await until(lambda: runs(stage, RunState.RUNNING) == 0, RUN_WITHIN_S)
    await stage.pilot.pause()


@pytest.mark.parametrize("way", WAYS)
async def test_every_action_on_backtests(way: str, tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("b")
        await finished(app, 1)
        await play(Stage(app, pilot, app.client), BENCH, WAYS[way], put_in_order)
