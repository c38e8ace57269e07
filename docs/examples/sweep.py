"""Backtest a grid with many parameters and print the best ones.

python sweep.py prices.csv.gz --symbol ETH/USDC:USDC --spacing 0.2 0.5 1 --levels 3 5 8
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from itertools import product
from typing import NamedTuple

import nimbus_tui

CONFIG = """
[exchanges.sim]
type = "paper"

[bots.grid]
strategy = "grid"
exchange = "sim"
symbol = "{symbol}"
spacing = {spacing}
levels = {levels}
quote_size = 100
"""


class Trial(NamedTuple):
    """One set of parameters on one price file."""

    data: str
    symbol: str
    spacing: Decimal
    levels: int


class Score(NamedTuple):
    """What a trial brought; shares in percent of the capital."""

    trial: Trial
    profit: Decimal
    drawdown: Decimal
    round_trips: int
    sharpe: float | None


def tried(trial: Trial) -> Score:
    """Run one trial; a config that makes no sense raises BadConfig and says why."""
    text = CONFIG.format(symbol=trial.symbol, spacing=trial.spacing, levels=trial.levels)
    report = nimbus_tui.backtest(nimbus_tui.parse_config(text), trial.data)
    result = report.bots[nimbus_tui.BotId("grid")]
    bot = result.bot
    return Score(
        trial=trial,
        profit=(bot.equity / bot.capital - 1) * 100,
        drawdown=result.max_drawdown * 100,
        round_trips=bot.round_trips,
        sharpe=result.sharpe,
    )


def main() -> None:
    """Try every combination, on every core."""
    parser = argparse.ArgumentParser(description="Backtest a grid with many parameters.")
    parser.add_argument("data", help="price file: trades or candles, CSV or .gz")
    parser.add_argument("--symbol", default="ETH/USDC:USDC")
    parser.add_argument("--spacing", type=Decimal, nargs="+", default=[Decimal("0.5"), Decimal(1)])
    parser.add_argument("--levels", type=int, nargs="+", default=[3, 5])
    given = parser.parse_args()
    trials = [
        Trial(given.data, given.symbol, spacing, levels)
        for spacing, levels in product(given.spacing, given.levels)
    ]
    with ProcessPoolExecutor() as cores:
        scores = sorted(cores.map(tried, trials), key=lambda score: score.profit, reverse=True)
    print(f"{'spacing':>8} {'levels':>6} {'profit %':>9} {'drawdown %':>10} {'trips':>6}")
    for trial, profit, drawdown, trips, _ in scores:
        print(f"{trial.spacing:>8} {trial.levels:>6} {profit:>9.3f} {drawdown:>10.3f} {trips:>6}")


if __name__ == "__main__":
    main()
