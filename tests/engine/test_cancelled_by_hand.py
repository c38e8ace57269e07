"""An order that the operator cancels stays away until the operator resumes the bot."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import (
    CancelOrder,
    EmergencyShutdown,
    Outcome,
    PauseBot,
    Result,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.core.ids import BotId, OrderKey
from nimbus_tui.core.order import Order
from nimbus_tui.engine.consequences import consequence
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.engine.faults import CrashWorld

GRID, KEY = BotId("grid"), OrderKey("grid/-2/c1")
WORDS = "grid: grid/-2/c1 is cancelled, and held back until a resume"


def order(world: CrashWorld, key: OrderKey = KEY) -> Order:
    found = world.bot.keeper.live[key]
    assert isinstance(found, Order)
    return found


async def cancelled(world: CrashWorld, key: OrderKey = KEY) -> Outcome:
    """Cancel by hand; what was told beforehand is what is told afterwards."""
    command = CancelOrder(GRID, order(world, key).client_order_id)
    told = consequence(world.engine, command)
    outcome = await world.engine.execute(command)
    await world.engine.settle()
    assert told.message == outcome.message
    return outcome


async def test_it_leaves_and_stays_away_whatever_the_price_does() -> None:
    world = await CrashWorld().start("2400", "2399")
    before = set(world.bot.keeper.live)
    assert await cancelled(world) == Outcome(Result.DONE, WORDS)
    await world.tick("2398", "2389", "2395")
    assert set(world.bot.keeper.live) == before - {KEY}
    assert world.bot.reviewed.held_back[KEY].startswith("cancelled by the operator")
    told = world.engine.journal.events(types=["info"])[-1]
    assert "grid/-2/c1 is cancelled by the operator" in told.message  # type: ignore[attr-defined]
    assert not world.engine.journal.events(types=["warning"])


@pytest.mark.parametrize("first", [(), (PauseBot(GRID),)])
async def test_a_resume_places_it_again_whether_or_not_the_bot_was_paused(
    first: tuple[PauseBot, ...],
) -> None:
    world = await CrashWorld().start("2400", "2399")
    await cancelled(world)
    for command in (*first, ResumeBot(GRID)):
        assert (await world.engine.execute(command)).result is Result.DONE
    await world.engine.settle()
    assert order(world).price == Decimal("2376.00")
    assert world.bot.saved.cancelled == ()
    assert len(world.engine.journal.events(types=["resumed"])) == len(first)


async def test_a_start_after_a_stop_has_a_fresh_plan_with_nothing_held_back() -> None:
    world = await CrashWorld().start("2400", "2399")
    await cancelled(world)
    for command in (StopBot(GRID), StartBot(GRID)):
        await world.engine.execute(command)
        await world.engine.settle()
    await world.tick("2399")
    assert len(world.bot.keeper.live) == 6


async def test_it_stays_away_after_a_restart() -> None:
    world = await CrashWorld().start("2400", "2399")
    await cancelled(world)
    again = world.reborn()
    await again.engine.start()
    await again.tick("2398", "2399")
    assert KEY not in again.bot.keeper.live
    assert again.bot.saved.cancelled == (KEY,)


async def test_a_part_that_filled_stays_and_the_rest_may_come_under_a_new_key() -> None:
    world = await CrashWorld(venue=PaperSettings(partial_fills=True)).start("2400", "2399")
    await world.tick("2388", size="0.01")
    outcome = await cancelled(world, OrderKey("grid/-1/c1"))
    assert outcome.message == (
        f"{WORDS.replace('-2', '-1')}; the part that filled stays, and the bot may ask for the "
        "rest under a new key"
    )
    assert "grid/-1/c1" not in world.bot.keeper.live


async def test_what_makes_no_sense_is_refused_with_the_reason() -> None:
    world = await CrashWorld().start("2400", "2399")
    resting = order(world)
    await cancelled(world)
    again = CancelOrder(GRID, resting.client_order_id)
    gone = await world.engine.execute(again)
    assert gone.result is Result.REFUSED
    assert f"has no live order {resting.client_order_id}" in gone.message
    assert consequence(world.engine, again) == gone
    other = CancelOrder(GRID, order(world, OrderKey("grid/-1/c1")).client_order_id)
    await world.engine.execute(EmergencyShutdown())
    assert (await world.engine.execute(other)).message == "an emergency is latched: rearm first"


async def test_what_is_left_of_a_stopped_bot_is_not_cancelled_by_hand() -> None:
    world = await CrashWorld(close_on_stop=True).start("2400", "2388")
    world.lose_what_leaves()
    await world.engine.execute(StopBot(GRID))
    await world.engine.settle()
    closing = next(iter(world.bot.keeper.live.values()))
    outcome = await world.engine.execute(CancelOrder(GRID, closing.client_order_id))
    assert outcome.result is Result.REFUSED
    assert "is out of the market" in outcome.message
