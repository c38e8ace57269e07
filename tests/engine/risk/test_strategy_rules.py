"""Level 2 through the running engine: daily loss, drawdown, losing streaks, order rate."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import ResetPeak, Result, StartBot
from nimbus_tui.core.risk import RiskStep
from tests.engine.risk.worlds import (
    A,
    Given,
    RiskWorld,
    holding,
    in_virtual_time,
    lets,
    limits,
)

NORMAL, WARNING, THROTTLE = RiskStep.NORMAL, RiskStep.WARNING, RiskStep.THROTTLE
PAUSE, STOP = RiskStep.PAUSE, RiskStep.STOP
MARKS = "marks of sim"

DRAWDOWN = [
    ("86.01", NORMAL, "all"),
    ("86", WARNING, "all"),
    ("83.01", WARNING, "all"),
    ("83", THROTTLE, "half"),
    ("80.01", THROTTLE, "half"),
    ("80", PAUSE, "reducing"),
    ("77.01", PAUSE, "reducing"),
    ("77", STOP, "nothing"),
]
"""1,000 of capital and 5 bought at 100: a price of 80 is a fall of 10 %, the limit."""
DAILY = [*DRAWDOWN[:5], ("80", STOP, "nothing")]


@pytest.mark.parametrize(
    ("rule", "price", "step", "through"),
    [*(("drawdown", *row) for row in DRAWDOWN), *(("daily_loss", *row) for row in DAILY)],
)
@in_virtual_time
async def test_a_fall_of_the_equity_takes_its_steps(
    rule: str, price: str, step: RiskStep, through: str
) -> None:
    world = await holding(Given(limits=limits(**{rule: "10"})))
    await world.tick(ETH=price)
    assert world.step() is step
    assert await lets(world) == through
    assert world.position() == 5
    told = world.told("riskEscalated")
    assert [(one.step, one.rule, one.limit, one.source) for one in told] == (
        [] if step is NORMAL else [(step.label, rule, 10, MARKS)]
    )
    if told:
        assert told[0].measured == (100 - Decimal(price)) / 2


@pytest.mark.parametrize("closes", [True, False])
@in_virtual_time
async def test_a_stop_by_a_rule_does_with_the_position_what_on_stop_says(closes: bool) -> None:
    world = await holding(Given(limits=limits(daily_loss="10"), close_on_stop=closes))
    await world.path("80", "80")
    assert world.bot().standing.is_stopped
    assert world.position() == (0 if closes else 5)
    assert await world.resting() == {}


@in_virtual_time
async def test_the_ladder_climbs_from_step_to_step_on_a_slow_slide() -> None:
    world = await holding(Given(limits=limits(drawdown="10")))
    await world.path(*[str(price) for price in range(100, 76, -1)])
    assert world.steps_told() == [
        ("up", step, "drawdown") for step in ("warning", "throttle", "pause", "stop")
    ]


@in_virtual_time
async def test_steps_down_are_taken_one_by_one_each_after_its_hold() -> None:
    world = await holding(Given(limits=limits(drawdown="10", hold="30s")))
    await world.tick(ETH="80")
    await world.tick(ETH="100")
    seen = []
    for _ in range(4):
        seen.append((world.step(), await world.resting()))
        await world.wait(30)
    assert seen == [
        (PAUSE, {"exit": "2"}),
        (THROTTLE, {"exit": "2", "add": "0.5"}),
        (WARNING, {"exit": "2", "add": "1"}),
        (NORMAL, {"exit": "2", "add": "1"}),
    ]
    assert world.steps_told() == [
        ("up", "pause", "drawdown"),
        ("down", "throttle", "drawdown"),
        ("down", "warning", "drawdown"),
        ("down", "normal", "drawdown"),
    ]


@pytest.mark.parametrize(("price", "comes_down"), [("85", False), ("85.01", True)])
@in_virtual_time
async def test_a_step_is_calm_under_three_quarters_of_its_threshold(
    price: str, comes_down: bool
) -> None:
    world = await holding(Given(limits=limits(drawdown="10", hold="30s")))
    await world.tick(ETH="80")
    await world.tick(ETH=price)
    await world.wait(40)
    assert (world.step() is THROTTLE) is comes_down


# daily loss


@in_virtual_time
async def test_the_loss_over_24_hours_counts_though_a_new_day_has_begun() -> None:
    world = await RiskWorld(Given(limits=limits(daily_loss="10"))).start(ETH="100")
    await world.jump(20)
    await world.trade("in buy 5")
    await world.path("88")
    assert world.step() is NORMAL
    await world.jump(6)
    await world.path("82")
    assert world.bot().risk.memory.track.day.equity == Decimal(940)
    assert world.step() is THROTTLE
    await world.path("80")
    assert world.step() is STOP
    (told,) = [one for one in world.told("riskEscalated") if one.step == "stop"]
    assert (told.measured, told.window) == (10, "24 h")


@in_virtual_time
async def test_the_loss_since_the_days_start_counts_though_a_day_ago_it_was_as_low() -> None:
    world = await RiskWorld(Given(limits=limits(daily_loss="10"))).start(ETH="100")
    await world.jump(20)
    await world.trade("in buy 5")
    await world.path("140")
    await world.ask()
    await world.jump(6)
    await world.path("117")
    assert world.step() is THROTTLE
    await world.path("116")
    (told,) = [one for one in world.told("riskEscalated") if one.step == "stop"]
    assert (told.measured, told.window) == (10, "since 00:00 UTC")


@in_virtual_time
async def test_the_operator_may_start_it_again_once_both_windows_are_inside() -> None:
    world = await holding(Given(limits=limits(daily_loss="10")))
    await world.path("80")
    outcome = await world.execute(StartBot(A))
    assert outcome.result is Result.REFUSED
    assert "daily loss: 10.00 % of 10.00 %" in outcome.message
    await world.jump(23)
    assert (await world.execute(StartBot(A))).result is Result.REFUSED
    await world.jump(2)
    assert world.bot().standing.is_stopped, "nobody but the operator starts it"
    assert (await world.execute(StartBot(A))).result is Result.DONE
    assert world.step() is NORMAL
    assert await lets(world) == "all"


# drawdown


@in_virtual_time
async def test_the_peak_outlives_a_kill_and_what_is_measured_from_it_goes_on() -> None:
    world = await holding(Given(limits=limits(drawdown="10")))
    await world.path("120", "110")
    again = await (await world.reborn()).start(ETH="98.01")
    assert again.step() is THROTTLE
    await again.path("98")
    assert again.step() is PAUSE
    (told,) = [one for one in again.told("riskEscalated") if one.step == "pause"]
    assert told.measured == 10


@in_virtual_time
async def test_a_peak_that_was_met_between_two_turns_counts() -> None:
    world = await holding(Given(limits=limits(drawdown="50")))
    asked = world.puppets[A].asked
    await world.path("120", "100")
    assert world.puppets[A].asked == asked
    await world.ask()
    assert world.bot().risk.memory.track.peak == 1100


@in_virtual_time
async def test_the_ladder_outlives_a_kill_and_its_hold_goes_on() -> None:
    world = await holding(Given(limits=limits(drawdown="10", hold="60s")))
    await world.tick(ETH="80")
    await world.tick(ETH="100")
    await world.wait(40)
    again = await (await world.reborn()).start(ETH="100")
    assert again.step() is PAUSE
    assert await lets(again) == "reducing"
    await again.wait(15)
    assert again.step() is PAUSE
    await again.wait(6)
    assert again.step() is THROTTLE


@in_virtual_time
async def test_a_bot_that_a_rule_has_stopped_stays_stopped_over_a_kill() -> None:
    world = await holding(Given(limits=limits(drawdown="10")))
    await world.tick(ETH="77")
    again = await (await world.reborn()).start(ETH="100")
    await again.wait(1000)
    assert again.bot().standing.is_stopped
    assert (await again.resting(), again.position()) == ({}, 5)


@in_virtual_time
async def test_only_the_operator_resets_the_peak() -> None:
    world = await holding(Given(limits=limits(drawdown="10", hold="5s")))
    await world.tick(ETH="80")
    await world.wait(100)
    assert world.step() is PAUSE
    assert (await world.execute(ResetPeak(A))).result is Result.DONE
    await world.wait(30)
    assert world.step() is NORMAL
    await world.path("67.41")
    assert world.step() is NORMAL
    await world.path("67.4")  # 63 of 900
    assert world.step() is WARNING


@pytest.mark.parametrize("rule", ["drawdown", "daily_loss"])
@pytest.mark.parametrize("amount", ["9000", "-9000"])
@in_virtual_time
async def test_transfers_move_neither_peak_nor_loss(rule: str, amount: str) -> None:
    world = await holding(Given(limits=limits(**{rule: "10"})))
    world.venue.transfer("USDC", Decimal(amount))
    await world.wait(130)
    await world.path("86.01")
    assert world.step() is NORMAL
    await world.path("86")
    assert world.step() is WARNING


# losing streaks


async def deal(world: RiskWorld, number: int, result: int) -> None:
    """One cycle of one coin from flat to flat."""
    await world.tick(ETH="100")
    await world.trade(f"in{number} buy 1")
    await world.tick(ETH=str(100 + result))
    await world.trade(f"out{number} sell 1")


@in_virtual_time
async def test_a_losing_streak_pauses_for_the_cooldown_and_counts_from_0_again() -> None:
    world = await RiskWorld(
        Given(limits=limits(consecutive_losses=2, cooldown="10m", hold="1h"))
    ).start(ETH="100")
    await deal(world, 1, -1)
    await deal(world, 2, 1)
    await deal(world, 3, -1)
    assert world.step() is NORMAL
    await deal(world, 4, -1)
    assert world.step() is PAUSE
    (told,) = world.told("circuitBreakerActivated")
    assert (told.losses, told.cooldown_seconds) == (2, 600)
    await world.wish("add buy 1 50")
    assert await world.resting() == {}
    await world.wait(595)
    assert world.step() is PAUSE
    await world.wait(10)
    assert world.step() is NORMAL
    assert await world.resting() == {"add": "1"}
    await deal(world, 5, -1)
    assert world.step() is NORMAL
    await deal(world, 6, -1)
    assert world.step() is PAUSE
    assert len(world.told("circuitBreakerActivated")) == 2


@in_virtual_time
async def test_a_streak_and_its_cooldown_outlive_a_kill() -> None:
    given = Given(limits=limits(consecutive_losses=2, cooldown="10m"))
    world = await RiskWorld(given).start(ETH="100")
    await deal(world, 1, -1)
    world = await (await world.reborn()).start(ETH="100")
    await deal(world, 2, -1)
    assert world.step() is PAUSE
    await world.wait(300)
    again = await (await world.reborn()).start(ETH="100")
    assert again.step() is PAUSE
    await again.wait(290)
    assert again.step() is PAUSE
    await again.wait(20)
    assert again.step() is NORMAL
    assert len(again.told("circuitBreakerActivated")) == 1


@in_virtual_time
async def test_a_breaker_is_told_of_though_another_rule_has_paused_the_bot_already() -> None:
    world = await RiskWorld(
        Given(limits=limits(consecutive_losses=1, drawdown="10"))
    ).start(ETH="100")  # fmt: skip
    await world.trade("in buy 5")
    await world.path("80")
    assert world.step() is PAUSE
    await world.trade("out sell 5")
    assert world.position() == 0
    assert len(world.told("circuitBreakerActivated")) == 1


# order rate


@pytest.mark.parametrize(
    ("orders", "step", "leave"), [(6, NORMAL, 6), (7, WARNING, 7), (9, WARNING, 8)]
)
@in_virtual_time
async def test_orders_are_delayed_at_the_rate_and_a_share_is_kept(
    orders: int, step: RiskStep, leave: int
) -> None:
    world = await RiskWorld(Given(limits=limits(order_rate="10"))).start(ETH="100")
    await world.wish(*(f"add{n} buy 1 {50 - n}" for n in range(orders)))
    await world.wait(0.5)
    assert len(await world.resting()) == leave
    await world.ask()
    assert world.step() is step
    await world.wait(30)
    assert len(await world.resting()) == orders


@in_virtual_time
async def test_cancels_and_reducing_orders_are_never_delayed() -> None:
    world = await holding(Given(limits=limits(order_rate="10")))
    await world.wish(*(f"add{n} buy 0.4 {49 - n}" for n in range(12)))
    assert len(await world.resting()) == 2 + 5
    await world.wish("out sell 1 190", "away sell 1 191", "off sell 1 192")
    await world.forget("add")
    found = await world.resting()
    assert {"out", "away", "off"} <= found.keys()
    assert "add" not in found


@pytest.mark.parametrize(("orders", "step"), [(29, WARNING), (30, PAUSE)])
@in_virtual_time
async def test_a_runaway_loop_is_paused_at_three_times_the_rate(
    orders: int, step: RiskStep
) -> None:
    world = await RiskWorld(Given(limits=limits(order_rate="10"))).start(ETH="100")
    await world.wish(*(f"add{n} buy 1 {50 - n}" for n in range(orders)))
    await world.ask()
    assert world.step() is step
    assert len(await world.resting()) == (0 if step is PAUSE else 8)
    if step is PAUSE:
        assert world.told("riskEscalated")[-1].rule == "order_rate"
