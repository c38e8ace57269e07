"""A fault in each step of the emergency: the orders go, it is verified, latched and told once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from nimbus_tui.control.commands import EmergencyShutdown, Rearm, Result
from nimbus_tui.core.errors import ExchangeError, JournalError
from nimbus_tui.core.events import Error
from nimbus_tui.core.order import OrderType
from nimbus_tui.engine import recovery
from nimbus_tui.engine.emergency import LATCH
from tests.known_failures.stories import Story, in_virtual_time

Place = Callable[[Story], tuple[object, str]]

HELD = "0.0418"
CANT_CLOSE = "can't be closed by an engine that has failed: close them at the venue"
BUG = RuntimeError("a bug")
LASTING: dict[str, Place] = {
    "telling the bots": lambda story: (story.engine.inbox, "put"),
    "the latch": lambda story: (story.journal, "save_fact"),
    "the latch on the disk": lambda story: (story.journal, "make_durable"),
    "the transaction": lambda story: (story.journal, "transaction"),
    "the events": lambda story: (story.journal, "append_events"),
    "the orders": lambda story: (story.journal, "save_order"),
    "the bots": lambda story: (story.journal, "save_bot"),
    "publishing": lambda story: (story.engine.bus, "publish"),
    "writing events": lambda story: (story.engine.bus, "write"),
    "telling listeners": lambda story: (story.engine.bus, "dispatch"),
    "telling what is not written": lambda story: (story.engine.bus, "tell_unwritten"),
    "telling outside of a turn": lambda story: (story.engine, "tell"),
    "telling the screens": lambda story: (story.engine, "changed"),
    "a turn": lambda story: (story.bot, "turn"),
    "a review": lambda story: (story.bot, "review"),
    "a strategy": lambda story: (story.strategy, "stop"),
    "the timer": lambda story: (story.engine, "_arm_timer"),
    "the clock": lambda story: (story.engine.clock, "sleep"),
    "sending": lambda story: (story.bot.orders, "send"),
}
"""Faults inside the engine: they last."""
PASSING: dict[str, Place] = {
    "the list of orders": lambda story: (story.line, "open_orders"),
    "the cancels": lambda story: (story.line, "cancel_order"),
    "a sweep": lambda story: (story.engine.emergency._clearing, "sweep"),
    "what is spared": lambda story: (story.engine.emergency._clearing, "_closing_orders"),
    "what is in doubt": lambda story: (story.engine.emergency._clearing, "_in_doubt"),
    "what is ours": lambda story: (recovery, "ours_on"),
}
"""Faults of the venue and of a sweep; they end."""
WHEN_CLOSING: dict[str, Place] = {
    "the positions": lambda story: (story.line, "positions"),
    "the balances": lambda story: (story.line, "balances"),
    "what is not ours": lambda story: (story.engine.emergency._clearing, "_beside"),
    "why it waits": lambda story: (story.bot.keeper.refusals, "waiting"),
}
ERRORS = [BUG, ExchangeError("down"), JournalError("the disk is full")]
BY_NAME = [type(error).__name__ for error in ERRORS]


def raising(error: Exception) -> Callable[..., Any]:
    def broken(*_: object, **__: object) -> None:
        raise error

    return broken


async def check_it_is_over(story: Story, sent: int) -> None:
    """Nothing rests, nothing was sent, it was told once, and it holds after a kill."""
    assert await story.venue.open_orders() == []
    emergency = story.engine.emergency
    assert (emergency.latched, emergency.verified, emergency.left) == (True, True, ())
    assert emergency.progress.startswith("verified")
    assert len(story.sent) == sent
    assert sum(type(event).__name__ == "RiskEscalated" for event in story.events) <= 1
    errors = [event.message for event in story.events if isinstance(event, Error)]
    # Each piece of work in the background that dies with the clock says so too, once.
    assert len([text for text in errors if "background" not in text]) <= 2
    assert len(errors) < 8


async def check_it_survives(story: Story, sent: int) -> None:
    """The next process sends nothing either, and only a rearm lifts it."""
    await story.kill()
    await story.start("2400", "2388", "2376")
    assert story.engine.state == "emergency"
    assert story.engine.emergency.reason == "operator"
    assert story.engine.emergency.verified
    assert len(story.sent) == sent
    assert (await story.engine.execute(Rearm())).result is Result.DONE
    await story.tick("2400", "2388")
    assert len(story.sent) == sent


@pytest.mark.parametrize("error", ERRORS, ids=BY_NAME)
@pytest.mark.parametrize("step", LASTING)
@in_virtual_time
async def test_a_fault_that_lasts_does_not_keep_the_emergency_from_its_end(
    step: str, error: Exception
) -> None:
    story = await Story().start("2400", "2388")
    sent = len(story.sent)
    where, name = LASTING[step](story)
    setattr(where, name, raising(error))
    await story.engine.execute(EmergencyShutdown())
    await story.wait(20)
    await check_it_is_over(story, sent)
    delattr(where, name)
    if story.journal.fact(LATCH):
        await check_it_survives(story, sent)
    else:
        assert step in ("the latch", "the transaction")


@pytest.mark.parametrize("error", ERRORS, ids=BY_NAME)
@pytest.mark.parametrize("step", PASSING)
@in_virtual_time
async def test_a_fault_that_passes_is_shown_while_it_lasts(
    step: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await Story().start("2400", "2388")
    sent = len(story.sent)
    where, name = PASSING[step](story)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, raising(error))
        await story.engine.execute(EmergencyShutdown())
        await story.wait(10)
        assert not story.engine.emergency.verified
        assert str(error) in "; ".join(story.engine.emergency.left)
    events = len(story.events)
    await story.wait(10)
    await check_it_is_over(story, sent)
    assert len(story.events) - events <= 8  # the cancels and that it is over, and no log of tries
    await check_it_survives(story, sent)


@pytest.mark.parametrize("call", ["open_orders", "cancel_order", "positions", "balances"])
@in_virtual_time
async def test_an_adapter_that_drops_its_answers_does_not_end_the_sweeps(call: str) -> None:
    story = await Story(settings={"close_in_emergency": True}).start("2400", "2388")
    honest = getattr(story.line, call)

    async def dropped(*_: object) -> None:
        answer = asyncio.get_running_loop().create_future()
        answer.cancel()
        await answer

    setattr(story.line, call, dropped)
    await story.engine.execute(EmergencyShutdown())
    await story.tick(*["2388"] * 10)
    assert not story.engine.emergency.verified
    assert "answer" in story.engine.emergency.left[0]
    setattr(story.line, call, honest)
    await story.tick(*["2388"] * 10)
    assert story.engine.emergency.verified
    assert (story.truth, await story.venue.open_orders()) == (0, [])


@pytest.mark.parametrize("error", ERRORS, ids=BY_NAME)
@pytest.mark.parametrize("step", WHEN_CLOSING)
@in_virtual_time
async def test_a_fault_while_positions_are_closed_is_shown_while_it_lasts(
    step: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await Story(settings={"close_in_emergency": True}).start("2400", "2388")
    assert story.truth > 0
    where, name = WHEN_CLOSING[step](story)
    with monkeypatch.context() as patch:
        patch.setattr(where, name, raising(error))
        await story.engine.execute(EmergencyShutdown())
        await story.wait(10)
        resting = await story.venue.open_orders()
        assert [order for order in resting if order.type is not OrderType.MARKET] == []
    await story.wait(10)
    await story.tick("2388", "2388", "2388")
    await story.wait(10)
    assert await story.venue.open_orders() == []
    emergency = story.engine.emergency
    assert emergency.verified is (story.truth == 0)
    if not emergency.verified:
        assert story.engine.state == "failed"
        assert emergency.left == (f"bot: {HELD} ETH {CANT_CLOSE}",)
