"""Level 4: rules about the machine and the venues: requests, streams, refusals, emergencies."""

from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.rule import EVERYTHING, Measure, unusable, worst
from nimbus_tui.risk.states import (
    AccountInputs,
    BotInputs,
    BudgetState,
    EngineInputs,
    StreamState,
    SystemState,
)

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)


def api_rate(account: AccountInputs, limits: AccountLimits) -> Measure:
    """The most used of the venue's request budgets, in percent of what it allows."""
    measures = [_budget(one, limits.api_rate) for one in account.budgets]
    return worst(
        measures,
        Measure(measured=ZERO, limit=limits.api_rate, detail="the venue counts no requests"),
    )


def _budget(budget: BudgetState, limit: Decimal) -> Measure:
    used = budget.used
    if used.problem is not RiskInput.GOOD or used.value is None or budget.allowed <= ZERO:
        problem = used.problem if used.problem is not RiskInput.GOOD else RiskInput.MISSING
        return unusable(limit, problem, f"{budget.name} is {problem.value}", source=used.source)
    return Measure(
        measured=used.value / budget.allowed * HUNDRED,
        limit=limit,
        concerns=EVERYTHING,
        source=used.source,
        window=used.window,
        age_ms=used.age_ms,
        detail=f"{budget.name}: {used.value:f} of {budget.allowed:f}",
    )


def connection(bot: BotInputs, limits: RiskLimits) -> Measure:
    """Seconds without data on the most silent stream that the bot needs."""
    measures = [_silence(one, bot.now_ns, limits.connection) for one in bot.streams]
    return worst(
        measures, Measure(measured=ZERO, limit=limits.connection, detail="nothing can be silent")
    )


def _silence(stream: StreamState, now_ns: int, limit: Decimal) -> Measure:
    if stream.last_data_ns is None:
        return unusable(limit, RiskInput.MISSING, f"{stream.name}: nothing since the start")
    silent_ns = max(0, now_ns - stream.last_data_ns)
    detail = stream.name if stream.resynced else f"{stream.name}: to be compared after a gap"
    return Measure(
        measured=Decimal(silent_ns) / NS_PER_SECOND,
        limit=limit,
        at_least=RiskStep.NORMAL if stream.resynced else RiskStep.PAUSE,
        source=stream.name,
        age_ms=silent_ns // 1_000_000,
        detail=detail,
    )


def order_validation(bot: BotInputs, limits: RiskLimits) -> Measure:
    """How often in a row one key was refused for one reason."""
    return Measure(
        measured=Decimal(bot.refusals),
        limit=Decimal(limits.repeat_refusals),
        source="the gate and the venue",
        detail=bot.refused,
    )


def emergency(engine: EngineInputs, limits: EngineLimits) -> Measure:
    """Equity against its floor, and every other cause that ends all trading."""
    cause = _cause(engine.system)
    if cause:
        return Measure(measured=None, limit=None, at_least=RiskStep.EMERGENCY, detail=cause)
    measures = []
    if limits.equity_floor is not None:
        measures.append(_floor(engine, limits.equity_floor))
    if limits.clock_offset is not None and engine.system.clock_offset_s is not None:
        measures.append(_clock(engine.system, limits.clock_offset))
    if limits.rejects is not None:
        measures.append(_rejects(engine.system, limits.rejects))
    return _worst_cause(measures)


def _worst_cause(measures: list[Measure]) -> Measure:
    """An input that is missing hides no cause that is certain."""
    off = Measure(measured=None, limit=None, detail="no cause")
    certain = worst([one for one in measures if one.input is RiskInput.GOOD], off)
    tripped = certain.limit is not None and (certain.usage or ZERO) >= ONE
    return certain if tripped else worst(measures, off)


def _cause(system: SystemState) -> str:
    """The first cause that needs no measuring, in words; empty while there is none."""
    if system.operator:
        return f"the operator: {system.operator}"
    if system.journal_problem:
        return f"the journal can't be written: {system.journal_problem}"
    if system.foreign_orders:
        orders = ", ".join(system.foreign_orders[:3])
        return f"orders with our tag that we did not send: {orders}"
    return ""


def _floor(engine: EngineInputs, floor: Decimal) -> Measure:
    equity = engine.book.equity
    if equity.problem is not RiskInput.GOOD or equity.value is None:
        words = f"the equity is {equity.problem.value}"
        return unusable(floor, equity.problem, words, source=equity.source, age_ms=equity.age_ms)
    # Of nothing or less no share can be told: as much over as it is under the floor.
    below = ONE + (floor - equity.value) / floor
    return Measure(
        measured=equity.value,
        limit=floor,
        usage=floor / equity.value if equity.value > ZERO else below,
        source=equity.source,
        age_ms=equity.age_ms,
        detail="equity against its floor",
    )


def _clock(system: SystemState, limit: Decimal) -> Measure:
    offset = system.clock_offset_s
    if offset is None or offset.problem is not RiskInput.GOOD or offset.value is None:
        problem = RiskInput.MISSING if offset is None else offset.problem
        return unusable(limit, problem, f"the clock's offset is {problem.value}")
    return Measure(
        measured=abs(offset.value),
        limit=limit,
        usage=abs(offset.value) / limit,
        source=offset.source,
        age_ms=offset.age_ms,
        detail=f"seconds between our clock and the {offset.source or 'venue'}",
    )


def _rejects(system: SystemState, limit: Decimal) -> Measure:
    measured = Decimal(system.rejects_per_minute)
    return Measure(
        measured=measured,
        limit=limit,
        usage=measured / limit,
        source="answers of all venues",
        window="1 min",
        detail="orders refused in a minute",
    )
