"""The risk of one bot in a few lines: its step and why, and the rules nearest to their limits."""

from nimbus_tui.core.risk import RiskInput, RiskReading
from nimbus_tui.tui.viewmodels.frame import Picture
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    heading,
    left,
    line_width,
    paragraphs,
    width_of,
)
from nimbus_tui.tui.viewmodels.risk_board import Board, rank
from nimbus_tui.tui.viewmodels.risk_ladder import coming_down
from nimbus_tui.tui.viewmodels.risk_rules import figure, measured_of_limit, rule_of
from nimbus_tui.tui.viewmodels.risk_words import is_unfit, step_cell, usage_bar

_NAME, _BAR = 17, 16
_NARROW, _SHORT_BAR = 60, 11
"""Below this width the bars are shorter."""
_REASON_LINES = 2


def brief(board: Board | None, bot_id: str, now_ns: int, width: int, height: int) -> Picture:
    """The selected bot's risk; what its account and the engine ask for stands there too."""
    if board is None:
        return Picture((heading("risk", width),), ((Cell(" …", "muted"),),))
    standing = board.standings.get(bot_id)
    step = step_cell(board.step(bot_id))
    down = coming_down(standing, now_ns) if standing is not None else ""
    note: Line = (step, Cell(f", {down} " if down else " ", "muted"))
    lines: list[Line] = []
    if standing is not None and standing.reason:
        lines += paragraphs(standing.reason, width - 2, "warning")[:_REASON_LINES]
    room = max(0, height - 1 - len(lines))
    lines += [_reading(reading, bot_id, width) for reading in _worst(board, bot_id)[:room]]
    return Picture((heading("risk", width, note),), tuple(lines))


def _worst(board: Board, bot_id: str) -> list[RiskReading]:
    """The bot's rules, and those above it that are not at rest, nearest to their limit first."""
    own = [one for one in board.of_scope(bot_id) if one.input is not RiskInput.OFF]
    above = (one for scope in board.above for one in board.of_scope(scope))
    others = [one for one in above if one.step or is_unfit(one)]
    return sorted([*own, *others], key=rank, reverse=True)


def _reading(reading: RiskReading, bot_id: str, width: int) -> Line:
    rule = rule_of(reading.rule, reading.level)
    whose = "" if reading.scope == bot_id else f", {reading.scope}"
    long = _SHORT_BAR if width < _NARROW else _BAR
    cells = (
        left(f" {rule.label}", _NAME), blank(1), *usage_bar(reading, long), blank(2),
    )  # fmt: skip
    words = reading.detail if is_unfit(reading) else ""
    told = f"{words or measured_of_limit(reading.measured, reading.limit, rule.unit)}{whose}"
    rest = width - line_width(cells) - 1
    if not words and width_of(told) > rest:
        told = figure(reading.measured, rule.unit)
    return (*cells, left(told, rest, "muted")) if rest > 3 else cells
