"""What the screen asks and answers: questions before something dangerous, outcomes after."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.config.actions import ACTIONS, Action
from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.order import Order, Side
from nimbus_tui.core.risk import RiskReading
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, key_cells, number, places_of, trimmed
from nimbus_tui.tui.viewmodels.risk_rules import measured_of_limit, rule_of

ON_STOP = {
    "keep": "stays as it is",
    "close": "is closed at the market",
}
_BY_CONFIG = "stays or is closed, as its on_stop says"


def outcome_line(outcome: Outcome) -> Line:
    """How far a command got."""
    sign, tone = {
        Result.ACCEPTED: ("◌ accepted", "price"),
        Result.DONE: ("✓ done", "gain"),
        Result.REFUSED: ("✗ refused", "loss"),
    }[outcome.result]
    return (Cell(f" {sign}  ", tone), Cell(clean(outcome.message)))


def sending_line(what: str) -> Line:
    """A command that has no answer yet."""
    return (Cell(f" … {clean(what)}", "muted"),)


def trouble_line(text: str) -> Line:
    """Something that did not work."""
    return (Cell(" ✗ ", "loss"), Cell(clean(text)))


def done_line(text: str) -> Line:
    """Something that has worked, beside the engine's commands."""
    return (Cell(" ✓ ", "gain"), Cell(clean(text)))


def note_line(text: str) -> Line:
    """A word by the way."""
    return (Cell(f" {clean(text)}", "muted"),)


_HINTS = {
    "dashboard": (
        ("Enter", "opens the bot", "bot.open"),
        ("← →", "turn the panel", "view.next"),
        ("2", "risk", "view.risk"),
    ),
    "bot": (("Esc", "goes back", "view.back"), ("← →", "turn the panel", "view.next")),
    "risk": (("Enter", "opens the bot", "bot.open"), ("v", "ladder, history", "view.pane")),
    "orders": (
        ("Enter", "shows all of it", "bot.open"),
        ("v", "live, all", "view.pane"),
        ("Esc", "dashboard", "view.back"),
    ),
    "fills": (
        ("Enter", "shows all of it", "bot.open"),
        ("w", "to a file", "table.export"),
        ("Esc", "dashboard", "view.back"),
    ),
    "connections": (("↑ ↓", "another venue", "move.down"), ("Esc", "dashboard", "view.back")),
    "events": (
        ("Enter", "shows all of it", "bot.open"),
        ("v", "all, trouble", "view.pane"),
        ("Esc", "dashboard", "view.back"),
    ),
    "backtest": (
        ("↑ ↓", "choose", "move.down"),
        ("Enter", "changes it", "bot.open"),
        ("← →", "turn the panel", "view.next"),
    ),
    "replay": (
        ("← →", "event", "view.next"),
        ("⇧← ⇧→", "minute", "replay.minute"),
        ("v", "pane", "view.pane"),
        ("Esc", "back to now", "view.back"),
        ("?", "all keys", "view.help"),
    ),
}
"""By the view: a key as it is usually written, what it does there, and the action's id."""
_USUAL = {action.id: action.keys for action in ACTIONS}


def hint_line(at: str, actions: Sequence[Action] = ACTIONS) -> Line:
    """What to press first on a view, until something has been said."""
    known = {action.id: action for action in actions}
    cells = [Cell(" ")]
    for usual, does, name in (*_HINTS[at], ("Ctrl+P", "finds a command", "view.palette")):
        action = known[name]
        key = usual if action.keys == _USUAL[name] else action.key_label
        cells += key_cells(key, f" {does}   ", action.first_key, ("strong", "muted"))
    return tuple(cells)


TIME_QUESTION = "Go to which moment? A day and a time, or a time of the day shown, in UTC."


def no_time(written: str) -> str:
    """What was typed is no time."""
    return f"{clean(written)!r} is no time: write 2026-11-22 03:07, or 03:07, in UTC"


def stop_question(bot: BotSnapshot, orders: Sequence[Order] = ()) -> str:
    """What stopping a bot means, in figures; `orders` are its live ones, where they are known."""
    fate = ON_STOP.get(bot.on_stop, _BY_CONFIG)
    return (
        f"Stop {clean(bot.bot_id)}? {_orders(bot.open_orders)} on {clean(bot.exchange)} will be "
        f"cancelled{_spans(orders)}; {_position(bot)}{fate if _held(bot) else ''}."
    )


def flatten_question(bot: BotSnapshot) -> str:
    """What flattening a bot means, in figures."""
    fate = "is closed at the market" if _held(bot) else ""
    return (
        f"Flatten {clean(bot.bot_id)}? {_orders(bot.open_orders)} will be cancelled, the bot "
        f"stops, {_position(bot)}{fate}."
    )


def emergency_question(bots: Sequence[BotSnapshot], currency: str, *, close: bool = False) -> str:
    """What an emergency shutdown means, in figures; `close` if it closes the positions too."""
    fate = "are closed at the market" if close else "stay open"
    orders = sum(bot.open_orders for bot in bots)
    held = sum(len(_held(bot)) for bot in bots)
    return (
        f"EMERGENCY SHUTDOWN: {_orders(orders)} of {len(bots)} bots will be cancelled at once and "
        f"every bot stops. {held} open positions {fate} ({_worth(bots)} {clean(currency)})."
    )


def rearm_question(emergency: str = "") -> str:
    """What rearming means, and how the emergency stands."""
    how = f" It stands so: {clean(emergency)}." if emergency else ""
    return f"Lift the emergency? Every bot stays stopped until you start it.{how}"


def reset_question(bot_id: str, drawdown: RiskReading | None) -> str:
    """What a new peak means, and what the old one holds now."""
    numbers = ""
    if drawdown is not None and drawdown.measured is not None:
        told = measured_of_limit(drawdown.measured, drawdown.limit, rule_of(drawdown.rule).unit)
        numbers = f" It stands at {told} now."
    return (
        f"Reset the drawdown's peak of {clean(bot_id)}?{numbers} From then on a fall is measured "
        "from its present equity; losses up to now no longer count."
    )


def quit_question(bots: Sequence[BotSnapshot], *, demo: bool, has_draft: bool = False) -> str:
    """What quitting means; `has_draft`: a config was edited and not saved."""
    if demo:
        too = ", nor is what you typed in its config" if has_draft else ""
        return f"Quit the demo? Nothing of it is kept{too}."
    orders = sum(bot.open_orders for bot in bots)
    kept = " What you typed in the config is kept for the next screen." if has_draft else ""
    return (
        f"Leave? {_orders(orders)} of {len(bots)} bots rest at the venues; positions are never "
        f"touched.{kept}"
    )


def quit_choices(*, demo: bool, may_detach: bool) -> dict[str, str]:
    """The ways out, by key."""
    if demo:
        return {"q": "quit"}
    ways = {"d": "detach: close the screen, the engine trades on"} if may_detach else {}
    return ways | {
        "k": "keep the orders resting, end the engine",
        "c": "cancel all orders, then end the engine",
    }


def restart_refusal(*, has_ended: bool, may_restart: bool) -> str:
    """Why an engine can't be started from here; empty when it can."""
    if not has_ended:
        return "the engine runs: there is nothing to restart"
    if not may_restart:
        return "its config is not known here: start it with `nimbus-tui CONFIG`"
    return ""


def _spans(orders: Sequence[Order]) -> str:
    """How many buys and sells, and from which price to which."""
    parts = []
    for side, name in ((Side.BUY, "buy"), (Side.SELL, "sell")):
        found = [order for order in orders if order.side is side]
        if not found:
            continue
        prices = sorted({order.price for order in found if order.price is not None})
        places = places_of(prices)
        span = " … ".join(number(price, places) for price in (*prices[:1], *prices[1:][-1:]))
        count = f"{len(found)} {name}{'' if len(found) == 1 else 's'}"
        parts.append(f"{count} at {span}" if span else f"{count} at market")
    return f" ({', '.join(parts)})" if parts else ""


def _orders(count: int) -> str:
    return f"{count} order" if count == 1 else f"{count} orders"


class _Holding(NamedTuple):
    """A position that is not flat; the price is unknown before the first one."""

    base: str
    quantity: Decimal
    price: Decimal | None


def _held(bot: BotSnapshot) -> list[_Holding]:
    """Every position of a bot; one with several symbols lists them among its statistics."""
    if bot.symbol is not None:
        found = [(bot.symbol, bot.position, bot.price)]
    else:
        listed = bot.statistics.get("assets")
        rows = listed if isinstance(listed, list) else []
        found = [
            (Symbol(str(row["symbol"])), _decimal(row.get("position")), _decimal(row.get("price")))
            for row in rows
            if row.get("symbol")
        ]
    return [_Holding(clean(s.partition("/")[0]), q, price) for s, q, price in found if q]


def _decimal(figure: object) -> Decimal | None:
    return None if figure is None else Decimal(str(figure))


def _position(bot: BotSnapshot) -> str:
    held = _held(bot)
    if not held:
        return "it has no position"
    named = ", ".join(f"{trimmed(one.quantity, 8)} {one.base}" for one in held)
    priced = all(one.price is not None for one in held)
    worth = f" ({_worth([bot])} {clean(bot.quote)})" if priced else ""
    return f"its position of {named}{worth} "


def _worth(bots: Sequence[BotSnapshot]) -> str:
    held = (one for bot in bots for one in _held(bot))
    return number(sum((abs(one.quantity) * (one.price or 0) for one in held), Decimal(0)))
