"""The last step must hold when everything else fails, its own steps too."""

import asyncio

import pytest

from nimbus_tui.control.commands import EmergencyShutdown, FlattenBot, Rearm, Result, StartBot
from nimbus_tui.core.errors import ExchangeError, JournalError
from nimbus_tui.core.order import RefusalKind, Refused
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.engine.faults import CrashWorld


def break_journal(world: CrashWorld) -> None:
    """From now on every write fails, as on a full disk."""

    def full(*_: object) -> None:
        raise JournalError("the journal can't be used: the disk is full")

    world.memory._execute = full  # type: ignore[method-assign,assignment]


async def until_verified(world: CrashWorld, seconds: int = 5) -> str:
    for _ in range(seconds):
        for _ in range(20):  # a sweep is a task of tasks
            await asyncio.sleep(0)
        await world.tick("2400")
        if world.engine.emergency.progress.startswith("verified"):
            break
    return world.engine.emergency.progress


async def test_f28_an_emergency_that_can_not_be_journalled_cancels_all_the_same() -> None:
    world = await CrashWorld().start("2400")
    break_journal(world)
    await world.engine.execute(EmergencyShutdown())
    assert "verified" in await until_verified(world)
    assert not await world.exchange.open_orders()
    assert world.engine.state == "failed"


@pytest.mark.parametrize("error", [ExchangeError("down"), RuntimeError("a bug in the adapter")])
@pytest.mark.parametrize("call", ["open_orders", "cancel_order"])
async def test_f28_a_venue_that_raises_is_asked_again_until_it_answers(
    call: str, error: Exception
) -> None:
    world = await CrashWorld().start("2400")
    honest = getattr(world.exchange, call)

    async def broken(*_: object) -> None:
        raise error

    setattr(world.exchange, call, broken)
    await world.engine.execute(EmergencyShutdown())
    progress = await until_verified(world)
    assert progress.startswith("still there")
    assert str(error) in progress or "nb" in progress
    setattr(world.exchange, call, honest)
    assert (await until_verified(world, 20)).startswith("verified")
    assert not await world.exchange.open_orders()


async def test_a_venue_that_does_not_answer_is_named_and_asked_again() -> None:
    world = await CrashWorld().start("2400")
    honest = world.exchange.open_orders

    async def silent() -> None:
        await asyncio.Event().wait()

    world.exchange.open_orders = silent  # type: ignore[method-assign,assignment]
    await world.engine.execute(EmergencyShutdown())
    assert "does not answer" in await until_verified(world, 15)
    world.exchange.open_orders = honest  # type: ignore[method-assign]
    assert (await until_verified(world, 30)).startswith("verified")


async def test_it_is_not_over_while_an_order_is_on_its_way() -> None:
    world = await CrashWorld(venue=PaperSettings(latency_ms=3500)).start("2400")
    assert {o.state.value for o in world.bot.keeper.live.values()} == {"pending"}
    await world.engine.execute(EmergencyShutdown())
    assert (await until_verified(world, 30)).startswith("verified")
    assert world.clock.now() > 4_500_000_000
    assert not await world.exchange.open_orders()
    assert world.resting() == {}


async def test_rearm_waits_until_nothing_of_ours_is_left() -> None:
    world = await CrashWorld().start("2400")
    world.exchange.refuse_cancel = Refused(RefusalKind.BUSY, "not now")
    await world.engine.execute(EmergencyShutdown())
    await until_verified(world, 2)
    refused = await world.engine.execute(Rearm())
    assert refused.result is Result.REFUSED
    assert "still there" in refused.message
    world.exchange.refuse_cancel = None
    await until_verified(world, 20)
    assert (await world.engine.execute(Rearm())).result is Result.DONE
    await world.engine.execute(StartBot("grid"))
    await world.tick("2400", "2401", "2402")
    assert len(world.resting()) == 6


async def test_the_latch_survives_a_kill_and_only_cancels_leave() -> None:
    world = await CrashWorld().start("2400", "2388")
    world.lose_what_leaves()
    world.exchange.refuse_cancel = Refused(RefusalKind.BUSY, "not now")
    await world.engine.execute(EmergencyShutdown())
    again = await world.reborn().start("2388")
    assert again.engine.state == "emergency"
    assert (await until_verified(again)).startswith("verified")
    assert again.exchange.placed == []
    assert not await again.exchange.open_orders()


async def test_a_failing_journal_in_the_middle_of_trading_cancels_everything() -> None:
    world = await CrashWorld().start("2400")
    break_journal(world)
    await world.tick("2388")
    assert world.engine.state == "failed"
    assert (await until_verified(world)).startswith("verified")
    assert not await world.exchange.open_orders()


@pytest.mark.parametrize("close", [True, False])
async def test_positions_are_kept_or_closed_as_chosen(close: bool) -> None:
    world = await CrashWorld(close_in_emergency=close).start("2400", "2388")
    await world.engine.execute(EmergencyShutdown())
    assert (await until_verified(world)).startswith("verified")
    held = world.bot.position(world.instrument.symbol)
    assert (held == 0) is close
    assert not await world.exchange.open_orders()


async def test_an_emergency_during_a_stop_loss_keeps_the_position_till_it_is_rearmed() -> None:
    world = await CrashWorld().start("2400", "2388")
    world.exchange.refuse = lambda request: Refused(RefusalKind.BUSY, "not now")
    await world.engine.execute(FlattenBot("grid"))
    await world.tick("2388")
    await world.engine.execute(EmergencyShutdown())
    world.exchange.refuse = lambda request: None
    assert (await until_verified(world)).startswith("verified")
    assert world.bot.position(world.instrument.symbol) != 0
    await world.engine.execute(Rearm())
    await world.tick(*["2388"] * 5)
    assert world.bot.position(world.instrument.symbol) == 0
