"""At which share of its limit a rule takes its scope which step up the ladder."""

from decimal import Decimal
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
        return tuple(
            (step, threshold / HUNDRED)
            for step, threshold in (
                (RiskStep.WARNING, self.warning),
                (RiskStep.THROTTLE, self.throttle),
                (RiskStep.PAUSE, self.pause),
                (RiskStep.STOP, self.stop),
                (RiskStep.EMERGENCY, self.emergency),
            )
            if threshold is not None
        )

    def step(self, usage: Decimal) -> RiskStep:
        """The highest step whose threshold a usage (1 at the limit) has reached."""
        reached = [step for step, threshold in self.steps() if usage >= threshold]
        return max(reached, default=RiskStep.NORMAL)

    def eased_step(self, usage: Decimal) -> RiskStep:
        """The highest step that a usage is not yet calm below: 75 % of the threshold or more."""
        return self.step(usage / CALM_SHARE)

    def refuses(self, usage: Decimal) -> bool:
        """Whether orders that add are refused at a usage."""
        return self.refuse is not None and usage >= self.refuse / HUNDRED

    def usages(self) -> tuple[Decimal, ...]:
        """Every usage at which something changes: each threshold, and where it is calm again."""
        edges = [threshold for _, threshold in self.steps()]
        edges += [threshold * CALM_SHARE for threshold in edges]
        if self.refuse is not None:
            edges.append(self.refuse / HUNDRED)
        return tuple(sorted(set(edges)))

    def changed_by(self, other: "Thresholds") -> "Thresholds":
        """These, with what *other* sets in their place."""
        given = {
            key: getattr(other, key)
            for key in self.__struct_fields__
            if getattr(other, key) is not None
        }
        return msgspec.structs.replace(self, **given)
