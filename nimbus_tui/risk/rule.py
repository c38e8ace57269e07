"""What a rule is: a small pure function that measures, and the steps that its usage takes."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.risk.thresholds import Thresholds

ZERO = Decimal(0)
EVERYTHING = "everything"
"""What a rule refuses that refuses all orders that add."""


class Scope(Enum):
    """Whose state a rule reads."""

    BOT = "bot"
    ACCOUNT = "account"
    ENGINE = "engine"


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule has measured, in its unit; made by the rule's function."""

    measured: Decimal | None
    limit: Decimal | None
    """None: the rule is off."""
    usage: Decimal | None = None
    """Where it isn't measured ÷ limit (a floor)."""
    concerns: str = ""
    """Which orders it refuses when it refuses: symbols, assets or everything."""
    at_least: RiskStep = RiskStep.NORMAL
    """A step that holds whatever the usage is."""
    at_most: RiskStep = RiskStep.EMERGENCY
    """The highest step that may be taken now (an exit that waits for its confirmation)."""
    closes: bool = False
    """Whether the position is to be closed at the step that is taken."""
    input: RiskInput = RiskInput.GOOD
    source: str = ""
    window: str = ""
    age_ms: int | None = None
    detail: str = ""


OFF = Measure(measured=None, limit=None)
"""What a rule without a limit measures."""


def unusable(limit: Decimal, problem: RiskInput, detail: str, **told: Any) -> Measure:
    """A rule whose input can't be trusted; it counts as a pause and never as a reason to sell."""
    return Measure(measured=None, limit=limit, input=problem, detail=detail, **told)


def worst(measures: Sequence[Measure], nothing: Measure) -> Measure:
    """The measure that is worst: one that can't be trusted, then the highest usage."""
    for one in measures:
        if one.input is not RiskInput.GOOD:
            return one
    return max(measures, key=lambda one: (one.at_least, used(one)), default=nothing)


def used(measure: Measure) -> Decimal:
    """Its usage: 1 at the limit, 0 where nothing is measured."""
    if measure.usage is not None:
        return measure.usage
    if measure.measured is None or measure.limit is None:
        return ZERO
    return measure.measured / measure.limit


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of the table. A rule of another package is one too."""

    name: str
    level: int
    """1 position, 2 strategy, 3 portfolio, 4 system."""
    scope: Scope
    unit: str
    """Of measured and limit, e.g. `percent`."""
    thresholds: Thresholds
    measure: Callable[[Any, Any], Measure]
    """(inputs of its scope, limits of its scope) → Measure."""
    closes: bool = False
    """Whether it acts by closing the position (an exit); it takes the ladder to a warning only."""
    holds: bool = True
    """Whether a step down waits for `hold`; else it ends as soon as the reading does."""
