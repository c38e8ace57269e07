"""Rules of other packages, rules that fail, and an engine at rest, through the running engine."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.control.commands import Rearm, Result, StartBot
from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.risk.limits import EngineLimits
from nimbus_tui.risk.rule import Measure, Rule, Scope, unusable
from nimbus_tui.risk.thresholds import Thresholds
from tests.engine.risk.worlds import (
    A,
    B,
    Given,
    RiskWorld,
    holding,
    in_virtual_time,
    lets,
    limits,
)

PAUSE, STOP, EMERGENCY = RiskStep.PAUSE, RiskStep.STOP, RiskStep.EMERGENCY
BTC = "BTC/USDC:USDC"
TWO = (Given(bot_id=A, close_on_stop=True), Given(bot_id=B, symbols=(BTC,), close_on_stop=True))


def rule(measure: Callable[[Any, Any], Measure], scope: Scope = Scope.BOT, **more: Any) -> Rule:
    given = {"thresholds": Thresholds(warning=Decimal(70), stop=Decimal(100))} | more
    return Rule(name="theirs", level=2, scope=scope, unit="percent", measure=measure, **given)


def raises(inputs: Any, limits: Any) -> Measure:
    raise ZeroDivisionError("a bug in another package")


def misses(inputs: Any, limits: Any) -> Measure:
    return unusable(Decimal(1), RiskInput.MISSING, "no figures")


def is_stale(inputs: Any, limits: Any) -> Measure:
    return unusable(Decimal(1), RiskInput.STALE, "old figures")


def is_mixed(inputs: Any, limits: Any) -> Measure:
    return unusable(Decimal(1), RiskInput.MIXED, "figures of two windows")


UNUSABLE = [(raises, "the rule failed: ZeroDivisionError"), (misses, "no figures"),
            (is_stale, "old figures"), (is_mixed, "figures of two windows")]  # fmt: skip
SCOPES = [(Scope.BOT, A), (Scope.ACCOUNT, "account sim"), (Scope.ENGINE, "engine")]


@pytest.mark.parametrize(("scope", "name"), SCOPES)
@pytest.mark.parametrize(("measure", "words"), UNUSABLE)
@in_virtual_time
async def test_a_rule_that_can_not_tell_pauses_its_scope_and_never_sells(
    scope: Scope, name: str, measure: Any, words: str
) -> None:
    """Both bots would sell when stopped; the other rules go on speaking."""
    is_broken = False

    def measured(inputs: Any, limits: Any) -> Measure:
        if is_broken:
            return measure(inputs, limits)  # type: ignore[no-any-return]
        return Measure(measured=Decimal(0), limit=Decimal(1))

    world = await holding(*TWO, settings={"other_rules": (rule(measured, scope),)},
                          start={"ETH": "100", "BTC": "100"})  # fmt: skip
    await world.wish("add buy 1 50", of=B)
    is_broken = True
    await world.ask()
    await world.wait(2)
    assert world.step(name) is PAUSE
    assert words in world.bot().standing.risk_reason
    assert await lets(world) == "reducing"
    told = [one for one in world.told("riskEscalated") if one.scope == name]
    assert [(one.step, one.rule, one.measured) for one in told] == [("pause", "theirs", None)]
    await world.path("60", "30")
    assert (world.position(), world.told("stopped")) == (5, [])
    is_broken = False
    await world.wait(12)
    assert world.step(name) is RiskStep.NORMAL


@in_virtual_time
async def test_a_rule_that_raises_keeps_no_other_from_its_word() -> None:
    given = Given(limits=limits(stop_loss="10", drawdown="10"))
    world = await holding(given)
    world.bot().risk.others = (rule(raises),)
    await world.path("90", "90")
    assert len(world.told("stopLossTriggered")) == 1
    assert world.position() == 0


def loss(inputs: Any, limits: Any) -> Measure:
    """Loss of the first position in percent; the limit is 10."""
    state = inputs.positions[0]
    if not state.holding.quantity:
        return Measure(measured=Decimal(0), limit=Decimal(10))
    return Measure(
        measured=max(Decimal(0), 100 - state.holding.mark.value), limit=Decimal(10), closes=True
    )


ACTS = [
    (rule(loss), "90", STOP, Decimal(5)),
    (rule(loss, closes=True), "90", RiskStep.WARNING, Decimal(0)),
    (rule(loss, thresholds=Thresholds(emergency=Decimal(100))), "90", EMERGENCY, Decimal(5)),
]


@pytest.mark.parametrize(("theirs", "price", "step", "left"), ACTS)
@in_virtual_time
async def test_a_rule_of_another_package_acts_like_one_of_ours(
    theirs: Rule, price: str, step: RiskStep, left: Decimal
) -> None:
    def kept(inputs: Any, limits: Any) -> Measure:
        measure = loss(inputs, limits)
        return Measure(measured=measure.measured, limit=measure.limit, closes=theirs.closes)

    theirs = msgspec.structs.replace(theirs, measure=kept)
    world = await holding(settings={"other_rules": (theirs,)})
    await world.tick(ETH="90.01")
    await world.ask()
    assert await lets(world) == "all"
    await world.tick(ETH=price)
    await world.ask()
    assert world.step() is step
    for _ in range(4):
        await world.tick(ETH=price)
        await world.wait(1)
    assert world.bot().standing.is_stopped
    assert (world.position(), await world.resting()) == (left, {})
    assert world.engine.emergency.latched is (step is EMERGENCY)


@pytest.mark.parametrize(("price", "through"), [("90.01", "all"), ("90", "no more")])
@in_virtual_time
async def test_a_bots_rule_of_another_package_may_refuse(price: str, through: str) -> None:
    def kept(inputs: Any, limits: Any) -> Measure:
        return msgspec.structs.replace(loss(inputs, limits), closes=False, concerns="ETH")

    theirs = rule(kept, thresholds=Thresholds(refuse=Decimal(100)))
    world = await holding(settings={"other_rules": (theirs,)})
    await world.tick(ETH=price)
    assert await lets(world) == through
    assert world.step() is RiskStep.NORMAL


@in_virtual_time
async def test_an_emergency_of_a_bots_rule_that_a_kill_came_between_is_carried_out() -> None:
    theirs = rule(loss, thresholds=Thresholds(emergency=Decimal(100)))
    world = await holding(*TWO, settings={"other_rules": (theirs,)},
                          start={"ETH": "100", "BTC": "100"})  # fmt: skip
    await world.wish("add buy 1 50", of=B)
    world.engine.emergency.trip_soon = lambda *_: None  # type: ignore[method-assign]
    await world.tick(ETH="80")
    await world.ask()
    assert not world.engine.emergency.latched
    again = await (await world.reborn()).start(ETH="100", BTC="100")
    await again.wait(3)
    assert again.engine.emergency.verified
    assert await again.venue.open_orders() == []
    assert (await again.execute(Rearm())).result is Result.DONE
    await again.wait(3)
    assert not again.engine.emergency.latched
    assert (await again.execute(StartBot(B))).result is Result.DONE
    assert await again.resting(B) == {"add": "1"}


# several bots


@in_virtual_time
async def test_the_engines_pause_holds_for_every_bot_beside_the_operators_and_their_own() -> None:
    is_broken = False

    def measured(inputs: Any, limits: Any) -> Measure:
        return misses(inputs, limits) if is_broken else Measure(measured=Decimal(0), limit=None)

    world = await holding(*TWO, settings={"other_rules": (rule(measured, Scope.ENGINE),)},
                          start={"ETH": "100", "BTC": "100"})  # fmt: skip
    await world.wish("add buy 1 50", of=B)
    is_broken = True
    await world.wait(1.5)
    assert await world.resting(A) == {"exit": "2"}
    assert await world.resting(B) == {}
    assert [bot.standing.state.value for bot in world.engine.bots.values()] == ["paused"] * 2
    again = await (await world.reborn()).start(ETH="100", BTC="100")
    assert (await again.resting(A), await again.resting(B)) == ({"exit": "2"}, {})
    is_broken = False
    await again.wait(2)
    assert await again.resting(A) == {"add": "1", "exit": "2"}
    assert await again.resting(B) == {"add": "1"}


# at rest

EVERYTHING = limits(
    stop_loss="50", take_profit="50", position_size="9000", position_age="10h", daily_loss="90",
    drawdown="90", consecutive_losses=9,
)  # fmt: skip
OVER_ALL = EngineLimits(
    total_exposure=Decimal(5), correlation=Decimal(5), equity_floor=Decimal(1), rejects=Decimal(99)
)


class Counting(SqliteJournal):
    """Counts what is written."""

    facts = 0
    bots_saved = 0

    def save_fact(self, name: str, text: str | None) -> None:
        self.facts += name.startswith("risk")
        super().save_fact(name, text)


@pytest.mark.parametrize("step", ["normal", "paused", "stopped"])
@in_virtual_time
async def test_an_engine_rests_when_nothing_happens_whatever_the_rules(step: str) -> None:
    drawdown = {"normal": "90", "paused": "10", "stopped": "8"}[step]
    given = Given(limits=limits(daily_loss="90", drawdown=drawdown, position_age="10h"))
    world = await holding(given, settings={"limits": OVER_ALL}, journal=Counting.open(":memory:"))
    if step != "normal":
        await world.tick(ETH="80")
    await world.wait(400)
    turns = 0
    honest = world.bot().turn

    def turn(batch: Any) -> Any:
        nonlocal turns
        turns += 1
        return honest(batch)

    world.bot().turn = turn  # type: ignore[method-assign]
    written = world.journal.facts  # type: ignore[attr-defined]
    await world.wait(600)
    assert turns <= {"normal": 14, "paused": 75, "stopped": 12}[step]
    assert world.journal.facts - written <= 3  # type: ignore[attr-defined]


@in_virtual_time
async def test_prices_inside_every_band_give_no_turn_and_write_nothing() -> None:
    world = await holding(Given(limits=EVERYTHING), settings={"limits": OVER_ALL},
                          journal=Counting.open(":memory:"))  # fmt: skip
    await world.path("101")
    written, asked = world.journal.facts, world.puppets[A].asked  # type: ignore[attr-defined]
    turns: list[Any] = []
    honest = world.bot().turn
    world.bot().turn = lambda batch: turns.append(batch) or honest(batch)  # type: ignore
    await world.path(*["99", "98", "100", "99.5"] * 20)
    # Once a minute orders are compared, which is a fact and no price.
    assert len(turns) <= 2
    assert [batch.quotes for batch in turns] == [()] * len(turns)
    assert world.journal.facts - written <= 1  # type: ignore[attr-defined]
    assert world.puppets[A].asked == asked


# a bot with several symbols


@in_virtual_time
async def test_a_bot_with_several_symbols_is_measured_over_all_of_them() -> None:
    given = Given(symbols=("ETH/USDC:USDC", BTC), limits=limits(drawdown="10", stop_loss="50"))
    world = await RiskWorld(given).start(ETH="100", BTC="100")
    await world.wish("e buy 5 - ETH", "b buy 5 - BTC")
    await world.tick(ETH="100", BTC="100")
    await world.wish("add buy 1 50 ETH", "exit sell 2 300 BTC")
    await world.tick(BTC="90", ETH="120")
    assert world.step() is RiskStep.NORMAL
    await world.tick(ETH="97")
    assert world.step() is PAUSE
    (told,) = world.told("riskEscalated")
    assert told.measured == Decimal(115) / 1050 * 100
    assert await world.resting() == {"exit": "2"}
    await world.tick(ETH="50")
    assert [one.symbol for one in world.told("stopLossTriggered")] == ["ETH/USDC:USDC"]
    await world.tick(ETH="50", BTC="90")
    assert await world.venue.positions() == []
