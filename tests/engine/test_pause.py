"""Pausing: what reduces stays, up to the position and not a lot beyond it."""

from decimal import Decimal

from nimbus_tui.control.commands import PauseBot, ResumeBot
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument

SYMBOL = "ETH/USDC:USDC"


async def paused(world: CrashWorld) -> CrashWorld:
    await world.engine.execute(PauseBot("grid"))
    await world.engine.settle()
    return world


def sizes(world: CrashWorld) -> dict[str, Decimal]:
    return {key: order.quantity for key, order in world.bot.keeper.live.items()}


async def test_the_nearest_orders_stay_and_the_last_one_is_trimmed_to_the_position() -> None:
    # Bought 0.0418 and 0.0420; the counter sells hold as much, the fresh sells would go short.
    world = await paused(await CrashWorld().start("2400", "2376"))
    assert world.bot.position(SYMBOL) == Decimal("0.0838")
    assert sum(sizes(world).values()) == Decimal("0.0838")
    assert set(sizes(world)) == {"grid/-1/c3", "grid/0/c2"}


async def test_a_trimmed_order_that_fills_is_no_riddle_after_the_resume() -> None:
    world = CrashWorld(instrument(min_notional=Decimal(1)), venue=PaperSettings(partial_fills=True))
    await world.start("2400")
    await world.tick("2388", size="0.01")
    await world.tick("2399")
    world.exchange.tell_fill(world.fill_of("grid/+1/c1", "0.005", "made-up"))
    await world.engine.settle()
    await paused(world)
    trimmed = {k: v for k, v in sizes(world).items() if v != Decimal("0.01")}
    assert sum(sizes(world).values()) == world.bot.position(SYMBOL) + sum(
        (o.filled for o in world.bot.keeper.live.values()), Decimal(0)
    )
    assert trimmed == {"grid/0/c2": Decimal("0.005")}
    await world.tick("2400", size="1")
    assert world.bot.position(SYMBOL) == 0
    await world.engine.execute(ResumeBot("grid"))
    await world.engine.settle()
    await world.tick("2395", "2399")
    assert not world.engine.journal.events(types=["error"])
    assert not world.bot.standing.is_paused
    again = [o for k, o in world.bot.keeper.live.items() if k.startswith("grid/0/")]
    assert [o.quantity for o in again] == [Decimal("0.005")]


async def test_orders_whose_part_filled_stay_whole_while_they_only_reduce() -> None:
    world = CrashWorld(venue=PaperSettings(partial_fills=True))
    await world.start("2400")
    await world.tick("2388", size="1")
    await world.tick("2400", size="0.01")
    before = sizes(world)["grid/0/c2"]
    await paused(world)
    assert sizes(world) == {"grid/0/c2": before}
    assert [r.client_order_id for r in world.exchange.cancelled].count(
        world.bot.keeper.live["grid/0/c2"].client_order_id
    ) == 0
