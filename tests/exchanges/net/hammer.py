"""A process that takes from a shared budget as fast as it can, and says each weight it got.

    python -m tests.exchanges.net.hammer FILE WEIGHT

It begins when its stdin ends, and ends when the whole weight is spent, by whomever.
"""

import os
import subprocess
import sys
from pathlib import Path

from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.ledger import FileLedger

ROOT = Path(__file__).parents[3]
READY = b"+"


def started(path: Path, weight: int) -> subprocess.Popen[bytes]:
    """The process, ready to begin; each byte of its stdout from now on is a weight of 1."""
    command = [sys.executable, "-m", "tests.exchanges.net.hammer", str(path), str(weight)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    assert process.stdout is not None
    assert process.stdout.read(1) == READY, process.communicate()
    return process


def begin(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go")
    process.stdin.close()
    process.stdin = None


def live_budget(path: Path, weight: int) -> Budget:
    clock = LiveClock()
    return Budget(clock, per_minute=weight, ledger=FileLedger(path, clock))


def hammer(path: Path, weight: int) -> None:
    budget = live_budget(path, weight)
    os.write(sys.stdout.fileno(), READY)
    sys.stdin.read()
    while budget.spent < weight:
        if budget.try_take(1, urgent=True):
            os.write(sys.stdout.fileno(), b".")


if __name__ == "__main__":
    hammer(Path(sys.argv[1]), int(sys.argv[2]))
