"""The operator's pause and a rule's are two things, and both must be clear."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import PauseBot, ResetPeak, Result, ResumeBot, StartBot, StopBot
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.consequences import consequence
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.risk_snapshot import risk_snapshot
from nimbus_tui.risk.escalation import Ladder
from tests.engine.faults import CrashWorld

GRID = BotId("grid")
DRAWDOWN = "drawdown: 16.2 of 15 %"


def rule_asks(world: CrashWorld, step: RiskStep, reason: str = DRAWDOWN) -> None:
    """What the rules' ladder does when its step changes."""
    world.bot.risk.ladder_above = lambda: Ladder(scope="engine", step=step, reason=reason)
    world.engine.inbox.put(BotDue(GRID))


def peak(world: CrashWorld) -> Decimal:
    return world.bot.risk.memory.track.peak  # type: ignore[no-any-return]


def adding(world: CrashWorld) -> list[str]:
    return [key for key, order in world.bot.keeper.live.items() if order.side.value == "buy"]


async def test_a_rules_pause_cancels_what_adds_and_keeps_what_reduces() -> None:
    world = await CrashWorld().start("2400", "2388")
    rule_asks(world, RiskStep.PAUSE)
    await world.tick("2389", "2389")
    assert adding(world) == []
    assert len(world.resting()) == 1
    assert world.bot.standing.state.value == "paused"
    assert world.bot.standing.risk_reason == DRAWDOWN


async def test_resume_does_not_lift_what_a_rule_holds_and_says_which() -> None:
    world = await CrashWorld().start("2400", "2388")
    rule_asks(world, RiskStep.PAUSE)
    await world.tick("2389")
    refused = await world.engine.execute(ResumeBot(GRID))
    assert refused.result is Result.REFUSED
    assert DRAWDOWN in refused.message
    await world.engine.execute(PauseBot(GRID))
    foretold = consequence(world.engine, ResumeBot(GRID))
    assert DRAWDOWN in foretold.message
    outcome = await world.engine.execute(ResumeBot(GRID))
    assert outcome.result is Result.DONE
    assert outcome.message == f"grid: your pause is lifted; a risk rule still holds: {DRAWDOWN}"
    await world.tick("2389", "2389")
    assert adding(world) == []
    assert world.engine.journal.events(types=["resumed"]) == []


@pytest.mark.parametrize("rule_first", [True, False])
async def test_both_must_be_clear(rule_first: bool) -> None:
    world = await CrashWorld().start("2400", "2388")
    await world.engine.execute(PauseBot(GRID))
    rule_asks(world, RiskStep.PAUSE)
    await world.tick("2389")
    (*_, grid) = risk_snapshot(world.engine).standings
    assert (grid.step, grid.operator_paused, grid.reason) == (RiskStep.PAUSE, True, DRAWDOWN)
    for clears_rule in (rule_first, not rule_first):
        assert adding(world) == []
        if clears_rule:
            rule_asks(world, RiskStep.NORMAL, "")
        else:
            await world.engine.execute(ResumeBot(GRID))
        await world.tick("2389", "2389")
    assert adding(world)


async def test_refusals_that_paused_a_bot_are_the_operators_to_lift() -> None:
    world = await CrashWorld().start("2400", "2388")
    with world.engine.journal.transaction():
        world.bot.standing.risk_pause("grid/-1 was refused 5 times in a row: no funds")
        world.bot.save()
    world.engine.inbox.put(BotDue(GRID))
    await world.tick("2389")
    assert (await world.engine.execute(ResumeBot(GRID))).message == "grid: resumed"
    await world.tick("2389", "2389")
    assert adding(world)
    rule_asks(world, RiskStep.PAUSE)
    with world.engine.journal.transaction():
        world.bot.standing.risk_pause("grid/-1 was refused 5 times in a row: no funds")
    assert "still holds" in (await world.engine.execute(ResumeBot(GRID))).message


async def test_a_bot_that_a_rule_has_stopped_starts_only_when_the_rule_is_clear() -> None:
    world = await CrashWorld().start("2400", "2388")
    await world.engine.execute(StopBot(GRID))
    rule_asks(world, RiskStep.STOP, "daily loss: 5.2 of 5 %")
    await world.tick("2389")
    refused = await world.engine.execute(StartBot(GRID))
    assert refused.result is Result.REFUSED
    assert "daily loss: 5.2 of 5 %" in refused.message
    rule_asks(world, RiskStep.NORMAL, "")
    assert (await world.engine.execute(StartBot(GRID))).result is Result.DONE


async def test_the_peak_begins_at_the_starting_equity_outlives_a_kill_and_can_be_reset() -> None:
    world = await CrashWorld().start("2400", "2388", "2380")
    assert peak(world) == world.bot.books.capital
    again = await world.reborn().start("2380")
    assert peak(again) == peak(world)
    equity = again.bot.equity()
    assert equity < peak(again)
    foretold = consequence(again.engine, ResetPeak(GRID)).message
    outcome = await again.engine.execute(ResetPeak(GRID))
    assert outcome.result is Result.DONE
    assert f"{equity:.2f} USDC" in foretold
    assert f"{equity:.2f} USDC" in outcome.message
    assert peak(again) == equity
    third = await again.reborn().start("2380")
    assert peak(third) == equity


async def test_a_bot_without_a_first_price_has_no_peak_to_reset() -> None:
    world = await CrashWorld().start()
    assert (await world.engine.execute(ResetPeak(GRID))).result is Result.REFUSED
    assert world.bot.risk.memory.track is None


@pytest.mark.parametrize("error", [JournalError("the disk is full"), RuntimeError("a bug")])
async def test_a_command_that_breaks_off_in_the_middle_is_an_emergency(error: Exception) -> None:
    world = await CrashWorld().start("2400", "2388")

    def broken(_: object) -> None:
        raise error

    world.memory.save_bot = broken  # type: ignore[method-assign]
    outcome = await world.engine.execute(StopBot(GRID))
    assert outcome.result is Result.REFUSED
    assert str(error) in outcome.message
    assert world.engine.emergency.latched
    assert world.engine.state == "failed"
    assert Decimal(0) < world.bot.position(world.instrument.symbol)
