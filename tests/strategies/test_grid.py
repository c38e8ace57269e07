"""The grid, on its own numbers: base 2400, spacing 0.5 %, three levels a side."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.strategies.grid_levels import (
    GridConfig,
    GridMode,
    Recenter,
    centred,
    level_price,
    range_prices,
)
from tests.simulation.worlds import World, instrument


async def test_a_base_of_2400_has_sells_2412_2424_2436_and_buys_2388_2376_2364() -> None:
    world = await World().start("2400")
    assert world.resting() == {
        "grid/+1/c1": ("sell", Decimal(2412)),
        "grid/+2/c1": ("sell", Decimal(2424)),
        "grid/+3/c1": ("sell", Decimal(2436)),
        "grid/-1/c1": ("buy", Decimal(2388)),
        "grid/-2/c1": ("buy", Decimal(2376)),
        "grid/-3/c1": ("buy", Decimal(2364)),
    }


async def test_the_buy_at_2388_fills_and_a_sell_rests_at_2400() -> None:
    world = await World().start("2400", "2388")
    assert world.resting()["grid/0/c2"] == ("sell", Decimal(2400))


async def test_the_sell_at_2412_fills_and_a_buy_rests_at_2400() -> None:
    world = await World().start("2400", "2412")
    assert world.resting()["grid/0/c2"] == ("buy", Decimal(2400))


async def test_at_the_last_level_the_grid_stays_and_beyond_it_moves() -> None:
    world = await World().start("2400", "2436")
    assert world.bot.saved.rebalances == 0
    await world.tick("2436.01")
    assert world.bot.saved.rebalances == 1
    assert {price for _, price in world.resting().values()} >= {Decimal("2448.20")}
    assert len(world.resting()) == 6


async def test_within_the_cooldown_the_grid_does_not_move_again() -> None:
    world = await World(recenter_cooldown=Decimal(60)).start("2400", "2440")
    assert world.bot.saved.rebalances == 0
    await world.tick(*["2440"] * 60)
    assert world.bot.saved.rebalances == 1


async def test_hold_waits_and_up_follows_only_upwards() -> None:
    held = await World(recenter=Recenter.HOLD).start("2400", "2300", "2500")
    rising = await World(recenter=Recenter.UP).start("2400", "2300")
    assert (held.bot.saved.rebalances, rising.bot.saved.rebalances) == (0, 0)
    await rising.tick("2500")
    assert rising.bot.saved.rebalances == 1


async def test_a_part_filled_level_gets_a_counter_for_the_part_and_the_rest_stays() -> None:
    from nimbus_tui.exchanges.paper.adapter import PaperSettings

    world = await World(venue=PaperSettings(partial_fills=True)).start("2400")
    await world.tick("2388", size="0.02")
    part = world.bot.keeper.live["grid/0/c2"]
    assert (part.side.value, part.quantity) == ("sell", Decimal("0.02"))
    rest = world.bot.keeper.live["grid/-1/c1"]
    assert (rest.filled, rest.quantity) == (Decimal("0.02"), Decimal("0.0418"))


async def test_on_spot_the_sells_wait_until_the_inventory_is_bought() -> None:
    world = await World(instrument("ETH/USDC")).start("2400")
    assert "grid/inventory" in world.resting()
    assert not [side for side, _ in world.resting().values() if side == "sell"]
    await world.tick("2400.01")
    sides = sorted(side for side, _ in world.resting().values())
    assert sides == ["buy"] * 3 + ["sell"] * 3


async def test_a_trigger_price_holds_the_grid_back() -> None:
    world = await World(trigger_price=Decimal(2350)).start("2400", "2380")
    assert world.resting() == {}
    await world.tick("2349")
    assert len(world.resting()) == 6


async def test_pause_keeps_only_what_reduces_and_resume_restores_the_grid() -> None:
    from nimbus_tui.control.commands import PauseBot, ResumeBot

    world = await World().start("2400", "2388")
    before = world.resting()
    await world.engine.execute(PauseBot("grid"))
    await world.engine.settle()
    assert set(world.resting()) == {"grid/0/c2"}
    await world.engine.execute(ResumeBot("grid"))
    await world.engine.settle()
    assert world.resting() == before


async def test_stop_cancels_all_and_start_begins_a_fresh_grid() -> None:
    from nimbus_tui.control.commands import StartBot, StopBot

    world = await World().start("2400", "2388")
    await world.engine.execute(StopBot("grid"))
    await world.engine.settle()
    assert world.resting() == {}
    await world.tick("2380")
    await world.engine.execute(StartBot("grid"))
    await world.engine.settle()
    assert world.resting()["grid/+1/c3"] == ("sell", Decimal("2391.90"))


async def test_the_stop_loss_closes_the_position_and_stops_the_bot() -> None:
    from nimbus_tui.risk.limits import RiskLimits

    world = World(limits=RiskLimits(stop_loss=Decimal(5)), recenter=Recenter.HOLD)
    await world.start("2400", "2364", "2250", "2249")
    assert world.bot.position(world.instrument.symbol) == 0
    assert world.resting() == {}
    assert world.bot.record.state == "stopped"
    tripped = world.engine.journal.events(types=["stopLossTriggered"])
    assert len(tripped) == 1


def test_a_range_counts_both_ends_and_its_nearest_price_is_empty() -> None:
    config = GridConfig(
        symbol="ETH/USDC",
        levels=11,
        lower=Decimal(2300),
        upper=Decimal(2500),
        quote_size=Decimal(50),
    )
    assert range_prices(config) == [Decimal(2300) + 20 * i for i in range(11)]
    assert centred(config, Decimal(2410)).base == Decimal(2400)


def test_geometric_levels_multiply() -> None:
    config = GridConfig(
        symbol="ETH/USDC",
        levels=2,
        spacing=Decimal(1),
        mode=GridMode.GEOMETRIC,
        quote_size=Decimal(50),
    )
    grid = centred(config, Decimal(100))
    from nimbus_tui.core.order import Side

    assert level_price(config, grid, 2, Side.SELL, instrument()) == Decimal("102.01")


@pytest.mark.parametrize("symbol", ["ETH/USDC", "ETH/USDC:USDC"])
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.integers(-900, 900), min_size=5, max_size=40))
def test_on_any_path_fills_add_up_and_no_key_fills_twice(symbol: str, steps: list[int]) -> None:
    import asyncio

    async def play() -> None:
        world = await World(instrument(symbol)).start("2400")
        price = Decimal(2400)
        for step in steps:
            price = max(Decimal(1500), price + Decimal(step) / 50)
            await world.tick(f"{price:f}")
        fills = world.fills()
        assert sum((f.signed_quantity for f in fills), Decimal(0)) == world.bot.position(symbol)
        assert len({f.key for f in fills}) == len(fills)
        books = world.bot.books
        marks = world.bot.marks()
        held = world.bot.position(symbol)
        assert books.equity(marks) == books.cash + held * price
        assert not world.engine.journal.events(types=["error"])
        await world.engine.stop()

    asyncio.run(play())
