"""What a new process finds is what it goes on with."""

from decimal import Decimal

from nimbus_tui.control.commands import PauseBot, StopBot
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument


async def settled(world: CrashWorld) -> CrashWorld:
    await world.engine.start()
    await world.engine.settle()
    return world


async def test_orders_that_rest_are_left_alone_until_and_after_the_first_price() -> None:
    world = await CrashWorld().start("2400", "2388")
    before = world.resting()
    again = await settled(world.reborn())
    assert again.resting() == before
    await again.tick("2389", "2390")
    assert again.resting() == before
    assert (again.exchange.cancelled, again.exchange.placed) == ([], [])


async def test_f04_f05_f07_three_kills_with_a_position_change_nothing() -> None:
    world = await CrashWorld(instrument("ETH/USDC")).start("2400", "2400.01", "2388")
    books, fills, orders = world.bot.books, world.fills(), world.resting()
    for _ in range(3):
        world = await world.reborn().start("2389")
        assert (world.bot.books, world.fills(), world.resting()) == (books, fills, orders)
        assert world.exchange.placed == []


async def test_a_pause_and_a_stop_hold_before_the_first_price_too() -> None:
    world = await CrashWorld().start("2400", "2388")
    world.lose_what_leaves()
    await world.engine.execute(PauseBot("grid"))
    again = await settled(world.reborn())
    assert set(again.resting()) == {"grid/0/c2"}
    again.lose_what_leaves()
    await again.engine.execute(StopBot("grid"))
    last = await settled(again.reborn())
    assert last.resting() == {}
    assert not await last.exchange.open_orders()


async def test_an_order_that_never_left_is_placed_once_there_is_a_price() -> None:
    world = CrashWorld()
    await world.engine.start()
    world.lose_what_leaves()
    await world.tick("2400")
    assert {o.state.value for o in world.bot.keeper.live.values()} == {"pending"}
    again = await settled(world.reborn())
    assert again.resting() == {}
    await again.tick("2400")
    assert len(await again.exchange.open_orders()) == 6


async def test_a_grid_whose_levels_changed_in_the_file_is_placed_anew() -> None:
    world = await CrashWorld().start("2400", "2388")
    same = await world.reborn().start("2389")
    assert (same.exchange.cancelled, same.exchange.placed) == ([], [])
    wider = await same.reborn(levels=4, spacing=Decimal(1)).start("2389", "2389")
    assert sorted(wider.resting().values()) == [
        ("buy", Decimal("2293.44")),
        ("buy", Decimal("2317.33")),
        ("buy", Decimal("2341.22")),
        ("buy", Decimal("2365.11")),
        ("sell", Decimal("2412.89")),
        ("sell", Decimal("2436.78")),
        ("sell", Decimal("2460.67")),
        ("sell", Decimal("2484.56")),
    ]
    assert len(await wider.exchange.open_orders()) == 8
    assert wider.bot.position("ETH/USDC:USDC") == Decimal("0.0418")
    told = [event.bot_id for event in wider.memory.events(types=["configChanged"])]
    assert told == ["grid"]
