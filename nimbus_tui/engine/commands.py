"""What each operator's command does to the engine."""

from typing import TYPE_CHECKING

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
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId, ClientOrderId
from nimbus_tui.core.order import Order
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.stopping import StopWay

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine


FAILED = "the engine has failed: mend what is wrong and start it again"


async def execute(engine: "Engine", command: Command) -> Outcome:
    """Carry out one command; returns as soon as it is under way.

    One that breaks off in the middle leaves memory and journal apart: that is an emergency.
    """
    try:
        return _executed(engine, command)
    except JournalError as error:
        engine.emergency.journal_lost(error)
    except Exception as error:
        engine.emergency.engine_broken(error)
    return Outcome(Result.REFUSED, f"it failed: {engine.emergency.progress}")


def _executed(engine: "Engine", command: Command) -> Outcome:
    match command:
        case EmergencyShutdown(reason):
            was_latched = engine.emergency.latched
            engine.emergency.trip(reason)
            if was_latched:
                return Outcome(Result.ACCEPTED, f"latched already: {engine.emergency.progress}")
            return Outcome(Result.ACCEPTED, "emergency shutdown: cancelling every order")
        case Rearm():
            return _rearm(engine)
        case Shutdown(cancel_orders):
            engine.request_shutdown(cancel_orders=cancel_orders)
            return Outcome(Result.ACCEPTED, "shutting down")
        case _:
            return _bot_command(engine, command)


def _rearm(engine: "Engine") -> Outcome:
    refusal = rearm_refusal(engine)
    if refusal:
        return Outcome(Result.REFUSED, refusal)
    engine.emergency.rearm()
    return Outcome(Result.DONE, "rearmed; every bot is stopped")


def rearm_refusal(engine: "Engine") -> str:
    """Why the latch can't be lifted now; empty when it can."""
    if not engine.emergency.latched:
        return "there is no emergency to rearm from"
    if engine.state == "failed":
        return f"{FAILED}: {engine.emergency.progress}"
    if not engine.emergency.verified:
        return f"the emergency is not over: {engine.emergency.progress}"
    return ""


BotCommand = PauseBot | ResumeBot | StartBot | StopBot | FlattenBot | ResetPeak | CancelOrder


def _bot_command(engine: "Engine", command: BotCommand) -> Outcome:
    refusal = refusal_of(engine, command)
    if refusal:
        return Outcome(Result.REFUSED, refusal)
    bot = engine.bots[command.bot_id]
    with engine.journal.transaction():
        message = _apply(engine, bot, command)
        bot.save()
        engine.bus.write()
    engine.journal.make_durable()
    engine.inbox.put(BotDue(bot.bot_id, replan=isinstance(command, ResumeBot | StartBot)))
    engine.process()
    return Outcome(Result.DONE, f"{bot.bot_id}: {message}")


def refusal_of(engine: "Engine", command: BotCommand) -> str:
    """Why a bot's command would be refused now; empty when it would not."""
    bot = engine.bots.get(command.bot_id)
    if bot is None:
        return engine.refused.get(command.bot_id) or _unknown(engine, command.bot_id)
    if engine.emergency.latched:
        return "an emergency is latched: rearm first"
    refusal = _refusal(bot, command)
    return f"{bot.bot_id}: {refusal}" if refusal else ""


def _refusal(bot: Bot, command: BotCommand) -> str:
    """Why a command makes no sense for a bot as it stands."""
    state = bot.record.state
    out = state in ("stopped", "failed")
    match command:
        case PauseBot() if out:
            return "is stopped; it has nothing to pause"
        case PauseBot() if state == "paused":
            return "is paused already"
        case ResumeBot() if out:
            return "is stopped; start it (S) instead"
        case ResumeBot() if bot.saved.cancelled:
            return ""
        case ResumeBot() if not bot.standing.is_paused:
            return "is running"
        case ResumeBot() if bot.standing.is_held_by_a_rule_alone:
            what = "a missing setting" if bot.standing.unset else "a risk rule"
            return f"{what} pauses it, which resume does not lift: {bot.standing.rule_pause}"
        case StartBot() if state == "paused":
            return "is paused; resume it (r) instead"
        case StartBot() if not out:
            return "is running"
        case StartBot() if bot.risk.still_stops():
            return f"a risk rule still stops it: {bot.risk.still_stops()}"
        case StopBot() if out:
            return "is stopped already"
        case CancelOrder(client_order_id=identity):
            return _no_cancel(bot, identity)
        case ResetPeak() if not bot.saved.opened:
            return "has no equity yet: its first price is still to come"
        case _:
            return ""


def _no_cancel(bot: Bot, identity: ClientOrderId) -> str:
    """Why an order can't be cancelled by hand; empty when it can."""
    order = bot.keeper.live.by_client_id(identity)
    if order is None:
        return f"has no live order {identity}; it may have filled or gone meanwhile"
    if bot.standing.is_stopped:
        return "is out of the market: its orders are leaving, or close its position"
    if order.cancel_requested:
        return f"{order.key} is being cancelled already"
    return ""


def _cancel(bot: Bot, identity: ClientOrderId) -> str:
    order = bot.keeper.live.by_client_id(identity)
    if order is None:
        return "it has gone already"
    bot.standing.cancel(order)
    return what_cancelling_does(order)


def what_cancelling_does(order: Order) -> str:
    """What becomes of an order that is cancelled by hand, in a sentence."""
    words = f"{order.key} is cancelled, and held back until a resume"
    if not order.filled:
        return words
    return f"{words}; the part that filled stays, and the bot may ask for the rest under a new key"


def _apply(engine: "Engine", bot: Bot, command: BotCommand) -> str:
    match command:
        case PauseBot():
            bot.standing.pause()
            return "paused; orders that reduce the position stay"
        case CancelOrder(client_order_id=identity):
            return _cancel(bot, identity)
        case ResumeBot():
            engine.accept_holdings(bot)
            bot.standing.resume()
            held = bot.standing.rule_pause
            return f"your pause is lifted; a risk rule still holds: {held}" if held else "resumed"
        case StartBot():
            engine.accept_holdings(bot)
            bot.standing.start()
            return "started with a fresh plan"
        case StopBot():
            bot.standing.stop(StopWay.OPERATOR, "stopped by the operator")
            return "stopped; its orders are being cancelled"
        case FlattenBot():
            bot.standing.stop(StopWay.FLATTEN, "flattened by the operator")
            return "stopped; its position is being closed"
        case ResetPeak():
            return bot.standing.reset_peak()


def _unknown(engine: "Engine", bot_id: BotId) -> str:
    return f"there is no bot {bot_id!r}; there are: {', '.join(engine.bots) or 'none'}"
