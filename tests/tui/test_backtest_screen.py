"""The backtest screen on an engine that really runs them, by key, by palette and by mouse."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from nimbus_tui.control.backtests import BacktestRun, RunState
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.panels.path_prompt import PathPrompt
from nimbus_tui.tui.panels.prompts import Confirm, Prompt
from tests.contracts.backtesting_client import CONFIG, ROUND_TRIPS
from tests.tui.bench_world import ETH, bench
from tests.tui.opened import opened, settled, text
from tests.tui.waiting import until

RUN_WITHIN_S = 60.0


@asynccontextmanager
async def at_the_bench(
    folder: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[NimbusApp, Pilot[Any]]]:
    """The backtest screen with the engine's own config."""
    client = await bench(folder)
    async with opened(client, size) as (app, pilot):
        await pilot.press("7")
        await until(lambda: app.backtests.setup is not None)
        await settled(app, pilot)
        yield app, pilot
    await client._engine.stop()


async def finished(app: NimbusApp, number: int) -> BacktestRun:
    """A run has ended and its result is here."""

    def run() -> BacktestRun | None:
        return next((run for run in app.backtests.runs if run.number == number), None)

    await until(lambda: (now := run()) is not None and now.state is not RunState.RUNNING,
                RUN_WITHIN_S)  # fmt: skip
    found = run()
    assert found is not None
    return found


async def answered(app: NimbusApp, pilot: Pilot[Any], written: str) -> None:
    """The question is there, is answered, and gone."""
    await until(lambda: isinstance(app.screen, Prompt))
    app.screen.query_one(Input).value = written
    await pilot.press("enter")
    await until(lambda: not isinstance(app.screen, Prompt))


async def test_b_runs_what_is_chosen_and_the_results_appear(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path, (200, 60)) as (app, pilot):
        assert "ETHUSDC-trades.csv" in app.live.backtest.form.text
        await pilot.press("b")
        run = await finished(app, 1)
        assert run.state is RunState.DONE
        await settled(app, pilot)
        assert "worst" in app.live.backtest.curve.text
        assert f"{ROUND_TRIPS}" in app.live.backtest.figures.text
        assert "▲ buy" in app.live.backtest.trades.text
        assert "✓" in app.live.backtest.list.text
        assert app.backtests.results[1].bots[0].bot.round_trips == ROUND_TRIPS


async def test_two_runs_are_compared_by_what_differs(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("b")
        await finished(app, 1)
        (tmp_path / "grid.toml").write_text(CONFIG.replace("0.5", "0.6"))
        await pilot.press("b")
        await finished(app, 2)
        await until(lambda: 2 in app.backtests.results)
        await pilot.press("space")
        await settled(app, pilot)
        assert "move to one of the runs" in text(app)
        rows = len(app.live.backtest.rows)
        await pilot.press(*["down"] * rows, "space", "down", "space")
        await settled(app, pilot)
        assert app.backtests.marked == (1, 2)
        assert "spacing" in app.live.backtest.compared.text
        assert "0.6" in app.live.backtest.compared.text
        assert "▼" in app.live.backtest.compared.text
        await pilot.press("space")
        assert app.backtests.marked == (1,)


async def test_a_sweep_fills_its_map(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("y")
        await settled(app, pilot)
        kinds = [row.kind for row in app.live.backtest.rows]
        for kind, written in (("spacings", "0.5 0.6"), ("levels", "2..3")):
            app.live.backtest._cursor = kinds.index(kind)
            await pilot.press("enter")
            await answered(app, pilot, written)
        await settled(app, pilot)
        assert "4 runs" in app.live.backtest.form.text
        await pilot.press("b")
        run = await finished(app, 1)
        assert (run.state, len(run.cells)) == (RunState.DONE, 4)
        await settled(app, pilot)
        assert "★" in app.live.backtest.curve.text
        assert "PnL of grid" in app.live.backtest.curve.text
        await pilot.press("m")
        await settled(app, pilot)
        assert "max drawdown %" in app.live.backtest.curve.text
        await pilot.press("y")
        await settled(app, pilot)
        assert "off" in app.live.backtest.form.text


async def test_a_run_can_be_cancelled(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("c")
        await settled(app, pilot)
        assert "nothing runs" in text(app)
        await pilot.press("y", "b")
        await until(lambda: app.backtests.is_running())
        await pilot.press("c")
        run = await finished(app, 1)
        assert run.state is RunState.CANCELLED
        await settled(app, pilot)
        assert "○ cancelled" in app.live.backtest.list.text


async def test_a_file_is_chosen_by_typing_or_from_the_list(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, PathPrompt))
        prompt = app.screen
        assert isinstance(prompt, PathPrompt)
        prompt.entry.value = f"{tmp_path}/ETHUSDT"
        await until(lambda: prompt._listed == (f"{tmp_path}/ETHUSDT-bbo.csv",))
        await pilot.press("tab")
        assert prompt.entry.value == f"{tmp_path}/ETHUSDT-bbo.csv"
        await pilot.press("enter")
        await until(lambda: app.backtests.form.files == {ETH: f"{tmp_path}/ETHUSDT-bbo.csv"})
        await pilot.press("b")
        run = await finished(app, 1)
        assert run.state is RunState.FAILED
        await settled(app, pilot)
        assert "bids and asks" in text(app)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, PathPrompt))
        await pilot.press("down", "enter")
        await until(lambda: app.backtests.form.files[ETH].endswith("ETHUSDC-trades.csv"))


async def test_a_folder_is_gone_into(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.csv").write_text("")
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, PathPrompt))
        prompt = app.screen
        assert isinstance(prompt, PathPrompt)
        prompt.entry.value = "mo"
        await until(lambda: prompt._listed == ("more/",))
        await pilot.press("down", "enter")
        await until(lambda: prompt._listed == ("more/a.csv",))
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, PathPrompt))
        assert app.backtests.form.files == {}


async def test_another_config_is_read_and_a_wrong_one_says_why(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(CONFIG.replace("bots.grid", "bots.other"))
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("enter")
        await answered(app, pilot, "none.toml")
        await until(lambda: app.backtests.setup is not None and bool(app.backtests.setup.problem))
        await settled(app, pilot)
        assert "there is no such file" in text(app)
        await pilot.press("b")
        await settled(app, pilot)
        assert "choose a config that can be read" in text(app)
        await pilot.press("enter")
        await answered(app, pilot, "other.toml")
        await until(lambda: app.backtests.setup is not None and not app.backtests.setup.problem)
        assert app.backtests.setup is not None
        assert [bot.bot_id for bot in app.backtests.setup.bots] == ["other"]


async def test_no_key_of_a_bot_does_anything_here(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        await pilot.press("x", "s", "p")
        await settled(app, pilot)
        assert not isinstance(app.screen, Confirm)
        assert "these are backtests" in text(app)
        names = {offer.name for offer in app.offers()}
        assert {"run", "compare", "sweep"} <= names
        assert "next fill" not in names
        await pilot.press("escape")
        await until(lambda: not app.live.is_backtest_open)
        assert "sweep" not in {offer.name for offer in app.offers()}


async def test_the_palette_opens_it_and_a_click_moves_the_cursor(tmp_path: Path) -> None:
    client = await bench(tmp_path)
    async with opened(client) as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.press(*"backtest", "enter")
        await until(lambda: app.live.is_backtest_open and app.backtests.setup is not None)
        await settled(app, pilot)
        await pilot.click("#backtest-form", offset=(4, 2))
        await until(lambda: app.live.backtest._cursor == 1)
    await client._engine.stop()


async def test_panes_turn_where_there_is_no_room_for_all(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        for words in ("drawdown", "figures", "trades", "side by side", "equity"):
            await pilot.press("right")
            await settled(app, pilot)
            assert words in text(app).lower().replace("today", "")


@pytest.mark.parametrize("size", [(20, 5), (60, 12), (120, 40), (400, 100)])
async def test_no_size_is_too_small_or_too_large(tmp_path: Path, size: tuple[int, int]) -> None:
    async with at_the_bench(tmp_path, size) as (app, pilot):
        await pilot.press("b")
        await finished(app, 1)
        for _ in range(5):
            await pilot.press("v")
            await settled(app, pilot)
        assert app.is_running
