"""Orders that the law has cut: their strategy hears of the rest, also after a restart."""

from decimal import Decimal

from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.escalation import Ladder
from tests.engine.faults import CrashWorld

SYMBOL = "ETH/USDC:USDC"


def errors(world: CrashWorld) -> list[str]:
    return [event.message for event in world.memory.events(types=["error"])]


async def throttled() -> CrashWorld:
    world = CrashWorld()
    await world.start()
    halves = Ladder(scope="engine", step=RiskStep.THROTTLE, reason="drawdown")
    world.bot.risk.ladder_above = lambda: halves
    await world.tick("2400")
    return world


async def test_a_cut_order_knows_what_was_wished() -> None:
    world = await throttled()
    order = world.bot.keeper.live["grid/-1/c1"]
    assert (order.quantity, order.wished) == (Decimal("0.0209"), Decimal("0.0418"))
    whole = await CrashWorld().start("2400")
    assert whole.bot.keeper.live["grid/-1/c1"].wished is None


async def test_a_cut_order_that_fills_before_the_first_plan_of_a_life_leaves_its_rest() -> None:
    world = await throttled()
    again = world.reborn()
    fill = world.fill_of("grid/-1/c1", "0.0209")
    await again.start()
    again.exchange.tell_fill(fill)
    await again.tick("2399", "2399", "2399")
    assert errors(again) == []
    assert again.bot.position(SYMBOL) == Decimal("0.0209")
    (rest,) = [one for key, one in again.bot.keeper.live.items() if key.startswith("grid/-1/")]
    assert rest.key != "grid/-1/c1"
    assert rest.quantity == Decimal("0.0209")
