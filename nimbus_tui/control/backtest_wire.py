"""What the process that runs backtests is told, and what it tells: one JSON document a line."""

import msgspec

from nimbus_tui.control.backtests import BacktestRequest, BacktestResult, SweepCell


class Advance(msgspec.Struct, frozen=True, tag="advance"):
    """How far it is."""

    share: float
    ticks: int


class CellDone(msgspec.Struct, frozen=True, tag="cell"):
    """One more cell of a sweep."""

    cell: SweepCell


class Finished(msgspec.Struct, frozen=True, tag="finished"):
    """The end; a sweep has no result of its own."""

    result: BacktestResult | None = None


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The end, without a result."""

    problem: str


Told = Advance | CellDone | Finished | Failed


class Job(msgspec.Struct, frozen=True):
    """What to run."""

    number: int
    request: BacktestRequest
