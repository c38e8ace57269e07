"""Backtests in processes of their own: neither the engine nor a screen waits for one."""

import contextlib
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from nimbus_tui.config.model import Config
from nimbus_tui.control.backtest_wire import Advance, CellDone, Failed, Finished, Job, Told
from nimbus_tui.control.backtests import (
    CELLS_AT_MOST,
    BacktestBot,
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    BacktestSetup,
    RunState,
    Sweep,
)
from nimbus_tui.core.errors import ConfigError, NimbusError
from nimbus_tui.simulation.price_folders import (
    PriceFolders,
    chosen_files,
    files_for,
    full_path,
    ways_on,
)

RUNS_AT_ONCE = 2
RUNS_KEPT = 40
"""Runs that are remembered; the oldest go first."""
COMMAND = (sys.executable, "-m", "nimbus_tui", "backtest-worker")
_SWEPT = ("spacing", "levels")
_ENDS_WITHIN_S = 2.0

ReadConfig = Callable[[Path], Config]


class _Run:
    """One run: its process, and the thread that hears what it tells."""

    def __init__(self, run: BacktestRun, process: subprocess.Popen[bytes]) -> None:
        self.now = run
        self.result: BacktestResult | None = None
        self.process = process
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._listener = threading.Thread(
            target=self._listen, name=f"backtest-{run.number}", daemon=True
        )

    def start(self, job: Job) -> None:
        """Tell the process what to do; its input stays open, since it ends with it."""
        stdin = self.process.stdin
        if stdin is not None:
            with contextlib.suppress(OSError):  # it has died: the listener says so
                stdin.write(msgspec.json.encode(job) + b"\n")
                stdin.flush()
        self._listener.start()

    def _listen(self) -> None:
        decoder: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)
        for line in self.process.stdout or ():
            try:
                self._hear(decoder.decode(line))
            except msgspec.MsgspecError:
                self._end(RunState.FAILED, problem="the run said what nobody understands")
        self.process.wait()
        self._end(
            RunState.FAILED, problem=f"its process ended early, with code {self.process.returncode}"
        )

    def _hear(self, told: Told) -> None:
        match told:
            case Advance(share, ticks):
                elapsed = time.monotonic() - self._begun
                eta = elapsed * (1 - share) / share if share > 0 else None
                self._change(share=share, ticks=ticks, elapsed_s=elapsed, eta_s=eta)
            case CellDone(cell):
                self._change(cells=(*self.now.cells, cell))
            case Failed(problem):
                self._end(RunState.FAILED, problem=problem)
            case Finished(result):
                self.result = result
                pnl = None
                if result is not None:
                    gains = (one.bot.equity - one.bot.capital for one in result.bots)
                    pnl = sum(gains, Decimal(0))
                self._end(RunState.DONE, share=1.0, pnl=pnl)

    def _change(self, **changes: Any) -> None:
        with self._lock:
            if self.now.state is RunState.RUNNING:
                self.now = msgspec.structs.replace(self.now, **changes)

    def _end(self, state: RunState, **changes: Any) -> None:
        """The first end counts."""
        elapsed = time.monotonic() - self._begun
        self._change(state=state, elapsed_s=elapsed, eta_s=None, **changes)

    def cancel(self) -> None:
        """End the process at once; what it has told stays."""
        self._end(RunState.CANCELLED)
        if self.process.poll() is None:
            self.process.kill()

    def close(self) -> None:
        """End it, and wait until its pipes are closed."""
        self.cancel()
        if self._listener.is_alive():
            self._listener.join(_ENDS_WITHIN_S)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_ENDS_WITHIN_S)


class BacktestRuns:
    """`BacktestRunner` for one engine; `own_config` is where that engine's config lives."""

    def __init__(
        self,
        own_config: Path,
        read: ReadConfig,
        folders: Path,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._own_config = own_config.absolute()
        self._read = read
        self._folders = PriceFolders(folders)
        self._command = command
        self._runs: dict[int, _Run] = {}
        self._refused: dict[int, BacktestRun] = {}
        self._number = 0
        self._lock = threading.Lock()

    def setup(self, config: str) -> BacktestSetup:
        """What of a config can be run, and the price files for it."""
        path = self._path_of(config)
        folders = self._folders.known()
        try:
            bots = _bots(self._read(path))
        except NimbusError as error:
            return BacktestSetup(config=str(path), folders=tuple(folders), problem=str(error))
        near = [Path(folder) for folder in (*folders, str(path.parent))]
        symbols = dict.fromkeys(symbol for bot in bots for symbol in bot.symbols)
        return BacktestSetup(
            config=str(path),
            bots=bots,
            files={symbol: files_for(symbol, near) for symbol in symbols},
            folders=tuple(folders),
        )

    def paths(self, begun: str) -> Sequence[str]:
        """How a path may go on; before anything is typed, the remembered folders."""
        known = [f"{folder}/" for folder in self._folders.known()] if not begun else []
        return [*known, *ways_on(begun, self._own_config.parent)]

    def _path_of(self, config: str) -> Path:
        if not config.strip():
            return self._own_config
        return full_path(config, self._own_config.parent)

    def run(self, request: BacktestRequest) -> BacktestRun:
        """Begin a run; what can be known to be wrong is said before a process starts."""
        with self._lock:
            self._number += 1
            run = BacktestRun(number=self._number, request=request, state=RunState.RUNNING)
            try:
                job = Job(run.number, self._checked(request))
                process = subprocess.Popen(  # noqa: S603 - our own program
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # a terminal that hangs up is none of its business
                )  # fmt: skip
            except (NimbusError, OSError) as error:
                refused = msgspec.structs.replace(run, state=RunState.FAILED, problem=str(error))
                self._refused[run.number] = refused
                self._forget_old()
                return refused
            self._runs[run.number] = begun = _Run(run, process)
            begun.start(job)
            self._forget_old()
            return begun.now

    def _checked(self, request: BacktestRequest) -> BacktestRequest:
        """The request with every path in full.

        Raises:
            NimbusError: it can't be run, and why.
        """
        under_way = sum(run.now.state is RunState.RUNNING for run in self._runs.values())
        if under_way >= RUNS_AT_ONCE:
            raise ConfigError(f"{under_way} runs are under way: wait for one, or cancel one")
        path = self._path_of(request.config)
        bots = _bots(self._read(path))
        if request.sweep is not None:
            bots = (_swept(bots, request.sweep),)
        symbols = list(dict.fromkeys(symbol for bot in bots for symbol in bot.symbols))
        files = {
            symbol: chosen_files(symbol, request.data.get(symbol, ""), path.parent)
            for symbol in symbols
        }
        self._folders.remember(file for found in files.values() for file in found)
        data = {symbol: str(full_path(request.data[symbol], path.parent)) for symbol in symbols}
        return msgspec.structs.replace(request, config=str(path), data=data)

    def _forget_old(self) -> None:
        known = sorted((*self._runs, *self._refused))
        for number in known[:-RUNS_KEPT]:
            run = self._runs.get(number)
            if run is None:
                self._refused.pop(number)
            elif run.now.state is not RunState.RUNNING:
                self._runs.pop(number).close()

    def runs(self) -> Sequence[BacktestRun]:
        """All runs, oldest first."""
        known = self._refused | {number: run.now for number, run in self._runs.items()}
        return tuple(known[number] for number in sorted(known))

    def cancel(self, number: int) -> BacktestRun | None:
        """End a run; what its sweep has found stays."""
        run = self._runs.get(number)
        if run is None:
            return self._refused.get(number)
        run.cancel()
        return run.now

    def result(self, number: int) -> BacktestResult | None:
        """What came of a run."""
        run = self._runs.get(number)
        return run.result if run is not None else None

    def close(self) -> None:
        """End whatever still runs."""
        for run in self._runs.values():
            run.close()


def _bots(config: Config) -> tuple[BacktestBot, ...]:
    tables = tomllib.loads(config.text).get("bots", {})
    return tuple(
        BacktestBot(
            bot_id=bot_id,
            strategy=bot.common.strategy,
            symbols=tuple(bot.symbols),
            parameters=flattened(tables.get(bot_id, {})),
        )
        for bot_id, bot in config.bots.items()
    )


def flattened(table: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """A table's values as text, by dotted key."""
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{above}{key}.")
        else:
            flat[f"{above}{key}"] = str(value).lower() if isinstance(value, bool) else str(value)
    return flat


def _swept(bots: Sequence[BacktestBot], sweep: Sweep) -> BacktestBot:
    """The bot of a sweep.

    Raises:
        ConfigError: there is none, or it can't be swept so.
    """
    found = next((bot for bot in bots if bot.bot_id == sweep.bot_id), None)
    if found is None:
        names = ", ".join(bot.bot_id for bot in bots)
        raise ConfigError(f"there is no bot {sweep.bot_id}; there are: {names}")
    if missing := [name for name in _SWEPT if name not in found.parameters]:
        raise ConfigError(f"{sweep.bot_id} has no {missing[0]}: only grids with both can be swept")
    if not 1 <= sweep.cells <= CELLS_AT_MOST:
        raise ConfigError(f"a sweep has 1 to {CELLS_AT_MOST} cells; this one has {sweep.cells}")
    return found
