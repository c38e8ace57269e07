"""One bot in figures: its books and statistics, its live orders, its newest fills."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from nimbus_tui.control.snapshots import BotSnapshot, Statistic
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    clean,
    clock,
    lasting,
    left,
    line_width,
    number,
    places_of,
    right,
    signed,
    trimmed,
)
from nimbus_tui.tui.viewmodels.words import ORDER_STATES, SIDES, risk_step

_NAME = 15
_VALUE = 16
_TWO_COLUMNS = 2 * (_NAME + _VALUE) + 4
_IN_THE_BOOKS = frozenset({"round_trips"})
"""Statistics that have a place of their own."""

Figure = tuple[str, Cell]


def figures(bot: BotSnapshot, now_ns: int, width: int) -> list[Line]:
    """Books and statistics in one column or two; the books stand at the left."""
    books, more = _books(bot, now_ns), _statistics(bot)
    if width < _TWO_COLUMNS:
        return [_figure(*figure) for figure in (*books, *more)]
    half = (width - 2) // 2
    lines = []
    for at in range(max(len(books), len(more))):
        first = _figure(*books[at]) if at < len(books) else (blank(_NAME + _VALUE + 1),)
        second = _figure(*more[at]) if at < len(more) else ()
        lines.append((*first, blank(min(half, 40) - _NAME - _VALUE), *second))
    return lines


def _books(bot: BotSnapshot, now_ns: int) -> list[Figure]:
    base = (bot.symbol or "").partition("/")[0]
    position = bot.position or Decimal(0)
    held = f"{trimmed(position, 8)} {base}" if position else "flat"
    return [
        ("equity", _amount(bot.equity, bot.quote)),
        ("capital", _amount(bot.capital, bot.quote)),
        ("PnL today", Cell(*signed(bot.pnl_today))),
        ("PnL total", Cell(*signed(bot.equity - bot.capital))),
        ("realised", Cell(*signed(bot.realized_pnl))),
        ("unrealised", Cell(*signed(bot.unrealized_pnl))),
        ("fees", Cell(number(bot.fees))),
        ("position", Cell(held)),
        ("average cost", Cell(trimmed(bot.average_cost, 4) if bot.average_cost else "–")),
        ("round trips", Cell(str(bot.round_trips))),
        ("risk step", risk_step(bot.risk)),
        ("running for", Cell(lasting(now_ns - bot.since) if bot.since else "–")),
    ]


def _amount(value: Decimal, asset: str) -> Cell:
    return Cell(f"{number(value)} {asset}", "strong")


def _statistics(bot: BotSnapshot) -> list[Figure]:
    """What the strategy tells of itself."""
    return [
        (_label(name), Cell(_statistic(name, value)))
        for name, value in bot.statistics.items()
        if name not in _IN_THE_BOOKS and not isinstance(value, list)
    ]


def _label(name: str) -> str:
    return clean(name).removesuffix("_percent").replace("_", " ")


def _statistic(name: str, value: Statistic) -> str:
    """A figure of unknown kind: shares and percents with their sign, numbers within reason."""
    if value is None:
        return "–"
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return clean(str(value))
    if not amount.is_finite():
        return clean(str(value))
    if name.endswith("_percent"):
        return f"{number(amount)} %"
    if name == "time_in_range":
        return f"{number(amount * 100, 1)} %"
    return trimmed(amount, 4)


def _figure(name: str, value: Cell) -> Line:
    return (left(f" {name}", _NAME + 1, "muted"), left(value.text, _VALUE, value.tone))


def order_lines(orders: Sequence[Order], width: int) -> list[Line]:
    """Live orders under a heading, highest price first; their keys where there is room."""
    prices, sizes = places_of(o.price for o in orders), places_of(o.quantity for o in orders)
    names = (
        left(" side", 8, "muted"), right("price", 12, "muted"), right("size", 11, "muted"),
        right("filled", 10, "muted"), blank(2), left("state", 12, "muted"), Cell("key", "muted"),
    )  # fmt: skip
    ranked = sorted(orders, key=lambda order: order.price or Decimal(0), reverse=True)
    return _fitting([names, *(_order(order, prices, sizes) for order in ranked)], width)


def _order(order: Order, prices: int, sizes: int) -> Line:
    side, state = SIDES[order.side], ORDER_STATES[order.state]
    if order.cancel_requested and order.is_live:
        state = Cell("✗ leaving", "warning")
    at = "market" if order.price is None else number(order.price, prices)
    filled = number(order.filled, sizes) if order.filled else ""
    return (
        left(f" {side.text}", 8, side.tone), right(at, 12),
        right(number(order.quantity, sizes), 11), right(filled, 10, "price"), blank(2),
        left(state.text, 12, state.tone), Cell(clean(order.key), "muted"),
    )  # fmt: skip


def fill_lines(fills: Sequence[Fill], width: int) -> list[Line]:
    """Fills under a heading, newest first; fees and keys where there is room."""
    prices, sizes = places_of(f.price for f in fills), places_of(f.quantity for f in fills)
    names = (
        left(" time", 10, "muted"), left("side", 7, "muted"), right("price", 12, "muted"),
        right("size", 10, "muted"), right("fee", 9, "muted"), Cell("  key", "muted"),
    )  # fmt: skip
    return _fitting([names, *(_fill(fill, prices, sizes) for fill in reversed(fills))], width)


def _fill(fill: Fill, prices: int, sizes: int) -> Line:
    side = SIDES[fill.side]
    return (
        Cell(f" {clock(fill.ts)} ", "muted"), left(side.text, 7, side.tone),
        right(number(fill.price, prices), 12), right(number(fill.quantity, sizes), 10),
        right(number(fill.fee, 4), 9, "muted"), Cell(f"  {clean(fill.key or '')}", "muted"),
    )  # fmt: skip


def _fitting(lines: list[Line], width: int) -> list[Line]:
    """The columns from the left that every line has room for."""
    fit = min(len(line) for line in lines)
    while fit > 1 and any(line_width(line[:fit]) > width for line in lines):
        fit -= 1
    return [line[:fit] for line in lines]
