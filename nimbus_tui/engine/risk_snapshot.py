"""The risk layer at one moment, as clients see it."""

from nimbus_tui.control.risk import RiskSnapshot, ScopeStanding
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.risk_desk import ENGINE, account_scope
from nimbus_tui.risk.escalation import Ladder


def risk_snapshot(engine: Engine) -> RiskSnapshot:
    """All readings, where each scope stands, and how far an emergency has come."""
    bots = engine.bots.values()
    settings, ladders = engine.settings, engine.risk_desk.ladders
    accounts = [
        _standing(ladders[account_scope(name)], limits.hold_ns)
        for name, limits in ((n, engine.risk_desk.account_limits(n)) for n in engine.order_managers)
    ]
    return RiskSnapshot(
        readings=(
            *engine.risk_desk.readings(),
            *(reading for bot in bots for reading in bot.risk.readings()),
        ),
        standings=(
            _engine_standing(engine, ladders[ENGINE], settings.limits.hold_ns),
            *accounts,
            *(_bot_standing(bot) for bot in bots),
        ),
        latched=engine.emergency.latched,
        emergency=engine.emergency.progress,
        left=engine.emergency.left,
        verified=engine.emergency.verified,
        now_ns=engine.clock.now(),
    )


def _engine_standing(engine: Engine, ladder: Ladder, hold_ns: int) -> ScopeStanding:
    if not engine.emergency.latched:
        return _standing(ladder, hold_ns)
    return ScopeStanding(
        scope=ENGINE,
        step=RiskStep.EMERGENCY,
        rule=ladder.rule or "emergency",
        since=ladder.since,
        measured=ladder.measured,
        limit=ladder.limit,
        reason=engine.emergency.reason,
    )


def _bot_standing(bot: Bot) -> ScopeStanding:
    """By the bot's own rules or those above it, or by what the operator has to look into."""
    standing, own = bot.standing, bot.risk.memory.ladder
    above = bot.risk.ladder_above()
    higher = own if own.step >= above.step else above
    step = standing.risk_step
    by_rule = higher.step is step
    return ScopeStanding(
        scope=bot.bot_id,
        step=step,
        rule=higher.rule if by_rule else "",
        since=higher.since if by_rule else None,
        until=higher.until(bot.limits.hold_ns) if by_rule else None,
        measured=higher.measured if by_rule else None,
        limit=higher.limit if by_rule else None,
        reason=standing.risk_reason or (higher.reason if by_rule else "") or bot.record.reason,
        operator_paused=bot.record.state == "paused",
    )


def _standing(ladder: Ladder, hold_ns: int) -> ScopeStanding:
    return ScopeStanding(
        scope=ladder.scope,
        step=ladder.step,
        rule=ladder.rule,
        since=ladder.since,
        until=ladder.until(hold_ns),
        measured=ladder.measured,
        limit=ladder.limit,
        reason=ladder.reason,
    )
