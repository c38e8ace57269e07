"""What a command would do now, for the line that is confirmed; nothing of it is done."""

from nimbus_tui.control.commands import (
    CancelOrder,
    Command,
    EmergencyShutdown,
    FlattenBot,
    Outcome,
    PauseBot,
    Rearm,
    ResetPeak,
    Result,
    ResumeBot,
    Shutdown,
    StartBot,
    StopBot,
)
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.commands import (
    BotCommand,
    rearm_refusal,
    refusal_of,
    what_cancelling_does,
)
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.stop_outcomes import outcome_of_stopping, what_stopping_does
from nimbus_tui.engine.stopping import StopWay, summed


def consequence(engine: Engine, command: Command) -> Outcome:
    """What `execute` would do, in a sentence; refused where that would refuse."""
    match command:
        case EmergencyShutdown():
            return _expected(f"every bot stops; {_of_all(engine, StopWay.EMERGENCY)}")
        case Rearm():
            refusal = rearm_refusal(engine)
            lifted = "the emergency is lifted; every bot stays stopped until it is started"
            return Outcome(Result.REFUSED, refusal) if refusal else _expected(lifted)
        case Shutdown(cancel_orders):
            of_all = _of_all(engine, StopWay.SHUTDOWN, asked=cancel_orders)
            return _expected(f"the engine ends, its bots go on at the next start; {of_all}")
        case _:
            refusal = refusal_of(engine, command)
            if refusal:
                return Outcome(Result.REFUSED, refusal)
            return _expected(_of_one(engine.bots[command.bot_id], command))


def _of_one(bot: Bot, command: BotCommand) -> str:
    match command:
        case StopBot():
            return what_stopping_does(bot, StopWay.OPERATOR)
        case FlattenBot():
            return what_stopping_does(bot, StopWay.FLATTEN)
        case PauseBot():
            return f"{bot.bot_id}: orders that add exposure are cancelled; those that reduce stay"
        case CancelOrder(client_order_id=identity):
            order = bot.keeper.live.by_client_id(identity)
            return f"{bot.bot_id}: {what_cancelling_does(order)}" if order is not None else ""
        case ResumeBot():
            held = bot.standing.rule_pause
            rest = f"; a risk rule still holds: {held}" if held else ""
            return f"{bot.bot_id}: your pause is lifted{rest}"
        case StartBot():
            return f"{bot.bot_id}: it starts with a fresh plan on the position that is there"
        case ResetPeak():
            track = bot.risk.memory.track
            was = "" if track is None else f", no longer from {track.peak:.2f}"
            now = f"{bot.equity():.2f} {bot.quote}"
            return f"{bot.bot_id}: drawdown is measured from {now} on{was}"


def _of_all(engine: Engine, way: StopWay, *, asked: bool | None = None) -> str:
    return summed(outcome_of_stopping(bot, way, asked=asked) for bot in engine.bots.values())


def _expected(words: str) -> Outcome:
    return Outcome(Result.ACCEPTED, words)
