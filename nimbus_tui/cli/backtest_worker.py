"""The process that runs a backtest for an engine: one job comes in, what comes of it goes out."""

import asyncio
import os
import sys
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from nimbus_tui.control.backtest_wire import Advance, CellDone, Failed, Finished, Job, Told
from nimbus_tui.control.backtests import (
    BacktestedBot,
    BacktestRequest,
    BacktestResult,
    Sweep,
    SweepCell,
)
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.redaction import redacted

if TYPE_CHECKING:
    from nimbus_tui.config.model import Config
    from nimbus_tui.simulation.report import BacktestReport

POINTS = 2_000
"""Points of the equity curve that are told at most."""
FILLS = 2_000
NICE = 10
"""So much the engine and the screens go before it."""
TELL_EVERY_S = 0.1

Tell = Callable[[Told], None]


def work_on_backtest() -> None:
    """Run the one job that stands on stdin; ends when stdin does."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    os.nice(NICE)
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        asyncio.run(worked_on(job, _tell))
    except NimbusError as error:
        _tell(Failed(redacted(str(error))))
    except Exception as error:  # the process's edge: whoever waits must hear of it
        _tell(Failed(redacted(f"the run broke: {type(error).__name__}: {error}")))
    # The thread above may hold stdin: an orderly end would wait for it.
    sys.stdout.flush()
    os._exit(0)


def _end_with_stdin() -> None:
    """The engine is gone when nobody holds the other end any more."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)


def _tell(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


async def worked_on(job: Job, tell: Tell) -> None:
    """Carry a job out.

    Raises:
        NimbusError: the config or a price file can't be used.
    """
    if job.request.sweep is not None:
        await _sweep(job.request, job.request.sweep, tell)
        return
    from nimbus_tui.bootstrap import load_config

    config = load_config(Path(job.request.config))
    report = await _run(config, job.request, _Progress(tell))
    tell(Finished(_result(job.number, config, report)))


class _Progress:
    """Tells how far it is, a few times a second."""

    def __init__(self, tell: Tell, parts: int = 1) -> None:
        self._tell = tell
        self._parts = parts
        self._told = 0.0
        self._ticks = 0
        self.done = 0

    def __call__(self, share: float, ticks: int) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            self._tell(Advance((self.done + share) / self._parts, self._ticks + ticks))

    def finished(self, ticks: int) -> None:
        """One part is over."""
        self.done += 1
        self._ticks += ticks
        self._tell(Advance(self.done / self._parts, self._ticks))


async def _run(config: "Config", request: BacktestRequest, progress: _Progress) -> "BacktestReport":
    from nimbus_tui.library.backtests import backtest_async
    from nimbus_tui.simulation.price_folders import chosen_files

    folder = Path(request.config).parent
    symbols = {symbol for bot in config.bots.values() for symbol in bot.symbols}
    files = {
        str(symbol): chosen_files(symbol, request.data.get(symbol, ""), folder)
        for symbol in symbols
    }
    return await backtest_async(
        config, files, on_progress=lambda at: progress(at.share or 0.0, at.ticks)
    )


# one run


def _result(number: int, config: "Config", report: "BacktestReport") -> BacktestResult:
    from nimbus_tui.simulation.backtest_runs import flattened
    from nimbus_tui.simulation.curve import thinned

    tables = tomllib.loads(config.text).get("bots", {})
    wrong = Counter((error.bot_id or "engine", error.message) for error in report.errors)
    return BacktestResult(
        number=number,
        ticks=report.ticks,
        seconds=report.seconds,
        first_ts=report.first_ts,
        last_ts=report.last_ts,
        bots=tuple(
            BacktestedBot(
                bot=one.bot,
                parameters=flattened(tables.get(bot_id, {})),
                fills=one.fills,
                orders_placed=one.orders_placed,
                orders_cancelled=one.orders_cancelled,
                max_drawdown=one.max_drawdown,
                sharpe=one.sharpe,
                win_rate=one.win_rate,
                profit_factor=one.profit_factor,
            )
            for bot_id, one in report.bots.items()
        ),
        equity=tuple(thinned(report.equity, POINTS)),
        fills=report.fills[-FILLS:],
        all_fills=len(report.fills),
        errors=tuple(
            f"{who}: {message}{f' ({times} times)' if times > 1 else ''}"
            for (who, message), times in wrong.items()
        ),
    )


# a sweep


async def _sweep(request: BacktestRequest, sweep: Sweep, tell: Tell) -> None:
    """Every cell one after the other; a cell that can't be run doesn't keep the others from it."""
    from nimbus_tui.config.loader import read_text

    text = read_text(Path(request.config))
    progress = _Progress(tell, sweep.cells)
    for levels in sweep.levels:
        for spacing in sweep.spacings:
            cell = SweepCell(spacing=spacing, levels=levels)
            ticks = 0
            try:
                config = _with_cell(text, request, sweep, cell)
                report = await _run(config, request, progress)
            except NimbusError as error:
                cell = msgspec.structs.replace(cell, problem=redacted(str(error)))
            else:
                cell, ticks = _measured(cell, report), report.ticks
            tell(CellDone(cell))
            progress.finished(ticks)
    tell(Finished())


def _measured(cell: SweepCell, report: "BacktestReport") -> SweepCell:
    (one,) = report.bots.values()
    return msgspec.structs.replace(
        cell,
        pnl=one.bot.equity - one.bot.capital,
        max_drawdown=one.max_drawdown,
        round_trips=one.bot.round_trips,
        fees=one.bot.fees,
    )


def _with_cell(text: str, request: BacktestRequest, sweep: Sweep, cell: SweepCell) -> "Config":
    """The config with the one bot alone, on other parameters."""
    import tomli_w

    from nimbus_tui.config.loader import load_text
    from nimbus_tui.exchanges.paper.instruments import builtin_instrument

    data = tomllib.loads(text, parse_float=Decimal)
    table: Mapping[str, Any] = data["bots"][sweep.bot_id]
    data["bots"] = {
        sweep.bot_id: {**table, "spacing": cell.spacing, "levels": cell.levels},
    }
    return load_text(tomli_w.dumps(data), Path(request.config), builtin_instrument)
