"""A ladder: every level, the moving price between them, base and wake band."""

from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.panels import LadderPanel, LadderRow
from nimbus_tui.tui.viewmodels.frame import HUNDRED, Picture, Room, price_line, ruled, title
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    countdown,
    left,
    line_width,
    moment,
    number,
    percent,
    places_of,
    right,
    signed,
)
from nimbus_tui.tui.viewmodels.words import SIDES, filling

_CENT = Decimal("0.01")
_STATE_WIDTH = 13
_COMPACT = 74
"""Below this width the ladder does without its last columns."""
_WITH_VALUE = 88
"""From this width on it has a column with the orders' value."""


class _Rank(IntEnum):
    """What stands above what at one and the same price."""

    BAND_ABOVE = 0
    PRICE = 1
    LEVEL = 2
    BAND_BELOW = 3


class _Grain(NamedTuple):
    """Digits behind the point, one number for a whole column, and the columns' widths."""

    price: int
    size: int
    profit: int
    price_width: int
    size_width: int
    width: int
    is_plan: bool
    """Whether it shows a plan, whose orders are known by their keys, not by levels of a base."""


def ladder(panel: LadderPanel, bot: BotSnapshot, room: Room) -> Picture:
    """The ladder of one bot, highest price first."""
    top = title(bot, room.width, panel.note)
    if panel.wake_at is not None:
        left_ns = panel.wake_at - room.now_ns
        words = f" wakes in {countdown(left_ns)}, {moment(panel.wake_at, room.now_ns)} UTC"
        top.append((Cell(words, "muted"),))
    if not panel.rows:
        return Picture(tuple(top), ())
    grain = _grain(panel, bot.price, room)
    placed = sorted(_placed(panel, bot.price, grain), key=lambda row: (-row[0], row[1]))
    focus = next((y for y, row in enumerate(placed) if row[1] is _Rank.PRICE), None)
    return Picture((*top, _names(grain)), tuple(line for _, _, line in placed), focus)


def _placed(
    panel: LadderPanel, price: Decimal | None, grain: _Grain
) -> list[tuple[Decimal, _Rank, Line]]:
    """Levels, bands and price as lines, each with the price that it stands at."""
    rows = [(row.price, _Rank.LEVEL, _level(row, panel.base, grain)) for row in panel.rows]
    bands = ((panel.wake_above, _Rank.BAND_ABOVE, "↑"), (panel.wake_below, _Rank.BAND_BELOW, "↓"))
    for at, rank, arrow in bands:
        if at is not None:
            rows.append((at, rank, _band(at, arrow, price, grain)))
    if price is not None:
        offset = percent((price - panel.base) / panel.base * HUNDRED) if panel.base else ""
        line = price_line(price, offset, grain.price, grain.price_width, width=grain.width)
        rows.append((price, _Rank.PRICE, line))
    return rows


def _grain(panel: LadderPanel, price: Decimal | None, room: Room) -> _Grain:
    places = max(room.places, places_of([*(row.price for row in panel.rows), price]))
    sizes = places_of(row.quantity for row in panel.rows)
    profits = [abs(row.profit) for row in panel.rows if row.profit]
    prices = [row.price for row in panel.rows]
    longest_size = max(len(number(row.quantity, sizes)) for row in panel.rows)
    return _Grain(
        price=places,
        size=sizes,
        profit=4 if profits and min(profits) < _CENT else 2,
        price_width=max(10, *(len(number(at, places)) for at in prices)),
        size_width=max(8, longest_size),
        width=room.width,
        is_plan=panel.base is None,
    )


def _names(grain: _Grain) -> Line:
    cells = [
        right("level", 6, "muted"),
        right("price", grain.price_width + 2, "muted"),
        right("% price" if grain.is_plan else "% base", 8, "muted"),
        left("  side", 8, "muted"),
        right("size", grain.size_width, "muted"),
    ]
    if grain.width >= _WITH_VALUE:
        cells.append(right("value", 11, "muted"))
    cells += [blank(2), left("state", _STATE_WIDTH, "muted")]
    if grain.is_plan:
        cells += [blank(1), left("key", _rest(cells, grain) - 1, "muted")]
    elif grain.width >= _COMPACT:
        cells += [right("filled", 7, "muted"), right("profit", 10, "muted")]
    return tuple(cells)


def _level(row: LadderRow, base: Decimal | None, grain: _Grain) -> Line:
    side = SIDES.get(row.side) if row.side is not None else None
    tone = side.tone if side else "muted"
    is_base = base is not None and row.price == base
    name = f"{row.level:+d}".replace("-", "−") if row.level else "0"
    state = filling(row.state, row.filled, row.quantity)
    cells = [
        right(name, 6, "muted"),
        right(number(row.price, grain.price), grain.price_width + 2, tone),
        right(percent(row.offset_percent), 8, "muted"),
        left(f"  {side.text}" if side else "  base" if is_base else "", 8, tone),
        right(number(row.quantity, grain.size) if side else "", grain.size_width),
    ]
    if grain.width >= _WITH_VALUE:
        cells.append(right(number(row.quantity * row.price) if side else "", 11, "muted"))
    cells += [blank(2), left(state.text, _STATE_WIDTH, state.tone)]
    if grain.is_plan:
        asset = (row.symbol or "").partition("/")[0]
        key = " ".join(filter(None, (asset, row.key)))
        cells += [blank(1), left(key, _rest(cells, grain) - 1, "muted")]
    elif grain.width >= _COMPACT:
        profit, profit_tone = signed(row.profit, grain.profit) if row.profit else ("", "muted")
        cells += [
            right(f"{row.fills}×" if row.fills else "", 7, "strong" if row.fills else "muted"),
            right(profit, 10, profit_tone),
        ]
    return tuple(cells)


def _rest(cells: list[Cell], grain: _Grain) -> int:
    return max(1, grain.width - line_width(cells) - 1)


def _band(at: Decimal, arrow: str, price: Decimal | None, grain: _Grain) -> Line:
    """Where the bot wakes up: price, way to go, and a dotted line."""
    way = f"{percent((at - price) / price * HUNDRED)} % away" if price else ""
    cells = (
        right(arrow, 6, "muted"),
        right(number(at, grain.price), grain.price_width + 2, "muted"),
        blank(10),
        Cell(f"wakes here  {way} ", "muted"),
    )
    return ruled(cells, "┄", "rule", grain.width)
