"""The sixteen rules as people call them: level, name, unit, and how their figures are written."""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from nimbus_tui.core.risk import RiskReading
from nimbus_tui.tui.viewmodels.lines import NONE, clean, number, trimmed

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_LARGE = 1_000
"""From here on money is written without its cents."""


class Unit(Enum):
    """What a rule measures in."""

    PERCENT = "%"
    MONEY = "quote"
    SECONDS = "s"
    PER_MINUTE = "/min"
    TIMES = "×"
    COUNT = ""


class Rule(NamedTuple):
    """One rule: its level, the name that readings carry, the name on the screen, its unit."""

    level: int
    name: str
    label: str
    unit: Unit = Unit.COUNT


RULES = (
    Rule(1, "stop_loss", "stop loss", Unit.PERCENT),
    Rule(1, "take_profit", "take profit", Unit.PERCENT),
    Rule(1, "position_size", "position size", Unit.MONEY),
    Rule(1, "position_age", "position age", Unit.SECONDS),
    Rule(2, "daily_loss", "daily loss", Unit.PERCENT),
    Rule(2, "drawdown", "drawdown", Unit.PERCENT),
    Rule(2, "consecutive_losses", "losses in a row"),
    Rule(2, "order_rate", "order rate", Unit.PER_MINUTE),
    Rule(3, "total_exposure", "total exposure", Unit.TIMES),
    Rule(3, "correlation", "correlation", Unit.TIMES),
    Rule(3, "leverage", "leverage", Unit.TIMES),
    Rule(3, "asset_allocation", "asset allocation", Unit.PERCENT),
    Rule(4, "api_rate", "API rate", Unit.PERCENT),
    Rule(4, "connection", "connection", Unit.SECONDS),
    Rule(4, "order_validation", "order validation"),
    Rule(4, "emergency", "emergency"),
)

LEVELS = {1: "position", 2: "strategy", 3: "portfolio", 4: "system"}

_KNOWN = {rule.name: rule for rule in RULES} | {rule.label: rule for rule in RULES}
_ALSO = {
    "exposure": "total_exposure",
    "allocation": "asset_allocation",
    "validation": "order_validation",
    "size": "position_size",
    "age": "position_age",
}
"""Shorter names of some rules."""


def rule_of(name: str, level: int = 4) -> Rule:
    """The rule of a name; one that is not known here keeps its own name."""
    known = _KNOWN.get(_ALSO.get(name, name))
    return known or Rule(level, name, clean(name.replace("_", " ")))


def all_rules(readings: Iterable[RiskReading]) -> tuple[Rule, ...]:
    """The sixteen, and below those of their level whatever else has been read."""
    named = {(reading.rule, reading.level) for reading in readings}
    others = {rule_of(name, level) for name, level in named} - set(RULES)
    return tuple(sorted((*RULES, *sorted(others)), key=lambda rule: rule.level))


def figure(value: Decimal | None, unit: Unit) -> str:
    """A measured value or a limit with its unit."""
    if value is None or not value.is_finite():
        return NONE
    match unit:
        case Unit.PERCENT:
            return f"{number(value)} %"
        case Unit.MONEY:
            return number(value, 0 if abs(value) >= _LARGE else 2)
        case Unit.SECONDS:
            return _duration(value)
        case Unit.COUNT:
            return trimmed(value)
        case _:
            return f"{trimmed(value, 2)} {unit.value}".replace(" /", "/")


def measured_of_limit(measured: Decimal | None, limit: Decimal | None, unit: Unit) -> str:
    """Both numbers of a rule; empty where neither is known."""
    if measured is None and limit is None:
        return ""
    if limit is None:
        return figure(measured, unit)
    return f"{figure(measured, unit)} of {figure(limit, unit)}"


def _duration(seconds: Decimal) -> str:
    whole = int(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
