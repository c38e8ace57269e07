"""What saving a config would do: bot by bot, with every order that goes or comes."""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.control.config_change import BotChange, BotChangeKind, ConfigChange
from nimbus_tui.core.order import DesiredOrder, Order
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    clean,
    left,
    number,
    paragraphs,
    places_of,
    right,
)
from nimbus_tui.tui.viewmodels.words import SIDES

_KINDS = {
    BotChangeKind.UNCHANGED: Cell("· unchanged", "muted"),
    BotChangeKind.HOT: Cell("● applied at once", "gain"),
    BotChangeKind.ADDED: Cell("+ new, starts at once", "gain"),
    BotChangeKind.REMOVED: Cell("− removed", "warning"),
    BotChangeKind.NEXT_START: Cell("◌ at the next start", "warning"),
    BotChangeKind.REFUSED: Cell("✗ refused", "loss"),
}
MOST_ORDERS = 12
"""Orders of one bot that are listed on either side; the others are counted."""
_NAME = 16


def refusal_lines(change: ConfigChange, width: int) -> list[Line]:
    """Why a text would not be saved; empty where it would."""
    lines: list[Line] = []
    for problem in change.problems:
        where = f"✗ line {problem.line} {problem.key}: {problem.message}"
        lines += paragraphs(where, width - 2, "loss")
    if change.refusal:
        lines += paragraphs(f"✗ not saved: {change.refusal}", width - 2, "loss")
    return lines


def change_lines(change: ConfigChange, width: int) -> list[Line]:
    """Every bot that something happens to, then the engine, then the bots that go on as before."""
    lines: list[Line] = []
    still = [bot for bot in change.bots if bot.kind is BotChangeKind.UNCHANGED]
    for bot in change.bots:
        if bot.kind is not BotChangeKind.UNCHANGED:
            lines += _bot(bot, width)
    for sentence in change.engine:
        lines += paragraphs(f"● {sentence}", width - 2)
    if still and not change.problems:
        names = ", ".join(clean(bot.bot_id) for bot in still)
        lines += paragraphs(f"· unchanged: {names}", width - 2, "muted")
    return lines


def _bot(bot: BotChange, width: int) -> list[Line]:
    kind = _KINDS[bot.kind]
    keys = f"  ({', '.join(bot.keys)})" if bot.keys else ""
    lines: list[Line] = [
        (blank(1), left(bot.bot_id, _NAME, "strong"), kind, Cell(clean(keys), "muted"))
    ]
    tone = "loss" if bot.kind is BotChangeKind.REFUSED else "plain"
    if bot.message:
        lines += [(blank(3), *line) for line in paragraphs(bot.message, width - 5, tone)]
    lines += _orders("− cancels", "loss", bot.cancels)
    lines += _orders("+ places", "gain", bot.places)
    return lines


def _orders(verb: str, tone: str, orders: Sequence[Order | DesiredOrder]) -> list[Line]:
    """One order a line under what happens to them, prices and sizes under each other."""
    if not orders:
        return []
    noun = "order" if len(orders) == 1 else "orders"
    prices = places_of(order.price for order in orders)
    sizes = places_of(order.quantity for order in orders)
    lines: list[Line] = [(blank(4), Cell(f"{verb} {len(orders)} {noun}", tone))]
    ranked = sorted(orders, key=lambda order: order.price or Decimal(0), reverse=True)
    for order in ranked[:MOST_ORDERS]:
        side = SIDES[order.side]
        at = "market" if order.price is None else number(order.price, prices)
        lines.append(
            (
                blank(6), left(side.text, 7, side.tone), right(at, 14),
                right(number(order.quantity, sizes), 14), blank(2),
                Cell(clean(order.symbol), "muted"), Cell(f"  {clean(order.key)}", "muted"),
            )
        )  # fmt: skip
    if len(orders) > MOST_ORDERS:
        lines.append((blank(6), Cell(f"… and {len(orders) - MOST_ORDERS} more", "muted")))
    return lines


def orders_in_all(change: ConfigChange) -> str:
    """How many orders go and come, in a few words."""
    cancels = sum(len(bot.cancels) for bot in change.bots)
    places = sum(len(bot.places) for bot in change.bots)
    if not cancels and not places:
        return "no order is cancelled or placed"
    return f"{_counted(cancels)} cancelled, {_counted(places)} placed"


def _counted(count: int) -> str:
    """A number of orders."""
    return "1 order" if count == 1 else f"{count} orders"
