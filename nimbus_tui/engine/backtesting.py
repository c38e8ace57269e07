"""What an engine needs of whoever runs backtests for its clients; bootstrap gives it one."""

from collections.abc import Sequence
from typing import Protocol

from nimbus_tui.control.backtests import (
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    BacktestSetup,
    RunState,
)

_NOBODY = "this engine was put together without backtests"


class BacktestRunner(Protocol):
    """Runs in processes of their own; every call returns at once but `setup`, `paths` and `run`.

    Those three read files, so the engine calls them in another thread.
    """

    def setup(self, config: str) -> BacktestSetup:
        """What of a config can be run; empty = the engine's own."""
        ...

    def paths(self, begun: str) -> Sequence[str]:
        """How a path may go on."""
        ...

    def run(self, request: BacktestRequest) -> BacktestRun:
        """Begin a run."""
        ...

    def runs(self) -> Sequence[BacktestRun]:
        """All runs, oldest first."""
        ...

    def cancel(self, number: int) -> BacktestRun | None:
        """End a run; None if there is no such run."""
        ...

    def result(self, number: int) -> BacktestResult | None:
        """What came of a run, if it is done."""
        ...

    def close(self) -> None:
        """End whatever still runs."""
        ...


class NoBacktests:
    """What an engine has that was given nobody to run them."""

    def setup(self, config: str) -> BacktestSetup:
        """Nothing can be run."""
        return BacktestSetup(config=config, problem=_NOBODY)

    def paths(self, begun: str) -> Sequence[str]:
        """None."""
        return ()

    def run(self, request: BacktestRequest) -> BacktestRun:
        """It fails at once."""
        return BacktestRun(number=0, request=request, state=RunState.FAILED, problem=_NOBODY)

    def runs(self) -> Sequence[BacktestRun]:
        """None."""
        return ()

    def cancel(self, number: int) -> BacktestRun | None:
        """There is none."""
        return None

    def result(self, number: int) -> BacktestResult | None:
        """There is none."""
        return None

    def close(self) -> None:
        """Nothing runs."""
