"""Backtests for programs: one call, the same run as `nimbus-tui backtest`."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from nimbus_tui import bootstrap
from nimbus_tui.config.model import Config
from nimbus_tui.core.errors import ConfigError, DataError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import MarketType, parse_symbol
from nimbus_tui.core.market import Tick
from nimbus_tui.library.configs import AnyConfig, PathLike, config_of
from nimbus_tui.simulation.report import BacktestReport, report_of, write_tables

PriceFiles = PathLike | Sequence[PathLike]
PriceData = PriceFiles | Mapping[str, PriceFiles]
"""A price file or several of the only symbol; with more symbols a table of them."""


class BacktestProgress(msgspec.Struct, frozen=True):
    """How far a run is."""

    ticks: int
    share: float | None
    """Of the files read, 0 to 1; None where the ticks come from elsewhere."""


OnProgress = Callable[[BacktestProgress], None]


def backtest(
    config: AnyConfig,
    data: PriceData | None = None,
    *,
    ticks: Iterable[Tick] | None = None,
    funding: Mapping[str, PathLike] | None = None,
    on_progress: OnProgress | None = None,
    export: PathLike | None = None,
) -> BacktestReport:
    """Run a config's bots over recorded prices: files (`data`), or `ticks` in order of time.

    `funding` has files of perpetuals' funding rates by symbol. `export` is a folder for fills,
    orders, funding, marks and equity as CSV. Blocks until the run is over; inside
    an event loop `await backtest_async(…)` doesn't.

    Raises:
        ConfigError: the config is wrong, or it isn't clear which file is for which symbol.
        DataError: a price file is broken, a tick is out of order, or there is none.
    """
    run = backtest_async(
        config, data, ticks=ticks, funding=funding, on_progress=on_progress, export=export
    )
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(run)
    # A notebook has a running loop; the run gets one of its own in a thread of its own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run).result()


async def backtest_async(
    config: AnyConfig,
    data: PriceData | None = None,
    *,
    ticks: Iterable[Tick] | None = None,
    funding: Mapping[str, PathLike] | None = None,
    on_progress: OnProgress | None = None,
    export: PathLike | None = None,
) -> BacktestReport:
    """`backtest` for callers on an event loop, which it keeps busy until the run is over."""
    loaded = config_of(config)
    if (data is None) == (ticks is None):
        raise ConfigError("give either data (price files) or ticks")
    rates = _funding_files(loaded, funding or {})
    share: Callable[[], float | None] = lambda: None  # noqa: E731 - replaced where it is known
    if data is not None:
        files = price_files(loaded, data)
        engine, run, ticks, readers = bootstrap.backtest(loaded, files, rates)
        share = lambda: sum(file.progress() for file in readers) / len(readers)  # noqa: E731
    else:
        engine, run = bootstrap.simulated(loaded, rates)
        ticks = _in_order(ticks or (), {s for bot in loaded.bots.values() for s in bot.symbols})
    report_progress = None
    if on_progress is not None:
        tell = on_progress
        report_progress = lambda count: tell(BacktestProgress(count, share()))  # noqa: E731
    begun = time.monotonic()
    try:
        result = await run.run(ticks, report_progress)
        report = report_of(engine, result, time.monotonic() - begun)
    finally:
        await engine.stop()
    if export is not None:
        write_tables(report, Path(export))
    return report


def price_files(config: Config, data: PriceData) -> dict[Symbol, list[Path]]:
    """Price files by symbol.

    Raises:
        ConfigError: it isn't clear what a file is for, or it isn't there.
    """
    symbols = sorted({symbol for bot in config.bots.values() for symbol in bot.symbols})
    if not isinstance(data, Mapping):
        if len(symbols) != 1:
            raise ConfigError(f"say which symbol each file is of: {', '.join(symbols)}")
        data = {symbols[0]: data}
    if strange := sorted(set(data) - set(symbols)):
        raise ConfigError(f"no bot trades {strange[0]}; {', '.join(symbols)}")
    files = {Symbol(symbol): _paths(given) for symbol, given in data.items()}
    for path in (path for paths in files.values() for path in paths):
        if not path.is_file():
            raise ConfigError(f"there is no file {path}")
    return files


def _funding_files(config: Config, funding: Mapping[str, PathLike]) -> dict[Symbol, Path]:
    traded = {symbol for bot in config.bots.values() for symbol in bot.symbols}
    symbols = sorted(s for s in traded if parse_symbol(s).market is MarketType.PERPETUAL)
    if strange := sorted(set(funding) - set(symbols)):
        known = ", ".join(symbols) or "none"
        raise ConfigError(f"no bot trades a perpetual {strange[0]}, only they pay funding; {known}")
    return {Symbol(symbol): Path(path) for symbol, path in funding.items()}


def _paths(given: PriceFiles) -> list[Path]:
    if isinstance(given, str | os.PathLike):
        return [Path(given)]
    return [Path(path) for path in given]


def _in_order(ticks: Iterable[Tick], symbols: set[Symbol]) -> Iterator[Tick]:
    """Ticks as they are, as long as they can happen one after the other."""
    last = None
    for number, tick in enumerate(ticks, 1):
        if tick.symbol not in symbols:
            raise DataError(f"tick {number}: no bot trades {tick.symbol}")
        if last is not None and tick.ts < last:
            raise DataError(f"tick {number}: the time goes backwards, from {last} to {tick.ts}")
        last = tick.ts
        yield tick
