"""A portfolio from the command line: backtest, run, and what scripts read of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.config.locations import shipped
from tests.cli.test_config_commands import ended
from tests.simulation.portfolio_world import PRICES

CONFIG = """\
[exchanges.sim]
type = "paper"

[bots.pf]
strategy = "portfolio"
exchange = "sim"
capital = 10_000
quote = "USDC"
targets = { BTC = 40, ETH = 30, SOL = 20, MATIC = 10 }
"""
BEGIN_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
SINGLE = ("symbol", "price", "position", "average_cost")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config with a file of trades for each coin; BTC rises by a quarter in the third hour."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pf.toml").write_text(CONFIG)
    for coin, price in PRICES.items():
        later = "62500" if coin == "BTC" else price
        rows = [f"{BEGIN_MS + h * HOUR_MS},{price if h < 3 else later},1" for h in range(8)]
        (tmp_path / f"{coin}.csv").write_text("\n".join(["timestamp_ms,price,size", *rows]))
    return tmp_path


def given(*coins: str) -> list[str]:
    return [text for coin in coins for text in ("--data", f"{coin}/USDC={coin}.csv")]


def test_a_backtest_takes_a_file_for_each_symbol(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["backtest", "pf.toml", *given(*PRICES), "--json", "--export", "out"]
    assert ended(monkeypatch, *asked) == 0
    bot = json.loads(capsys.readouterr().out)["bots"]["pf"]
    assert [bot[key] for key in SINGLE] == [None] * 4
    assert (bot["rebalances"], bot["fills"]) == (2, 8)
    listed = bot["statistics"]["assets"]
    assert [asset["symbol"] for asset in listed] == [f"{c}/USDC" for c in PRICES] + [None]
    assert all(abs(float(asset["drift"])) < 0.1 for asset in listed)
    fills = (folder / "out" / "fills.csv").read_text().splitlines()
    assert [line.split(",")[2] for line in fills[5:7]] == ["rebalance/2.1/BTC", "rebalance/2.1/ETH"]


def test_a_symbol_without_a_file_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "backtest", "pf.toml", *given("BTC", "ETH", "SOL")) == 2
    assert "no data for MATIC/USDC; give --data MATIC/USDC=FILE" in capsys.readouterr().err
    assert ended(monkeypatch, "backtest", "pf.toml", "--data", "BTC.csv") == 2
    assert "say which symbol it is: BTC/USDC, ETH/USDC" in capsys.readouterr().err


def test_the_sample_buys_within_seconds_and_the_journal_lists_its_assets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = shipped("sample_configs") / "portfolio.toml"
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    command = [sys.executable, "-m", "nimbus_tui", "run", str(sample), "--duration", "3"]
    ran = subprocess.run(command, env=os.environ, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ended(monkeypatch, "bots", "--json") == 0
    (bot,) = json.loads(capsys.readouterr().out)
    assert [bot[key] for key in SINGLE] == [None] * 4
    assert bot["statistics"]["rebalances"] == 1
    rows: list[dict[str, Any]] = bot["statistics"]["assets"]
    assert [row["symbol"] for row in rows] == ["BTC/USDC", "ETH/USDC", "SOL/USDC"]
    assert all(float(row["position"]) > 0 and row["average_cost"] for row in rows)
