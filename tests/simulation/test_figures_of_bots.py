"""The figures of the DCA, the martingale and the portfolio are those of their exported tables."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.statistics import Tables, account_of, assert_figures_agree, moves_of
from tests.simulation.backtests import CANDLES, DAY, FUNDING, first_candles, run_backtest

DAYS = 4
LOTS = {"BTC": "0.00001", "ETH": "0.0001", "SOL": "0.001"}
FILES = {path.name.removesuffix("USDT.csv.gz"): path for path in CANDLES}

pytestmark = pytest.mark.skipif(not CANDLES, reason="the recorded data is not here")

VENUE = """\
[exchanges.sim]
type = "paper"
balances = {{ USDC = 1_000_000 }}
{venue}

[bots.bot]
exchange = "sim"
"""
DCA = """\
strategy = "dca"
symbol = "{symbol}"
order_quote = 100
interval = "2h"
max_orders = 40
"""
MARTINGALE = """\
strategy = "martingale"
symbol = "{symbol}"
base_quote = 100
multiplier = 2.0
max_steps = 4
step_percent = 0.4
step_scale = 1.2
take_profit = 0.3
"""
PORTFOLIO = """\
strategy = "portfolio"
capital = 10_000
quote = "USDC"
targets = { BTC = 40, ETH = 30, SOL = 20, USDC = 10 }
threshold = 0.5
min_interval = "1m"
"""
IN_COINS = 'fee_asset = "base"'
IN_PARTS = "partial_fills = true"
SLIPPING = "slippage_percent = 0.02"


def backtested(config: str, symbols: list[str], folder: Path) -> tuple[dict[str, Any], Tables]:
    """A bot's row of the report, once everything in it has been recomputed from the tables."""
    bases = {symbol: symbol.partition("/")[0] for symbol in symbols}
    data = {s: first_candles(FILES[base], DAYS * DAY, folder) for s, base in bases.items()}
    funding = {s: FUNDING / f"{base}USDT.csv" for s, base in bases.items() if ":" in s}
    document, tables = run_backtest(config, data, folder, funding)
    (report,) = document["bots"].values()
    lots = {symbol: LOTS[base] for symbol, base in bases.items()}
    return report, assert_figures_agree(document, tables, lots)


@pytest.mark.parametrize(
    ("market", "venue", "more"),
    [
        ("", IN_COINS, ""),
        ("", IN_PARTS, 'order_type = "limit"\noffset_percent = 0.1\nfallback_after = "30m"'),
        ("", SLIPPING, "dip_scale = [[-0.5, 1.5], [-1, 2]]"),
        (":USDC", "", "take_profit = 1"),
        (":USDC", IN_PARTS, 'side = "sell"'),
    ],
    ids=["fees in coins", "limits, in parts", "dips", "perpetual, closed at a gain", "short"],
)
@pytest.mark.parametrize("base", ["BTC", "SOL"])
def test_a_dcas_figures_are_those_of_its_tables(
    base: str, market: str, venue: str, more: str, tmp_path: Path
) -> None:
    symbol = f"{base}/USDC{market}"
    config = VENUE.format(venue=venue) + DCA.format(symbol=symbol) + more
    report, tables = backtested(config, [symbol], tmp_path)
    own = report["statistics"]
    slots = [move for move in moves_of(tables.fills) if move.key.startswith("dca/")]
    assert own["orders"] == len({move.key.partition(".")[0] for move in slots}) > 5
    spent = sum(
        Fraction(row["quantity"]) * Fraction(row["price"])
        for row in tables.fills
        if row["key"].startswith("dca/")
    )
    assert Fraction(own["invested"]) == spent
    held = account_of(tables, {symbol: LOTS[base]}).holdings[symbol]
    if held.coins > 0 and own["cycles"] == 0:
        average = (held.cost + account_of(tables, {symbol: LOTS[base]}).fees) / held.coins
        assert abs(Fraction(own["average_cost"]) - average) < Fraction(1, 10**6)


@pytest.mark.parametrize(
    ("market", "venue", "more"),
    [
        (":USDC", "", ""),
        (":USDC", IN_PARTS, 'side = "short"'),
        ("", IN_COINS, ""),
        ("", SLIPPING, 'order_type = "limit"\ncooldown = "5m"'),
    ],
    ids=["long", "short, in parts", "spot, fees in coins", "spot, limit"],
)
@pytest.mark.parametrize("base", ["ETH", "SOL"])
def test_a_martingales_figures_are_those_of_its_tables(
    base: str, market: str, venue: str, more: str, tmp_path: Path
) -> None:
    symbol = f"{base}/USDC{market}"
    config = VENUE.format(venue=venue) + MARTINGALE.format(symbol=symbol) + more
    report, tables = backtested(config, [symbol], tmp_path)
    own = report["statistics"]
    assert report["round_trips"] == own["cycles"] > 0
    account = account_of(tables, {symbol: LOTS[base]})
    paid = sum(account.cycles, Fraction(0))
    if not market:
        # Without funding the bot's own result of its cycles is that of the books; only the coins
        # that are less than a lot keep the fee of their entry until they are sold.
        dust = Fraction(LOTS[base]) * tables.marks[symbol] * Fraction("0.0006")
        kept = dust if venue == IN_COINS else Fraction(1, 10**6)
        assert abs(Fraction(own["cycle_profit"]) - paid) < kept
    assert own["cycles_won"] + own["cycles_lost"] == len(account.cycles)


@pytest.mark.parametrize("venue", ["", IN_COINS, IN_PARTS, SLIPPING])
def test_a_portfolios_figures_are_those_of_its_tables(venue: str, tmp_path: Path) -> None:
    symbols = [f"{base}/USDC" for base in LOTS]
    report, tables = backtested(VENUE.format(venue=venue) + PORTFOLIO, symbols, tmp_path)
    own = report["statistics"]
    account = account_of(tables, {f"{base}/USDC": lot for base, lot in LOTS.items()})
    held = {row["symbol"]: Fraction(row["position"]) for row in own["assets"] if row["symbol"]}
    assert held == {symbol: one.coins for symbol, one in account.holdings.items()}
    assert report["rebalances"] == own["rounds"] > 1
    assert abs(Fraction(own["rebalance_fees"]) - account.fees) <= Fraction(1, 20_000)
    turnover = sum(Fraction(row["quantity"]) * Fraction(row["price"]) for row in tables.fills)
    assert abs(Fraction(own["turnover"]) - turnover) <= Fraction(1, 200)
