"""The martingale through the real engine on the paper exchange."""

from decimal import Decimal

from nimbus_tui.core.events import MartingaleTriggered
from nimbus_tui.core.order import CancelRequest, OrderType, Side
from nimbus_tui.core.panels import StepState
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.strategies.martingale_steps import MartingaleSide, TriggerDirection
from tests.simulation.martingale_world import MartingaleWorld, config_of, sol

SHORT = {"side": MartingaleSide.SHORT}


def triggered(world: MartingaleWorld) -> list[MartingaleTriggered]:
    found = world.engine.journal.events(types=["martingaleTriggered"])
    return [event for event in found if isinstance(event, MartingaleTriggered)]


async def test_all_safety_orders_and_the_take_profit_rest_once_the_base_order_has_filled() -> None:
    world = await MartingaleWorld().start("150")
    assert world.orders() == ["martingale/1/base buy None 0.666"]
    await world.tick("150")
    assert world.orders() == [
        "martingale/1/1 buy 147.75 1.353",
        "martingale/1/2 buy 145.05 2.757",
        "martingale/1/3 buy 141.81 5.641",
        "martingale/1/tp sell 151.58 0.666",
    ]
    live = world.bot.keeper.live
    assert [key for key, order in live.items() if order.reduce_only] == ["martingale/1/tp"]
    assert not world.engine.journal.events(types=["warning", "error"])


async def test_a_long_ladder_goes_down_and_the_take_profit_follows_its_average_cost() -> None:
    """The numbers of `test_a_long_ladder_by_hand`, and a second cycle on the very same tick."""
    world = await MartingaleWorld().start("150", "150")
    exits = [str(world.bot.keeper.live["martingale/1/tp"].price)]
    for price in ("147.75", "145.05", "141.81"):
        await world.tick(price)
        exits.append(str(world.bot.keeper.live["martingale/1/tp"].price))
    assert exits == ["151.58", "150.03", "148.01", "145.44"]
    await world.tick("145.44")
    assert world.told() == [
        "martingale/1/base buy 150 0.666",
        "martingale/1/1 buy 147.75 1.353",
        "martingale/1/2 buy 145.05 2.757",
        "martingale/1/3 buy 141.81 5.641",
        "martingale/1/tp sell 145.44 10.417",
    ]
    assert world.bot.position(world.instrument.symbol) == 0
    books = world.bot.books
    assert books.realized_pnl - books.fees == Decimal("14.756758542")
    assert world.orders() == ["martingale/2/base buy None 0.687"]
    assert [(e.step, str(e.price), str(e.quantity)) for e in triggered(world)] == [
        (1, "147.75", "1.353"),
        (2, "145.05", "2.757"),
        (3, "141.81", "5.641"),
    ]
    assert triggered(world)[0].average_cost == Decimal("299.89568115") / Decimal("2.019")


async def test_a_short_ladder_goes_up_and_the_take_profit_follows_its_average_cost() -> None:
    """The numbers of `test_a_short_ladder_by_hand`."""
    world = await MartingaleWorld(**SHORT).start("150", "150", "152.25", "154.95", "158.19")
    assert world.orders() == ["martingale/1/tp buy 154.34 9.617"]
    await world.tick("154.34")
    assert world.told() == [
        "martingale/1/base sell 150 0.666",
        "martingale/1/1 sell 152.25 1.313",
        "martingale/1/2 sell 154.95 2.581",
        "martingale/1/3 sell 158.19 5.057",
        "martingale/1/tp buy 154.34 9.617",
    ]
    books = world.bot.books
    assert books.realized_pnl - books.fees == Decimal("14.782483038")


async def test_one_tick_through_the_whole_ladder_fills_every_step_at_its_own_price() -> None:
    world = await MartingaleWorld().start("150", "150", "141")
    assert [line.split()[2] for line in world.told()] == ["150", "147.75", "145.05", "141.81"]
    assert world.orders() == ["martingale/1/tp sell 145.44 10.417"]


async def test_a_new_cycle_waits_for_the_cooldown() -> None:
    world = await MartingaleWorld(cooldown="10s").start("150", "150", "151.58")
    assert (world.bot.position(world.instrument.symbol), world.orders()) == (0, [])
    assert world.strategy.get_state().next_cycle == world.clock.now() + 10_000_000_000
    await world.tick(*["151"] * 9)
    assert (len(world.fills()), world.orders()) == (2, [])
    await world.tick("151")
    assert world.told()[-1] == "martingale/2/base buy 151 0.662"


async def test_a_trigger_lets_cycles_begin_only_on_its_side() -> None:
    world = await MartingaleWorld(trigger_price=Decimal(148)).start("150", "148.01")
    assert world.orders() == []
    await world.tick("148", "148", "149.56")
    assert len(world.fills()) == 2
    assert (world.orders(), world.strategy.get_state().note) == (
        [],
        "waits for the next cycle, at or below 148",
    )
    await world.tick("149", "147.9")
    assert [order.split()[0] for order in world.orders()] == ["martingale/2/base"]


async def test_a_trigger_with_a_direction_may_be_met_from_the_start() -> None:
    world = MartingaleWorld(trigger_price=Decimal(148), trigger_direction=TriggerDirection.ABOVE)
    await world.start("150")
    assert world.orders() == ["martingale/1/base buy None 0.666"]


async def test_a_base_order_under_the_minimum_is_told_once_and_goes_when_the_price_allows_it() -> (
    None
):
    """10 ÷ 150 → 0.066, worth 9.9; 10 ÷ 125 = 0.08, worth 10."""
    world = await MartingaleWorld(base_quote=Decimal(10)).start("150", "150.1", "149.9", "150")
    assert world.orders() == []
    (warning,) = world.engine.journal.events(types=["warning"])
    assert "notional 9.900 is under the minimum of 10" in warning.message
    await world.tick("125")
    assert world.orders() == ["martingale/1/base buy None 0.080"]


async def test_a_base_order_of_not_one_lot_is_told_and_not_waited_for_in_silence() -> None:
    world = await MartingaleWorld(sol(min_notional=Decimal(0)), base_quote=Decimal("0.1")).start(
        "150"
    )
    (warning,) = world.engine.journal.events(types=["warning"])
    assert "not a positive multiple of the lot size 0.001" in warning.message
    await world.tick("99")
    assert world.orders() == ["martingale/1/base buy None 0.001"]


async def test_new_parameters_move_the_take_profit_at_once_and_the_ladder_in_the_next_cycle() -> (
    None
):
    world = await MartingaleWorld().start("150", "150")
    world.strategy.update_config(
        config_of(take_profit=Decimal(2), base_quote=Decimal(200), trigger_price=Decimal(140))
    )
    await world.tick("147.75")
    assert world.orders() == [
        "martingale/1/2 buy 145.05 2.757",
        "martingale/1/3 buy 141.81 5.641",
        "martingale/1/tp sell 151.51 2.019",
    ]
    await world.tick("151.51", "139.9")
    assert world.orders() == ["martingale/2/base buy None 1.429"]


async def test_a_limit_base_order_waits_at_its_price_and_follows_a_step_away() -> None:
    world = await MartingaleWorld(order_type=OrderType.LIMIT).start("150", "151")
    assert world.orders() == ["martingale/1/base buy 150.00 0.666"]
    await world.tick("152.25")
    assert world.orders() == ["martingale/1/base buy 152.25 0.656"]
    await world.tick("152.3", "152.2")
    assert world.told() == ["martingale/1/base buy 152.25 0.656"]


async def test_a_part_filled_base_order_goes_on_in_parts_and_its_mean_price_is_the_entry() -> None:
    """0.4 at 150 and 0.266 at 151: 60 + 40.166 = 100.166, ÷ 0.666 = 150.3993993…

    × 0.985 = 148.1434… → the first safety order rests at 148.14.
    """
    world = await MartingaleWorld(venue=PaperSettings(partial_fills=True)).start("150")
    await world.tick("150", size="0.4")
    assert sorted(world.resting()) == ["martingale/1/base/p2", "martingale/1/tp"]
    await world.tick("151", size="5")
    assert world.told() == [
        "martingale/1/base buy 150 0.400",
        "martingale/1/base/p2 buy 151 0.266",
    ]
    assert world.strategy.state.entry_price == Decimal("100.166") / Decimal("0.666")
    assert "martingale/1/1 buy 148.14 1.350" in world.orders()


async def test_a_part_filled_take_profit_stays_and_after_a_safety_order_goes_on_as_part_two() -> (
    None
):
    world = await MartingaleWorld(venue=PaperSettings(partial_fills=True)).start("150")
    await world.tick("150", size="9")
    await world.tick("151.58", size="0.2")
    assert "martingale/1/tp sell 151.58 0.666" in world.orders()
    await world.tick("147.75", size="9")
    tp = world.bot.keeper.live["martingale/1/tp/p2"]
    assert (tp.quantity, tp.filled) == (Decimal("1.819"), 0)
    assert "martingale/1/tp" not in world.bot.keeper.live
    await world.tick("152", size="9")
    assert world.bot.position(world.instrument.symbol) == 0
    sold = [fill for fill in world.fills() if fill.side is Side.SELL]
    assert sum(fill.quantity for fill in sold) == Decimal("2.019")


async def test_the_small_rest_of_a_take_profit_rests_on_and_only_ended_it_is_left_as_dust() -> None:
    """0.63 of 0.666 sold: the rest of 0.036 is worth 5.46, less than the least order of 10."""
    world = MartingaleWorld(sol("SOL/USDC"), venue=PaperSettings(partial_fills=True))
    await world.start("150")
    await world.tick("150", size="9")
    await world.tick("151.58", size="0.63")
    order = world.bot.keeper.live["martingale/1/tp"]
    assert order.remaining == Decimal("0.036")
    await world.exchange.cancel_order(
        CancelRequest(client_order_id=order.client_order_id, symbol=order.symbol)
    )
    await world.engine.settle()
    await world.tick("151.5")
    (warning,) = world.engine.journal.events(types=["warning"])
    assert "cycle 1 ends with 0.036 SOL left" in warning.message
    assert world.strategy.get_statistics()["round_trips"] == 1
    await world.tick("151.5", size="9")
    assert world.bot.keeper.live["martingale/2/tp"].quantity == Decimal("0.695")


async def test_a_safety_order_cancelled_at_the_venue_is_asked_for_again() -> None:
    world = await MartingaleWorld(venue=PaperSettings(partial_fills=True)).start("150")
    await world.tick("150", size="9")
    await world.tick("147.75", size="0.5")
    order = world.bot.keeper.live["martingale/1/1"]
    await world.exchange.cancel_order(
        CancelRequest(client_order_id=order.client_order_id, symbol=order.symbol)
    )
    await world.engine.settle()
    await world.tick("148")
    assert "martingale/1/1/p2 buy 147.75 0.853" in world.orders()
    assert triggered(world) == []
    await world.tick("147.75", size="9")
    assert [(event.step, event.quantity) for event in triggered(world)] == [(1, Decimal("1.353"))]


async def test_on_spot_the_fee_in_coins_leaves_dust_that_is_told_and_sold_later() -> None:
    """0.0005 of 0.666 goes as the fee: 0.665667 held, 0.665 sold, 0.000667 left."""
    world = MartingaleWorld(sol("SOL/USDC"), venue=PaperSettings(fee_in_base=True))
    await world.start("150", "150")
    assert "martingale/1/tp sell 151.58 0.665" in world.orders()
    await world.tick("151.58")
    assert world.strategy.get_statistics()["dust"] == Decimal("0.000667")
    assert world.strategy.get_statistics()["round_trips"] == 1
    assert world.orders() == ["martingale/2/base buy None 0.659"]
    await world.tick("151.58")
    held = world.bot.position("SOL/USDC")
    assert held == Decimal("0.000667") + Decimal("0.659") * Decimal("0.9995")
    assert world.bot.keeper.live["martingale/2/tp"].quantity == Decimal("0.659")


async def test_no_cycle_begins_before_the_last_order_of_the_old_one_is_gone() -> None:
    world = await MartingaleWorld(venue=PaperSettings(latency_ms=1500)).start("150")
    await world.tick(*["150"] * 6)
    assert len(world.orders()) == 4
    await world.tick("151.58")
    live = world.bot.keeper.live
    assert sorted(live) == ["martingale/1/1", "martingale/1/2", "martingale/1/3"]
    assert all(order.cancel_requested for order in live.values())
    await world.tick("151.58", "151.58")
    assert world.orders() == ["martingale/2/base buy None 0.659"]


async def test_a_late_fill_of_an_old_cycle_gets_a_take_profit_of_its_own() -> None:
    """The cancels travel 1.5 s; the price falls through the first safety order meanwhile."""
    world = await MartingaleWorld(venue=PaperSettings(latency_ms=1500), cooldown="1h").start("150")
    await world.tick(*["150"] * 6)
    await world.tick("151.58", "147")
    assert world.bot.position(world.instrument.symbol) == Decimal("1.353")
    await world.tick("147", "147", "147")
    assert world.orders() == ["martingale/1/tp/p2 sell 149.26 1.353"]
    await world.tick("149.26")
    assert world.bot.position(world.instrument.symbol) == 0


async def test_a_safety_order_whose_rest_is_too_small_counts_as_filled() -> None:
    world = await MartingaleWorld(venue=PaperSettings(partial_fills=True)).start("150")
    await world.tick("150", size="9")
    await world.tick("147.75", size="1.3")
    order = world.bot.keeper.live["martingale/1/1"]
    await world.exchange.cancel_order(
        CancelRequest(client_order_id=order.client_order_id, symbol=order.symbol)
    )
    await world.engine.settle()
    await world.tick("148")
    assert [(event.step, event.quantity) for event in triggered(world)] == [(1, Decimal("1.3"))]
    assert [order.split()[0] for order in world.orders()] == [
        "martingale/1/2",
        "martingale/1/3",
        "martingale/1/tp",
    ]


async def test_the_panel_shows_the_ladder_with_its_sums_and_the_step_in_play() -> None:
    world = await MartingaleWorld(stop_loss=Decimal(10)).start("150", "150", "147.75")
    panel = world.strategy.get_state()
    assert [(row.step, row.state) for row in panel.rows] == [
        (0, StepState.FILLED),
        (1, StepState.FILLED),
        (2, StepState.IN_PLAY),
        (3, StepState.WAITING),
    ]
    assert [str(row.cumulative_quote.normalize()) for row in panel.rows] == [
        "99.9",
        "299.80575",
        "699.7086",
        "1499.65881",
    ]
    assert [row.target_price for row in panel.rows] == [
        Decimal("151.58"),
        Decimal("150.03"),
        Decimal("148.01"),
        Decimal("145.44"),
    ]
    assert [row.key for row in panel.rows] == [None, None, "martingale/1/2", "martingale/1/3"]
    assert panel.average_cost == Decimal("148.5367415305")
    assert panel.stop_price == Decimal("133.6830673774")
    assert (panel.target_key, panel.target_quantity) == ("martingale/1/tp", Decimal("2.019"))
    assert panel.rows[1].average_cost == panel.average_cost
