"""When a bot's equity is noted, and what happens when it can't be."""

import asyncio
from decimal import Decimal

from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.errors import JournalError
from nimbus_tui.engine.equity_curve import SAMPLE_NS
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.simulation.worlds import World

SECOND = 1_000_000_000


def moments(world: World) -> list[int]:
    return [point.ts for point in world.engine.journal.equity("grid")]


async def test_turns_without_a_fill_give_no_points() -> None:
    world = await World().start("2400", "2399", "2401", "2399.5")
    assert moments(world) == [SECOND]
    await world.engine.stop()


async def test_every_fill_gives_a_point_that_counts_its_fee() -> None:
    world = await World().start("2400", "2388", "2376")
    points = world.engine.journal.equity("grid")
    assert [point.ts for point in points] == [SECOND, 2 * SECOND, 3 * SECOND]
    assert points[1].equity == world.bot.books.capital - Decimal("0.01996368")
    assert points[-1].equity == world.bot.equity()
    await world.engine.stop()


async def test_a_running_engine_samples_at_full_minutes() -> None:
    world = await World(start_ns=30 * SECOND).start("2400")
    running = asyncio.ensure_future(world.engine.run())
    for _ in range(3):  # the loop's turns until its tasks sleep on the clock
        await asyncio.sleep(0)
    await world.clock.advance_to(3 * SAMPLE_NS + SECOND, world.engine.settle)
    running.cancel()
    assert moments(world) == [31 * SECOND, SAMPLE_NS, 2 * SAMPLE_NS, 3 * SAMPLE_NS]
    await world.engine.stop()


async def test_a_bot_that_has_seen_no_price_has_no_point() -> None:
    world = await World().start()
    world.engine.equity_curves.sample([world.bot])
    assert moments(world) == []
    await world.engine.stop()


async def test_a_restart_goes_on_with_the_curve() -> None:
    journal = SqliteJournal.open(":memory:")
    journal.save_equity("grid", EquityPoint(1, Decimal(7)))
    world = await World(journal=journal).start("2400")
    assert [point.ts for point in journal.equity("grid")] == [1, SECOND]
    await world.engine.stop()


async def test_a_journal_that_fails_is_told_and_ends_the_sampling() -> None:
    world = await World().start("2400")
    world.engine.journal.close()
    told: list[JournalError] = []
    sampling = asyncio.ensure_future(world.engine.equity_curves.run([world.bot], told.append))
    await asyncio.sleep(0)
    await world.clock.advance_to(SAMPLE_NS, lambda: asyncio.sleep(0))
    await sampling
    assert len(told) == 1
