"""The risk layer put in order for the screen: which scopes, which rules, which reading counts."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from nimbus_tui.control.risk import RiskSnapshot, ScopeStanding
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.tui.viewmodels.risk_rules import Rule, all_rules, rule_of

ENGINE = "engine"
ACCOUNT = "account "
"""How the scope of an account begins."""
UNFIT = frozenset({RiskInput.MISSING, RiskInput.STALE, RiskInput.MIXED, RiskInput.FAILED})
"""Inputs that count as a pause."""


class Board:
    """Everything that the risk screen shows, looked up by scope and rule.

    Made once a second, also beside a thousand bots of which one is looked at: what nobody asks for
    is not worked out.
    """

    def __init__(self, snapshot: RiskSnapshot, bots: Sequence[str]) -> None:
        """Bots that the snapshot doesn't know are scopes too."""
        self.standings: Mapping[str, ScopeStanding] = {one.scope: one for one in snapshot.standings}
        self.taken_ns = snapshot.now_ns
        self._bots = bots
        self._by_scope: dict[str, list[RiskReading]] = {}
        for reading in snapshot.readings:
            self._by_scope.setdefault(reading.scope, []).append(reading)
        self._by_rule: dict[str, dict[str, tuple[RiskReading, ...]]] = {}
        """By scope and the rule's name, as far as it was asked for."""

    @cached_property
    def above(self) -> tuple[str, ...]:
        """The scopes that are no bots: the engine, then the accounts."""
        accounts = [name for name in self._known if name.startswith(ACCOUNT)]
        return (*([ENGINE] if ENGINE in self._known else []), *accounts)

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The engine, the accounts, then the bots with the strictest step first."""
        names = dict.fromkeys((*self._bots, *(one for one in self._known if self.is_bot(one))))
        return (*self.above, *sorted(names, key=lambda name: -self._strictest(name)))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The sixteen, and whatever else has been read."""
        return all_rules(reading for found in self._by_scope.values() for reading in found)

    @cached_property
    def _known(self) -> Mapping[str, None]:
        return dict.fromkeys((*self.standings, *self._by_scope))

    def readings(self, scope: str, rule: Rule) -> tuple[RiskReading, ...]:
        """The worst first, where a rule has several, e.g. one a symbol."""
        by_rule = self._by_rule.get(scope)
        if by_rule is None:
            by_rule = self._by_rule[scope] = _by_rule(self._by_scope.get(scope, ()))
        return by_rule.get(rule.name, ())

    def reading(self, scope: str, rule: Rule) -> RiskReading | None:
        """The reading that counts."""
        found = self.readings(scope, rule)
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

    def _strictest(self, scope: str) -> RiskStep:
        """What a bot stands at or one of its readings asks for."""
        standing = self.standings.get(scope)
        asked = [step_of(one) for one in self._by_scope.get(scope, ())]
        return max([*asked, standing.step if standing is not None else RiskStep.NORMAL])


def _by_rule(readings: Iterable[RiskReading]) -> dict[str, tuple[RiskReading, ...]]:
    gathered: dict[str, list[RiskReading]] = {}
    for reading in readings:
        gathered.setdefault(rule_of(reading.rule, reading.level).name, []).append(reading)
    return {name: tuple(sorted(found, key=rank, reverse=True)) for name, found in gathered.items()}


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
