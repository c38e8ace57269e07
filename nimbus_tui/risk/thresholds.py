"""At which share of its limit a rule takes its scope which step up the ladder."""

from decimal import Decimal
from functools import lru_cache
from typing import Annotated

import msgspec

from nimbus_tui.core.risk import RiskStep

HUNDRED = Decimal(100)
CALM_SHARE = Decimal("0.75")
"""A step is calm again under this share of its threshold."""


Threshold = Annotated[Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0})]


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Steps of one rule in percent of its limit; a step that is None is never taken.

    `refuse` is no step of the ladder: from there on orders that add are refused, at once and only
    as long as it lasts.
    """

    warning: Threshold | None = None
    """Percent of the limit from which on there is a warning."""
    throttle: Threshold | None = None
    """Percent of the limit from which on new orders are smaller and rarer."""
    refuse: Threshold | None = None
    """Percent of the limit from which on orders that add are refused."""
    pause: Threshold | None = None
    """Percent of the limit from which on nothing that adds may rest."""
    stop: Threshold | None = None
    """Percent of the limit from which on the bot is stopped."""
    emergency: Threshold | None = None
    """Percent of the limit from which on everything is shut down."""

    def steps(self) -> tuple[tuple[RiskStep, Decimal], ...]:
        """The steps that are taken, from the lowest, each with its threshold as a usage."""
        return _steps(self)

    def step(self, usage: Decimal) -> RiskStep:
        """The highest step whose threshold a usage (1 at the limit) has reached."""
        # Asked of every rule on every look: most rules are far below their first threshold.
        if not usage:
            return RiskStep.NORMAL
        reached = [step for step, threshold in _steps(self) if usage >= threshold]
        return max(reached, default=RiskStep.NORMAL)

    def eased_step(self, usage: Decimal) -> RiskStep:
        """The highest step that a usage is not yet calm below: 75 % of the threshold or more."""
        return self.step(usage / CALM_SHARE)

    def refuses(self, usage: Decimal) -> bool:
        """Whether orders that add are refused at a usage."""
        return self.refuse is not None and usage >= self.refuse / HUNDRED

    def usages(self) -> tuple[Decimal, ...]:
        """Every usage at which something changes: each threshold, and where it is calm again."""
        return _usages(self)

    def changed_by(self, other: "Thresholds") -> "Thresholds":
        """These, with what *other* sets in their place."""
        given = {
            key: getattr(other, key)
            for key in self.__struct_fields__
            if getattr(other, key) is not None
        }
        return msgspec.structs.replace(self, **given)


@lru_cache(maxsize=1024)
def _steps(thresholds: Thresholds) -> tuple[tuple[RiskStep, Decimal], ...]:
    return tuple(
        (step, threshold / HUNDRED)
        for step, threshold in (
            (RiskStep.WARNING, thresholds.warning),
            (RiskStep.THROTTLE, thresholds.throttle),
            (RiskStep.PAUSE, thresholds.pause),
            (RiskStep.STOP, thresholds.stop),
            (RiskStep.EMERGENCY, thresholds.emergency),
        )
        if threshold is not None
    )


@lru_cache(maxsize=1024)
def _usages(thresholds: Thresholds) -> tuple[Decimal, ...]:
    edges = [threshold for _, threshold in _steps(thresholds)]
    edges += [threshold * CALM_SHARE for threshold in edges]
    if thresholds.refuse is not None:
        edges.append(thresholds.refuse / HUNDRED)
    return tuple(sorted(set(edges)))
