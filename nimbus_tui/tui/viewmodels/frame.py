"""What every bot's panel is made of: a title, facts that flow into lines, rows with rules."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    bar,
    blank,
    heading,
    line_width,
    number,
    paragraphs,
    percent,
    right,
)
from nimbus_tui.tui.viewmodels.words import market_name, state_or_worse

HUNDRED = Decimal(100)
_GAP = 3
_NOTE_LINES = 3
"""A note longer than so many lines is cut."""
_BAR = 10
_LOW = 5
"""Rows that a low panel keeps for its title, its columns' names and three rows."""
_ARROW = "   ━━▶"


class Picture(NamedTuple):
    """What a panel paints; `focus` is the row to keep in view."""

    heading: tuple[Line, ...]
    rows: tuple[Line, ...]
    focus: int | None = None


class Room(NamedTuple):
    """Where and when a panel is painted."""

    width: int
    height: int = 0
    """Rows, heading among them; 0 = as many as it takes."""
    places: int = 0
    """Digits behind the point that the bot's prices have at least."""
    now_ns: int = 0


def title(bot: BotSnapshot, width: int, note: str = "") -> list[Line]:
    """Whose panel this is and how that bot stands; why, and what it is doing."""
    state = state_or_worse(bot.state, bot.risk)
    about: Line = (Cell(f"{market_name(bot)} ", "muted"), blank(1), state, blank(1))
    lines = [heading(bot.bot_id, width, about)]
    for text in (bot.reason, note):
        lines += paragraphs(text, width - 2, "warning")[:_NOTE_LINES]
    return lines


def fact(name: str, *cells: Cell) -> Line:
    """A named piece of knowledge."""
    return (Cell(f"{name} ", "muted"), *cells)


def flowed(facts: Sequence[Line], width: int, height: int = 0) -> list[Line]:
    """Facts beside each other, as many in a line as fit; in a low panel only the first lines."""
    lines: list[Line] = []
    current: Line = ()
    for one in facts:
        longer = (*current, blank(_GAP), *one) if current else (blank(1), *one)
        if current and line_width(longer) > width:
            lines.append(current)
            longer = (blank(1), *one)
        current = longer
    lines = [*lines, current] if current else lines
    return lines[: max(1, (height - _LOW) // 2)] if height else lines


def ruled(cells: Line, sign: str, tone: str, width: int) -> Line:
    """A row that goes on as a rule to the right edge."""
    return (*cells, Cell(sign * max(0, width - line_width(cells) - 1), tone))


def price_line(price: Decimal, offset: str, places: int, price_width: int, width: int) -> Line:
    """The moving price among the rows of a ladder: an arrow, and a rule to the right edge."""
    cells = (
        Cell(_ARROW, "price-line"),
        right(number(price, places), price_width + 2, "price-line"),
        right(offset, 8, "price-line"),
        Cell("  last price ", "price-line"),
    )
    return ruled(cells, "━", "price-line", width)


def away(at: Decimal, price: Decimal | None, unit: str = "%") -> str:
    """How far the price has to go to a level."""
    return f"({percent((at - price) / price * HUNDRED)} {unit})" if price else ""


def progress(done: Decimal, whole: Decimal) -> Line:
    """A share of something as a bar and in percent."""
    share = done / whole if whole else Decimal(0)
    return (Cell(bar(float(share), _BAR), "price"), Cell(f" {share * HUNDRED:.0f} %", "muted"))


def nothing_yet(bot: BotSnapshot, width: int) -> Picture:
    """A bot of which the panel has not come in."""
    return Picture(tuple(title(bot, width)), ((Cell(" …", "muted"),),))


def no_bot(width: int) -> Picture:
    """There is nothing to show a panel of."""
    return Picture((heading("no bot", width),), ())


def price_places(places: int, prices: Iterable[Decimal | None]) -> int:
    """Digits behind the point of means and other prices that are on no tick."""
    if places:
        return max(places, 2)
    largest = max((abs(price) for price in prices if price is not None), default=HUNDRED)
    return 2 if largest >= HUNDRED else 4 if largest >= 1 else 8
