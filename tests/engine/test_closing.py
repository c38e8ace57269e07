"""Closing a position: in what is free, with rests between refusals, down to the dust."""

import asyncio
from decimal import Decimal

import pytest

from nimbus_tui.control.commands import FlattenBot, StartBot, StopBot
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.order import OrderType, RefusalKind, Refused
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.grid_levels import InitialInventory
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument

SPOT = instrument("ETH/USDC")
LIMIT_S = 20


async def within(work):
    """A loop without a pause must fail the test, not hang it."""
    return await asyncio.wait_for(work, LIMIT_S)


async def test_f03_what_is_under_the_venues_least_order_stays_and_nothing_hangs() -> None:
    world = CrashWorld(
        SPOT, venue=PaperSettings(partial_fills=True), initial_inventory=InitialInventory.NONE
    )
    await world.start("2400")
    await world.tick("2388", size="0.002")
    await world.engine.execute(FlattenBot("grid"))
    await within(world.tick("2390", "2391"))
    assert world.bot.position(SPOT.symbol) == Decimal("0.002")
    assert world.bot.standing.state is BotState.STOPPED
    told = [e.message for e in world.engine.journal.events(types=["warning"])]
    assert [line for line in told if "0.002" in line and "least order" in line]
    assert [o for o in world.exchange.placed if o.type is OrderType.MARKET] == []


@pytest.mark.parametrize(
    ("kind", "count"), [(RefusalKind.INSUFFICIENT_BALANCE, 6), (RefusalKind.BUSY, 10)]
)
async def test_a_refused_close_waits_longer_and_longer_but_never_long_for_a_busy_venue(
    kind: RefusalKind, count: int
) -> None:
    """After 0, 1, 3, 7, 15, 31 s; where only the venue is busy every 5 s from the fourth on."""
    world = await CrashWorld().start("2400", "2388")
    world.exchange.refuse = lambda request: Refused(kind, "not now")
    await world.engine.execute(FlattenBot("grid"))
    await within(world.tick(*["2388"] * 40))
    tries = [o for o in world.exchange.placed if o.type is OrderType.MARKET]
    assert len(tries) == count
    world.exchange.refuse = lambda request: None
    await within(world.tick(*["2388"] * 40))
    assert world.bot.position(world.instrument.symbol) == 0
    assert world.bot.standing.state is BotState.STOPPED


async def test_on_spot_a_stop_loss_sells_what_resting_sells_do_not_hold_and_then_the_rest() -> None:
    limits = RiskLimits(stop_loss=Decimal(5))
    world = await CrashWorld(SPOT, limits=limits).start("2400", "2400.01")
    held = world.bot.position(SPOT.symbol)
    world.exchange.refuse_cancel = Refused(RefusalKind.BUSY, "not now")
    await within(world.tick("2370", "2250", "2250"))
    assert world.bot.record.state == "stopped"
    locked = sum(o.quantity for o in world.bot.keeper.live.values() if o.side.value == "sell")
    assert 0 < locked < held + Decimal("0.2")
    assert world.bot.position(SPOT.symbol) == locked
    world.exchange.refuse_cancel = None
    await within(world.tick(*["2250"] * 20))
    assert world.bot.position(SPOT.symbol) == 0
    assert not world.engine.journal.events(types=["error"])


async def test_on_spot_a_close_tried_again_never_sells_coins_of_somebody_else() -> None:
    world = await CrashWorld(SPOT, balances={"USDC": Decimal(10_000), "ETH": Decimal(5)}).start(
        "2400", "2400.01"
    )
    world.exchange.refuse_cancel = Refused(RefusalKind.BUSY, "not now")
    world.exchange.refuse = lambda request: Refused(RefusalKind.BUSY, "not now")
    await world.engine.execute(FlattenBot("grid"))
    await within(world.tick("2400.01", "2412.5"))
    world.exchange.refuse_cancel = None
    world.exchange.refuse = lambda request: None
    await within(world.tick(*["2412.5"] * 70))
    assert world.bot.position(SPOT.symbol) == 0
    balances = {b.asset: b.total for b in await world.exchange.balances()}
    assert balances["ETH"] == Decimal(5)


async def test_a_close_goes_on_in_the_next_process() -> None:
    world = await CrashWorld().start("2400", "2388")
    world.lose_what_leaves()
    await world.engine.execute(FlattenBot("grid"))
    again = world.reborn()
    await within(again.start("2388", "2388", "2388"))
    assert again.bot.position(again.instrument.symbol) == 0
    assert again.bot.standing.state is BotState.STOPPED
    closes = [f for f in again.fills() if str(f.key).startswith("close/")]
    assert len(closes) == 1


async def test_a_bot_started_while_it_closes_keeps_what_is_left() -> None:
    world = await CrashWorld().start("2400", "2388")
    world.exchange.refuse = lambda request: Refused(RefusalKind.BUSY, "not now")
    await world.engine.execute(FlattenBot("grid"))
    await within(world.tick("2390"))
    world.exchange.refuse = lambda request: None
    await world.engine.execute(StartBot("grid"))
    await within(world.tick("2390", "2390"))
    assert world.bot.position(world.instrument.symbol) == Decimal("0.0418")
    assert len(world.resting()) == 6
    await world.engine.execute(StopBot("grid"))
    await within(world.tick("2390"))
    assert world.bot.position(world.instrument.symbol) == Decimal("0.0418")
