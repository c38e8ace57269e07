"""A bot that raises, or wishes nonsense, harms nobody and comes back from its last good state."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import StopBot
from nimbus_tui.core.order import DesiredOrder, Side
from nimbus_tui.core.plan import Plan, Wake
from nimbus_tui.engine.local_client import LocalClient
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import World

SYMBOL = "ETH/USDC:USDC"


def wish(**changes: Any) -> DesiredOrder:
    terms: dict[str, Any] = {
        "key": "grid/x",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "price": Decimal(2300),
        "quantity": Decimal("0.05"),
    }
    return DesiredOrder(**(terms | changes))


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ((wish(symbol="BTC/USDC"),), "BTC/USDC"),
        ((wish(), wish(price=Decimal(2200))), "twice"),
        ((wish(quantity=Decimal("NaN")),), "NaN"),
        ((wish(price=Decimal("Infinity")),), "Infinity"),
        ((wish(price=None),), "price"),
    ],
    ids=["a symbol of others", "a key twice", "no number", "without end", "a limit without price"],
)
async def test_a_plan_that_makes_no_sense_freezes_the_bot_and_leaves_its_orders(
    orders: tuple[DesiredOrder, ...], words: str
) -> None:
    world = await World().start("2400")
    before = world.resting()
    world.strategy.plan = lambda view: Plan(orders)  # type: ignore[method-assign]
    await world.tick("2500")
    assert world.bot.is_frozen
    (error,) = world.engine.journal.events(types=["error"])
    assert words in error.message
    assert set(world.resting()) <= set(before)
    assert world.engine.state == "running"


@pytest.mark.parametrize("name", ["stop", "start", "get_statistics", "get_state", "saved_state"])
async def test_whatever_a_strategy_raises_stays_in_its_bot(name: str) -> None:
    world = await World().start("2400")

    def broken(*_: object) -> None:
        raise KeyError("a bug in the strategy")

    setattr(world.strategy, name, broken)
    await world.tick("2388")
    await world.engine.execute(StopBot("grid"))
    await world.tick("2389")
    await LocalClient(world.engine).updates(0, focus="grid")
    assert world.engine.state == "running"
    assert world.resting() == {}
    assert world.bot.position(SYMBOL) == Decimal("0.0418")


async def test_what_a_plan_changed_before_it_raised_is_undone() -> None:
    world = await World().start("2400")
    state = world.strategy.state

    def half_done(view: object) -> Plan:
        world.strategy.state = msgspec.structs.replace(state, round_trips=99)
        raise RuntimeError("in the middle")

    world.strategy.plan = half_done  # type: ignore[method-assign]
    await world.tick("2437")
    assert world.strategy.state.round_trips == 0
    assert b'"round_trips":99' not in (world.engine.journal.bots()[0].strategy_state or b"")


async def test_a_frozen_bot_whose_time_has_come_does_not_spin() -> None:
    world = await World().start("2400")
    plan = world.strategy.plan
    turns = 0

    def due(view: Any) -> Plan:
        nonlocal turns
        turns += 1
        if turns > 1:
            raise RuntimeError("not today")
        return msgspec.structs.replace(plan(view), wake=Wake(at=view.now + 1_000_000_000))

    world.strategy.plan = due  # type: ignore[method-assign]
    await world.tick("2437")
    assert world.bot.waking.next_time() is not None
    await world.tick("2437")
    assert world.bot.is_frozen
    assert world.bot.waking.next_time() == world.bot.guard.frozen_until


async def test_a_state_that_can_not_be_read_any_more_fails_its_bot_and_not_the_engine() -> None:
    world = await CrashWorld().start("2400", "2388")
    (record,) = world.memory.bots()
    with world.memory.transaction():
        world.memory.save_bot(msgspec.structs.replace(record, strategy_state=b'{"cycle":"x"}'))
    again = await world.reborn().start("2388")
    await again.tick("2388")
    assert again.engine.state == "running"
    assert again.bot.is_frozen
    assert again.bot.position(SYMBOL) == Decimal("0.0418")
    assert "cycle" in again.memory.events(types=["error"])[0].message
    assert again.memory.bots()[0].strategy_state == b'{"cycle":"x"}'
