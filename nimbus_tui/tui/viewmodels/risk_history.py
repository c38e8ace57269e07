"""How the risk layer has acted: up and down the ladder, stops, breakers, with why."""

from collections.abc import Sequence

from nimbus_tui.core import events as ev
from nimbus_tui.core.codec import plain
from nimbus_tui.core.events import Event
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    clean,
    clock,
    left,
    line_width,
    moment,
    paragraphs,
    width_of,
)
from nimbus_tui.tui.viewmodels.risk_board import ENGINE
from nimbus_tui.tui.viewmodels.risk_rules import Unit, measured_of_limit, rule_of
from nimbus_tui.tui.viewmodels.risk_words import STEPS

KINDS = (
    "riskEscalated", "riskCleared", "circuitBreakerActivated", "stopLossTriggered",
    "takeProfitTriggered", "positionLimitWarning",
)  # fmt: skip
"""The events that the history is made of."""
_TYPES = (
    ev.RiskEscalated, ev.RiskCleared, ev.CircuitBreakerActivated, ev.StopLossTriggered,
    ev.TakeProfitTriggered, ev.PositionLimitWarning,
)  # fmt: skip
_DAY_NS = 86_400_000_000_000
_MOST_WHO = 16
_LEAST_WORDS = 24
"""Room that the words get however narrow the panel is."""
_STEPS = {step.label: step for step in RiskStep}


def is_risk(event: Event) -> bool:
    """Whether an event belongs into the history."""
    return isinstance(event, _TYPES)


def history(events: Sequence[Event], now_ns: int, width: int) -> list[Line]:
    """All of them, newest first; long words go on in the next line."""
    told = [event for event in reversed(events) if is_risk(event)]
    if not told:
        return [(Cell(" nothing has happened yet", "muted"),)]
    who = min(_MOST_WHO, max(width_of(clean(_scope(event))) for event in told))
    return [line for event in told for line in _lines(event, who, now_ns, width)]


def _lines(event: Event, who: int, now_ns: int, width: int) -> list[Line]:
    when = clock(event.ts) if 0 <= now_ns - event.ts < _DAY_NS else moment(event.ts, now_ns)
    start = (Cell(f" {when} ", "muted"), left(_scope(event), who, "strong"))
    words, indent = _words(event), line_width(start)
    wrapped = paragraphs(words.text, max(_LEAST_WORDS, width - indent - 1), words.tone)
    return [(*(start if at == 0 else (blank(indent),)), *line) for at, line in enumerate(wrapped)]


def _scope(event: Event) -> str:
    named = event.scope if isinstance(event, ev.RiskEscalated | ev.RiskCleared) else ""
    return named or event.bot_id or ENGINE


def _words(event: Event) -> Cell:
    match event:
        case ev.RiskEscalated():
            return _escalated(event)
        case ev.RiskCleared():
            rule = rule_of(event.rule)
            numbers = measured_of_limit(event.measured, event.limit, rule.unit)
            return Cell(_joined(f"▼ back to {event.step}, {rule.label}", numbers), "gain")
        case ev.CircuitBreakerActivated():
            pause = f"paused for {event.cooldown_seconds // 60} min"
            return Cell(f"‖ circuit breaker after {event.losses} losses in a row; {pause}", "loss")
        case ev.StopLossTriggered():
            return Cell(f"■ STOP LOSS {_exit(event)}; position closed", "loss")
        case ev.TakeProfitTriggered():
            return Cell(f"● take profit {_exit(event)}; position closed", "gain")
        case ev.PositionLimitWarning():
            numbers = measured_of_limit(event.measured, event.limit, Unit.MONEY)
            return Cell(f"▲ position size {numbers} in {event.symbol}", "warning")
        case _:
            return Cell("")


def _escalated(event: ev.RiskEscalated) -> Cell:
    rule = rule_of(event.rule)
    sign = STEPS.get(_STEPS.get(event.step, RiskStep.EMERGENCY), STEPS[RiskStep.EMERGENCY])
    numbers = measured_of_limit(event.measured, event.limit, rule.unit)
    words = _joined(f"{sign.text} {event.step} by {rule.label}", numbers)
    window = f" {event.window}" if event.window else ""
    source = f", from {event.source}" if event.source else ""
    action = f"; {event.action}" if event.action else ""
    return Cell(f"{words}{window}{action}{source}", sign.tone)


def _exit(event: ev.StopLossTriggered | ev.TakeProfitTriggered) -> str:
    numbers = measured_of_limit(event.measured, event.limit, Unit.PERCENT)
    return f"of {event.symbol} at {plain(event.price)}: {numbers}"


def _joined(words: str, numbers: str) -> str:
    return f"{words}: {numbers}" if numbers else words
