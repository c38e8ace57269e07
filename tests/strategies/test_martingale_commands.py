"""A martingale that is paused, stopped, started again, or closed by its stop loss."""

from decimal import Decimal
from typing import Any

from nimbus_tui.control.commands import PauseBot, ResumeBot, StartBot, StopBot
from nimbus_tui.risk.limits import RiskLimits
from tests.simulation.martingale_world import MartingaleWorld, sol
from tests.strategies.martingales import committed


async def told(world: MartingaleWorld, command: Any) -> None:
    """Give the engine a command and let it have its consequences."""
    await world.engine.execute(command)
    await world.engine.settle()


async def test_pause_keeps_the_take_profit_only_and_resume_brings_the_ladder_back() -> None:
    world = await MartingaleWorld().start("150", "150", "147.75")
    before = world.orders()
    await told(world, PauseBot("sol"))
    assert world.orders() == ["martingale/1/tp sell 150.03 2.019"]
    await world.tick("144")
    assert len(world.fills()) == 2
    await world.tick("149")
    await told(world, ResumeBot("sol"))
    assert world.orders() == before


async def test_paused_between_two_cycles_it_begins_none_and_resumed_it_sizes_by_the_new_price() -> (
    None
):
    world = await MartingaleWorld().start("150", "150")
    await told(world, PauseBot("sol"))
    await world.tick("151.58", "200")
    assert world.orders() == []
    await told(world, ResumeBot("sol"))
    assert world.orders() == ["martingale/2/base buy None 0.500"]


async def test_the_stop_loss_closes_the_whole_position_and_a_start_begins_a_new_cycle() -> None:
    """Average cost 143.9943085… less 5 % is 136.79…"""
    world = MartingaleWorld(limits=RiskLimits(stop_loss=Decimal(5)))
    await world.start("150", "150", "141.81", "136.8")
    assert world.orders() == ["martingale/1/tp sell 145.44 10.417"]
    await world.tick("136.79", "136.79")
    assert (world.bot.position(world.instrument.symbol), world.orders()) == (0, [])
    statistics = world.strategy.get_statistics()
    assert (statistics["cycles_lost"], statistics["cycles_won"]) == (1, 0)
    books = world.bot.books
    assert statistics["cycle_profit"] == books.realized_pnl - books.fees
    assert len(world.engine.journal.events(types=["stopLossTriggered"])) == 1
    await world.tick("140")
    await told(world, StartBot("sol"))
    assert world.orders() == ["martingale/2/base buy None 0.714"]


async def test_on_spot_a_ladder_after_a_loss_is_only_as_long_as_the_cash() -> None:
    world = MartingaleWorld(sol("SOL/USDC"), limits=RiskLimits(stop_loss=Decimal(5)))
    await world.start("150", "150", "141.81", "136", "136")
    cash = world.bot.books.cash
    assert cash < Decimal(1440)
    await told(world, StartBot("sol"))
    await world.tick("136")
    live = world.bot.keeper.live
    assert live["martingale/2/2"].quantity == Decimal("3.041")  # 400 ÷ 131.51
    assert live["martingale/2/3"].quantity < Decimal(800) / Decimal("128.57") - Decimal("0.4")
    assert committed(world) <= cash
    await world.tick("128")
    assert len(world.fills()) == 9
    assert not world.engine.journal.events(types=["orderRejected"])


async def test_a_start_does_not_wait_for_the_cooldown() -> None:
    world = await MartingaleWorld(cooldown="1h").start("150", "150", "151.58")
    await told(world, StopBot("sol"))
    await told(world, StartBot("sol"))
    assert world.orders() == ["martingale/2/base buy None 0.659"]


async def test_stopped_and_started_it_builds_a_new_cycle_on_the_position_within_its_capital() -> (
    None
):
    """2.019 kept at a cost of 299.90: what is left of 1501.75 is the new ladder's."""
    world = await MartingaleWorld().start("150", "150", "147.75")
    await told(world, StopBot("sol"))
    assert world.orders() == []
    await world.tick("140")
    await told(world, StartBot("sol"))
    assert world.orders() == [
        "martingale/1/tp sell 150.03 2.019",
        "martingale/2/base buy None 0.714",
    ]
    await world.tick("140")
    assert [order.split()[0] for order in world.orders()] == [
        "martingale/1/tp",
        "martingale/2/1",
        "martingale/2/2",
        "martingale/2/3",
    ]
    assert committed(world) <= Decimal("1501.7505")
    assert world.bot.keeper.live["martingale/1/tp"].quantity == Decimal("2.733")
    await world.tick("160")
    assert world.bot.position(world.instrument.symbol) == 0
    assert world.strategy.get_statistics()["round_trips"] == 1
    assert world.orders() == ["martingale/3/base buy None 0.625"]
