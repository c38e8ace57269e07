"""The DCA's timeline: what came of past slots, the next with a countdown, the way to the limits."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import RowState, SlotState, TimelinePanel, TimelineRow
from nimbus_tui.tui.viewmodels.frame import (
    HUNDRED,
    Picture,
    Room,
    away,
    fact,
    flowed,
    price_places,
    progress,
    ruled,
    title,
)
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    countdown,
    cut,
    left,
    line_width,
    moment,
    number,
    places_of,
    right,
    signed,
)
from nimbus_tui.tui.viewmodels.words import ROW_STATES, SLOT_STATES

_WHEN = 12
_STATE = 9
_ROOMY = 88
"""From this width on states are told in full and notes stand behind the figures."""
_LONG_STATE = 13
_NARROWEST = 7
_COST = "avg cost"
_BUYING, _SELLING = ("bought", "spent", "invested"), ("sold", "got", "received")
_NOTE = 12
"""The least room that a note behind the figures is worth."""
_UNTRADED = frozenset({SlotState.MISSED, SlotState.SKIPPED, SlotState.NEXT, SlotState.LATER})


class _Column(NamedTuple):
    """One figure of every slot; columns of a high rank go first when room is short."""

    name: str
    rank: int
    texts: tuple[str, ...]
    """What it says of each slot, worked out once: the width needs them all."""
    width: int


class _Table(NamedTuple):
    """The columns that fit, and what is left for notes."""

    columns: tuple[_Column, ...]
    state: int
    width: int
    note: int


def timeline(panel: TimelinePanel, bot: BotSnapshot, room: Room) -> Picture:
    """The schedule of one bot, oldest slot first."""
    top = title(bot, room.width, panel.note)
    digits = price_places(room.places, (row.price for row in panel.rows))
    top += flowed(_facts(panel, bot, digits, room.now_ns), room.width - 1, room.height)
    if not panel.rows:
        return Picture(tuple(top), ())
    table = _table(_columns(panel, digits), room.width)
    rows = tuple(_slot(at, row, table, room.now_ns) for at, row in enumerate(panel.rows))
    return Picture((*top, _names(table)), rows, _focus(panel.rows))


# the facts above the slots


def _facts(panel: TimelinePanel, bot: BotSnapshot, places: int, now_ns: int) -> list[Line]:
    facts = [*_progress(panel, bot.quote), _next(panel, now_ns)]
    cost = next((row.average_cost for row in reversed(panel.rows) if row.average_cost), None)
    if cost is not None:
        facts.append(fact("average cost", Cell(number(cost, places))))
        if bot.price is not None:
            facts.append(_price(bot.price, cost, panel.side, places))
    for name, at, tone in (
        ("✗ stop loss", panel.stop_price, "loss"),
        ("✓ take profit", panel.target_price, "gain"),
    ):
        if at is not None:
            way = Cell(f" {away(at, bot.price)}", "muted")
            facts.append((Cell(f"{name} ", tone), Cell(number(at, places)), way))
    return facts


def _progress(panel: TimelinePanel, quote: str) -> list[Line]:
    """How far it has come; with a bar on the way to the limit that is nearer."""
    name = "invested" if panel.side is Side.BUY else "received"
    ways = (
        ("orders", Decimal(panel.orders), str(panel.orders), panel.max_orders, ""),
        (name, panel.invested, number(panel.invested), panel.max_quote, f" {quote}"),
    )
    shares = [Decimal(done) / limit if limit else None for _, done, _, limit, _ in ways]
    nearest = max((share for share in shares if share is not None), default=None)
    facts = []
    for (label, done, words, limit, unit), share in zip(ways, shares, strict=True):
        whole = "" if limit is None else f" of {number(Decimal(limit), 0 if not unit else 2)}"
        told = fact(label, Cell(f"{words}{whole}{unit}", "strong"))
        is_shown = share is not None and share == nearest
        nearest = None if is_shown else nearest
        facts.append((*told, blank(1), *progress(done, Decimal(limit or 0))) if is_shown else told)
    return facts


def _next(panel: TimelinePanel, now_ns: int) -> Line:
    """When the next slot is due; the date too where no row tells it."""
    if panel.next_due is None:
        return fact("next", Cell("no slot is left", "warning"))
    in_sight = any(row.state is SlotState.NEXT for row in panel.rows)
    when = "" if in_sight else f", {moment(panel.next_due, now_ns)} UTC"
    return fact("next", Cell(_in(panel.next_due - now_ns), "price-line"), Cell(when, "muted"))


def _in(left_ns: int) -> str:
    return f"in {countdown(left_ns)}" if left_ns > 0 else "now"


def _price(price: Decimal, cost: Decimal, side: Side, places: int) -> Line:
    """The newest price, and how it compares with what the slots have paid or got."""
    offset, _ = signed((price - cost) / cost * HUNDRED)
    _, tone = signed((price - cost) * side.sign)
    return fact("price", Cell(number(price, places)), Cell(f" {offset} %", tone))


# the slots


def _columns(panel: TimelinePanel, places: int) -> list[_Column]:
    sizes = places_of(row.quantity for row in panel.rows)
    bought, spent, invested = _BUYING if panel.side is Side.BUY else _SELLING

    def column(name: str, rank: int, text: Callable[[TimelineRow], str]) -> _Column:
        texts = tuple(text(row) if row.quantity else "" for row in panel.rows)
        return _Column(name, rank, texts, 1 + max(_NARROWEST, len(name), *map(len, texts)))

    return [
        column("price", 0, lambda row: number(row.price, places)),
        column(bought, 2, lambda row: number(row.quantity, sizes)),
        column(spent, 5, lambda row: number(row.spent)),
        column(invested, 3, lambda row: number(row.invested)),
        column("mean price", 4, lambda row: number(row.mean_price, places)),
        column(_COST, 1, lambda row: number(row.average_cost, places)),
    ]


def _table(columns: list[_Column], width: int) -> _Table:
    state = _LONG_STATE if width >= _ROOMY else _STATE
    spare = width - 1 - (1 + _WHEN + 1 + state)
    chosen = set()
    for column in sorted(columns, key=lambda column: column.rank):
        if spare < column.width:
            break
        chosen.add(column.name)
        spare -= column.width
    kept = tuple(column for column in columns if column.name in chosen)
    return _Table(kept, state, width, spare if spare >= _NOTE else 0)


def _names(table: _Table) -> Line:
    cells = [blank(1), left("due", _WHEN, "muted"), blank(1), left("state", table.state, "muted")]
    cells += [right(column.name, column.width, "muted") for column in table.columns]
    if table.note:
        cells.append(left("  note", table.note, "muted"))
    return tuple(cells)


def _slot(at: int, row: TimelineRow, table: _Table, now_ns: int) -> Line:
    is_next = row.state is SlotState.NEXT
    tone = "price-line" if is_next else "muted"
    state = _state(row)
    cells = [
        blank(1),
        left(moment(row.due, now_ns), _WHEN, tone),
        blank(1),
        left(state.text, table.state, state.tone),
    ]
    if is_next:
        words = "  ".join(filter(None, (f" {_in(row.due - now_ns)}", row.note)))
        rest = max(0, table.width - line_width(cells) - 2)
        return ruled((*cells, Cell(f"{cut(words, rest)} ", tone)), "┄", "rule", table.width)
    if row.state in _UNTRADED or not row.quantity:
        rest = max(0, table.width - line_width(cells) - 2)
        return (*cells, blank(1), left(row.note, rest, state.tone))
    cells += [_figure(column, at) for column in table.columns]
    if table.note:
        cells.append(left(f"  {row.note}", table.note, "muted"))
    return tuple(cells)


def _state(row: TimelineRow) -> Cell:
    """What became of the slot; of one that is due, where its order is."""
    if row.state is SlotState.OPEN and row.order is not RowState.EMPTY:
        return ROW_STATES[row.order]
    return SLOT_STATES[row.state]


def _figure(column: _Column, at: int) -> Cell:
    return right(column.texts[at], column.width, "strong" if column.name == _COST else "plain")


def _focus(rows: tuple[TimelineRow, ...]) -> int:
    """The next slot, else the newest that is over."""
    wanted = (SlotState.NEXT, SlotState.OPEN)
    for state in wanted:
        for y, row in enumerate(rows):
            if row.state is state:
                return y
    return len(rows) - 1
