"""Stops: they go ahead of everything else, mean one thing, and survive their own faults."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.control.commands import EmergencyShutdown, FlattenBot, PauseBot, StopBot
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import OrderType, RefusalKind, Refused, Side
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.engine.stopping import StopWay
from nimbus_tui.risk.escalation import Ladder
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.simulation.faults import FaultKind
from tests.known_failures.stories import BOT, Story, in_virtual_time

STOP = RiskLimits(stop_loss=Decimal(3))
HELD = Decimal("0.0418")
Trouble = Callable[[Story], Any]


async def answers_are_pending(story: Story) -> None:
    story.line.holds = lambda name: name.startswith(("placed", "report"))
    await story.tick("2376")


async def answers_are_lost(story: Story) -> None:
    story.line.cannot_read = True
    story.line.holds = lambda name: name.startswith("report")
    story.fate.told[FaultKind.ANSWER_LOST] = 12
    await story.tick("2376")
    await story.wait(6)


async def cancels_are_refused(story: Story) -> None:
    story.line.refuse_cancel = Refused(RefusalKind.BUSY, "not now")


async def cancels_are_under_way(story: Story) -> None:
    story.line.holds = lambda name: name.startswith(("cancelled", "report"))
    await story.engine.execute(PauseBot(BOT))
    await story.wait(1)
    assert any(order.cancel_requested for order in story.bot.keeper.live.values())


async def a_remainder_is_dust(story: Story) -> None:
    await story.tick("2376", size="0.001")
    assert any(0 < order.filled < order.quantity for order in story.bot.keeper.live.values())


async def a_fill_is_missing(story: Story) -> None:
    story.line.cannot_read = True
    story.line.holds = lambda name: name.startswith("fill")
    await story.tick("2376")


async def the_venue_can_not_be_read(story: Story) -> None:
    story.line.drop()
    story.line.cannot_read = True
    await story.wait(3)


@pytest.mark.parametrize(
    "trouble",
    [
        answers_are_pending,
        answers_are_lost,
        cancels_are_refused,
        cancels_are_under_way,
        a_remainder_is_dust,
        a_fill_is_missing,
        the_venue_can_not_be_read,
    ],
)
@in_virtual_time
async def test_f13_the_stop_loss_goes_ahead_of_any_pending_order(trouble: Trouble) -> None:
    story = await Story(limits=STOP).start("2400", "2388")
    await trouble(story)
    held = story.position
    assert held > 0
    await story.trade("2280")
    closes = [request for request in story.sent if request.type is OrderType.MARKET]
    assert [close.side for close in closes] == [Side.SELL]
    assert closes[0].quantity >= held
    story.line.holds = lambda _: False
    story.line.cannot_read = False
    story.line.refuse_cancel = None
    await story.deliver()
    await story.wait(60)
    await story.tick(*["2280"] * 20)
    assert story.position == story.truth == 0
    assert story.resting() == {}
    await story.ends_well()


async def no_funds(story: Story) -> None:
    story.line.refuse = lambda request: (
        Refused(RefusalKind.INSUFFICIENT_BALANCE, "no funds") if request.side is Side.BUY else None
    )
    await story.tick(*["2360"] * 40)
    assert story.bot.standing.is_paused


async def paused(story: Story) -> None:
    await story.engine.execute(PauseBot(BOT))


async def strategy_raises(story: Story) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a bug in the bot")

    story.strategy.plan = broken
    await story.tick("2376", "2360")
    assert story.bot.is_frozen


async def a_rule_pauses(story: Story) -> None:
    pauses = Ladder(scope="engine", step=RiskStep.PAUSE, reason="drawdown: 16 of 15 %")
    story.bot.risk.ladder_above = lambda: pauses
    story.engine.inbox.put(BotDue(BOT))
    await story.tick("2390")


async def frozen_for_good(story: Story) -> None:
    await strategy_raises(story)
    story.strategy.initialize = story.strategy.plan
    await story.wait(30)
    await story.tick("2400")


@pytest.mark.parametrize(
    "trouble", [no_funds, paused, strategy_raises, a_rule_pauses, frozen_for_good]
)
@in_virtual_time
async def test_f14_the_stop_is_evaluated_whatever_holds_the_strategy_back(
    trouble: Trouble,
) -> None:
    story = await Story(limits=STOP).start("2400", "2388")
    await trouble(story)
    assert story.position > 0
    await story.tick("2280", "2280")
    assert len(story.told("stopLossTriggered")) == 1
    assert story.position == story.truth == 0


@in_virtual_time
async def test_f14_risk_looks_before_the_strategy_and_apart_from_it() -> None:
    story = await Story(limits=STOP).start("2400", "2388")
    looks: list[str] = []
    assess, plan = story.bot.standing.assess, story.strategy.plan
    story.bot.standing.assess = lambda: (looks.append("risk"), assess())
    story.strategy.plan = lambda view: (looks.append("strategy"), plan(view))[1]
    await story.tick("2376")
    assert looks[: looks.index("strategy")] != []
    assert set(looks[: looks.index("strategy")]) == {"risk"}
    del looks[:]
    await story.tick("2280")
    assert looks[0] == "risk"
    assert "strategy" not in looks
    assert len(story.told("stopLossTriggered")) == 1


async def by_the_operator(story: Story) -> None:
    await story.engine.execute(StopBot(BOT))


async def by_its_own_faults(story: Story) -> None:
    await strategy_raises(story)
    for price in range(2500, 3000, 20):
        await story.tick(*[str(price)] * 20)


async def by_a_rule(story: Story) -> None:
    with story.engine.journal.transaction():
        story.bot.standing.stop(StopWay.RULE, "daily loss: 5.2 of 5 %")
        story.bot.save()
    story.engine.inbox.put(BotDue(BOT))
    await story.wait(1)


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("way", [by_the_operator, by_its_own_faults, by_a_rule])
@in_virtual_time
async def test_f17_every_way_of_stopping_keeps_or_sells_as_the_config_says(
    way: Trouble, closes: bool
) -> None:
    story = await Story(close_on_stop=closes).start("2400", "2388")
    assert story.position == HELD
    await way(story)
    held = story.truth
    await story.tick("2400.01", "2400.01", "2400.01")
    assert story.bot.standing.is_stopped
    assert story.resting() == {}
    assert await story.venue.open_orders() == []
    assert story.position == story.truth == (0 if closes else held)


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("command", [StopBot(BOT), FlattenBot(BOT)])
@in_virtual_time
async def test_f17_the_outcome_is_told_before_and_is_what_happens(
    command: StopBot | FlattenBot, closes: bool
) -> None:
    story = await Story(close_on_stop=closes).start("2400", "2388")
    told = (await LocalClient(story.engine).consequence(command)).message
    resting, held = len(await story.venue.open_orders()), story.truth
    await story.engine.execute(command)
    await story.tick("2388.01", "2388.01", "2388.01")
    assert await story.venue.open_orders() == []
    assert told.startswith(f"bot: {resting} orders are cancelled; ")
    fate = "are sold at the market" if story.truth == 0 else "is kept"
    assert told.endswith(fate)
    assert story.truth in (0, held)


def raising(error: Exception) -> Callable[..., Any]:
    def broken(*_: object, **__: object) -> None:
        raise error

    return broken


BUG = RuntimeError("a bug")
STEPS: dict[str, Callable[[Story], tuple[object, str]]] = {
    "latch in the journal": lambda story: (story.journal, "save_fact"),
    "events in the journal": lambda story: (story.journal, "append_events"),
    "bots in the journal": lambda story: (story.journal, "save_bot"),
    "orders in the journal": lambda story: (story.journal, "save_order"),
    "event bus": lambda story: (story.engine.bus, "publish"),
    "a bot's review": lambda story: (story.bot, "review"),
    "a bot's saving": lambda story: (story.bot, "save"),
    "the strategy": lambda story: (story.strategy, "stop"),
    "open orders": lambda story: (story.line, "open_orders"),
    "cancel": lambda story: (story.line, "cancel_order"),
}
PASSING = {"open orders", "cancel"}
"""Faults of the venue, which end."""


@pytest.mark.parametrize("error", [BUG, ExchangeError("down")], ids=["bug", "down"])
@pytest.mark.parametrize("step", STEPS)
@in_virtual_time
async def test_f28_a_fault_in_any_step_of_the_emergency_does_not_keep_it_from_its_end(
    step: str, error: Exception
) -> None:
    story = await Story().start("2400", "2388")
    story.engine.bus.subscribe(raising(BUG))
    where, name = STEPS[step](story)
    honest = getattr(where, name)
    setattr(where, name, raising(error))
    for _ in range(5):
        await story.engine.execute(EmergencyShutdown())
        await story.wait(1)
    if step in PASSING:
        assert not story.engine.emergency.verified
        setattr(where, name, honest)
    await story.wait(30)
    assert await story.venue.open_orders() == []
    assert story.engine.emergency.latched
    assert story.engine.emergency.progress.startswith("verified")
    assert len(story.told("riskEscalated")) <= 1
    assert len(story.told("error")) <= 2


@in_virtual_time
async def test_f28_the_emergency_latches_once_however_often_it_is_asked_for() -> None:
    story = await Story().start("2400", "2388")
    story.line.refuse_cancel = Refused(RefusalKind.BUSY, "not now")
    for _ in range(20):
        await story.engine.execute(EmergencyShutdown())
        await story.tick("2388")
    assert len(story.told("riskEscalated")) == 1
    events = len(story.journal.events(limit=-1))
    await story.wait(3600)
    assert not story.engine.emergency.verified
    assert len(story.journal.events(limit=-1)) == events
    story.line.refuse_cancel = None
    await story.wait(30)
    assert story.engine.emergency.verified
    assert len(story.told("riskEscalated")) == 1


@in_virtual_time
async def test_f28_an_emergency_outlives_the_fault_in_its_own_sweep() -> None:
    story = await Story().start("2400", "2388")
    clearing = story.engine.emergency._clearing
    clearing._closing_orders = raising(BUG)
    await story.engine.execute(EmergencyShutdown())
    await story.wait(5)
    assert story.engine.emergency.left == ("sim: a bug",)
    del clearing._closing_orders
    await story.wait(5)
    assert story.engine.emergency.verified
    assert await story.venue.open_orders() == []


@in_virtual_time
async def test_f28_the_latch_is_written_even_if_nothing_else_can_be() -> None:
    story = await Story().start("2400", "2388")
    story.engine.bus.publish = raising(BUG)
    await story.engine.execute(EmergencyShutdown())
    await story.wait(5)
    await story.kill()
    await story.start("2400")
    assert story.engine.state == "emergency"
    assert story.engine.emergency.reason == "operator"


SHUTDOWN: dict[str, Callable[[Story], tuple[object, str]]] = {
    "open orders": lambda story: (story.line, "open_orders"),
    "cancel": lambda story: (story.line, "cancel_order"),
    "disconnect": lambda story: (story.line, "disconnect"),
    "last words": lambda story: (story.engine.bus, "write"),
    "emergency": lambda story: (story.engine.emergency, "close"),
    "subscriptions": lambda story: (story.engine.fee_prices, "stop"),
}


@pytest.mark.parametrize("step", SHUTDOWN)
@in_virtual_time
async def test_f28_a_fault_in_any_step_of_the_shutdown_does_not_keep_it_from_its_end(
    step: str,
) -> None:
    story = await Story().start("2400", "2388")
    closed: list[str] = []
    story.journal.close = lambda: closed.append("journal")  # type: ignore[method-assign]
    where, name = SHUTDOWN[step](story)
    setattr(where, name, raising(BUG))
    with suppress(RuntimeError):  # that the last words are missing may be told to who hosts it
        async with asyncio.timeout(30):
            await story.engine.stop(cancel_orders=True)
    assert story.engine.state == "stopped"
    assert closed == ["journal"]
    if step not in PASSING:
        assert await story.venue.open_orders() == []
