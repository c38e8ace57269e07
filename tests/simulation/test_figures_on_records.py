"""A backtest's figures equal an independent recomputation from its exported tables, exactly."""

import os
from pathlib import Path

import pytest

from tests.oracle.statistics import assert_figures_agree, grid_round_trips
from tests.simulation.backtests import CANDLES, DAY, FUNDING, first_candles, run_backtest

COUNT = 30 * DAY if os.environ.get("NIMBUS_FULL_RECORDS") else 6 * DAY

CONFIG = """\
[exchanges.sim]
type = "paper"
balances = {{ USDC = 1_000_000 }}
{venue}

[bots.grid]
strategy = "grid"
exchange = "sim"
symbol = "{symbol}"
spacing = {spacing}
levels = 3
quote_size = 100
{more}
"""
LOTS = {"BTC": "0.00001", "ETH": "0.0001", "SOL": "0.001", "BNB": "0.001", "XRP": "0.1"}

pytestmark = pytest.mark.skipif(not CANDLES, reason="the recorded data is not here")


@pytest.mark.parametrize(
    ("market", "spacing", "venue", "more"),
    [
        (":USDC", "0.3", "", "capital = 2_000"),
        (":USDC", "0.3", "partial_fills = true", "capital = 2_000\nreinvest = 1"),
        ("", "0.3", 'fee_asset = "base"', ""),
        ("", "0.3", 'fee_asset = "quote"\nslippage_percent = 0.02', "recenter = 'up'"),
    ],
    ids=["perpetual", "perpetual, partial fills", "spot, fees in coins", "spot, fees in quote"],
)
@pytest.mark.parametrize("path", CANDLES, ids=lambda path: path.name.removesuffix(".csv.gz"))
def test_a_grids_figures_are_those_of_its_tables(
    path: Path, market: str, spacing: str, venue: str, more: str, tmp_path: Path
) -> None:
    base = path.name.removesuffix("USDT.csv.gz")
    symbol = f"{base}/USDC{market}"
    config = CONFIG.format(symbol=symbol, spacing=spacing, venue=venue, more=more)
    funding = {symbol: FUNDING / f"{base}USDT.csv"} if market else {}
    document, folder = run_backtest(
        config, {symbol: first_candles(path, COUNT, tmp_path)}, tmp_path, funding
    )
    tables = assert_figures_agree(document, folder, {symbol: LOTS[base]}, grid_round_trips)
    assert tables.fills
    assert bool(market) == bool(tables.funding)
    (report,) = document["bots"].values()
    assert report["round_trips"] == report["statistics"]["cycles"] > 0
