"""The purchase that a spot grid begins with, where it fills in pieces."""

import msgspec

from nimbus_tui.core.order import OrderState
from nimbus_tui.engine.facts import FillArrived, OrderReported
from tests.simulation.worlds import World, instrument


async def test_a_purchase_that_ends_after_most_of_it_has_filled_is_asked_for_under_a_new_key() -> (
    None
):
    world = await World(instrument("ETH/USDC")).start("2400")
    (order,) = (o for key, o in world.bot.keeper.live.items() if key == "grid/inventory")
    report = await world.exchange.order_status(order.client_order_id, order.symbol)
    twin = await World(instrument("ETH/USDC")).start("2400", "2400")
    bought = next(fill for fill in twin.fills() if fill.key == "grid/inventory")
    most = msgspec.structs.replace(
        bought, client_order_id=order.client_order_id, quantity=order.quantity * 3 / 4
    )
    world.engine.inbox.put(FillArrived("sim", most))
    world.engine.process()  # a turn of its own: the plan is made between the fill and the end
    wishes = {wish.key: wish.quantity for wish in world.bot.plan.orders}
    assert wishes["grid/inventory"] == order.quantity
    ended = msgspec.structs.replace(report, state=OrderState.CANCELLED, filled=most.quantity)
    world.engine.inbox.put(OrderReported("sim", ended))
    world.engine.process()
    live = {key: o.quantity for key, o in world.bot.keeper.live.items()}
    assert "grid/inventory" not in live
    assert live["grid/inventory/p2"] == order.quantity - most.quantity
    assert not world.engine.journal.events(types=["error"])
