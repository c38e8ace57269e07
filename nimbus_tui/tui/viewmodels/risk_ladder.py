"""Where the scopes stand on the escalation ladder, since when, why, and when they may come down."""

from collections.abc import Sequence
from typing import NamedTuple

from nimbus_tui.control.risk import RiskSnapshot, ScopeStanding
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.viewmodels.frame import fact
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    clean,
    clock,
    countdown,
    cut,
    left,
    line_width,
    moment,
    paragraphs,
    width_of,
)
from nimbus_tui.tui.viewmodels.risk_board import Board
from nimbus_tui.tui.viewmodels.risk_rules import measured_of_limit, rule_of
from nimbus_tui.tui.viewmodels.risk_words import STEPS, step_cell

_ARROWS = (" › ", "›")
_HINT = 8
"""Room at the right end for the hint of how much is out of sight."""
_DAY_NS = 86_400_000_000_000
_LEFT_SHOWN = 3
"""How many of the things that an emergency has still to do are named."""
_ONLY = "only you"
_MOST_NAME, _STEP, _DOWN = 20, 13, 21
_SINCE, _SINCE_LONG = 9, 13
_WITH_SINCE, _WITH_DOWN = 40, 68
"""Widths from which on the list of standings has these columns."""


def ladder_line(scope: str, step: RiskStep, width: int) -> Line:
    """The whole ladder on one line, the step that a scope stands on marked."""
    name = Cell(f" {cut(scope, _MOST_NAME)}  ", "title")
    for arrow in _ARROWS:
        line = (name, *_rungs(step, arrow))
        if line_width(line) + _HINT <= width:
            return line
    return (name, step_cell(step))


def _rungs(step: RiskStep, arrow: str) -> Line:
    cells: list[Cell] = []
    for rung in RiskStep:
        if rung:
            cells.append(Cell(arrow, "muted"))
        if rung is step:
            tone = "badge" if rung is RiskStep.NORMAL else "alarm"
            cells.append(Cell(f" {STEPS[rung].text} {rung.label.upper()} ", tone))
        else:
            cells.append(Cell(rung.label, "muted"))
    return tuple(cells)


def standing_facts(scope: str, standing: ScopeStanding | None, now_ns: int) -> list[Line]:
    """Step, since when, by which rule, and when it may come down."""
    if standing is None:
        return [fact(clean(scope), Cell("nothing is known of its step", "muted"))]
    since = standing.since if standing.step else None
    when = f" since {_when(since, now_ns)}" if since is not None else ""
    facts = [fact(clean(scope), step_cell(standing.step), Cell(when))]
    if standing.rule:
        facts.append(fact("by", *_by(standing)))
    down = coming_down(standing, now_ns)
    if down:
        facts.append((Cell(down if down.startswith(_ONLY) else f"down {down}"),))
    if standing.operator_paused:
        facts.append((_paused_by_you(standing),))
    if standing.reason:
        facts.append((Cell(clean(standing.reason), "warning"),))
    return facts


def _paused_by_you(standing: ScopeStanding) -> Cell:
    too = " too" if standing.step >= RiskStep.PAUSE else ""
    return Cell(f"‖ paused by you{too}", "warning")


def coming_down(standing: ScopeStanding, now_ns: int) -> str:
    """When a scope can come one step down."""
    if standing.step is RiskStep.NORMAL:
        return ""
    if standing.step is RiskStep.EMERGENCY:
        return f"{_ONLY} lift it (R)"
    if standing.step is RiskStep.STOP:
        return f"{_ONLY} start it (S)"
    if standing.until is None:
        # What a rule took is taken back by itself; the rest is for the operator to look into.
        return "not calm yet" if standing.rule else f"{_ONLY} lift it (r)"
    left_ns = standing.until - now_ns
    return f"in {countdown(left_ns)} or later" if left_ns > 0 else "once its usage falls"


def _numbers(standing: ScopeStanding) -> str:
    unit = rule_of(standing.rule).unit
    return measured_of_limit(standing.measured, standing.limit, unit)


def _when(ts: int, now_ns: int) -> str:
    return clock(ts) if 0 <= now_ns - ts < _DAY_NS else moment(ts, now_ns)


# all scopes


class Standings(NamedTuple):
    """Lines under the names of their columns, and whose each of them is."""

    names: Line
    rows: tuple[Line, ...]
    scopes: tuple[str, ...]


class _Widths(NamedTuple):
    """The columns; one of width 0 isn't there."""

    scope: int
    since: int
    down: int
    all: int


def standings(board: Board, now_ns: int, width: int) -> Standings:
    """Every scope with its step, strictest bot first; below it its reason, where it has one."""
    longest = max((width_of(clean(scope)) for scope in board.scopes), default=0)
    is_old = any(now_ns - (one.since or now_ns) >= _DAY_NS for one in board.standings.values())
    widths = _Widths(
        scope=1 + min(_MOST_NAME, max(longest, len("scope"))),
        since=(_SINCE_LONG if is_old else _SINCE) if width >= _WITH_SINCE else 0,
        down=_DOWN if width >= _WITH_DOWN else 0,
        all=width,
    )
    names = (
        left(" scope", widths.scope, "muted"), left(" step", _STEP, "muted"),
        left("since", widths.since, "muted"), left("comes down", widths.down, "muted"),
        Cell("by which rule", "muted"),
    )  # fmt: skip
    rows: list[Line] = []
    scopes: list[str] = []
    for scope in board.scopes:
        lines = _scope(board, scope, widths, now_ns)
        rows += lines
        scopes += [scope] * len(lines)
    return Standings(names, tuple(rows), tuple(scopes))


def _scope(board: Board, scope: str, widths: _Widths, now_ns: int) -> list[Line]:
    step = board.step(scope)
    standing = board.standings.get(scope) or ScopeStanding(scope=scope, step=step)
    cell = step_cell(step)
    since = standing.since if step else None
    when = _when(since, now_ns) if since is not None else ""
    down = coming_down(standing, now_ns)
    cells = [
        left(f" {scope}", widths.scope, "strong"), left(f" {cell.text}", _STEP, cell.tone),
        left(when, widths.since), left(down, widths.down, "muted"),
    ]  # fmt: skip
    by = list(_by(standing)) if standing.rule else []
    if down and not widths.down:
        by.append(Cell(f"  {down}" if down.startswith(_ONLY) else f"  down {down}", "muted"))
    lines: list[Line] = [(*cells, *by)]
    if standing.operator_paused:
        lines.append((Cell("   "), _paused_by_you(standing)))
    if standing.reason:
        lines.append((Cell(f"   {cut(standing.reason, widths.all - 4)}", "warning"),))
    return lines


def _by(standing: ScopeStanding) -> Line:
    numbers = _numbers(standing)
    name = Cell(rule_of(standing.rule).label, "strong")
    return (name, Cell(f" {numbers}")) if numbers else (name,)


# the emergency's latch


def banner(snapshot: RiskSnapshot, width: int) -> list[Line]:
    """What an emergency has still to do, and how it is lifted; nothing outside one."""
    if not snapshot.latched:
        return []
    count = len(snapshot.left)
    how = f"{count} still there" if count else snapshot.emergency or "cancelling every order"
    lines = _alarm(f"✗ EMERGENCY, latched{'' if snapshot.verified else f': {how}'}", width)
    if snapshot.verified:
        words = "✓ verified with the venues: nothing of ours is left; R rearms by a typed word"
        return [*lines, *_told(words, "gain", width)]
    for one in snapshot.left[:_LEFT_SHOWN]:
        lines.append((Cell(f" ● {cut(one, width - 4)}", "loss"),))
    more = len(snapshot.left) - _LEFT_SHOWN
    if more > 0:
        lines.append((Cell(f" ● and {more} more", "loss"),))
    words = "◌ not verified yet, it keeps trying; R rearms once nothing is left"
    return [*lines, *_told(words, "warning", width)]


def _alarm(text: str, width: int) -> list[Line]:
    return [(Cell(f"{cell.text} ", "alarm"),) for (cell,) in paragraphs(text, width - 3)]


def _told(text: str, tone: str, width: int) -> Sequence[Line]:
    return paragraphs(text, width - 2, tone)
