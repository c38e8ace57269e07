"""From a rule's measure to its reading: usage, step, and what the ladder makes of it."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from nimbus_tui.core.redaction import redacted
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.rule import EVERYTHING, Measure, Rule, used
from nimbus_tui.risk.states import AccountInputs, AnyInputs, BotInputs
from nimbus_tui.risk.thresholds import Thresholds

AnyLimits = RiskLimits | AccountLimits | EngineLimits


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A reading, and what it asks of the ladder."""

    reading: RiskReading
    asks: RiskStep
    """The step that the ladder has to take at least; an exit's is a warning at most."""
    eased: RiskStep
    """The ladder isn't calm for this step and those under it."""
    holds: bool
    """Whether its step is taken back after `hold` only; else as soon as it asks for less."""


def scope_name(inputs: AnyInputs) -> str:
    """What a scope is called in readings: a bot id, `account NAME` or `engine`."""
    match inputs:
        case BotInputs(bot_id=bot_id):
            return bot_id
        case AccountInputs(exchange=exchange):
            return f"account {exchange}"
        case _:
            return "engine"


def thresholds(rule: Rule, limits: AnyLimits) -> Thresholds:
    """The rule's steps, with those that the limits set in their place."""
    own = limits.steps.get(rule.name)
    return rule.thresholds if own is None else rule.thresholds.changed_by(own)


def read_all(rules: Iterable[Rule], inputs: AnyInputs, limits: AnyLimits) -> tuple[Verdict, ...]:
    """Every rule's verdict; one that raises counts as a pause and keeps no other from speaking."""
    return tuple(read(rule, inputs, limits) for rule in rules)


def read(rule: Rule, inputs: AnyInputs, limits: AnyLimits) -> Verdict:
    """One rule's verdict; never raises."""
    try:
        measure = rule.measure(inputs, limits)
        return judged(rule, scope_name(inputs), measure, thresholds(rule, limits))
    except Exception as error:  # whatever it is, the answer is to trade no further
        detail = redacted(f"the rule failed: {type(error).__name__}: {error}")
        failed = Measure(measured=None, limit=None, input=RiskInput.FAILED, detail=detail)
        return judged(rule, scope_name(inputs), failed, rule.thresholds)


def judged(rule: Rule, scope: str, measure: Measure, steps: Thresholds) -> Verdict:
    """The verdict on a measure, with the rule's steps."""
    if measure.limit is not None and measure.measured is None and measure.input is RiskInput.GOOD:
        measure = msgspec.structs.replace(measure, input=RiskInput.MISSING)
    if measure.input is not RiskInput.GOOD:
        step = max(RiskStep.PAUSE, measure.at_least)
        return _verdict(rule, _reading(rule, scope, measure, None, step), step, holds=False)
    if measure.limit is None and measure.at_least is RiskStep.NORMAL:
        off = msgspec.structs.replace(measure, measured=None, input=RiskInput.OFF)
        reading = _reading(rule, scope, off, None, RiskStep.NORMAL)
        return _verdict(rule, reading, RiskStep.NORMAL, holds=False)
    usage = used(measure) if measure.limit is not None else None
    return _graded(rule, scope, measure, steps, usage)


def _graded(
    rule: Rule, scope: str, measure: Measure, steps: Thresholds, usage: Decimal | None
) -> Verdict:
    reached, eased, refuses = RiskStep.NORMAL, RiskStep.NORMAL, ""
    if usage is not None:
        reached, eased = steps.step(usage), steps.eased_step(usage)
        refuses = (measure.concerns or EVERYTHING) if steps.refuses(usage) else ""
    step = min(max(reached, measure.at_least), measure.at_most)
    reading = _reading(rule, scope, measure, usage, step)
    if refuses:
        reading = msgspec.structs.replace(reading, refuses=refuses)
    return _verdict(rule, reading, max(step, eased), holds=rule.holds)


def _verdict(rule: Rule, reading: RiskReading, eased: RiskStep, *, holds: bool) -> Verdict:
    is_exit = rule.closes and reading.input is RiskInput.GOOD
    asks = min(reading.step, RiskStep.WARNING) if is_exit else reading.step
    # Whatever stops is left by the operator's word only, so nothing of it lets go by itself.
    return Verdict(reading=reading, asks=asks, eased=eased, holds=holds or asks >= RiskStep.STOP)


def _reading(
    rule: Rule, scope: str, measure: Measure, usage: Decimal | None, step: RiskStep
) -> RiskReading:
    return RiskReading(
        scope=scope,
        level=rule.level,
        rule=rule.name,
        unit=rule.unit,
        measured=measure.measured,
        limit=measure.limit,
        usage=usage,
        step=step,
        closes=measure.closes and step >= RiskStep.STOP,
        input=measure.input,
        source=measure.source,
        window=measure.window,
        age_ms=measure.age_ms,
        detail=measure.detail,
    )
