"""A run for a screen over recorded candles: the same figures as the command's."""

from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.bootstrap import load_config
from nimbus_tui.control.backtests import BacktestRequest, RunState
from nimbus_tui.simulation.backtest_runs import BacktestRuns
from tests.contracts.backtesting_client import CONFIG, ETH
from tests.simulation.backtests import CANDLES, DAY, first_candles, run_backtest
from tests.simulation.test_backtest_runs import ended

RECORDED = [path for path in CANDLES if path.name.startswith("ETHUSDT")]


@pytest.mark.skipif(not RECORDED, reason="the recorded candles are not on this machine")
def test_a_day_of_recorded_candles_ends_as_the_command_says(tmp_path: Path) -> None:
    prices = first_candles(RECORDED[0], DAY, tmp_path)
    (tmp_path / "grid.toml").write_text(CONFIG)
    runs = BacktestRuns(tmp_path / "grid.toml", load_config, tmp_path / "folders.json")
    assert runs.setup("").files[ETH] == (str(prices),)
    run = ended(runs, runs.run(BacktestRequest(config="", data={ETH: str(prices)})).number)
    result = runs.result(run.number)
    runs.close()
    assert (run.state, run.problem) == (RunState.DONE, "")
    assert result is not None
    told, _ = run_backtest(CONFIG, {ETH: prices}, tmp_path)
    bot = told["bots"]["grid"]
    assert (result.ticks, result.all_fills) == (told["ticks"], bot["fills"])
    assert result.bots[0].bot.equity == Decimal(bot["equity"])
    assert result.bots[0].max_drawdown == Decimal(bot["max_drawdown"])
    assert len(result.equity) <= len(told["equity"])
    assert result.equity[-1][1] == Decimal(told["equity"][-1][1])
    assert result.all_fills > 0
