"""The portfolio's drift table: every asset against its target, with a bar around zero."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.panels import DriftPanel, DriftRow, RowState
from nimbus_tui.tui.viewmodels.frame import Picture, Room, fact, flowed, title
from nimbus_tui.tui.viewmodels.lines import (
    NONE,
    Cell,
    Line,
    blank,
    countdown,
    lasting,
    left,
    line_width,
    moment,
    number,
    places_of,
    right,
    signed,
)
from nimbus_tui.tui.viewmodels.words import ROW_STATES, SIDES

_ACTION, _STATE = 6, 12
_WITH_VALUE = 90
"""From this width on it has a column with the holdings' value, later one with the quantity."""
_WITH_QUANTITY = 120
_LEAST_BAR, _MOST_BAR = 9, 41
_HEADROOM = Decimal("1.25")
"""How much further than the largest drift the bar's ends are."""
_OVER = "!"
_MARK = "┊"


class _Table(NamedTuple):
    """The columns' widths, the bar's width and scale; a column of width 0 isn't there."""

    asset: int
    weight: int
    drift: int
    bar: int
    """Cells of the bar, an odd number: the zero is the middle one."""
    value: int
    held: int
    amount: int
    sizes: int
    """Digits behind the point of the quantities held."""
    reach: Decimal
    """Drift in points at either end of the bar."""
    quote: str
    width: int


def drift(panel: DriftPanel, bot: BotSnapshot, room: Room) -> Picture:
    """The portfolio of one bot, in its own order of assets."""
    top = title(bot, room.width, panel.note)
    top += flowed(_facts(panel, room.now_ns), room.width - 1, room.height)
    if not panel.rows:
        return Picture(tuple(top), ())
    table = _table(panel, room.width)
    rows = tuple(_asset(row, table) for row in panel.rows)
    return Picture((*top, _names(table)), rows)


# the facts above the table


def _facts(panel: DriftPanel, now_ns: int) -> list[Line]:
    facts = []
    if panel.value is not None:
        facts.append(fact("value", Cell(f"{number(panel.value)} {panel.quote}", "strong")))
    if panel.is_rebalancing:
        facts.append((Cell(f"◌ rebalancing, round {panel.round_number}", "price-line"),))
    over = [row.asset for row in panel.rows if _is_over(row)]
    if over:
        facts.append((Cell(f"{_OVER} beyond its mark: {', '.join(over)}", "warning"),))
    if panel.last_rebalance is not None:
        when = moment(panel.last_rebalance, now_ns)
        ago = Cell(f", {lasting(now_ns - panel.last_rebalance)} ago", "muted")
        facts.append(fact("last rebalance", Cell(when), ago))
    else:
        facts.append(fact("last rebalance", Cell("none yet", "muted")))
    facts.append(_next(panel, now_ns))
    return facts


def _next(panel: DriftPanel, now_ns: int) -> Line:
    if panel.next_rebalance is None:
        return fact("next", Cell("when an asset drifts beyond its mark", "muted"))
    left_ns = panel.next_rebalance - now_ns
    words = f"in {countdown(left_ns)}" if left_ns > 0 else "now"
    when = Cell(f", {moment(panel.next_rebalance, now_ns)} UTC", "muted")
    return fact("next", Cell(words, "price-line"), when)


def _is_over(row: DriftRow) -> bool:
    if row.drift is None or row.threshold is None:
        return False
    return abs(row.drift) >= row.threshold


# the table


def _table(panel: DriftPanel, width: int) -> _Table:
    rows = panel.rows
    sizes = places_of(row.quantity for row in rows)
    asset = 2 + _longest("asset", (row.asset for row in rows))
    weights = (number(weight) for row in rows for weight in (row.target, row.current))
    weight = 1 + _longest("target", weights)
    points = 1 + _longest("drift", (f"{signed(row.drift)[0]} {_OVER}" for row in rows))
    amount = 1 + _longest("amount", (number(row.amount) for row in rows))
    values = (number(row.value) for row in rows)
    value = 1 + _longest(panel.quote, values) if width >= _WITH_VALUE else 0
    quantities = (number(row.quantity, sizes) for row in rows)
    held = 1 + _longest("held", quantities) if width >= _WITH_QUANTITY else 0
    rest = asset + 2 * weight + points + 1 + value + held + 1 + _ACTION + amount + 2 + _STATE
    room = min(_MOST_BAR, max(_LEAST_BAR, width - 1 - rest))
    return _Table(
        asset=asset, weight=weight, drift=points, bar=room - 1 + room % 2, value=value,
        held=held, amount=amount, sizes=sizes, reach=_reach(rows), quote=panel.quote, width=width,
    )  # fmt: skip


def _longest(name: str, texts: Iterable[str]) -> int:
    return max(len(name), *(len(text) for text in texts))


def _reach(rows: Sequence[DriftRow]) -> Decimal:
    """How far the bar goes: past the largest drift and the furthest mark."""
    known = [abs(row.drift) for row in rows if row.drift is not None]
    marks = [row.threshold for row in rows if row.threshold is not None]
    return max([*known, *marks], default=Decimal(0)) * _HEADROOM or Decimal(1)


def _names(table: _Table) -> Line:
    cells = [
        left(" asset", table.asset, "muted"),
        right("target", table.weight, "muted"),
        right("now %", table.weight, "muted"),
        left(right("drift", table.drift - 2).text, table.drift, "muted"),
        blank(1),
        *_scale(table),
        right(table.quote, table.value, "muted"),
        right("held", table.held, "muted"),
        left(" action", 1 + _ACTION, "muted"),
        right("amount", table.amount, "muted"),
        left("  order", 2 + _STATE, "muted"),
    ]
    return tuple(cells)


def _scale(table: _Table) -> list[Cell]:
    """The bar's ends in points, and where its zero is."""
    half = table.bar // 2
    end = f"{table.reach:.0f}" if table.reach >= 10 else f"{table.reach:.1f}"
    return [
        left(f"−{end}", half, "muted"),
        Cell("0", "muted"),
        right(f"+{end}", half, "muted"),
    ]


def _asset(row: DriftRow, table: _Table) -> Line:
    is_over = _is_over(row)
    points = f"{signed(row.drift)[0]} {_OVER if is_over else ' '}"
    cells = [
        left(f" {row.asset}", table.asset, "strong"),
        right(number(row.target), table.weight),
        right(number(row.current), table.weight),
        right(points, table.drift, "warning" if is_over else "plain"),
        blank(1),
        *_bar(row, table, is_over=is_over),
        right(number(row.value) if table.value else "", table.value),
        right(number(row.quantity, table.sizes) if table.held else "", table.held, "muted"),
        *_action(row, table),
    ]
    rest = table.width - line_width(cells) - 1
    return (*cells, left(row.note, rest, "muted")) if row.note and rest > 3 else tuple(cells)


def _action(row: DriftRow, table: _Table) -> Line:
    """What is being done about an asset; muted, what a rebalance now would do."""
    if row.side is None or not row.amount:
        return (blank(1), left(row.note or "· none", _ACTION + table.amount + _STATE, "muted"))
    side, amount = SIDES[row.side], number(row.amount)
    if row.state is RowState.EMPTY:
        return (
            left(f" {side.text}", 1 + _ACTION, "muted"), right(amount, table.amount, "muted"),
            left("  · if now", 2 + _STATE, "muted"),
        )  # fmt: skip
    state = ROW_STATES[row.state]
    return (
        left(f" {side.text}", 1 + _ACTION, side.tone), right(amount, table.amount),
        left(f"  {state.text}", 2 + _STATE, state.tone),
    )  # fmt: skip


def _bar(row: DriftRow, table: _Table, *, is_over: bool) -> list[Cell]:
    """A bar from the zero in the middle, marks where the asset triggers a rebalance."""
    half = table.bar // 2
    if row.drift is None:
        return [Cell(NONE.center(table.bar), "muted")]
    halves = min(2 * half, round(abs(row.drift) / table.reach * 2 * half))
    length, rest = divmod(halves, 2)
    mark = None
    if row.threshold is not None:
        mark = min(half, max(1, round(row.threshold / table.reach * half)))
    tone = "warning" if is_over else "price"
    filled = "█" * length + ("▌" if rest else "")
    if row.drift < 0:
        filled = filled.replace("▌", "▐")
    bar = [filled[at] if at < len(filled) else " " for at in range(half)]
    quiet = [" "] * half
    if mark is not None:
        bar[mark - 1] = quiet[mark - 1] = _MARK
    zero, other = Cell("│", "muted"), Cell("".join(quiet), "muted")
    arm = [Cell(sign, "muted" if sign == _MARK else tone) for sign in bar]
    if row.drift < 0:
        return [*arm[::-1], zero, other]
    return [Cell(other.text[::-1], "muted"), zero, *arm]
