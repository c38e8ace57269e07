"""A venue that contradicts itself: told, paused, and nothing beside it is lost."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.order import DesiredOrder, OrderReport, OrderState, Side
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import World


async def test_a_fill_beyond_the_order_is_booked_told_and_pauses() -> None:
    world = await CrashWorld().start("2400")
    world.exchange.tell_fill(world.fill_of("grid/-1/c1", "0.05"))
    await world.engine.settle()
    assert world.bot.position(world.instrument.symbol) == Decimal("0.05")
    assert [fill.quantity for fill in world.fills()] == [Decimal("0.05")]
    assert "0.05 filled of 0.0418" in world.bot.standing.risk_reason
    assert len(world.engine.journal.events(types=["error"])) == 1


async def test_facts_behind_a_contradiction_are_absorbed_all_the_same() -> None:
    world = await CrashWorld().start("2400")
    order = world.bot.keeper.live["grid/-1/c1"]
    absurd = OrderReport(
        client_order_id=order.client_order_id,
        exchange_order_id=order.exchange_order_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        price=order.price,
        quantity=order.quantity,
        filled=order.quantity * 2,
        state=OrderState.OPEN,
        ts=0,
    )
    world.exchange.tell_report(absurd)
    world.exchange.tell_fill(world.fill_of("grid/-2/c1", "0.042"))
    await world.engine.settle()
    assert world.bot.position(world.instrument.symbol) == Decimal("0.042")
    assert world.bot.standing.is_paused


async def test_a_pause_by_a_rule_survives_a_kill() -> None:
    world = await CrashWorld().start("2400")
    world.exchange.tell_fill(world.fill_of("grid/-1/c1", "0.05"))
    await world.engine.settle()
    again = await world.reborn().start("2400")
    assert again.bot.standing.is_paused
    assert "0.05 filled of 0.0418" in again.bot.standing.risk_reason


async def test_a_spent_key_asked_for_again_keeps_no_other_order_from_leaving() -> None:
    world = await World().start("2400", "2388")
    plan = world.bot.strategy.plan
    spent = DesiredOrder(
        key="grid/-1/c1",
        symbol=world.instrument.symbol,
        side=Side.BUY,
        price=Decimal(2388),
        quantity=Decimal("0.0418"),
    )

    def stubborn(view):
        wish = plan(view)
        return msgspec.structs.replace(wish, orders=(spent, *wish.orders))

    world.bot.strategy.plan = stubborn
    await world.tick("2450")
    await world.tick("2450")
    assert not [o.key for o in world.bot.keeper.live.values() if o.cancel_requested]
    assert {o.state for o in world.bot.keeper.live.values()} <= {OrderState.OPEN}
    venue = {o.client_order_id for o in await world.exchange.open_orders()}
    assert venue == {o.client_order_id for o in world.bot.keeper.live.values()}
    assert "is spent" in world.bot.standing.risk_reason
