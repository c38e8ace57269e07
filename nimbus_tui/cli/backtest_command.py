"""`nimbus-tui backtest`: recorded prices through the production engine."""

import asyncio
import sys
import time
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import friendly
from nimbus_tui.cli.output import print_json, print_table
from nimbus_tui.control.rows import bot_row
from nimbus_tui.core.codec import plain
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, Symbol

if TYPE_CHECKING:
    from nimbus_tui.config.model import Config
    from nimbus_tui.engine.engine import Engine
    from nimbus_tui.simulation.backtest import BacktestResult


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

        loaded = load_config(config)
        files = data_files(loaded, data)
        report = asyncio.run(_run(loaded, files, export))
        if as_json:
            print_json(report)
        else:
            _print(report)


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
) -> dict[str, Any]:
    from nimbus_tui.bootstrap import backtest as assemble

    engine, run, ticks, readers = assemble(config, files)
    begun = time.monotonic()
    shown = sys.stderr.isatty()

    def progress(count: int) -> None:
        if shown:
            share = sum(reader.progress() for reader in readers) / len(readers)
            bar = "█" * int(share * 30)
            sys.stderr.write(f"\r{bar:<30} {share:4.0%} {count:,} ticks ")
            sys.stderr.flush()

    result = await run.run(ticks, progress)
    seconds = time.monotonic() - begun
    if shown:
        sys.stderr.write("\r" + " " * 60 + "\r")
    report = report_of(engine, result, seconds)
    if export is not None:
        _export(engine, result, export)
    await engine.stop()
    return report


def report_of(engine: "Engine", result: "BacktestResult", seconds: float) -> dict[str, Any]:
    """The run as the JSON document that scripts rely on."""
    bots = {bot_id: _bot_report(engine, result, bot_id) for bot_id in engine.bots}
    return {
        "ticks": result.ticks,
        "seconds": round(seconds, 3),
        "from": result.first_ts,
        "to": result.last_ts,
        "bots": bots,
        "equity": result.equity,
    }


def _bot_report(engine: "Engine", result: "BacktestResult", bot_id: BotId) -> dict[str, Any]:
    from nimbus_tui.accounting.performance import profit_factor, sharpe
    from nimbus_tui.core.order import OrderState
    from nimbus_tui.engine.snapshots import bot_snapshot

    bot = engine.bots[bot_id]
    orders = engine.journal.orders(bot_id=bot_id, limit=-1)
    curve = result.bot_equity[bot_id]
    changes = [after - before for (_, before), (_, after) in pairwise(curve)]
    ratio = sharpe(curve)
    return bot_row(bot_snapshot(engine, bot)) | {
        "fills": bot.books.fills,
        "orders_placed": len(orders),
        "orders_cancelled": sum(order.state is OrderState.CANCELLED for order in orders),
        "rebalances": bot.saved.rebalances,
        "max_drawdown": result.max_drawdown[bot_id].quantize(Decimal("1e-10")),
        "sharpe": None if ratio is None else round(ratio, 4),
        "profit_factor": profit_factor(changes),
    }


def _export(engine: "Engine", result: "BacktestResult", folder: Path) -> None:
    """Write the tables under other names first, so that none is ever half there."""
    from nimbus_tui.journal import export

    folder.mkdir(parents=True, exist_ok=True)
    writers: dict[str, Any] = {
        "fills.csv": lambda stream: export.write_fills(engine.journal.fills(), stream),
        "orders.csv": lambda stream: export.write_orders(
            engine.journal.orders(limit=-1)[::-1], stream
        ),
        "equity.csv": lambda stream: export.write_equity(result.equity, stream),
    }
    for name, write in writers.items():
        partial = folder / f".{name}.partial"
        with partial.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
        partial.replace(folder / name)


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
