"""`nimbus-tui backtest`: recorded prices through the production engine."""

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import friendly, say
from nimbus_tui.cli.output import print_json, print_table
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol

if TYPE_CHECKING:
    from nimbus_tui.config.model import Config
    from nimbus_tui.library.backtests import BacktestProgress
    from nimbus_tui.simulation.report import BacktestReport


def backtest(
    config: Path,
    data: Annotated[
        list[str], typer.Option("--data", help="[SYMBOL=]FILE of trades or candles, CSV or .gz")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", help="Folder for fills, orders, funding, marks, equity as CSV."),
    ] = None,
    funding: Annotated[
        list[str] | None,
        typer.Option("--funding", help="[SYMBOL=]FILE of a perpetual's funding rates, CSV or .gz"),
    ] = None,
) -> None:
    """Run the bots of a config over recorded prices."""
    with friendly():
        from nimbus_tui.bootstrap import load_config
        from nimbus_tui.simulation.report import report_row

        loaded = load_config(config)
        files = data_files(loaded, data)
        report = asyncio.run(_run(loaded, files, funding_files(loaded, funding or []), export))
        _tell_errors(report)
        row = report_row(report)
        if as_json:
            print_json(row)
        else:
            _print(row)


def data_files(config: "Config", data: list[str]) -> dict[Symbol, list[Path]]:
    """Price files by symbol; without a symbol the file is that of the only one.

    Raises:
        ConfigError: it isn't clear what a file is for, or it isn't there.
    """
    symbols = sorted({symbol for bot in config.bots.values() for symbol in bot.symbols})
    files: dict[Symbol, list[Path]] = defaultdict(list)
    for given in data:
        symbol, path = _named_file("--data", given, symbols)
        files[symbol].append(path)
    return files


def funding_files(config: "Config", funding: list[str]) -> dict[Symbol, Path]:
    """Files of funding rates by perpetual, one for each.

    Raises:
        ConfigError: it isn't clear what a file is for, it isn't there, or it is one too many.
    """
    traded = {symbol for bot in config.bots.values() for symbol in bot.symbols}
    symbols = sorted(s for s in traded if parse_symbol(s).market is MarketType.PERPETUAL)
    files: dict[Symbol, Path] = {}
    for given in funding:
        if not symbols:
            raise ConfigError(
                f"--funding {given}: no bot trades a perpetual, only they pay funding"
            )
        symbol, path = _named_file("--funding", given, symbols)
        if symbol in files:
            raise ConfigError(f"--funding {given}: {symbol} has {files[symbol]} already")
        files[symbol] = path
    return files


def _named_file(option: str, given: str, symbols: list[Symbol]) -> tuple[Symbol, Path]:
    symbol, _, name = given.rpartition("=")
    if not symbol and len(symbols) != 1:
        raise ConfigError(f"{option} {given}: say which symbol it is: {', '.join(symbols)}")
    if symbol and symbol not in symbols:
        raise ConfigError(f"{option} {given}: no bot trades {symbol}; {', '.join(symbols)}")
    if not Path(name).is_file():
        raise ConfigError(f"{option} {given}: there is no file {name}")
    return Symbol(symbol) if symbol else symbols[0], Path(name)


async def _run(
    config: "Config",
    files: dict[Symbol, list[Path]],
    funding: dict[Symbol, Path],
    export: Path | None,
) -> "BacktestReport":
    from nimbus_tui.library.backtests import backtest_async

    shown = sys.stderr.isatty()
    data = {str(symbol): paths for symbol, paths in files.items()}
    report = await backtest_async(
        config,
        data,
        funding={str(symbol): path for symbol, path in funding.items()},
        on_progress=_show_progress if shown else None,
        export=export,
    )
    if shown:
        sys.stderr.write("\r" + " " * 60 + "\r")
    return report


def _show_progress(progress: "BacktestProgress") -> None:
    share = progress.share or 0.0
    bar = "█" * int(share * 30)
    sys.stderr.write(f"\r{bar:<30} {share:4.0%} {progress.ticks:,} ticks ")
    sys.stderr.flush()


def _tell_errors(report: "BacktestReport") -> None:
    """What went wrong on the way; a bot that raises at every price does it once in words."""
    told = Counter((error.bot_id or "engine", error.message) for error in report.errors)
    for (who, message), times in told.items():
        say(f"{who}: {message}{f' ({times} times)' if times > 1 else ''}")


def _print(report: dict[str, Any]) -> None:
    """Figures down, bots across: there are more figures than a line has room for."""
    rows = [
        (name, *(_text(figure(bot), unit) for bot in report["bots"].values()))
        for name, figure, unit in _FIGURES
    ]
    print_table(("", *report["bots"]), rows)


_FIGURES: tuple[tuple[str, Callable[[dict[str, Any]], Any], str], ...] = (
    ("fills", itemgetter("fills"), ""),
    ("round trips", itemgetter("round_trips"), ""),
    ("rebalances", itemgetter("rebalances"), ""),
    ("realized PnL, average cost", itemgetter("realized_pnl"), ""),
    ("realized PnL, FIFO", lambda bot: bot["statistics"]["realized_pnl_fifo"], ""),
    ("unrealized PnL", itemgetter("unrealized_pnl"), ""),
    ("fees", itemgetter("fees"), ""),
    ("funding", lambda bot: bot["statistics"]["funding"], ""),
    ("equity", itemgetter("equity"), ""),
    ("versus buy and hold", lambda bot: bot["statistics"]["versus_buy_and_hold"], ""),
    ("max drawdown", itemgetter("max_drawdown"), "%"),
    ("Sharpe", itemgetter("sharpe"), ""),
    ("win rate", itemgetter("win_rate"), "%"),
    ("profit factor", itemgetter("profit_factor"), ""),
    ("time in market", lambda bot: bot["statistics"]["time_in_market"], "%"),
)
"""Each line of the table: its name, where the figure is, and whether it is a share."""


def _text(value: Any, unit: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return str(value)
    amount = Decimal(str(value)) * (100 if unit else 1)
    return f"{amount:.2f} {unit}".rstrip()
