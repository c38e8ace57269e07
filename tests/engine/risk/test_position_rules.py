"""Level 1 through the running engine: stop loss, take profit, size and age of a position."""

import pytest

from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.limits import OnTakeProfit
from tests.engine.risk.worlds import Given, RiskWorld, holding, in_virtual_time, lets, limits

NORMAL, WARNING, THROTTLE = RiskStep.NORMAL, RiskStep.WARNING, RiskStep.THROTTLE
PAUSE, STOP = RiskStep.PAUSE, RiskStep.STOP


async def closed(world: RiskWorld) -> bool:
    """Whether the bot is out of the market with nothing left, one price later."""
    await world.tick(ETH=str(world.prices["ETH/USDC:USDC"]))
    return (
        world.position() == 0
        and await world.resting() == {}
        and world.bot().standing.is_stopped
        and sum(one.quantity for one in await world.venue.positions()) == 0
    )


# stop loss


WARNED = [("93.01", NORMAL), ("93", WARNING), ("90.01", WARNING)]


@pytest.mark.parametrize(("price", "step"), WARNED)
@in_virtual_time
async def test_a_loss_under_the_stop_warns_and_trading_goes_on(price: str, step: RiskStep) -> None:
    world = await holding(Given(limits=limits(stop_loss="10")))
    await world.path("95", price)
    assert world.step() is step
    assert await lets(world) == "all"
    assert [(e.rule, e.step, e.limit) for e in world.told("riskEscalated")] == (
        [("stop_loss", "warning", 10)] if step is WARNING else []
    )
    assert world.told("stopLossTriggered") == []


@pytest.mark.parametrize("close_on_stop", [True, False])
@in_virtual_time
async def test_at_the_stop_the_position_is_closed_and_the_bot_stopped(close_on_stop: bool) -> None:
    world = await holding(Given(limits=limits(stop_loss="10"), close_on_stop=close_on_stop))
    await world.path("90")
    (told,) = world.told("stopLossTriggered")
    assert (told.price, told.measured, told.limit) == (90, 10, 10)
    assert await lets(world) == "{'close/1': '5'}"
    assert await closed(world)
    assert world.bot().record.reason == "stop loss: 10.00 % at 90, limit 10.00 %"
    await world.path("100", "90", "80")
    assert len(world.told("stopLossTriggered")) == 1


@in_virtual_time
async def test_a_short_is_stopped_above_its_cost() -> None:
    world = await RiskWorld(Given(limits=limits(stop_loss="10"))).start(ETH="100")
    await world.trade("in sell 5")
    await world.path("109.99")
    assert (world.position(), world.step()) == (-5, WARNING)
    await world.path("110", "110")
    assert world.position() == 0
    assert len(world.told("stopLossTriggered")) == 1


CONFIRMED = {"stop_loss": "10", "confirm_seconds": "30", "confirm_percent": "2"}


@in_virtual_time
async def test_a_loss_beyond_the_stop_waits_for_its_seconds_without_another_price() -> None:
    world = await holding(Given(limits=limits(**CONFIRMED)))
    await world.tick(ETH="90")
    await world.wait(29)
    assert world.told("stopLossTriggered") == []
    assert world.step() is WARNING
    await world.wait(2)
    assert len(world.told("stopLossTriggered")) == 1
    assert await closed(world)


@in_virtual_time
async def test_a_price_that_comes_back_in_time_closes_nothing_and_the_seconds_begin_anew() -> None:
    world = await holding(Given(limits=limits(**CONFIRMED)))
    await world.tick(ETH="90")
    await world.wait(25)
    await world.tick(ETH="90.01")
    await world.tick(ETH="90")
    await world.wait(25)
    assert world.told("stopLossTriggered") == []
    await world.wait(6)
    assert await closed(world)


@pytest.mark.parametrize(("price", "trips"), [("88.01", False), ("88", True)])
@in_virtual_time
async def test_a_loss_far_beyond_the_stop_needs_no_seconds(price: str, trips: bool) -> None:
    world = await holding(Given(limits=limits(**CONFIRMED)))
    await world.tick(ETH=price)
    assert bool(world.told("stopLossTriggered")) is trips


@in_virtual_time
async def test_the_seconds_of_a_confirmation_outlive_a_kill() -> None:
    world = await holding(Given(limits=limits(**CONFIRMED)))
    await world.tick(ETH="90")
    await world.wait(20)
    again = await (await world.reborn()).start(ETH="90")
    await again.wait(8)
    assert again.told("stopLossTriggered") == []
    await again.wait(4)
    assert await closed(again)


@in_virtual_time
async def test_nothing_is_sold_on_a_mark_that_has_become_too_old() -> None:
    given = Given(limits=limits(stop_loss="10", confirm_seconds="60"))
    world = await holding(given, settings={"watches_streams": True})
    await world.tick(ETH="90")
    await world.wait(120)
    assert world.told("stopLossTriggered") == []
    assert world.step() is PAUSE
    await world.tick(ETH="91")
    await world.path(*["91"] * 5)
    assert (world.position(), world.told("stopLossTriggered")) == (5, [])
    await world.tick(ETH="80")
    await world.path(*["80"] * 61)
    assert len(world.told("stopLossTriggered")) == 1
    assert world.position() == 0


# take profit


@pytest.mark.parametrize(("price", "closes"), [("109.99", False), ("110", True)])
@in_virtual_time
async def test_a_take_profit_closes_at_its_limit_and_warns_never(price: str, closes: bool) -> None:
    world = await holding(Given(limits=limits(take_profit="10")))
    await world.tick(ETH=price)
    assert world.step() is NORMAL
    assert world.told("riskEscalated") == []
    if not closes:
        assert await lets(world) == "all"
        assert world.told("takeProfitTriggered") == []
        return
    (told,) = world.told("takeProfitTriggered")
    assert (told.price, told.measured, told.limit) == (110, 10, 10)
    assert await closed(world)


@in_virtual_time
async def test_a_bot_that_restarts_after_its_take_profit_begins_a_new_cycle() -> None:
    restarts = limits(take_profit="10", on_take_profit=OnTakeProfit.RESTART)
    world = await holding(Given(limits=restarts))
    await world.forget("exit")
    await world.path("110", "110", "110")
    assert world.position() == 0
    assert not world.bot().standing.is_stopped
    assert await world.resting() == {"add": "1"}
    assert len(world.told("takeProfitTriggered")) == 1
    await world.trade("again buy 2")
    await world.path("121", "121", "121")
    assert len(world.told("takeProfitTriggered")) == 2


# position size

SIZE = [
    ("116.66", NORMAL, "all"),
    ("116.67", WARNING, "all"),
    ("153.84", WARNING, "all"),
    ("153.85", WARNING, "no more"),
    ("166.67", WARNING, "no more"),
    ("191.66", WARNING, "no more"),
    ("191.67", PAUSE, "reducing"),
]
"""5 held and 1 that would add: 6 at 116.67 are 70 % of 1,000. A new one of 0.5 makes it 6.5."""


@pytest.mark.parametrize(("price", "step", "through"), SIZE)
@in_virtual_time
async def test_position_size_takes_its_steps(price: str, step: RiskStep, through: str) -> None:
    world = await holding(Given(limits=limits(position_size="1000")))
    await world.tick(ETH=price)
    assert world.step() is step
    assert [(e.rule, e.limit) for e in world.told("riskEscalated")] == (
        [] if step is NORMAL else [("position_size", 1000)]
    )
    await world.wish("more buy 0.5 40", "out sell 1 199")
    found = await world.resting()
    expected = {
        "all": {"add": "1", "exit": "2", "more": "0.5", "out": "1"},
        "no more": {"add": "1", "exit": "2", "out": "1"},
        "reducing": {"exit": "2", "out": "1"},
    }
    assert found == expected[through]


@in_virtual_time
async def test_a_size_that_comes_near_its_limit_is_told_once_for_each_step_not_for_each_price() -> (
    None
):
    world = await holding(Given(limits=limits(position_size="1000")))
    await world.path(*["116", "117"] * 10)
    assert [told.measured for told in world.told("positionLimitWarning")] == [702]
    await world.path(*["166", "167"] * 10)
    assert [told.measured for told in world.told("positionLimitWarning")] == [702, 1002]
    await world.path("60", "117")
    assert [told.measured for told in world.told("positionLimitWarning")] == [702, 1002, 702]


@in_virtual_time
async def test_one_plan_can_not_pass_the_size_with_several_orders() -> None:
    world = await RiskWorld(Given(limits=limits(position_size="1000"))).start(ETH="100")
    await world.wish("one buy 4 90", "two buy 4 90", "three buy 4 90", "four buy 2 90")
    assert await world.resting() == {"one": "4", "two": "4", "four": "2"}
    (told,) = [one.message for one in world.told("warning") if "three" in one.message]
    assert "position size would be 1200.00, the limit is 1000" in told


# position age

AGED = [(690, NORMAL), (701, WARNING), (990, WARNING), (1001, PAUSE)]


@pytest.mark.parametrize(("seconds", "step"), AGED)
@in_virtual_time
async def test_an_old_position_is_paused_for_a_review_though_no_price_comes(
    seconds: int, step: RiskStep
) -> None:
    world = await holding(Given(limits=limits(position_age="1000s")))
    await world.wait(seconds)
    assert world.step() is step
    assert await lets(world) == ("reducing" if step is PAUSE else "all")
    assert [(e.rule, e.limit) for e in world.told("riskEscalated")] == (
        {NORMAL: [], WARNING: [("position_age", 1000)]}.get(step, [("position_age", 1000)] * 2)
    )
    assert world.position() == 5


@pytest.mark.parametrize(("seconds", "closes"), [(995, False), (1001, True)])
@in_virtual_time
async def test_an_old_position_is_closed_where_that_is_wished(seconds: int, closes: bool) -> None:
    world = await holding(Given(limits=limits(position_age="1000s", close_old_position=True)))
    await world.wait(seconds)
    assert (world.step() is STOP) is closes
    await world.tick(ETH="100")
    assert await closed(world) is closes


@in_virtual_time
async def test_the_age_goes_on_over_a_kill_and_ends_when_the_position_does() -> None:
    world = await holding(Given(limits=limits(position_age="1000s", hold="5s")))
    await world.wait(600)
    again = await (await world.reborn()).start(ETH="100")
    await again.wait(401)
    assert again.step() is PAUSE
    await again.trade("out sell 5")
    await again.wait(60)
    assert (again.position(), again.step()) == (0, NORMAL)
    assert [one[:2] for one in again.steps_told()][-3:] == [
        ("down", "throttle"), ("down", "warning"), ("down", "normal"),
    ]  # fmt: skip
