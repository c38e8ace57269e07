"""Level 1: rules about one bot's position. The exits also say at which price they would trip."""

from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import Position
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.risk.rule import OFF, Measure, unusable, worst
from nimbus_tui.risk.states import BotInputs, PositionState

ZERO = Decimal(0)
HUNDRED = Decimal(100)
_WARN_AT = Decimal("0.7")


class ExitRule(msgspec.Struct, frozen=True, kw_only=True):
    """Close the position when the mark is at `price` or beyond it, once that is confirmed."""

    rule: str
    price: Decimal
    below: bool
    """Whether it trips at or below the price, else at or above it."""
    limit: Decimal
    confirm_ns: int | None = None
    """How long the mark must stay beyond the price; None where no time confirms it."""
    sure_price: Decimal | None = None
    """The price that needs no confirming; None where none does."""

    def is_beyond(self, mark_price: Decimal) -> bool:
        """Whether the mark has reached the price."""
        return self._reached(self.price, mark_price)

    def trips(self, mark_price: Decimal, beyond_ns: int = 0) -> bool:
        """Whether to close at a mark that has been beyond the price for so long."""
        if not self.is_beyond(mark_price):
            return False
        if self.confirm_ns is None and self.sure_price is None:
            return True
        waited = self.confirm_ns is not None and beyond_ns >= self.confirm_ns
        return waited or (
            self.sure_price is not None and self._reached(self.sure_price, mark_price)
        )

    def _reached(self, price: Decimal, mark_price: Decimal) -> bool:
        return mark_price <= price if self.below else mark_price >= price


def exit_rules(position: Position, limits: RiskLimits) -> tuple[ExitRule, ...]:
    """The stop loss and take profit of an open position; nothing when flat.

    A long bought at an average cost of 2,400 (fees in) with `stop_loss = 10` trips at 2,160.
    """
    return _exits(position.quantity, position.average_cost, limits)


def position_exits(state: PositionState, limits: RiskLimits) -> tuple[ExitRule, ...]:
    """The same of a position's state."""
    return _exits(state.holding.quantity, state.average_cost, limits)


def _exits(quantity: Decimal, cost: Decimal | None, limits: RiskLimits) -> tuple[ExitRule, ...]:
    if not cost or not quantity:
        return ()
    long = quantity > 0
    loss = _price(cost, limits.stop_loss, limits.stop_loss_price, down=long)
    gain = _price(cost, limits.take_profit, limits.take_profit_price, down=not long)
    rules = []
    if loss is not None:
        percent = limits.stop_loss if limits.stop_loss_price is None else None
        rule = _rule("stop_loss", loss, cost, percent, below=long)
        rules.append(_confirmed(rule, cost, limits))
    if gain is not None:
        percent = limits.take_profit if limits.take_profit_price is None else None
        rules.append(_rule("take_profit", gain, cost, percent, below=not long))
    return tuple(rules)


def _confirmed(rule: ExitRule, cost: Decimal, limits: RiskLimits) -> ExitRule:
    seconds, percent = limits.confirm_seconds, limits.confirm_percent
    further = None if percent is None else cost * percent / HUNDRED
    return msgspec.structs.replace(
        rule,
        confirm_ns=None if seconds is None else int(seconds * NS_PER_SECOND),
        sure_price=None
        if further is None
        else (rule.price - further if rule.below else rule.price + further),
    )


def beyond_since(
    before: int | None, rules: tuple[ExitRule, ...], mark_price: Decimal, now_ns: int
) -> int | None:
    """Since when the mark is beyond the stop loss, given since when it was; None where it isn't."""
    beyond = any(rule.rule == "stop_loss" and rule.is_beyond(mark_price) for rule in rules)
    if not beyond:
        return None
    return now_ns if before is None else before


def stop_loss(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Loss of the worst position against its average cost, in percent."""
    return _exit_measure("stop_loss", bot, limits, limits.stop_loss or limits.stop_loss_price)


def take_profit(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Gain of the best position against its average cost, in percent."""
    return _exit_measure("take_profit", bot, limits, limits.take_profit or limits.take_profit_price)


def _exit_measure(name: str, bot: BotInputs, limits: RiskLimits, limit: Decimal | None) -> Measure:
    if limit is None:
        return OFF
    measures = [_one_exit(name, one, bot.now_ns, limits, limit) for one in bot.positions]
    percent = limits.stop_loss if name == "stop_loss" else limits.take_profit
    flat = Measure(measured=ZERO, limit=percent or HUNDRED, detail="flat", at_most=RiskStep.NORMAL)
    return worst([one for one in measures if one is not None], flat)


def _one_exit(
    name: str, state: PositionState, now_ns: int, limits: RiskLimits, limit: Decimal
) -> Measure | None:
    """How near an exit of one position is; None when flat."""
    holding, cost = state.holding, state.average_cost
    if not holding.quantity:
        return None
    if cost is None:
        return unusable(limit, RiskInput.MISSING, f"{holding.symbol} has no average cost")
    if not cost:
        return None  # it cost nothing, so there is nothing to lose
    mark = holding.mark
    if mark.problem is not RiskInput.GOOD or mark.value is None:
        return _bad_mark(state, limit)
    rule = next(one for one in _exits(holding.quantity, cost, limits) if one.rule == name)
    gain = (mark.value - cost) / cost * HUNDRED * (1 if holding.quantity > 0 else -1)
    beyond_ns = 0 if state.beyond_since is None else now_ns - state.beyond_since
    trips = rule.trips(mark.value, beyond_ns)
    detail = f"{holding.symbol}: mark {mark.value:f}, trips at {rule.price:f}"
    if rule.is_beyond(mark.value) and not trips:
        detail += ", waits for its confirmation"
    return Measure(
        measured=max(ZERO, -gain if name == "stop_loss" else gain),
        limit=rule.limit or None,
        usage=None if rule.limit else Decimal(1),
        at_least=RiskStep.STOP if trips else RiskStep.NORMAL,
        at_most=RiskStep.STOP if trips else RiskStep.WARNING,
        closes=True,
        source=mark.source,
        age_ms=mark.age_ms,
        window="against the average cost",
        detail=detail,
    )


def position_size(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Notional at mark of the largest position, with all orders that add counted as filled."""
    limit = limits.position_size
    if limit is None:
        return OFF
    measures = [_one_size(one, limit) for one in bot.positions if not one.holding.is_empty]
    return worst(measures, Measure(measured=ZERO, limit=limit, detail="flat"))


def _one_size(state: PositionState, limit: Decimal) -> Measure:
    holding, mark = state.holding, state.holding.mark
    if mark.problem is not RiskInput.GOOD or mark.value is None:
        return _bad_mark(state, limit)
    return Measure(
        measured=holding.worst_quantity * mark.value,
        limit=limit,
        concerns=holding.symbol,
        source=mark.source,
        age_ms=mark.age_ms,
        detail=f"{holding.symbol}, position and resting orders that add",
    )


def position_age(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Seconds since the oldest position left zero."""
    limit = limits.position_age_s
    if limit is None:
        return OFF
    measures = [_one_age(one, bot.now_ns, limits, limit) for one in bot.positions]
    return worst(
        [one for one in measures if one is not None],
        Measure(measured=ZERO, limit=limit, detail="flat"),
    )


def _one_age(
    state: PositionState, now_ns: int, limits: RiskLimits, limit: Decimal
) -> Measure | None:
    if not state.holding.quantity:
        return None
    symbol = state.holding.symbol
    if state.opened_ns is None:
        return unusable(limit, RiskInput.MISSING, f"when {symbol} was opened is not known")
    age = max(ZERO, Decimal(now_ns - state.opened_ns) / NS_PER_SECOND)
    too_old = limits.close_old_position and age >= limit
    return Measure(
        measured=age,
        limit=limit,
        at_least=RiskStep.STOP if too_old else RiskStep.NORMAL,
        closes=limits.close_old_position,
        source="fills",
        window="since the position left zero",
        detail=f"{symbol}; to be reviewed" if age >= limit else symbol,
    )


def _bad_mark(state: PositionState, limit: Decimal) -> Measure:
    mark = state.holding.mark
    return unusable(
        limit,
        mark.problem,
        f"the mark of {state.holding.symbol} is {mark.problem.value}",
        source=mark.source,
        age_ms=mark.age_ms,
    )


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


def _rule(
    name: str, price: Decimal, cost: Decimal, percent: Decimal | None, *, below: bool
) -> ExitRule:
    limit = abs(price - cost) / cost * HUNDRED if percent is None else percent
    return ExitRule(rule=name, price=price, below=below, limit=limit)
