"""What each operator's command does to the engine."""

from typing import TYPE_CHECKING

from nimbus_tui.control.commands import (
    Command,
    EmergencyShutdown,
    FlattenBot,
    Outcome,
    PauseBot,
    Rearm,
    ResetRisk,
    Result,
    ResumeBot,
    Shutdown,
    StartBot,
    StopBot,
)
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import BotDue

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine


async def execute(engine: "Engine", command: Command) -> Outcome:
    """Carry out one command; returns as soon as it is under way."""
    match command:
        case EmergencyShutdown(reason):
            engine.emergency.trip(reason)
            return Outcome(Result.ACCEPTED, "emergency shutdown: cancelling every order")
        case Rearm():
            return _rearm(engine)
        case ResetRisk(bot_id, rule):
            return Outcome(Result.REFUSED, f"{bot_id}: no memory is kept for the rule {rule}")
        case Shutdown(cancel_orders):
            engine.request_shutdown(cancel_orders=cancel_orders)
            return Outcome(Result.ACCEPTED, "shutting down")
        case _:
            return _bot_command(engine, command)


def _rearm(engine: "Engine") -> Outcome:
    if not engine.emergency.latched:
        return Outcome(Result.REFUSED, "there is no emergency to rearm from")
    if engine.state == "failed":
        return Outcome(Result.REFUSED, "the journal has failed: mend it and start again")
    if not engine.emergency.verified:
        return Outcome(Result.REFUSED, f"the emergency is not over: {engine.emergency.progress}")
    engine.emergency.rearm()
    return Outcome(Result.DONE, "rearmed; every bot is stopped")


BotCommand = PauseBot | ResumeBot | StartBot | StopBot | FlattenBot


def _bot_command(engine: "Engine", command: BotCommand) -> Outcome:
    bot = engine.bots.get(command.bot_id)
    if bot is None:
        refused = engine.refused.get(command.bot_id)
        return Outcome(Result.REFUSED, refused or _unknown(engine, command.bot_id))
    if engine.emergency.latched:
        return Outcome(Result.REFUSED, "an emergency is latched: rearm first")
    refusal = _refusal(bot, command)
    if refusal:
        return Outcome(Result.REFUSED, f"{bot.bot_id}: {refusal}")
    with engine.journal.transaction():
        message = _apply(engine, bot, command)
        bot.save()
        engine.bus.write()
    engine.journal.make_durable()
    engine.inbox.put(BotDue(bot.bot_id, replan=isinstance(command, ResumeBot | StartBot)))
    engine.process()
    return Outcome(Result.DONE, f"{bot.bot_id}: {message}")


def _refusal(bot: Bot, command: BotCommand) -> str:
    """Why a command makes no sense now; empty when it does."""
    state = bot.record.state
    out = state in ("stopped", "failed")
    match command:
        case PauseBot() if out:
            return "is stopped; it has nothing to pause"
        case PauseBot() if state == "paused":
            return "is paused already"
        case ResumeBot() if out:
            return "is stopped; start it (S) instead"
        case ResumeBot() if not bot.standing.is_paused:
            return "is running"
        case StartBot() if state == "paused":
            return "is paused; resume it (r) instead"
        case StartBot() if not out:
            return "is running"
        case StopBot() if out:
            return "is stopped already"
        case _:
            return ""


def _apply(engine: "Engine", bot: Bot, command: BotCommand) -> str:
    match command:
        case PauseBot():
            bot.standing.pause()
            return "paused; orders that reduce the position stay"
        case ResumeBot():
            engine.accept_holdings(bot)
            bot.standing.resume()
            return "resumed"
        case StartBot():
            engine.accept_holdings(bot)
            bot.standing.start()
            return "started with a fresh plan"
        case StopBot():
            bot.standing.stop("stopped by the operator")
            return "stopped; its orders are being cancelled"
        case FlattenBot():
            bot.standing.stop("flattened by the operator", close=True)
            return "stopped; its position is being closed"


def _unknown(engine: "Engine", bot_id: BotId) -> str:
    return f"there is no bot {bot_id!r}; there are: {', '.join(engine.bots) or 'none'}"
