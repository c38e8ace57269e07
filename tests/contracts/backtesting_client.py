"""What every client of an engine must answer about backtests.

Subclasses give `asked`: a client of an engine whose config is the `grid.toml` that `prepared`
writes beside two price files.
"""

import asyncio
from decimal import Decimal
from pathlib import Path

from nimbus_tui.bootstrap import load_config
from nimbus_tui.control.backtests import (
    BacktestRequest,
    BacktestRun,
    RunState,
    Sweep,
)
from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.simulation.backtest_runs import BacktestRuns
from tests.simulation.worlds import World

ETH = Symbol("ETH/USDC")
CONFIG = """\
[exchanges.sim]
type = "paper"

[bots.grid]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100
capital = 2_000
risk = { stop_loss = 40 }
"""
START_MS = 1_741_276_800_000
ROUND_TRIPS = 50


def prepared(folder: Path) -> Path:
    """A config, and prices that go down and up again, level by level."""
    config = folder / "grid.toml"
    config.write_text(CONFIG)
    rows, step = ["timestamp_ms,price,size"], 0
    for _ in range(ROUND_TRIPS):
        for price in ("2400", "2387", "2401"):
            rows.append(f"{START_MS + step * 60_000},{price},10")
            step += 1
    (folder / "ETHUSDC-trades.csv").write_text("\n".join(rows))
    (folder / "ETHUSDT-bbo.csv").write_text("ts,bid_px,ask_px\n1,2,3\n")
    return config


async def a_world(folder: Path) -> World:
    """An engine that runs backtests as one that bootstrap put together."""
    world = await World().start("2400")
    config = prepared(folder)
    world.engine.backtests = BacktestRuns(config, load_config, folder / "home" / "folders.json")
    return world


async def ended(client: EngineClient, number: int) -> BacktestRun:
    """Wait for a run's end."""
    async with asyncio.timeout(60):
        while True:
            run = next(run for run in await client.backtests() if run.number == number)
            if run.state is not RunState.RUNNING:
                return run
            await asyncio.to_thread(lambda: None)


class BacktestingClientContract:
    """The suite; subclasses provide the `asked` fixture."""

    async def test_the_own_config_and_the_files_beside_it_are_offered(
        self, asked: EngineClient, tmp_path: Path
    ) -> None:
        setup = await asked.backtest_setup()
        assert (setup.config, setup.problem) == (str(tmp_path / "grid.toml"), "")
        (bot,) = setup.bots
        assert (bot.bot_id, bot.strategy, bot.symbols) == ("grid", "grid", (ETH,))
        assert (bot.parameters["spacing"], bot.parameters["risk.stop_loss"]) == ("0.5", "40")
        assert setup.files == {ETH: (str(tmp_path / "ETHUSDC-trades.csv"),)}

    async def test_a_config_that_is_wrong_says_why(
        self, asked: EngineClient, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.toml").write_text(CONFIG.replace("0.5", "-1"))
        assert "spacing" in (await asked.backtest_setup("bad.toml")).problem
        assert "there is no such file" in (await asked.backtest_setup("none.toml")).problem

    async def test_a_path_that_was_begun_goes_on(self, asked: EngineClient, tmp_path: Path) -> None:
        assert list(await asked.backtest_paths("grid")) == ["grid.toml"]
        assert f"{tmp_path}/ETHUSDC-trades.csv" in await asked.backtest_paths(f"{tmp_path}/eth")
        assert list(await asked.backtest_paths("/no/such/folder/")) == []

    async def test_a_run_ends_with_a_result_and_remembers_the_folder(
        self, asked: EngineClient, tmp_path: Path
    ) -> None:
        begun = await asked.run_backtest(
            BacktestRequest(config="", data={ETH: str(tmp_path / "ETHUSDC-*.csv")})
        )
        assert begun.state is RunState.RUNNING
        run = await ended(asked, begun.number)
        assert (run.state, run.share, run.problem) == (RunState.DONE, 1.0, "")
        result = await asked.backtest_result(begun.number)
        assert result is not None
        (one,) = result.bots
        assert (result.ticks, one.bot.round_trips) == (3 * ROUND_TRIPS, ROUND_TRIPS)
        assert one.fills == result.all_fills == len(result.fills)
        assert run.pnl == one.bot.equity - one.bot.capital > 0
        assert result.equity[-1][1] == one.bot.equity
        assert one.parameters["levels"] == "3"
        assert (await asked.backtest_setup()).folders == (str(tmp_path),)

    async def test_what_is_missing_is_said_before_anything_runs(
        self, asked: EngineClient, tmp_path: Path
    ) -> None:
        for data, told in (
            ({}, "there is no price file for ETH/USDC: choose one"),
            ({ETH: "nothing.csv"}, f"ETH/USDC: there is no file {tmp_path}/nothing.csv"),
            ({ETH: str(tmp_path)}, "is a folder"),
            ({ETH: "x*.csv"}, f"no file is called x*.csv in {tmp_path}"),
        ):
            run = await asked.run_backtest(BacktestRequest(config="", data=data))
            assert run.state is RunState.FAILED
            assert told in run.problem

    async def test_a_file_that_can_not_be_replayed_fails_with_the_reason(
        self, asked: EngineClient
    ) -> None:
        begun = await asked.run_backtest(BacktestRequest(config="", data={ETH: "ETHUSDT-bbo.csv"}))
        run = await ended(asked, begun.number)
        assert run.state is RunState.FAILED
        assert "bids and asks" in run.problem
        assert await asked.backtest_result(begun.number) is None

    async def test_a_sweep_runs_every_cell(self, asked: EngineClient) -> None:
        sweep = Sweep(
            bot_id=BotId("grid"),
            spacings=(Decimal("0.01"), Decimal("0.5"), Decimal("0.6")),
            levels=(2, 3),
        )
        request = BacktestRequest(config="", data={ETH: "ETHUSDC-trades.csv"}, sweep=sweep)
        run = await ended(asked, (await asked.run_backtest(request)).number)
        assert (run.state, len(run.cells)) == (RunState.DONE, 6)
        cells = {(str(cell.spacing), cell.levels): cell for cell in run.cells}
        assert "does not pay the fees" in cells["0.01", 2].problem
        assert cells["0.01", 2].pnl is None
        assert cells["0.5", 3].round_trips == ROUND_TRIPS
        assert cells["0.6", 3].round_trips == 0

    async def test_a_sweep_that_can_not_be_is_refused(self, asked: EngineClient) -> None:
        for bot_id, count, told in (("nobody", 1, "there is no bot nobody"), ("grid", 101, "101")):
            sweep = Sweep(
                bot_id=BotId(bot_id),
                spacings=(Decimal("0.5"),),
                levels=tuple(range(1, count + 1)),
            )
            run = await asked.run_backtest(
                BacktestRequest(config="", data={ETH: "ETHUSDC-trades.csv"}, sweep=sweep)
            )
            assert (run.state, told in run.problem) == (RunState.FAILED, True)

    async def test_a_run_can_be_cancelled_and_stays_so(self, asked: EngineClient) -> None:
        sweep = Sweep(
            bot_id=BotId("grid"),
            spacings=tuple(Decimal(5 + part) / 10 for part in range(10)),
            levels=tuple(range(1, 11)),
        )
        begun = await asked.run_backtest(
            BacktestRequest(config="", data={ETH: "ETHUSDC-trades.csv"}, sweep=sweep)
        )
        cancelled = await asked.cancel_backtest(begun.number)
        assert cancelled is not None
        assert cancelled.state is RunState.CANCELLED
        assert (await ended(asked, begun.number)).state is RunState.CANCELLED
        assert await asked.cancel_backtest(99) is None
