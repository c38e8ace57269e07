"""The sixteen rules: at each of their steps, just under it, and with inputs not to be trusted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.order_rate import OrderRate
from nimbus_tui.risk.reading import read, read_all
from nimbus_tui.risk.rule import Measure
from nimbus_tui.risk.states import BudgetState, Holding, Input, StreamState, SystemState
from nimbus_tui.risk.streak import LosingStreak
from nimbus_tui.risk.table import BY_NAME, RULES, read_bot
from tests.risk.inputs import (
    MARKS,
    NOW,
    account,
    bot,
    engine,
    holding,
    number,
    position,
    results,
    said,
)
from tests.risk.rule_cases import EMERGENCY, ETH, PAUSE, STOP, THROTTLE, WARNING, equity_at

SPECIFIED: dict[str, tuple[int, dict[RiskStep | str, int]]] = {
    "stop_loss": (1, {WARNING: 70, STOP: 100}),
    "take_profit": (1, {STOP: 100}),
    "position_size": (1, {WARNING: 70, "refuse": 100, PAUSE: 115}),
    "position_age": (1, {WARNING: 70, PAUSE: 100}),
    "daily_loss": (2, {WARNING: 70, THROTTLE: 85, STOP: 100}),
    "drawdown": (2, {WARNING: 70, THROTTLE: 85, PAUSE: 100, STOP: 115}),
    "consecutive_losses": (2, {PAUSE: 100}),
    "order_rate": (2, {WARNING: 70, "refuse": 100, PAUSE: 300}),
    "total_exposure": (
        3,
        {WARNING: 70, THROTTLE: 85, "refuse": 100, PAUSE: 115, EMERGENCY: 130},
    ),
    "correlation": (3, {WARNING: 70, "refuse": 100}),
    "leverage": (3, {WARNING: 70, THROTTLE: 85, "refuse": 100, PAUSE: 110, EMERGENCY: 130}),
    "asset_allocation": (3, {WARNING: 70, "refuse": 100}),
    "api_rate": (4, {WARNING: 70, THROTTLE: 85, "refuse": 100}),
    "connection": (4, {WARNING: 70, PAUSE: 100}),
    "order_validation": (4, {PAUSE: 100}),
    "emergency": (4, {EMERGENCY: 100}),
}
"""Steps in percent of the limit, as they are specified."""


def orders(percent: Decimal) -> OrderRate:
    return OrderRate(seconds=((NOW // NS_PER_SECOND, int(percent)),))


def budgets(percent: Decimal) -> tuple[BudgetState, ...]:
    used = Input(value=percent * 8, source="venue")
    return (BudgetState(name="weight", used=used, allowed=Decimal(1000)),)


def silent(percent: Decimal) -> tuple[StreamState, ...]:
    return (StreamState(name="prices", last_data_ns=NOW - int(percent * NS_PER_SECOND)),)


HUNDRED_LOSSES = RiskLimits(consecutive_losses=100)


def shares(percent: Decimal) -> Any:
    """ETH with so many percent of a limit of half of the exposure."""
    eth = percent / 2
    return engine(
        "1000",
        holding(str(eth), "1", symbol=Symbol("ETH/USDC")),
        *(
            holding(str((100 - eth) / 4), "1", symbol=Symbol(f"{asset}/USDC"))
            for asset in ("A", "B", "C", "D")
        ),
    )


CASES: dict[str, tuple[Callable[[Decimal], Any], Any]] = {
    "stop_loss": (
        lambda p: bot(position("1", str(1000 - p), "1000")),
        RiskLimits(stop_loss=Decimal(10)),
    ),
    "take_profit": (
        lambda p: bot(position("-1", str(1000 - p), "1000")),
        RiskLimits(take_profit=Decimal(10)),
    ),
    "position_size": (
        lambda p: bot(position(str(p), "10")),
        RiskLimits(position_size=Decimal(1000)),
    ),
    "position_age": (
        lambda p: bot(position(opened_ns=NOW - int(p * NS_PER_SECOND))),
        RiskLimits(position_age="100s"),
    ),
    "daily_loss": (
        lambda p: bot(strategy=results(equity_at(p))),
        RiskLimits(daily_loss=Decimal(10)),
    ),
    "drawdown": (lambda p: bot(strategy=results(equity_at(p))), RiskLimits(drawdown=Decimal(10))),
    "consecutive_losses": (
        lambda p: bot(strategy=results("10000", streak=LosingStreak(int(p)))),
        HUNDRED_LOSSES,
    ),
    "order_rate": (
        lambda p: bot(strategy=results("10000", orders=orders(p))),
        RiskLimits(order_rate=Decimal(100)),
    ),
    "total_exposure": (
        lambda p: engine("1000", holding(str(p), "20"), holding("0", None)),
        EngineLimits(total_exposure=Decimal(2)),
    ),
    "correlation": (
        lambda p: engine(
            "1000", holding(str(-p), "20"), holding("1", "1", symbol=Symbol("A/USDC"))
        ),
        EngineLimits(correlation=Decimal(2)),
    ),
    "leverage": (
        lambda p: account("1000", holding(str(p), "20"), holding("9", "900", symbol=ETH)),
        AccountLimits(leverage=Decimal(2)),
    ),
    "asset_allocation": (shares, EngineLimits(asset_allocation=Decimal(50))),
    "api_rate": (lambda p: account("1000", budgets=budgets(p)), AccountLimits()),
    "connection": (lambda p: bot(streams=silent(p)), RiskLimits(connection=Decimal(100))),
    "order_validation": (lambda p: bot(refusals=int(p)), RiskLimits(repeat_refusals=100)),
    "emergency": (
        lambda p: engine("1000", system=SystemState(rejects_per_minute=int(p))),
        EngineLimits(rejects=Decimal(100)),
    ),
}
"""For each rule an input whose usage is a percentage, and the limits for it."""


def test_the_table_has_the_sixteen_rules_with_the_specified_steps() -> None:
    found = {
        rule.name: (
            rule.level,
            {step: int(usage * 100) for step, usage in rule.thresholds.steps()}
            | ({"refuse": int(rule.thresholds.refuse)} if rule.thresholds.refuse else {}),
        )
        for rule in RULES
    }
    assert found == SPECIFIED
    assert list(found) == list(SPECIFIED)


STEPS = [
    (rule, step, percent)
    for rule, (_, steps) in SPECIFIED.items()
    for step, percent in steps.items()
]


@pytest.mark.parametrize(("rule", "step", "percent"), STEPS)
def test_a_step_is_taken_at_its_threshold_and_not_just_under_it(
    rule: str, step: RiskStep | str, percent: int
) -> None:
    make, limits = CASES[rule]
    under, at = (said(rule, make(Decimal(p)), limits).reading for p in (percent - 1, percent))
    assert at.usage == Decimal(percent) / 100
    if step == "refuse":
        assert (under.refuses, bool(at.refuses)) == ("", True)
    else:
        assert under.step < step
        assert at.step == step


@pytest.mark.parametrize("rule", ["total_exposure", "correlation", "asset_allocation", "leverage"])
def test_a_reading_names_its_metric_and_where_it_comes_from(rule: str) -> None:
    make, limits = CASES[rule]
    reading = said(rule, make(Decimal(50)), limits).reading
    assert MARKS in reading.source
    assert reading.age_ms == 20
    assert "resting orders that add" in reading.detail


def test_take_profit_gives_no_warning_and_an_exit_takes_the_ladder_no_further_than_one() -> None:
    limits = RiskLimits(stop_loss=Decimal(10), take_profit=Decimal(10))
    assert said("take_profit", bot(position(mark="109")), limits).asks == RiskStep.NORMAL
    tripped = said("stop_loss", bot(position(mark="89")), limits)
    assert (tripped.reading.step, tripped.asks, tripped.reading.closes) == (STOP, WARNING, True)


def marked(quality: RiskInput, value: str | None) -> Holding:
    return msgspec.structs.replace(holding(), mark=number(value, quality))


Make = Callable[[RiskInput, str | None], Any]

BAD_INPUTS: dict[str, Make] = {
    "stop_loss": lambda quality, value: bot(position(holding=marked(quality, value))),
    "position_size": lambda quality, value: bot(position(holding=marked(quality, value))),
    "daily_loss": lambda quality, value: bot(strategy=results(number(value, quality))),
    "drawdown": lambda quality, value: bot(strategy=results(number(value, quality))),
    "total_exposure": lambda quality, value: engine("1", marked(quality, value)),
    "correlation": lambda quality, value: engine("1", marked(quality, value)),
    "asset_allocation": lambda quality, value: engine("1", marked(quality, value)),
    "leverage": lambda quality, value: account("1", marked(quality, value)),
}


@pytest.mark.parametrize("rule", BAD_INPUTS)
@pytest.mark.parametrize(
    ("quality", "value", "found"),
    [
        (RiskInput.GOOD, None, RiskInput.MISSING),
        (RiskInput.STALE, "1", RiskInput.STALE),
        (RiskInput.MIXED, "1", RiskInput.MIXED),
    ],
)
def test_f11_an_input_that_cannot_be_trusted_pauses_and_never_sells(
    rule: str, quality: RiskInput, value: str | None, found: RiskInput
) -> None:
    _, limits = CASES[rule]
    verdict = said(rule, BAD_INPUTS[rule](quality, value), limits)
    assert (verdict.reading.step, verdict.reading.input) == (PAUSE, found)
    assert (verdict.reading.usage, verdict.reading.closes) == (None, False)
    assert found.value in verdict.reading.detail


@pytest.mark.parametrize("raised", [ZeroDivisionError("by zero"), KeyError("x"), RecursionError()])
def test_a_rule_that_raises_pauses_and_the_others_still_speak(raised: Exception) -> None:
    def broken(_inputs: Any, _limits: Any) -> Measure:
        raise raised

    rules = [msgspec.structs.replace(RULES[0], measure=broken), BY_NAME["connection"]]
    failed, other = read_all(rules, bot(), RiskLimits())
    assert (failed.reading.step, failed.reading.input) == (PAUSE, RiskInput.FAILED)
    assert type(raised).__name__ in failed.reading.detail
    assert other.reading.step == RiskStep.NORMAL


def test_a_rule_that_answers_nonsense_counts_as_failed() -> None:
    for answer in (None, 3, Measure(measured=Decimal("NaN"), limit=Decimal(1))):
        rule = msgspec.structs.replace(RULES[5], measure=lambda *_, answer=answer: answer)
        assert read(rule, bot(), RiskLimits()).reading.input is RiskInput.FAILED


def test_without_a_limit_a_rule_is_off_but_for_those_with_a_default() -> None:
    readings = [one.reading for one in read_bot(bot(position()), RiskLimits())]
    on = {reading.rule for reading in readings if reading.input is not RiskInput.OFF}
    assert on == {"order_rate", "connection", "order_validation"}
    assert {reading.step for reading in readings} == {RiskStep.NORMAL}
