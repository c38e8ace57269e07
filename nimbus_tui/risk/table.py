"""All rules in one table: what each measures, for whom, in which unit and with which steps."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from nimbus_tui.risk import portfolio, position, strategy, system
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.reading import Verdict, read_all
from nimbus_tui.risk.rule import Measure, Rule, Scope
from nimbus_tui.risk.states import AccountInputs, BotInputs, EngineInputs
from nimbus_tui.risk.thresholds import Thresholds


def _rule(
    level: int,
    scope: Scope,
    unit: str,
    measure: Callable[[Any, Any], Measure],
    *,
    closes: bool = False,
    holds: bool = True,
    **thresholds: int,
) -> Rule:
    return Rule(
        name=measure.__name__,
        level=level,
        scope=scope,
        unit=unit,
        thresholds=Thresholds(**{step: Decimal(percent) for step, percent in thresholds.items()}),
        measure=measure,
        closes=closes,
        holds=holds,
    )


_BOT, _ACCOUNT, _ENGINE = Scope.BOT, Scope.ACCOUNT, Scope.ENGINE

RULES: tuple[Rule, ...] = (
    _rule(1, _BOT, "percent", position.stop_loss, closes=True, warning=70, stop=100),
    _rule(1, _BOT, "percent", position.take_profit, closes=True, stop=100),
    _rule(1, _BOT, "quote", position.position_size, warning=70, refuse=100, pause=115),
    _rule(1, _BOT, "seconds", position.position_age, warning=70, pause=100),
    _rule(2, _BOT, "percent", strategy.daily_loss, warning=70, throttle=85, stop=100),
    _rule(2, _BOT, "percent", strategy.drawdown, warning=70, throttle=85, pause=100, stop=115),
    _rule(2, _BOT, "cycles", strategy.consecutive_losses, holds=False, pause=100),
    _rule(2, _BOT, "orders a minute", strategy.order_rate, warning=70, refuse=100, pause=300),
    _rule(
        3, _ENGINE, "times the equity", portfolio.total_exposure,
        warning=70, throttle=85, refuse=100, pause=115, emergency=130,
    ),
    _rule(3, _ENGINE, "times the equity", portfolio.correlation, warning=70, refuse=100),
    _rule(
        3, _ACCOUNT, "times the equity", portfolio.leverage,
        warning=70, throttle=85, refuse=100, pause=110, emergency=130,
    ),
    _rule(3, _ENGINE, "percent", portfolio.asset_allocation, warning=70, refuse=100),
    _rule(4, _ACCOUNT, "percent", system.api_rate, warning=70, throttle=85, refuse=100),
    _rule(4, _BOT, "seconds", system.connection, holds=False, warning=70, pause=100),
    _rule(4, _BOT, "refusals", system.order_validation, holds=False, pause=100),
    _rule(4, _ENGINE, "of the cause", system.emergency, emergency=100),
)  # fmt: skip
"""The sixteen rules, level by level."""

_BY_SCOPE = {scope: tuple(rule for rule in RULES if rule.scope is scope) for scope in Scope}
BY_NAME = {rule.name: rule for rule in RULES}


def rules_of(scope: Scope, others: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """The rules that read a scope, those of other packages last."""
    return (*_BY_SCOPE[scope], *(rule for rule in others if rule.scope is scope))


def read_bot(
    inputs: BotInputs, limits: RiskLimits, others: Iterable[Rule] = ()
) -> tuple[Verdict, ...]:
    """What all rules say of a bot; to be asked once its books are open."""
    return read_all(rules_of(Scope.BOT, others), inputs, limits)


def read_account(
    inputs: AccountInputs, limits: AccountLimits, others: Iterable[Rule] = ()
) -> tuple[Verdict, ...]:
    """What all rules say of an account."""
    return read_all(rules_of(Scope.ACCOUNT, others), inputs, limits)


def read_engine(
    inputs: EngineInputs, limits: EngineLimits, others: Iterable[Rule] = ()
) -> tuple[Verdict, ...]:
    """What all rules say of everything together."""
    return read_all(rules_of(Scope.ENGINE, others), inputs, limits)
