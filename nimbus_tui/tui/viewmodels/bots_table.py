"""The bots table: one line a bot, as many columns as there is room for."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.tui.viewmodels.lines import (
    NONE,
    Cell,
    Line,
    blank,
    left,
    number,
    right,
    signed,
    sparkline,
    trimmed,
)
from nimbus_tui.tui.viewmodels.words import MODE_TONES, market_name, risk_step, state_or_worse


class Shown(NamedTuple):
    """What the table knows of one bot."""

    bot: BotSnapshot
    trend: Sequence[float]
    """Prices that the screen saw, oldest first; the equity where there is no one price."""
    places: int
    """Digits behind the point of its price."""
    price_tail: int
    """Digits behind the point of the table's longest price, so that the points stand in line."""


class Column(NamedTuple):
    """One column: its place in the table, and what it shows of a bot."""

    name: str
    width: int
    rank: int
    """Columns of a high rank go first when room is short."""
    cell: Callable[[Shown, int], Cell]
    is_number: bool = True


def _name(shown: Shown, width: int) -> Cell:
    """Red where real money moves: live and paper bots may stand side by side."""
    return left(shown.bot.bot_id, width, MODE_TONES[shown.bot.mode])


def _total(shown: Shown, width: int) -> Cell:
    text, tone = signed(shown.bot.equity - shown.bot.capital)
    return right(text, width, tone)


def _today(shown: Shown, width: int) -> Cell:
    text, tone = signed(shown.bot.pnl_today)
    return right(text, width, tone)


def _unrealized(shown: Shown, width: int) -> Cell:
    text, tone = signed(shown.bot.unrealized_pnl)
    return right(text, width, tone)


def _position(shown: Shown, width: int) -> Cell:
    held = shown.bot.position
    return right(trimmed(held, 6) if held else NONE, width, "plain" if held else "muted")


def _price(shown: Shown, width: int) -> Cell:
    """The price with its own digits, its point under that of the other prices."""
    text = number(shown.bot.price, shown.places)
    missing = shown.price_tail - shown.places
    pad = missing + (not shown.places and bool(shown.price_tail))
    padded = text + " " * pad
    return right(padded if len(padded) <= width else text, width)


def _state(shown: Shown, width: int) -> Cell:
    cell = state_or_worse(shown.bot.state, shown.bot.risk)
    return left(cell.text, width, cell.tone)


def _risk(shown: Shown, width: int) -> Cell:
    cell = risk_step(shown.bot.risk)
    return left(cell.text, width, cell.tone)


COLUMNS = (
    Column("bot", 12, 0, _name, is_number=False),
    Column("state", 11, 0, _state, is_number=False),
    Column("risk", 11, 8, _risk, is_number=False),
    Column("strategy", 10, 11, lambda s, w: left(s.bot.strategy, w, "muted"), is_number=False),
    Column("venue", 8, 10, lambda s, w: left(s.bot.exchange, w, "muted"), is_number=False),
    Column("symbol", 13, 2, lambda s, w: left(market_name(s.bot), w), is_number=False),
    Column("price", 11, 0, _price),
    Column("trend", 12, 7, lambda s, w: Cell(sparkline(s.trend, w), "price"), is_number=False),
    Column("today", 9, 0, _today),
    Column("total", 10, 3, _total),
    Column("unrealised", 10, 5, _unrealized),
    Column("position", 12, 9, _position),
    Column("trips", 5, 6, lambda s, w: right(str(s.bot.round_trips), w)),
    Column("orders", 6, 4, lambda s, w: right(str(s.bot.open_orders), w)),
)
_ROOM_FOR = {"bot": 20, "symbol": 16, "trend": 60}
"""Columns that grow when there is room left, and how far."""

Widths = tuple[tuple[Column, int], ...]


def widths(room: int) -> Widths:
    """The columns that fit and how wide each is; a gap of one between them."""
    chosen = [column for column in COLUMNS if column.rank == 0]
    spare = room - 1 - sum(column.width + 1 for column in chosen)
    for column in sorted((c for c in COLUMNS if c.rank), key=lambda c: c.rank):
        if spare < column.width + 1:
            break
        chosen.append(column)
        spare -= column.width + 1
    wide = {column.name: column.width for column in chosen}
    for name, most in _ROOM_FOR.items():
        if name in wide:
            more = max(0, min(spare, most - wide[name]))
            wide[name] += more
            spare -= more
    return tuple((column, wide[column.name]) for column in COLUMNS if column in chosen)


def bot_row(shown: Shown, columns: Widths, *, is_marked: bool = False) -> Line:
    """One bot; one that is marked has a tick."""
    cells = [Cell("✓", "key") if is_marked else blank(1)]
    for column, width in columns:
        cells += [column.cell(shown, width), blank(1)]
    return tuple(cells)
