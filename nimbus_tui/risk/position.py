"""Level 1: rules about one bot's position. Each also says at which price it would trip."""

from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import Position
from nimbus_tui.core.risk import RiskReading, RiskStep
from nimbus_tui.risk.limits import RiskLimits

ZERO = Decimal(0)
HUNDRED = Decimal(100)
_WARN_AT = Decimal("0.7")


class ExitRule(msgspec.Struct, frozen=True, kw_only=True):
    """Close the position when the mark is at `price` or beyond it."""

    rule: str
    price: Decimal
    below: bool
    """Whether it trips at or below the price, else at or above it."""
    limit: Decimal

    def trips(self, mark_price: Decimal) -> bool:
        """Whether the mark has reached the price."""
        return mark_price <= self.price if self.below else mark_price >= self.price


def exit_rules(position: Position, limits: RiskLimits) -> tuple[ExitRule, ...]:
    """The stop loss and take profit of an open position; nothing when flat.

    A long bought at an average cost of 2,400 (fees in) with `stop_loss = 10` trips at 2,160.
    """
    cost = position.average_cost
    if cost is None:
        return ()
    long = position.quantity > 0
    loss = _price(cost, limits.stop_loss, limits.stop_loss_price, down=long)
    gain = _price(cost, limits.take_profit, limits.take_profit_price, down=not long)
    rules = []
    if loss is not None:
        rules.append(_rule("stop_loss", loss, cost, below=long))
    if gain is not None:
        rules.append(_rule("take_profit", gain, cost, below=not long))
    return tuple(rules)


def reading(
    scope: str, rule: ExitRule, position: Position, mark_price: Decimal | None
) -> RiskReading:
    """How near an exit rule is; missing where there is no mark."""
    cost = position.average_cost
    if cost is None or mark_price is None:
        return RiskReading(
            scope=scope,
            level=1,
            rule=rule.rule,
            measured=None,
            limit=rule.limit,
            usage=None,
            step=RiskStep.NORMAL,
        )
    gain = (mark_price - cost) / cost * HUNDRED * (1 if position.quantity > 0 else -1)
    measured = max(ZERO, -gain if rule.rule == "stop_loss" else gain)
    usage = measured / rule.limit if rule.limit else HUNDRED
    warned = rule.rule == "stop_loss" and usage >= _WARN_AT
    return RiskReading(
        scope=scope,
        level=1,
        rule=rule.rule,
        measured=measured,
        limit=rule.limit,
        usage=usage,
        step=RiskStep.WARNING if warned else RiskStep.NORMAL,
    )


def _price(
    cost: Decimal, percent: Decimal | None, price: Decimal | None, *, down: bool
) -> Decimal | None:
    if price is not None:
        return price
    if percent is None:
        return None
    return cost * (1 - percent / HUNDRED if down else 1 + percent / HUNDRED)


def _rule(name: str, price: Decimal, cost: Decimal, *, below: bool) -> ExitRule:
    limit = abs(price - cost) / cost * HUNDRED
    return ExitRule(rule=name, price=price, below=below, limit=limit)
