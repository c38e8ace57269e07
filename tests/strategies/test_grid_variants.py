"""One-sided grids, claimed coins and reinvested profit."""

from decimal import Decimal

from nimbus_tui.strategies.grid_levels import GridSide, InitialInventory
from tests.simulation.worlds import World, instrument


async def test_a_long_grid_buys_its_inventory_and_its_sells_only_reduce() -> None:
    world = await World(side=GridSide.LONG).start("2400", "2400.01")
    live = world.bot.keeper.live
    sells = [order for order in live.values() if order.side.value == "sell"]
    assert len(sells) == 3
    assert all(order.reduce_only for order in sells)
    await world.tick("2440")
    assert world.bot.position(world.instrument.symbol) == 0


async def test_a_short_grid_mirrors_it_and_never_goes_long() -> None:
    world = await World(side=GridSide.SHORT).start("2400", "2399.99")
    live = world.bot.keeper.live
    buys = [order for order in live.values() if order.side.value == "buy"]
    assert len(buys) == 3
    assert all(order.reduce_only for order in buys)
    assert world.bot.position(world.instrument.symbol) < 0
    await world.tick("2360")
    assert world.bot.position(world.instrument.symbol) == 0


async def test_existing_coins_are_claimed_and_nothing_is_bought() -> None:
    world = World(
        instrument("ETH/USDC"),
        balances={"USDC": Decimal(10_000), "ETH": Decimal(1)},
        initial_inventory=InitialInventory.EXISTING,
    )
    await world.start("2400")
    assert sorted(side for side, _ in world.resting().values()) == ["buy"] * 3 + ["sell"] * 3
    needed = sum(o.quantity for o in world.bot.keeper.live.values() if o.side.value == "sell")
    assert world.bot.position("ETH/USDC") == needed


async def test_without_inventory_only_buys_rest() -> None:
    world = await World(instrument("ETH/USDC"), initial_inventory=InitialInventory.NONE).start(
        "2400"
    )
    assert {side for side, _ in world.resting().values()} == {"buy"}
    await world.tick("2388")
    assert world.resting()["grid/0/c2"] == ("sell", Decimal(2400))


async def test_reinvested_profit_makes_the_next_order_larger() -> None:
    plain = await World(quote_size=Decimal(20_000)).start("2400", "2388", "2400")
    grown = await World(quote_size=Decimal(20_000), reinvest=Decimal(1)).start(
        "2400", "2388", "2400"
    )
    key = "grid/-1/c3"
    profit = grown.strategy.state.grid_profit
    more = grown.bot.keeper.live[key].quantity - plain.bot.keeper.live[key].quantity
    assert profit > 0
    assert more == grown.instrument.round_quantity(profit / Decimal(2388))


async def test_an_order_cancelled_at_the_venue_with_a_part_filled_is_asked_again() -> None:
    from nimbus_tui.core.order import CancelRequest
    from nimbus_tui.exchanges.paper.adapter import PaperSettings

    world = await World(venue=PaperSettings(partial_fills=True)).start("2400")
    await world.tick("2388", size="0.02")
    order = world.bot.keeper.live["grid/-1/c1"]
    await world.exchange.cancel_order(
        CancelRequest(client_order_id=order.client_order_id, symbol=order.symbol)
    )
    await world.engine.settle()
    again = [o for o in world.bot.keeper.live.values() if o.key.startswith("grid/-1/")]
    assert [(o.key, o.quantity) for o in again] == []
    await world.tick("2390")
    again = [o for o in world.bot.keeper.live.values() if o.key.startswith("grid/-1/")]
    assert [o.quantity for o in again] == [Decimal("0.0218")]
