"""`nimbus-tui backtest`: recorded prices through the production engine."""

import asyncio
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import friendly, say
from nimbus_tui.cli.output import print_json, print_table
from nimbus_tui.core.codec import plain
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol

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
        Path | None, typer.Option("--export", help="Folder for fills, orders and equity as CSV.")
    ] = None,
) -> None:
    """Run the bots of a config over recorded prices."""
    with friendly():
        from nimbus_tui.bootstrap import load_config
        from nimbus_tui.simulation.report import report_row

        loaded = load_config(config)
        files = data_files(loaded, data)
        report = asyncio.run(_run(loaded, files, export))
        _tell_errors(report)
        row = report_row(report)
        if as_json:
            print_json(row)
        else:
            _print(row)


def data_files(config: "Config", data: list[str]) -> dict[Symbol, list[Path]]:
    """Files by symbol; without a symbol the file is that of the only one.

    Raises:
        ConfigError: it isn't clear what a file is for, or it isn't there.
    """
    symbols = sorted({symbol for bot in config.bots.values() for symbol in bot.symbols})
    files: dict[Symbol, list[Path]] = defaultdict(list)
    for given in data:
        symbol, _, name = given.rpartition("=")
        if not symbol and len(symbols) != 1:
            raise ConfigError(f"--data {given}: say which symbol it is: {', '.join(symbols)}")
        if symbol and symbol not in symbols:
            raise ConfigError(f"--data {given}: no bot trades {symbol}; {', '.join(symbols)}")
        if not Path(name).is_file():
            raise ConfigError(f"--data {given}: there is no file {name}")
        files[Symbol(symbol or symbols[0])].append(Path(name))
    return files


async def _run(
    config: "Config", files: dict[Symbol, list[Path]], export: Path | None
) -> "BacktestReport":
    from nimbus_tui.library.backtests import backtest_async

    shown = sys.stderr.isatty()
    data = {str(symbol): paths for symbol, paths in files.items()}
    report = await backtest_async(
        config, data, on_progress=_show_progress if shown else None, export=export
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
    keys = ("fills", "round_trips", "rebalances", "realized_pnl", "unrealized_pnl", "fees")
    columns = ("bot", *(key.replace("_", " ") for key in keys), "equity", "max drawdown")
    rows = [
        (
            bot_id,
            *(_text(bot[key]) for key in keys),
            _text(bot["equity"]),
            f"{bot['max_drawdown'] * 100:.2f} %",
        )
        for bot_id, bot in report["bots"].items()
    ]
    print_table(columns, rows)


def _text(value: Any) -> str:
    return plain(value.quantize(Decimal("0.01"))) if isinstance(value, Decimal) else str(value)
