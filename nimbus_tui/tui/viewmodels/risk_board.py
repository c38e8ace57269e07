"""The risk layer put in order for the screen: which scopes, which rules, which reading counts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.control.risk import RiskSnapshot, ScopeStanding
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.tui.viewmodels.risk_rules import Rule, all_rules, rule_of

ENGINE = "engine"
ACCOUNT = "account "
"""How the scope of an account begins."""
UNFIT = frozenset({RiskInput.MISSING, RiskInput.STALE, RiskInput.MIXED, RiskInput.FAILED})
"""Inputs that count as a pause."""

Place = tuple[str, str]
"""A scope and a rule's name."""


class Board(NamedTuple):
    """Everything that the risk screen shows, looked up by scope and rule."""

    scopes: tuple[str, ...]
    """The engine, the accounts, then the bots with the strictest step first."""
    rules: tuple[Rule, ...]
    readings: Mapping[Place, tuple[RiskReading, ...]]
    """The worst first, where a rule has several, e.g. one a symbol."""
    standings: Mapping[str, ScopeStanding]
    taken_ns: int

    def reading(self, scope: str, rule: Rule) -> RiskReading | None:
        """The reading that counts."""
        found = self.readings.get((scope, rule.name))
        return found[0] if found else None

    def of_scope(self, scope: str) -> list[RiskReading]:
        """A scope's readings in the order of the rules, of each rule the one that counts."""
        found = (self.reading(scope, rule) for rule in self.rules)
        return [reading for reading in found if reading is not None]

    def step(self, scope: str) -> RiskStep:
        """Where a scope stands."""
        standing = self.standings.get(scope)
        if standing is not None:
            return standing.step
        return max((step_of(one) for one in self.of_scope(scope)), default=RiskStep.NORMAL)

    def worst_rule(self, scope: str) -> int:
        """The row of the rule that a person should look at first."""
        ranked = [(rank(self.reading(scope, rule)), -at) for at, rule in enumerate(self.rules)]
        return -max(ranked)[1] if ranked else 0

    def is_bot(self, scope: str) -> bool:
        """Whether a scope is a bot, not the engine or an account."""
        return scope != ENGINE and not scope.startswith(ACCOUNT)

    def elapsed_ms(self, now_ns: int) -> int:
        """How long ago it was taken."""
        return max(0, now_ns - self.taken_ns) // 1_000_000


def board(snapshot: RiskSnapshot, bots: Sequence[str]) -> Board:
    """Put a snapshot in order; bots that it doesn't know have a column too."""
    gathered: dict[Place, list[RiskReading]] = {}
    for reading in snapshot.readings:
        name = rule_of(reading.rule, reading.level).name
        gathered.setdefault((reading.scope, name), []).append(reading)
    readings = {
        place: tuple(sorted(found, key=rank, reverse=True)) for place, found in gathered.items()
    }
    standings = {standing.scope: standing for standing in snapshot.standings}
    known = dict.fromkeys((*standings, *(scope for scope, _ in readings)))
    above = [ENGINE] * (ENGINE in known) + [name for name in known if name.startswith(ACCOUNT)]
    names = dict.fromkeys((*bots, *(name for name in known if name not in above)))
    rules = all_rules(snapshot.readings)
    unsorted = Board((*above, *names), rules, readings, standings, snapshot.now_ns)
    worst: dict[str, RiskStep] = {}
    for (scope, _), found in readings.items():
        worst[scope] = max(worst.get(scope, RiskStep.NORMAL), step_of(found[0]))
    by_step = sorted(names, key=lambda name: -max(_stood(standings, name), worst.get(name, 0)))
    return unsorted._replace(scopes=(*above, *by_step))


def _stood(standings: Mapping[str, ScopeStanding], scope: str) -> RiskStep:
    standing = standings.get(scope)
    return standing.step if standing is not None else RiskStep.NORMAL


def step_of(reading: RiskReading) -> RiskStep:
    """A reading's step; an input that is not fit counts as a pause."""
    return max(reading.step, RiskStep.PAUSE) if reading.input in UNFIT else reading.step


def rank(reading: RiskReading | None) -> tuple[int, Decimal]:
    """How much a reading wants to be seen."""
    if reading is None:
        return (-2, Decimal(0))
    if reading.input is RiskInput.OFF:
        return (-1, Decimal(0))
    usage = reading.usage
    return (step_of(reading), usage if usage is not None and not usage.is_nan() else Decimal(0))
