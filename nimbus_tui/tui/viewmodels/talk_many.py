"""What is asked and answered about several bots at once, about orders, and about files."""

from collections.abc import Sequence

from nimbus_tui.control.commands import Outcome, Result
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean
from nimbus_tui.tui.viewmodels.orders_table import named
from nimbus_tui.tui.viewmodels.talk import ON_STOP, outcome_line

_NAMED = 12
"""Bots that one question names; of more it tells how many there are."""


def names_of(bots: Sequence[str]) -> str:
    """The names of several bots in a sentence."""
    shown = [clean(name) for name in bots[:_NAMED]]
    more = len(bots) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def many_question(verb: str, bots: Sequence[BotSnapshot]) -> str:
    """What a command means for several bots: all of them named, what goes, and what stays."""
    head = f"{verb.capitalize()} {len(bots)} bots: {names_of([bot.bot_id for bot in bots])}?"
    orders = sum(bot.open_orders for bot in bots)
    match verb:
        case "stop":
            closing = [bot.bot_id for bot in bots if bot.on_stop == "close"]
            fate = f"; the positions of {names_of(closing)} {_closed()}" if closing else ""
            rest = "; other positions stay" if closing else "; positions stay"
            if len(closing) == len(bots):
                rest = ""
            elif not all(bot.on_stop for bot in bots):
                rest = "; positions stay or are closed, as each bot's on_stop says"
            return f"{head} {orders} orders will be cancelled{fate}{rest}."
        case "flatten":
            return (
                f"{head} {orders} orders will be cancelled, the bots stop, positions {_closed()}."
            )
        case "start":
            return f"{head} Each begins a fresh plan on the position that is there."
        case _:
            return f"{head} They place orders again."


def _closed() -> str:
    return ON_STOP["close"].replace("is closed", "are closed")


def many_outcome(outcomes: Sequence[tuple[BotId, Outcome]]) -> Line:
    """What came of one command for several bots; who refused is named with the reason."""
    refused = [(name, one) for name, one in outcomes if one.result is Result.REFUSED]
    done = [name for name, one in outcomes if one.result is not Result.REFUSED]
    if len(outcomes) == 1:
        return outcome_line(outcomes[0][1])
    cells = []
    if done:
        cells += [Cell(f" ✓ {len(done)} done", "gain"), Cell(f"  {names_of(done)}")]
    if refused:
        reasons = "; ".join(clean(one.message) for _, one in refused)
        cells += [Cell(f" ✗ {len(refused)} refused", "loss"), Cell(f"  {reasons}")]
    return tuple(cells)


def cancel_question(order: Order) -> str:
    """What cancelling one order means for the bot that wished for it."""
    filled = ""
    if order.filled:
        filled = (
            f" {order.filled:f} of it is filled already; the bot may ask for the rest under a new "
            "key, unless it is paused first."
        )
    return (
        f"Cancel {named(order)} ({clean(order.key)}) of {clean(order.bot_id)}? The bot goes on "
        f"without it; it is not placed again until you resume the bot.{filled}"
    )


def export_question(count: int, table: str, folder: str, *, has_older: bool) -> str:
    """What would be written where."""
    more = "; older rows that were not looked at are not among them" if has_older else ""
    return f"Write the {count} {table} that are shown to a file in {clean(folder)}{more}?"
