"""The paper venue survives a killed process: its file always holds whole ticks."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.exchanges.paper.store import PaperStore

ROOT = Path(__file__).parents[3]
START = Decimal(10_000)


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_venue_goes_on_with_every_tick_whole(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "paper.db"
    chance = Random(seed)
    fills = 0
    for _ in range(4):
        told = _run_and_kill(path, after=chance.randrange(1, 60))
        fills = _check(path, told)
    assert fills > 0


def _run_and_kill(path: Path, after: int) -> int:
    """Kill the child after it has told of so many ticks; returns the last tick it told of."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.exchanges.paper.trading_child", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child:
        told = [child.stdout.readline() for _ in range(after)][-1]
        child.kill()
    return int(told)


def _check(path: Path, told: int) -> int:
    """Hold what the file says together; returns how many fills it has."""
    store = PaperStore(path)
    state, live = store.load()
    assert state is not None
    assert int(state.source_position) >= told
    fills = store.fills_after(0, 100_000)
    assert [number for number, _ in fills] == list(range(1, state.fills + 1))
    cash, position = START, Position()
    for _, fill in fills:
        position, realized = trade(position, fill.signed_quantity, fill.price, Decimal(0))
        cash += realized - fill.fee
    assert state.balances == {"USDC": cash}
    assert sum(held.quantity for held in state.positions.values()) == position.quantity
    filled = {order.request.client_order_id for order in live} & {
        fill.client_order_id for _, fill in fills
    }
    assert not filled  # every order of the child fills whole or not at all
    assert state.orders <= int(state.source_position)
    store.close()
    return len(fills)
