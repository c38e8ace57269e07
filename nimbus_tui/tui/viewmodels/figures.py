"""One bot in figures: its books and statistics, its live orders, its newest fills."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
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
from nimbus_tui.tui.viewmodels.words import ORDER_STATES, SIDES, market_name, risk_step

_NAME = 15
_VALUE = 16
_TWO_COLUMNS = 2 * (_NAME + _VALUE) + 4
_IN_THE_BOOKS = frozenset({"round_trips", "funding"})
"""Statistics that have a place of their own."""
_SHORT = {
    "realized_pnl_fifo": "realised FIFO",
    "versus_buy_and_hold": "vs buy & hold",
    "losses_in_a_row": "losing streak",
    "last_cycle_profit": "last profit",
    "take_profit_price": "take profit at",
}
"""Names that a column has no room for."""
_RATES = frozenset({"apr_percent", "profit_per_day"})
_TOO_EARLY = "– before a day"
_DAY_NS = 86_400_000_000_000
_SHARES = frozenset({"time_in_range", "time_in_market", "win_rate"})
"""Statistics that are shares of 1."""
_MOMENTS = frozenset({"next_due"})
"""Statistics that are times, in ns."""
_SUBJECTS = ("asset", "symbol", "name")
_QUANTITIES = ("position", "quantity", "value")
"""What names an entry of a table of statistics, and which of its figures is shown."""

_ASSET = 6

Figure = tuple[str, Cell]


class _Grain(NamedTuple):
    """Digits behind the point of a list's columns, and whether it tells assets apart."""

    price: int
    size: int
    has_assets: bool


def figures(bot: BotSnapshot, now_ns: int, width: int) -> list[Line]:
    """Books and statistics in one column or two; the books stand at the left."""
    books, more = _books(bot, now_ns), _statistics(bot, now_ns)
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
    return [
        ("equity", _amount(bot.equity, bot.quote)),
        ("capital", _amount(bot.capital, bot.quote)),
        ("PnL today", Cell(*signed(bot.pnl_today))),
        ("PnL total", Cell(*signed(bot.equity - bot.capital))),
        ("realised", Cell(*signed(bot.realized_pnl))),
        ("unrealised", Cell(*signed(bot.unrealized_pnl))),
        ("fees", Cell(number(bot.fees))),
        *([("funding", Cell(*signed(bot.funding)))] if bot.funding else []),
        ("position", Cell(_held(bot))),
        ("average cost", Cell(trimmed(bot.average_cost, 4) if bot.average_cost else "–")),
        ("round trips", Cell(str(bot.round_trips))),
        ("risk step", risk_step(bot.risk)),
        ("running for", Cell(lasting(now_ns - bot.since) if bot.since else "–")),
    ]


def _held(bot: BotSnapshot) -> str:
    if bot.symbol is None:
        return market_name(bot)
    base = bot.symbol.partition("/")[0]
    return f"{trimmed(bot.position, 8)} {base}" if bot.position else "flat"


def _amount(value: Decimal, asset: str) -> Cell:
    return Cell(f"{number(value)} {asset}", "strong")


def _statistics(bot: BotSnapshot, now_ns: int) -> list[Figure]:
    """What the strategy tells of itself; lists and tables stand below the plain figures.

    A rate per year or day out of a few minutes would be a fancy: it is told after a day.
    """
    is_young = bool(bot.since) and now_ns - bot.since < _DAY_NS
    plain: list[Figure] = []
    tables: list[Figure] = []
    for name, value in bot.statistics.items():
        if isinstance(value, list | dict):
            tables += _table(name, value)
        elif name not in _IN_THE_BOOKS:
            told = _TOO_EARLY if is_young and name in _RATES else _statistic(name, value)
            plain.append((_label(name), Cell(told)))
    return [*plain, *tables]


def _table(name: str, value: list[Any] | dict[str, Any]) -> list[Figure]:
    """One figure for each entry: what it is of, and how much; what can't be said so is left out."""
    parts = value.items() if isinstance(value, dict) else ((_subject(one), one) for one in value)
    told = [(subject, _quantity(subject, part)) for subject, part in parts]
    shown = [(f"  {_label(subject)}", Cell(words)) for subject, words in told if subject and words]
    return [(_label(name), Cell(str(len(shown)), "muted")), *shown] if shown else []


def _subject(entry: Any) -> str:
    """What an entry of a list is of."""
    if not isinstance(entry, dict):
        return ""
    name = next((entry[key] for key in _SUBJECTS if entry.get(key)), "")
    return str(name).partition("/")[0]


def _quantity(subject: str, entry: Any) -> str:
    if isinstance(entry, list):
        return ""
    if not isinstance(entry, dict):
        return _statistic(subject, entry)
    held = next((entry[key] for key in _QUANTITIES if entry.get(key) is not None), None)
    return "" if held is None or isinstance(held, list | dict) else _statistic(subject, held)


def _label(name: str) -> str:
    return _SHORT.get(name) or clean(name).removesuffix("_percent").replace("_", " ")


def _statistic(name: str, value: str | float | None) -> str:
    """A figure of unknown kind: shares and percents with their sign, numbers within reason."""
    if value is None:
        return "–"
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return clean(str(value))
    if not amount.is_finite():
        return clean(str(value))
    if name in _MOMENTS:
        return f"{clock(int(amount))} UTC"
    if name.endswith("_percent"):
        return f"{number(amount)} %"
    if name in _SHARES:
        return f"{number(amount * 100, 1)} %"
    return trimmed(amount, 4)


def _figure(name: str, value: Cell) -> Line:
    return (left(f" {name}", _NAME + 1, "muted"), left(value.text, _VALUE, value.tone))


def order_lines(orders: Sequence[Order], width: int) -> list[Line]:
    """Live orders under a heading, highest price first; their keys where there is room."""
    grain = _grain(orders)
    names = (
        left(" side", 8, "muted"), *_asset("asset", grain), right("price", 12, "muted"),
        right("size", 11, "muted"), right("filled", 10, "muted"), blank(2),
        left("state", 12, "muted"), Cell("key", "muted"),
    )  # fmt: skip
    ranked = sorted(orders, key=lambda order: order.price or Decimal(0), reverse=True)
    return _fitting([names, *(_order(order, grain) for order in ranked)], width)


def _order(order: Order, grain: _Grain) -> Line:
    side, state = SIDES[order.side], ORDER_STATES[order.state]
    if order.cancel_requested and order.is_live:
        state = Cell("✗ leaving", "warning")
    at = "market" if order.price is None else number(order.price, grain.price)
    filled = number(order.filled, grain.size) if order.filled else ""
    return (
        left(f" {side.text}", 8, side.tone), *_asset(order.symbol, grain), right(at, 12),
        right(number(order.quantity, grain.size), 11), right(filled, 10, "price"), blank(2),
        left(state.text, 12, state.tone), Cell(clean(order.key), "muted"),
    )  # fmt: skip


def fill_lines(fills: Sequence[Fill], width: int) -> list[Line]:
    """Fills under a heading, newest first; fees and keys where there is room."""
    grain = _grain(fills)
    names = (
        left(" time", 10, "muted"), left("side", 7, "muted"), *_asset("asset", grain),
        right("price", 12, "muted"), right("size", 10, "muted"), right("fee", 9, "muted"),
        Cell("  key", "muted"),
    )  # fmt: skip
    return _fitting([names, *(_fill(fill, grain) for fill in reversed(fills))], width)


def _fill(fill: Fill, grain: _Grain) -> Line:
    side = SIDES[fill.side]
    return (
        Cell(f" {clock(fill.ts)} ", "muted"), left(side.text, 7, side.tone),
        *_asset(fill.symbol, grain), right(number(fill.price, grain.price), 12),
        right(number(fill.quantity, grain.size), 10), right(number(fill.fee, 4), 9, "muted"),
        Cell(f"  {clean(fill.key or '')}", "muted"),
    )  # fmt: skip


def _grain(dealt: Sequence[Order] | Sequence[Fill]) -> _Grain:
    return _Grain(
        price=places_of(one.price for one in dealt),
        size=places_of(one.quantity for one in dealt),
        has_assets=len({one.symbol for one in dealt}) > 1,
    )


def _asset(symbol: str, grain: _Grain) -> Line:
    """Of which asset an order or fill is, where there is more than one."""
    return (left(symbol.partition("/")[0], _ASSET, "strong"),) if grain.has_assets else ()


def _fitting(lines: list[Line], width: int) -> list[Line]:
    """The columns from the left that every line has room for."""
    fit = min(len(line) for line in lines)
    while fit > 1 and any(line_width(line[:fit]) > width for line in lines):
        fit -= 1
    return [line[:fit] for line in lines]
