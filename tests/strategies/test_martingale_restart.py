"""An engine that ends or dies at any point goes on with the same cycle and doubles no order."""

import shutil
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.market import Tick
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.simulation.martingale_world import MartingaleWorld

PRICES = ["150", "150", "147.75", "149", "145", "148.02", "148.02", "150", "148", "146", "141"]
"""Two safety orders and a take profit; then a second cycle that its take profit ends, a third."""

POINTS = range(1, len(PRICES))


def world_in(folder: Path, start_ns: int = 0) -> MartingaleWorld:
    return MartingaleWorld(
        journal=SqliteJournal.open(folder / "journal.db"),
        store=PaperStore(folder / "paper.db"),
        start_ns=start_ns,
    )


def told(fills: list[Fill]) -> list[str]:
    return [f"{f.ts} {f.key} {f.side.value} {f.price} {f.quantity} {f.fee}" for f in fills]


async def undisturbed() -> tuple[list[str], list[str]]:
    world = await MartingaleWorld().start(*PRICES)
    result = told(world.fills()), world.orders()
    await world.engine.stop()
    return result


@pytest.mark.parametrize("point", POINTS)
async def test_ended_and_started_after_any_tick_it_trades_as_if_nothing_had_been(
    point: int, tmp_path: Path
) -> None:
    world = await world_in(tmp_path).start(*PRICES[:point])
    await world.engine.stop()
    again = await world_in(tmp_path, world.clock.now()).start(*PRICES[point:])
    fills, orders = await undisturbed()
    assert (told(again.fills()), again.orders()) == (fills, orders)
    assert len({fill.key for fill in again.fills()}) == len(again.fills())
    await again.engine.stop()


@pytest.mark.parametrize("point", POINTS)
async def test_killed_before_its_requests_left_it_asks_for_each_of_them_once(
    point: int, tmp_path: Path
) -> None:
    """The venue has the tick and the journal the orders, but no byte of them has left."""
    (tmp_path / "then").mkdir()
    world = await world_in(tmp_path / "then").start(*PRICES[:point])
    price = Decimal(PRICES[point])
    ts = world.clock.now() + 1_000_000_000
    await world.clock.advance_to(ts, world.engine.settle)
    world.exchange.deliver(Tick(ts, world.instrument.symbol, price, Decimal(0)))
    world.engine.process()
    shutil.copytree(tmp_path / "then", tmp_path / "now", ignore=lambda *_: {"journal.db.lock"})
    await world.engine.stop()
    again = await world_in(tmp_path / "now", ts).start(*PRICES[point + 1 :], "141", "139", "160")
    try:
        check_after(again)
    finally:
        await again.engine.stop()


def check_after(world: MartingaleWorld) -> None:
    """The last price closes whatever cycle goes on; nothing was traded beyond its order."""
    assert world.bot.position(world.instrument.symbol) == 0
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in world.fills():
        filled[fill.client_order_id] += fill.quantity
    orders = world.engine.journal.orders(limit=-1)
    quantities = {order.client_order_id: order.quantity for order in orders}
    assert all(quantities[identity] >= total for identity, total in filled.items())
    keys = {str(fill.key) for fill in world.fills()}
    assert len(keys) == len(world.fills())
    cycles = world.strategy.state.cycles_won
    assert {key for key in keys if "/base" in key} == {
        f"martingale/{cycle}/base" for cycle in range(1, cycles + 1)
    }
    assert cycles >= 2
    assert not world.engine.journal.events(types=["error"])
