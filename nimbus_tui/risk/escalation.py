"""The ladder of one scope: up at once, down a step at a time after it was calm for a while."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.events import RiskCleared, RiskEscalated
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.risk.reading import Verdict

SIGNS = {"": "", "percent": " %", "seconds": " s", "of the cause": ""}
"""Units that are written behind each number; the others follow both by their names."""
ACTIONS = {
    RiskStep.NORMAL: "trading goes on",
    RiskStep.WARNING: "trading goes on",
    RiskStep.THROTTLE: "new orders that add are half as large and rarer",
    RiskStep.PAUSE: "orders that add are cancelled, none is placed",
    RiskStep.STOP: "all orders are cancelled; the operator starts it again",
    RiskStep.EMERGENCY: "every order of every bot is cancelled",
}
"""What each step does, in words."""


class Ladder(msgspec.Struct, frozen=True, kw_only=True):
    """Where one scope stands; the journal keeps it. Times in ns."""

    scope: str
    step: RiskStep = RiskStep.NORMAL
    """The step that holds: the higher of `held` and what passes by itself."""
    held: RiskStep = RiskStep.NORMAL
    """The step of the rules that let go after `hold` only."""
    since: int | None = None
    """When `step` was taken."""
    calm_since: int | None = None
    """Since when all usages are under 75 % of what `held` asks for."""
    rule: str = ""
    """The rule that took it there; empty at normal."""
    measured: Decimal | None = None
    """What that rule measured then."""
    limit: Decimal | None = None
    reason: str = ""

    @property
    def latched(self) -> bool:
        """Whether only the operator's word takes it down."""
        return self.held >= RiskStep.STOP

    def until(self, hold_ns: int) -> int | None:
        """When it can come one step down at the earliest; None while it isn't calm or latched."""
        if self.calm_since is None or self.latched or self.held is RiskStep.NORMAL:
            return None
        return self.calm_since + hold_ns


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One step taken, up or down."""

    scope: str
    before: RiskStep
    after: RiskStep
    rule: str
    reading: RiskReading | None
    """The rule's newest reading; None where the operator has taken the step back."""

    @property
    def closes(self) -> bool:
        """Whether the position is to be closed."""
        return self.reading is not None and self.reading.closes and self.after > self.before

    def event(self) -> RiskEscalated | RiskCleared:
        """What the bus is told."""
        kind = RiskEscalated if self.after > self.before else RiskCleared
        reading = self.reading
        return kind(
            scope=self.scope,
            step=self.after.label,
            rule=self.rule,
            measured=None if reading is None else reading.measured,
            limit=None if reading is None else reading.limit,
            action=ACTIONS[self.after],
            window="" if reading is None else reading.window,
            source="" if reading is None else reading.source,
            age_ms=None if reading is None else reading.age_ms,
        )


def assess(
    ladder: Ladder, verdicts: Sequence[Verdict], now_ns: int, hold_ns: int
) -> tuple[Ladder, Change | None]:
    """The ladder after a look at all rules of its scope, and the change of step if there is one."""
    held, calm_since = _held(ladder, verdicts, now_ns, hold_ns)
    passing = max((one.asks for one in verdicts if not one.holds), default=RiskStep.NORMAL)
    step = max(held, passing)
    kept = msgspec.structs.replace(ladder, held=held, calm_since=calm_since)
    if step is ladder.step:
        return kept, None
    cause = _cause(step, verdicts)
    named = cause if step > ladder.step else _named(ladder.rule, verdicts)
    change = Change(
        scope=ladder.scope,
        before=ladder.step,
        after=step,
        rule=named.rule if named is not None else ladder.rule,
        reading=named,
    )
    return _moved(kept, step, cause, now_ns), change


def _held(
    ladder: Ladder, verdicts: Sequence[Verdict], now_ns: int, hold_ns: int
) -> tuple[RiskStep, int | None]:
    """The step that is held, and since when it is calm there."""
    asked = max((one.asks for one in verdicts if one.holds), default=RiskStep.NORMAL)
    if asked > ladder.held:
        return asked, None
    if ladder.latched or ladder.held is RiskStep.NORMAL:
        return ladder.held, None
    if any(one.eased >= ladder.held for one in verdicts if _speaks(one)):
        return ladder.held, None
    since = now_ns if ladder.calm_since is None else ladder.calm_since
    if now_ns - since < hold_ns:
        return ladder.held, since
    # The next step down is a step of its own: it has to be calm for as long again, from now on.
    lower = RiskStep(ladder.held - 1)
    is_calm = lower and not any(one.eased >= lower for one in verdicts if _speaks(one))
    return lower, now_ns if is_calm else None


def _speaks(verdict: Verdict) -> bool:
    """Rules that let go at once have no say in how long others hold, unless they can't measure."""
    good = verdict.reading.input in (RiskInput.GOOD, RiskInput.OFF)
    return verdict.holds or not good


def _cause(step: RiskStep, verdicts: Sequence[Verdict]) -> RiskReading | None:
    """The reading that asks for a step; of several the one with the highest usage."""
    asking = [one.reading for one in verdicts if one.asks is step]
    return max(asking, key=lambda one: one.usage or Decimal(0), default=None)


def _named(rule: str, verdicts: Sequence[Verdict]) -> RiskReading | None:
    return next((one.reading for one in verdicts if one.reading.rule == rule), None)


def _moved(ladder: Ladder, step: RiskStep, cause: RiskReading | None, now_ns: int) -> Ladder:
    """On a new step: by the rule that asks for it, else still by the one that led above it."""
    if step is RiskStep.NORMAL:
        return Ladder(scope=ladder.scope)
    changes: dict[str, object] = {"step": step, "since": now_ns}
    if cause is not None:
        changes |= {
            "rule": cause.rule,
            "measured": cause.measured,
            "limit": cause.limit,
            "reason": in_words(cause),
        }
    return msgspec.structs.replace(ladder, **changes)


def in_words(reading: RiskReading) -> str:
    """A reading as a reason: rule, measured and limit, and what is wrong with its input."""
    name = reading.rule.replace("_", " ")
    if reading.input is not RiskInput.GOOD:
        return f"{name}: {reading.detail or reading.input.value}"
    if reading.measured is None or reading.limit is None:
        return f"{name}: {reading.detail}"
    sign = SIGNS.get(reading.unit, "")
    unit = "" if reading.unit in SIGNS else f" {reading.unit}"
    numbers = f"{reading.measured:.2f}{sign} of {reading.limit:.2f}{sign}{unit}"
    window = f" {reading.window}" if reading.window else ""
    # One name for several causes: the numbers alone don't say of what.
    cause = f", {reading.detail}" if reading.rule == "emergency" and reading.detail else ""
    return f"{name}: {numbers}{window}{cause}"


def released(ladder: Ladder) -> tuple[Ladder, Change | None]:
    """The operator's word: from the bottom again; what still holds takes it up at the next look."""
    fresh = Ladder(scope=ladder.scope)
    if ladder.step is RiskStep.NORMAL:
        return fresh, None
    change = Change(
        scope=ladder.scope,
        before=ladder.step,
        after=RiskStep.NORMAL,
        rule=ladder.rule,
        reading=None,
    )
    return fresh, change
