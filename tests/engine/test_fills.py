"""Fills that come early, late, twice, or only when they are asked for."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.order import OrderReport, OrderState
from nimbus_tui.engine.facts import OrderNotFound
from nimbus_tui.exchanges.base import FillPage
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.orders import lifecycle
from tests.engine.faults import CrashWorld

SYMBOL = "ETH/USDC:USDC"


def report_of(world: CrashWorld, key: str, state: OrderState, filled: str) -> OrderReport:
    order = world.bot.keeper.live[key]
    return OrderReport(
        client_order_id=order.client_order_id,
        exchange_order_id=order.exchange_order_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        price=order.price,
        quantity=order.quantity,
        filled=Decimal(filled),
        state=state,
        ts=0,
    )


def events(world: CrashWorld, key: str) -> list[str]:
    wanted = ("orderPlaced", "orderFilled", "orderCancelled")
    found = world.memory.events(types=wanted)
    return [
        type(e).__name__
        for e in found
        if getattr(e, "key", None) == key or (hasattr(e, "fill") and e.fill.key == key)
    ]


async def test_a_fill_before_the_answer_counts_once_and_is_told_in_order() -> None:
    world = await CrashWorld(venue=PaperSettings(latency_ms=1500)).start("2400")
    world.exchange.tell_fill(world.fill_of("grid/-1/c1", "0.0418"))
    await world.engine.settle()
    assert world.bot.position(SYMBOL) == Decimal("0.0418")
    await world.tick("2399", "2399", "2399")
    assert world.bot.position(SYMBOL) == Decimal("0.0418")
    assert events(world, "grid/-1/c1") == ["OrderPlaced", "OrderFilled"]
    assert "grid/0/c2" in world.resting()


async def test_f07_the_same_fill_told_again_and_read_again_counts_once() -> None:
    world = await CrashWorld().start("2400", "2388")
    (fill,) = world.fills()
    before = world.memory.last_seq()
    for _ in range(3):
        world.exchange.tell_fill(fill)
        world.engine.order_managers["sim"].read_fills()
        await world.engine.settle()
    assert world.bot.position(SYMBOL) == Decimal("0.0418")
    assert world.memory.last_seq() == before


async def test_f15_a_late_fill_of_a_cancelled_order_is_booked() -> None:
    world = await CrashWorld().start("2400")
    fill = world.fill_of("grid/-1/c1", "0.0418")
    world.exchange.tell_report(report_of(world, "grid/-1/c1", OrderState.CANCELLED, "0"))
    world.exchange.tell_fill(fill)
    await world.engine.settle()
    assert world.bot.position(SYMBOL) == Decimal("0.0418")
    order = world.memory.order(fill.client_order_id)
    assert order is not None
    assert order.state is OrderState.FILLED


async def test_f03_f10_partly_filled_then_cancelled_keeps_the_part_and_spends_the_key() -> None:
    world = await CrashWorld().start("2400")
    fill = world.fill_of("grid/-1/c1", "0.02")
    world.exchange.tell_fill(fill)
    world.exchange.tell_report(report_of(world, "grid/-1/c1", OrderState.CANCELLED, "0.02"))
    await world.tick("2399")
    assert world.bot.position(SYMBOL) == Decimal("0.02")
    live = world.bot.keeper.live
    assert "grid/-1/c1" not in live
    assert live["grid/0/c2"].quantity == Decimal("0.02")
    assert [o.quantity for k, o in live.items() if k.startswith("grid/-1/")] == [Decimal("0.0218")]


async def test_fills_that_the_venue_speaks_of_are_asked_for_until_they_are_there() -> None:
    world = await CrashWorld().start("2400")
    fill = world.fill_of("grid/-1/c1", "0.0418")
    asked = 0

    async def lagging(cursor: str) -> FillPage:
        nonlocal asked
        asked += 1
        return FillPage((fill,) if asked > 3 else (), cursor)

    world.exchange.fills_since = lagging  # type: ignore[method-assign]
    world.exchange.tell_report(report_of(world, "grid/-1/c1", OrderState.FILLED, "0.0418"))
    await world.engine.settle()
    assert world.bot.position(SYMBOL) == 0
    await world.tick(*["2400"] * 4)
    assert world.bot.position(SYMBOL) == Decimal("0.0418")
    await world.tick("2399")
    assert world.resting()["grid/0/c2"] == ("sell", Decimal(2400))


async def test_a_late_part_of_an_order_that_ended_unfilled_spends_its_key() -> None:
    world = await CrashWorld().start("2400")
    fill = world.fill_of("grid/-1/c1", "0.0200")
    world.exchange.tell_report(report_of(world, "grid/-1/c1", OrderState.CANCELLED, "0"))
    world.exchange.tell_fill(fill)
    await world.engine.settle()
    await world.tick("2399")
    assert world.bot.position(SYMBOL) == Decimal("0.0200")
    assert [event.message for event in world.memory.events(types=["error"])] == []
    assert not world.bot.standing.is_paused
    again = [key for key in world.resting() if key.startswith("grid/-1/")]
    assert len(again) == 1
    assert "grid/-1/c1" not in again


async def test_a_fill_of_an_order_that_was_found_nowhere_brings_it_back() -> None:
    world = await CrashWorld().start("2400")
    order = world.bot.keeper.live["grid/-1/c1"]
    fill = world.fill_of("grid/-1/c1", "0.0200")
    lost = msgspec.structs.replace(
        order, state=OrderState.REJECTED, reason=lifecycle.NOT_FOUND_YET, exchange_order_id=None
    )
    world.bot.keeper._store(lost)
    assert "grid/-1/c1" not in world.bot.keeper.live
    world.exchange.tell_fill(fill)
    await world.engine.settle()
    found = world.bot.keeper.live["grid/-1/c1"]
    assert found.client_order_id == order.client_order_id
    assert (found.state, found.filled) == (OrderState.PARTIALLY_FILLED, Decimal("0.0200"))
    assert world.bot.position(SYMBOL) == Decimal("0.0200")


async def test_an_order_whose_fill_waits_for_its_report_is_not_given_up_as_found_nowhere() -> None:
    world = await CrashWorld().start("2400")
    order = world.bot.keeper.live["grid/-1/c1"]
    fill = world.fill_of("grid/-1/c1", "0.0418")
    unknown = msgspec.structs.replace(order, state=OrderState.UNKNOWN)
    world.bot.keeper._store(unknown)
    world.bot.orders.unconfirmed.add(order.client_order_id)
    world.bot.orders.resolve = lambda _: None
    world.exchange.tell_fill(fill)
    world.engine.inbox.put(OrderNotFound("grid", order.client_order_id))
    await world.engine.settle()
    assert world.memory.unclaimed_fills() == [fill]
    assert world.memory.order(order.client_order_id) == unknown
    report = report_of(world, "grid/-1/c1", OrderState.FILLED, "0.0418")
    world.exchange.tell_report(report)
    await world.engine.settle()
    assert world.memory.unclaimed_fills() == []
    assert world.bot.position(SYMBOL) == Decimal("0.0418")
