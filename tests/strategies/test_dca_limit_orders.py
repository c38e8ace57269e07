"""DCA slots by limit order: re-pegs, parts, the market at last, and what a stop leaves."""

from decimal import Decimal

from nimbus_tui.control.commands import PauseBot, ResumeBot, StopBot
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.simulation.dca_worlds import HOUR, MINUTE, NINE, SECOND, DcaWorld, coin

LIMIT = {"order_type": "limit", "offset_percent": "1"}


async def test_a_limit_lies_below_the_price_and_fills_as_maker() -> None:
    world = await DcaWorld(order_type="limit", offset_percent="0.5").start("40000", "39900")
    (order,) = world.resting().values()
    assert (order.price, order.quantity) == (Decimal("39800.0"), Decimal("0.00125628"))
    await world.tick("39800")
    (fill,) = world.fills()
    assert (fill.price, fill.maker) == (Decimal("39800.0"), True)


async def test_a_limit_to_sell_lies_above_the_price() -> None:
    world = await DcaWorld(
        coin("BTC/USDC:USDC"), side="sell", order_type="limit", offset_percent="0.5"
    ).start("40000")
    (order,) = world.resting().values()
    assert (order.side.value, order.price) == ("sell", Decimal("40200.0"))


async def test_an_unfilled_limit_is_skipped_when_the_next_is_due_and_does_not_count() -> None:
    world = DcaWorld(interval="1m", order_type="limit", offset_percent="1", max_orders=1)
    await world.start("40000", "40000")
    await world.tick_at(NINE + MINUTE, "40000")
    assert list(world.resting()) == ["dca/2026-11-22T09:01Z"]
    row = world.strategy.get_state().rows[0]
    assert (row.state.value, row.note) == ("skipped", "the next slot was due before it filled")
    await world.tick("39600")
    assert [key for key, _ in world.bought()] == ["2026-11-22T09:01Z"]


async def test_an_unfilled_limit_moves_after_the_price_under_the_same_key() -> None:
    world = DcaWorld(order_type="limit", offset_percent="1", reprice_after="10m")
    await world.start("40000", "44000")
    await world.tick_at(NINE + 10 * MINUTE, "44000")
    (order,) = world.resting().values()
    assert (order.key, order.price, order.generation) == (
        "dca/2026-11-22T09:00Z",
        Decimal("43560.0"),
        1,
    )
    await world.tick_at(NINE + 15 * MINUTE, "43560")
    (fill,) = world.fills()
    assert fill.notional <= 50


async def test_a_part_filled_limit_goes_on_under_the_next_part_for_the_rest() -> None:
    world = DcaWorld(
        order_type="limit",
        offset_percent="1",
        reprice_after="10m",
        venue=PaperSettings(partial_fills=True),
    )
    await world.start("40000")
    await world.tick("39600", size="0.0005")
    await world.tick("40100")
    await world.tick_at(NINE + 10 * MINUTE, "40100")
    (order,) = world.resting().values()
    assert (order.key, order.price) == ("dca/2026-11-22T09:00Z/p2", Decimal("39699.0"))
    # 50 − 0.0005 × 39,600 is left, and that is 0.00076072 at 39,699.
    assert order.quantity == Decimal("0.00076072")
    await world.tick("39000")
    assert sum(fill.notional for fill in world.fills()) <= 50
    assert world.state.tally.orders == 1
    assert len(world.events("dcaOrderExecuted")) == 1


async def test_after_a_while_it_takes_at_market() -> None:
    world = DcaWorld(order_type="limit", offset_percent="1", fallback_after="1h")
    await world.start("40000", "40000")
    await world.tick_at(NINE + HOUR, "40010")
    (fill,) = world.fills()
    assert (fill.key, fill.price, fill.maker) == (
        "dca/2026-11-22T09:00Z",
        Decimal(40010),
        False,
    )


async def test_a_part_filled_market_order_is_completed_by_further_parts() -> None:
    world = await DcaWorld(venue=PaperSettings(partial_fills=True)).start("40000")
    await world.tick("40000", "40000", size="0.0005")
    await world.tick("40000", size="0.0005")
    assert [(f.key.split("/", 1)[1], f.quantity) for f in world.fills()] == [
        ("2026-11-22T09:00Z", Decimal("0.0005")),
        ("2026-11-22T09:00Z/p2", Decimal("0.0005")),
        ("2026-11-22T09:00Z/p3", Decimal("0.00025")),
    ]
    (row, *_) = world.strategy.get_state().rows
    assert (row.state.value, row.quantity) == ("done", Decimal("0.00125"))


async def test_a_slot_that_is_part_filled_when_the_next_is_due_counts_for_what_it_got() -> None:
    world = DcaWorld(
        interval="1m",
        order_type="limit",
        offset_percent="1",
        venue=PaperSettings(partial_fills=True),
    )
    await world.start("40000")
    await world.tick("39600", size="0.0005")
    await world.tick_at(NINE + MINUTE, "40000")
    row = world.strategy.get_state().rows[0]
    assert (row.state.value, row.quantity) == ("done", Decimal("0.0005"))
    assert row.note == "0.0005 of 0.00126262 filled: the next slot was due before it filled"
    assert world.state.tally.orders == 1


async def test_a_pause_takes_the_order_back_and_resuming_asks_for_it_again_at_the_new_price() -> (
    None
):
    world = await DcaWorld(order_type="limit", offset_percent="1").start("40000")
    await world.command(PauseBot("dca"))
    assert world.resting() == {}
    await world.tick("42000")
    await world.command(ResumeBot("dca"))
    (order,) = world.resting().values()
    assert (order.key, order.price) == ("dca/2026-11-22T09:00Z", Decimal("41580.0"))


async def test_a_fill_that_arrives_after_the_stop_still_counts() -> None:
    world = await DcaWorld(venue=PaperSettings(latency_ms=500)).start("40000")
    await world.clock.advance_to(NINE + SECOND, world.engine.settle)
    await world.engine.execute(StopBot("dca"))
    assert world.state.past[-1].state.value == "skipped"
    await world.tick_at(NINE + SECOND + 1, "40000")
    row = world.state.past[-1]
    assert (row.state.value, row.quantity, row.invested) == ("done", Decimal("0.00125"), 50)
    assert (world.state.tally.orders, world.state.tally.skipped) == (1, 0)
    assert world.state.tally.average_cost == world.bot.books.position("BTC/USDC").average_cost


async def test_what_a_stopped_slot_got_is_announced_at_once() -> None:
    world = await DcaWorld(venue=PaperSettings(partial_fills=True)).start("40000")
    await world.tick("40000", size="0.0005")
    await world.command(StopBot("dca"))
    (event,) = world.events("dcaOrderExecuted")
    assert event.quantity == Decimal("0.0005")


async def test_an_order_may_fill_until_its_cancel_is_final_and_the_slot_counts_it() -> None:
    world = await DcaWorld(
        interval="1m", venue=PaperSettings(partial_fills=True, latency_ms=500), **LIMIT
    ).start("40000")
    await world.tick("39600", size="0.0005")
    await world.clock.advance_to(NINE + MINUTE, world.engine.settle)
    await world.tick_at(NINE + MINUTE + 100_000_000, "39600", size="0.0001")
    assert world.events("dcaOrderExecuted") == []
    await world.tick_at(NINE + MINUTE + 900_000_000, "40000")
    (event,) = world.events("dcaOrderExecuted")
    assert event.quantity == Decimal("0.0006")
    await world.tick_at(NINE + 2 * MINUTE - 1, "40000")
    assert list(world.resting()) == ["dca/2026-11-22T09:01Z"]
