"""Ledgers in one file, and clocks to move by hand."""

from pathlib import Path

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.ledger import FileLedger
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.net.virtual import START_NS


class SetClock(SimulatedClock):
    """Can be set to any time, also back, as a machine's clock can."""

    def __init__(self) -> None:
        super().__init__(START_NS)

    def go(self, seconds: float) -> None:
        self._now += round(seconds * NS_PER_SECOND)


def path_in(folder: Path) -> Path:
    return folder / "budgets" / "api.venue.spent"


def process(folder: Path, clock: Clock, per_minute: int = 100) -> Budget:
    """The budget of one process; what it shares with others is the file."""
    ledger = FileLedger(path_in(folder), clock)
    return Budget(clock, per_minute=per_minute, reserve=0.2, ledger=ledger)
