"""`nimbus-tui backtest`: recorded prices through the production engine."""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nimbus_tui.cli.diagnostics import friendly
from nimbus_tui.cli.output import print_json, print_table
from nimbus_tui.control.rows import bot_row
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol

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

        loaded = load_config(config)
        files = data_files(loaded, data)
        report = asyncio.run(_run(loaded, files, funding_files(loaded, funding or []), export))
        if as_json:
            print_json(report)
        else:
            _print(report)


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
) -> dict[str, Any]:
    from nimbus_tui.bootstrap import backtest as assemble

    engine, run, ticks, readers = assemble(config, files, funding)
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
    from nimbus_tui.accounting.performance import sharpe
    from nimbus_tui.core.order import OrderState
    from nimbus_tui.engine.snapshots import bot_snapshot

    bot = engine.bots[bot_id]
    orders = engine.journal.orders(bot_id=bot_id, limit=-1)
    ratio = sharpe(result.bot_equity[bot_id])
    return bot_row(bot_snapshot(engine, bot)) | {
        "fills": bot.books.fills,
        "orders_placed": len(orders),
        "orders_cancelled": sum(order.state is OrderState.CANCELLED for order in orders),
        "rebalances": bot.saved.rebalances,
        "max_drawdown": result.max_drawdown[bot_id].quantize(Decimal("1e-10")),
        "sharpe": None if ratio is None else round(ratio, 4),
        "win_rate": bot.cycles.win_rate,
        "profit_factor": bot.cycles.profit_factor,
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
        "funding.csv": lambda stream: export.write_funding(engine.journal.funding(), stream),
        "marks.csv": lambda stream: export.write_marks(result.marks, stream),
        "equity.csv": lambda stream: export.write_equity(result.equity, stream),
    }
    for name, write in writers.items():
        partial = folder / f".{name}.partial"
        with partial.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
        partial.replace(folder / name)


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
