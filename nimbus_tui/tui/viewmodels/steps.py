"""The martingale's steps: every safety order, the exits, and the price moving between them."""

from collections.abc import Iterator
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import RowState, StepRow, StepsPanel, StepState
from nimbus_tui.tui.viewmodels.frame import (
    HUNDRED,
    Picture,
    Room,
    away,
    fact,
    flowed,
    price_line,
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
    left,
    number,
    percent,
    places_of,
    right,
    trimmed,
)
from nimbus_tui.tui.viewmodels.words import ROW_STATES, STEP_STATES, filling

_STEP, _OFFSET, _MONEY, _STATE = 6, 8, 10, 13
_WITH_TARGET = 86
"""From this width on it has a column with the take-profit prices, later one with quantities."""
_WITH_QUANTITY = 102


class _Rank(IntEnum):
    """What stands above what at one and the same price."""

    TARGET = 0
    PRICE = 1
    COST = 2
    STEP = 3
    STOP = 4


class _Grain(NamedTuple):
    """Digits behind the point, and the columns' widths."""

    price: int
    size: int
    price_width: int
    width: int


class _Exit(NamedTuple):
    """A price at which the whole position leaves, or what it has cost."""

    sign: str
    name: str
    tone: str
    order: str = ""


_Placed = tuple[Decimal, _Rank, Line]


def steps(panel: StepsPanel, bot: BotSnapshot, room: Room) -> Picture:
    """The steps of one bot, highest price first."""
    top = title(bot, room.width, panel.note)
    top += flowed(_facts(panel, bot, room.now_ns), room.width - 1, room.height)
    if not panel.rows:
        return Picture(tuple(top), ())
    grain = _grain(panel, room)
    lines = [*_steps(panel, grain), *_exits(panel, bot.price, grain)]
    if bot.price is not None:
        lines.append((bot.price, _Rank.PRICE, _price(bot.price, panel.entry_price, grain)))
    lines.sort(key=lambda line: (-line[0], line[1]))
    focus = next((y for y, line in enumerate(lines) if line[1] is _Rank.PRICE), None)
    return Picture((*top, _names(grain)), tuple(line for _, _, line in lines), focus)


# the facts above the steps


def _facts(panel: StepsPanel, bot: BotSnapshot, now_ns: int) -> list[Line]:
    side = Cell("▲ long", "buy") if panel.side is Side.BUY else Cell("▼ short", "sell")
    facts: list[Line] = [(side,), fact("cycle", Cell(str(panel.cycle), "strong"))]
    filled = [row for row in panel.rows if row.state is StepState.FILLED]
    last = len(panel.rows) - 1
    if panel.rows:
        words = f"{filled[-1].step} of {last}" if filled else f"none of {last}"
        facts.append(fact("safety steps filled", Cell(words, "strong")))
    if panel.capital:
        spent = filled[-1].cumulative_quote if filled else Decimal(0)
        words = f"{number(spent)} of {number(panel.capital)} {bot.quote} "
        facts.append(fact("in play", Cell(words), *progress(spent, panel.capital)))
    if panel.next_cycle is not None:
        left_ns = panel.next_cycle - now_ns
        words = f"in {countdown(left_ns)}" if left_ns > 0 else "now"
        facts.append(fact("next cycle", Cell(words, "price-line")))
    return facts


# the rows


def _grain(panel: StepsPanel, room: Room) -> _Grain:
    prices = [row.price for row in panel.rows]
    digits = price_places(room.places, prices)
    shown = [*prices, panel.target_price or 0, panel.stop_price or 0]
    return _Grain(
        price=digits,
        size=places_of(row.quantity for row in panel.rows),
        price_width=max(9, *(len(number(Decimal(price), digits)) for price in shown)),
        width=room.width,
    )


def _names(grain: _Grain) -> Line:
    cells = [
        right("step", _STEP, "muted"),
        right("price", grain.price_width + 2, "muted"),
        right("% entry", _OFFSET, "muted"),
    ]
    if grain.width >= _WITH_QUANTITY:
        cells.append(right("quantity", _quantity_width(grain), "muted"))
    cells += [
        right("size", _MONEY, "muted"),
        right("in total", _MONEY, "muted"),
        right("avg cost", grain.price_width + 1, "muted"),
    ]
    if grain.width >= _WITH_TARGET:
        cells.append(right("take profit", grain.price_width + 3, "muted"))
    return (*cells, blank(2), left("state", _STATE, "muted"))


def _quantity_width(grain: _Grain) -> int:
    return max(10, grain.size + 6)


def _steps(panel: StepsPanel, grain: _Grain) -> Iterator[_Placed]:
    for row in panel.rows:
        yield row.price, _Rank.STEP, _step(row, panel.side, grain)


def _step(row: StepRow, side: Side, grain: _Grain) -> Line:
    is_in_play = row.state is StepState.IN_PLAY
    name = f"▶ {row.step}" if is_in_play else str(row.step) if row.step else "base"
    tone = "muted" if row.state is StepState.WAITING else "buy" if side is Side.BUY else "sell"
    state = _state(row)
    figures = "muted" if row.state is StepState.WAITING else "plain"
    cells = [
        right(name, _STEP, "price-line" if is_in_play else "muted"),
        right(number(row.price, grain.price), grain.price_width + 2, tone),
        right(percent(-abs(row.deviation_percent) * side.sign), _OFFSET, "muted"),
    ]
    if grain.width >= _WITH_QUANTITY:
        cells.append(right(number(row.quantity, grain.size), _quantity_width(grain), figures))
    cells += [
        right(number(row.quote), _MONEY, figures),
        right(number(row.cumulative_quote), _MONEY, figures),
        right(number(row.average_cost, grain.price), grain.price_width + 1, figures),
    ]
    if grain.width >= _WITH_TARGET:
        cells.append(right(number(row.target_price, grain.price), grain.price_width + 3, "muted"))
    return (*cells, blank(2), left(state.text, _STATE, state.tone))


def _state(row: StepRow) -> Cell:
    """Where the step's order is; a step without one says whether its turn has come."""
    if row.state is StepState.FILLED or row.order is RowState.EMPTY:
        return STEP_STATES[row.state]
    return filling(row.order, row.filled, row.quantity)


def _exits(panel: StepsPanel, price: Decimal | None, grain: _Grain) -> Iterator[_Placed]:
    """Take profit, average cost and stop, each at its price."""
    size = trimmed(panel.target_quantity, 8) if panel.target_quantity else ""
    state = ROW_STATES[panel.target_state].text
    order = f"{size}  {state}" if panel.target_state is not RowState.EMPTY else size
    for at, rank, exit_ in (
        (panel.target_price, _Rank.TARGET, _Exit("✓", "take profit", "gain", order)),
        (panel.average_cost, _Rank.COST, _Exit("", "average cost", "plain")),
        (panel.stop_price, _Rank.STOP, _Exit("✗", "stop loss", "loss")),
    ):
        if at is not None:
            yield at, rank, _exit(exit_, at, price, grain)


def _exit(exit_: _Exit, at: Decimal, price: Decimal | None, grain: _Grain) -> Line:
    told = " ".join(filter(None, (away(at, price, "% away"), exit_.order)))
    cells = (
        right(exit_.sign, _STEP, exit_.tone),
        right(number(at, grain.price), grain.price_width + 2, exit_.tone),
        blank(_OFFSET),
        Cell(f"  {exit_.name} ", exit_.tone),
        Cell(f"{told} " if told else "", "muted"),
    )
    return ruled(cells, "┄", "rule", grain.width)


def _price(price: Decimal, entry: Decimal | None, grain: _Grain) -> Line:
    offset = percent((price - entry) / entry * HUNDRED) if entry else ""
    return price_line(price, offset, grain.price, grain.price_width, grain.width)
