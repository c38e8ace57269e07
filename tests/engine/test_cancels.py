"""Cancels that are lost, refused or cut off by a kill."""

import asyncio

import msgspec

from nimbus_tui.control.commands import PauseBot, StopBot
from nimbus_tui.core.order import (
    Accepted,
    NotFound,
    OrderReport,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.engine.faults import CrashWorld


async def test_a_cancel_that_never_left_before_the_kill_is_sent_by_the_next_process() -> None:
    world = await CrashWorld().start("2400")
    world.lose_what_leaves()
    await world.engine.execute(StopBot("grid"))
    assert all(order.cancel_requested for order in world.memory.live_orders())
    assert len(await world.exchange.open_orders()) == 6
    again = await world.reborn().start("2400")
    assert not await again.exchange.open_orders()
    assert again.memory.live_orders() == []


async def test_a_recentre_cut_off_by_a_kill_goes_on_in_the_next_process() -> None:
    world = await CrashWorld().start("2400")
    world.lose_what_leaves()
    await world.tick("2437")
    again = await world.reborn().start("2437")
    assert again.bot.saved.rebalances == 1
    assert len(again.resting()) == 6


async def test_a_refused_cancel_waits_before_it_is_sent_again() -> None:
    world = await CrashWorld().start("2400")
    world.exchange.refuse_cancel = Refused(RefusalKind.BUSY, "try later")
    await world.engine.execute(StopBot("grid"))
    await world.tick(*["2400"] * 30)
    tries = len(world.exchange.cancelled) / 6
    assert 4 <= tries <= 8
    world.exchange.refuse_cancel = None
    await world.tick(*["2400"] * 16)
    assert not await world.exchange.open_orders()
    assert world.resting() == {}


async def test_a_lost_cancel_waits_before_it_is_sent_again() -> None:
    world = await CrashWorld().start("2400")
    world.exchange.refuse_cancel = Unknown("no route")
    await world.engine.execute(StopBot("grid"))
    await world.tick(*["2400"] * 30)
    assert 4 <= len(world.exchange.cancelled) / 6 <= 8
    world.exchange.refuse_cancel = None
    await world.tick(*["2400"] * 16)
    assert world.resting() == {}


async def test_an_accepted_cancel_whose_order_does_not_end_is_sent_again() -> None:
    world = await CrashWorld().start("2400")
    world.exchange.refuse_cancel = Accepted("spoken too soon")
    await world.engine.execute(StopBot("grid"))
    await world.tick("2400")
    assert len(world.resting()) == 6
    world.exchange.refuse_cancel = None
    await world.tick(*["2400"] * 3)
    assert world.resting() == {}


async def test_a_shutdown_that_cancels_waits_for_what_is_on_its_way() -> None:
    world = CrashWorld(venue=PaperSettings(latency_ms=3000))
    honest = world.exchange.place_order
    # Bytes that have left can't be called back.
    world.exchange.place_order = lambda request: asyncio.shield(honest(request))  # type: ignore
    await world.start("2400")
    assert {order.state.value for order in world.bot.keeper.live.values()} == {"pending"}
    ending = asyncio.ensure_future(world.engine.stop(cancel_orders=True))
    while not ending.done():
        await asyncio.sleep(0.001)
        await world.clock.advance_to(world.clock.now() + 50_000_000, world.engine.settle)
    await world.clock.advance_to(world.clock.now() + 5_000_000_000, world.engine.settle)
    assert not await world.exchange.open_orders()


async def test_a_cancelled_order_is_gone_only_when_that_is_proved_from_its_own_sending_on() -> None:
    world = CrashWorld(start_ns=10**12)
    world.exchange.capabilities = msgspec.structs.replace(  # type: ignore[misc]
        world.exchange.capabilities, not_found_is_final_after_s=30.0
    )
    await world.start("2400")

    async def nowhere(*_: object) -> NotFound:
        return NotFound()

    async def nothing() -> list[OrderReport]:
        return []

    world.exchange.order_status = nowhere  # type: ignore[method-assign,assignment]
    world.exchange.open_orders = nothing  # type: ignore[method-assign]
    world.exchange.refuse_cancel = Refused(RefusalKind.NOT_FOUND, "gone")
    await world.engine.execute(PauseBot("grid"))
    await world.tick(*["2400"] * 20)
    assert len(world.resting()) == 6
    await world.tick(*["2400"] * 80)
    assert world.resting() == {}
