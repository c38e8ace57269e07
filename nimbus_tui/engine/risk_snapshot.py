"""The risk layer at one moment, as clients see it."""

from nimbus_tui.control.risk import RiskSnapshot, ScopeStanding
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.engine import Engine

ENGINE = "engine"
"""The scope of the engine as a whole."""


def risk_snapshot(engine: Engine) -> RiskSnapshot:
    """All readings, where each scope stands, and how far an emergency has come."""
    bots = engine.bots.values()
    return RiskSnapshot(
        readings=tuple(reading for bot in bots for reading in bot.standing.readings()),
        standings=(_engine_standing(engine), *(_bot_standing(bot) for bot in bots)),
        latched=engine.emergency.latched,
        emergency=engine.emergency.progress,
        left=engine.emergency.left,
        verified=engine.emergency.verified,
        now_ns=engine.clock.now(),
    )


def _engine_standing(engine: Engine) -> ScopeStanding:
    latched = engine.emergency.latched
    return ScopeStanding(
        scope=ENGINE,
        step=RiskStep.EMERGENCY if latched else RiskStep.NORMAL,
        rule="emergency" if latched else "",
        reason=engine.emergency.reason,
    )


def _bot_standing(bot: Bot) -> ScopeStanding:
    standing = bot.standing
    worst = max(standing.readings(), key=lambda one: (one.step, one.usage or 0), default=None)
    is_by_reading = worst is not None and standing.risk_step is worst.step > RiskStep.NORMAL
    return ScopeStanding(
        scope=bot.bot_id,
        step=standing.risk_step,
        rule=worst.rule if worst is not None and is_by_reading else "",
        measured=worst.measured if worst is not None and is_by_reading else None,
        limit=worst.limit if worst is not None and is_by_reading else None,
        reason=standing.risk_reason or bot.record.reason,
        operator_paused=bot.record.state == "paused",
    )
