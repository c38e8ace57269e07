"""Orders that a power cut took from the journal come back to the bot that wishes for them."""

import asyncio

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.order import OrderReport, OrderState
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.lost_orders import find_again, take_over
from nimbus_tui.exchanges.base import NotFound
from nimbus_tui.orders import lifecycle
from nimbus_tui.simulation.fragile_journal import Disk, FragileJournal
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument

INVENTORY = "grid/inventory"


async def compared(world: CrashWorld, times: int) -> None:
    for _ in range(times):
        await world.engine.synchronisers["sim"]._get_in_step()
        await world.engine.settle()


async def explained(world: CrashWorld) -> None:
    world.bot.standing.agrees()
    world.engine.inbox.put(BotDue("grid", replan=True))
    await world.tick("2400", "2400")


async def test_a_lost_fill_under_a_key_that_a_pause_holds_back_is_that_keys() -> None:
    disk = Disk()
    world = CrashWorld(instrument("ETH/USDC"), journal=FragileJournal(disk, lambda: None))
    await world.start()
    world.bot.standing.differs("looks strange")
    await world.tick("2400")
    assert world.bot.reviewed.held_back.keys() >= {INVENTORY}
    disk.sync()
    await explained(world)
    (bought,) = [fill for fill in world.fills() if fill.key == INVENTORY]
    disk.power_cut()

    again = world.reborn(journal=FragileJournal(disk, lambda: None))
    await again.start("2400")
    assert again.bot.standing.is_paused
    await compared(again, 1)
    (found,) = again.fills()
    assert (found.client_order_id, found.key) == (bought.client_order_id, INVENTORY)
    await explained(again)
    assert [fill for fill in again.fills() if fill.key == INVENTORY] == [found]
    assert again.bot.position("ETH/USDC") == bought.quantity
    assert all(request.price is not None for request in again.exchange.placed)


async def test_what_follows_from_a_found_order_is_no_orphan_before_it_could_be_wished_for() -> None:
    """Two looks make an orphan, but not two between which a bot has got an order back."""
    world = await CrashWorld().start("2400")
    orphans = world.engine.synchronisers["sim"]._orphans
    report = (await world.exchange.open_orders())[0]
    strays = {report.client_order_id: report}
    told: list[str] = []
    orphans._say = lambda one, remedy: told.append(one.client_order_id)  # type: ignore[method-assign]
    await orphans.look(strays)
    orphans.look_afresh()
    await orphans.look(strays)
    assert told == []
    await orphans.look(strays)
    assert told == [report.client_order_id]


async def test_the_tenth_try_under_a_key_is_found_where_the_journal_knows_the_first() -> None:
    disk = Disk()
    world = CrashWorld(journal=FragileJournal(disk, lambda: None))
    await world.start("2400")
    disk.sync()
    for _ in range(10):
        world.bot.standing.differs("looks strange")
        world.engine.inbox.put(BotDue("grid"))
        await world.tick("2400")
        await explained(world)
    assert world.bot.keeper.live["grid/-1/c1"].generation == 10
    await world.tick("2388")
    (bought,) = world.fills()
    disk.power_cut()

    again = world.reborn(journal=FragileJournal(disk, lambda: None))
    await again.start("2389")
    await compared(again, 2)
    assert [(one.client_order_id, one.key) for one in again.fills()] == [
        (bought.client_order_id, "grid/-1/c1")
    ]
    assert again.bot.position("ETH/USDC:USDC") == bought.quantity
    assert "grid/-1/c1" not in again.resting()


async def test_a_lost_later_try_is_found_while_an_earlier_one_seems_to_live() -> None:
    """Where a young "not found" proves nothing, nobody waits for what became of the earlier one."""
    disk = Disk()
    world = CrashWorld(journal=FragileJournal(disk, lambda: None))
    await world.start("2400")
    disk.sync()
    world.bot.standing.differs("looks strange")
    world.engine.inbox.put(BotDue("grid"))
    await world.tick("2400")
    await explained(world)
    later = world.bot.keeper.live["grid/-1/c1"]
    assert later.generation == 1
    await world.tick("2388")
    disk.power_cut()

    again = world.reborn(journal=FragileJournal(disk, lambda: None))
    again.exchange.capabilities = msgspec.structs.replace(  # type: ignore[misc]
        again.exchange.capabilities, not_found_is_final_after_s=30.0, not_found_frees_the_id=False
    )
    (earlier,) = [one for one in again.memory.live_orders("grid") if one.key == later.key]
    assert earlier.generation == 0
    await again.start()
    (found,) = again.fills()
    assert (found.client_order_id, found.key) == (later.client_order_id, later.key)


async def test_a_fill_of_an_order_that_was_given_up_comes_in_and_is_no_new_find() -> None:
    """Else the orphans would be looked at afresh for ever, and none of them be settled."""
    world = await CrashWorld().start("2400")
    order = world.bot.keeper.live["grid/-1/c1"]
    fill = world.fill_of(order.key, "0.0418")
    (report,) = [
        one
        for one in await world.exchange.open_orders()
        if one.client_order_id == order.client_order_id
    ]
    filled = msgspec.structs.replace(report, state=OrderState.FILLED, filled=order.quantity)
    given_up = msgspec.structs.replace(
        order, state=OrderState.REJECTED, reason=lifecycle.NOT_FOUND_YET
    )
    world.bot.keeper._store(given_up)
    world.memory.record_fill(fill)

    async def told(*_: object) -> OrderReport:
        return filled

    world.exchange.order_status = told  # type: ignore[method-assign]
    assert not await find_again(world.engine, world.bot.orders, {})
    await world.engine.settle()
    assert world.memory.unclaimed_fills() == []
    assert world.bot.position("ETH/USDC:USDC") == order.quantity


async def test_what_has_filled_is_not_sent_again_although_a_look_finds_nothing() -> None:
    disk = Disk()
    world = CrashWorld(journal=FragileJournal(disk, lambda: None))
    await world.start()
    disk.sync()
    await world.tick("2400", "2388")
    (bought,) = world.fills()
    disk.power_cut()

    again = world.reborn(journal=FragileJournal(disk, lambda: None))
    again.exchange.capabilities = msgspec.structs.replace(  # type: ignore[misc]
        again.exchange.capabilities, not_found_is_final_after_s=30.0, not_found_frees_the_id=False
    )
    honest = again.exchange.order_status

    async def denied(client_order_id: str, symbol: str) -> OrderReport | NotFound:
        if client_order_id == bought.client_order_id:
            return NotFound()
        return await honest(client_order_id, symbol)

    again.exchange.order_status = denied  # type: ignore[method-assign]
    await again.start(*["2395"] * 40)
    assert again.bot.position("ETH/USDC:USDC") == 0
    again.exchange.order_status = honest  # type: ignore[method-assign]
    await compared(again, 1)
    (found,) = again.fills()
    assert (found.client_order_id, found.key) == (bought.client_order_id, "grid/-1/c1")
    assert bought.client_order_id not in {one.client_order_id for one in again.exchange.placed}


async def test_an_order_that_its_bot_has_asked_for_is_not_written_over() -> None:
    world = await CrashWorld().start("2400")
    order = world.bot.keeper.live["grid/-1/c1"]
    reports = {one.client_order_id: one for one in await world.exchange.open_orders()}
    take_over(world.engine, world.bot, reports[order.client_order_id], "grid/-1/c9")
    assert world.memory.order(order.client_order_id) == order
    assert world.bot.keeper.live.by_client_id(order.client_order_id) == order


async def test_after_a_power_cut_what_is_under_way_may_arrive_before_anything_is_sent() -> None:
    world = CrashWorld(start_ns=1_000 * NS_PER_SECOND)
    slow = msgspec.structs.replace(world.exchange.capabilities, request_arrives_within_s=20.0)
    world.exchange.capabilities = slow  # type: ignore[misc]
    booted = msgspec.structs.replace(world.engine.settings, booted_ns=990 * NS_PER_SECOND)
    world.engine.settings = booted
    starting = asyncio.ensure_future(world.engine.start())
    await world.engine.settle()
    await world.clock.advance_to(1_012 * NS_PER_SECOND, world.engine.settle)
    await starting
    await world.tick("2400", "2400")
    assert world.exchange.placed == []
    await world.tick("2400", "2400", "2400")
    assert len(world.exchange.placed) == 6
    (info,) = [
        event.message
        for event in world.memory.events(types=["info"])
        if "just started" in event.message
    ]
    assert "for 15 s" in info
