"""Rules × scopes as usage bars, with one cell in focus."""

from collections.abc import Sequence
from typing import NamedTuple

from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.viewmodels.frame import Picture
from nimbus_tui.tui.viewmodels.lines import Cell, Line, blank, cut, left, line_width, width_of
from nimbus_tui.tui.viewmodels.risk_board import ACCOUNT, Board
from nimbus_tui.tui.viewmodels.risk_ladder import ladder_line
from nimbus_tui.tui.viewmodels.risk_rules import LEVELS, Rule
from nimbus_tui.tui.viewmodels.risk_words import STEPS, usage_bar

_NAME = 20
"""Room for a rule's level and name."""
_LEAST, _MOST = 12, 20
"""Room for a column: the focus's mark, a sign, a bar and a percentage."""
_HERE = "›"


class Focus(NamedTuple):
    """The cell that is looked at, and the first column that is shown."""

    scope: str
    row: int
    first: int = 0


class Columns(NamedTuple):
    """Which scopes are side by side, and how wide they are."""

    first: int
    shown: tuple[str, ...]
    name: int
    width: int


class Table(NamedTuple):
    """The picture, and which rule stands in each of its rows; None for the name of a level."""

    picture: Picture
    rules: tuple[int | None, ...]
    columns: Columns


def columns(scopes: Sequence[str], focus: Focus, width: int) -> Columns:
    """The page of columns around the focus, moved no further than it has to be."""
    name = max(0, min(_NAME, width - _LEAST))
    fits = max(1, (width - name) // _LEAST)
    at = scopes.index(focus.scope) if focus.scope in scopes else 0
    first = min(max(focus.first, at - fits + 1), at)
    first = max(0, min(first, len(scopes) - fits))
    shown = tuple(scopes[first : first + fits])
    wide = (width - name) // max(1, len(shown))
    return Columns(first, shown, name, max(_LEAST, min(_MOST, wide)))


def table(board: Board, focus: Focus, width: int, *, has_levels: bool) -> Table:
    """The table; with room for them the four levels have lines of their own."""
    page = columns(board.scopes, focus, width)
    rows: list[Line] = []
    rules: list[int | None] = []
    level = 0
    for at, rule in enumerate(board.rules):
        if has_levels and rule.level != level:
            level = rule.level
            rows.append(_level(level, width))
            rules.append(None)
        rows.append(_row(board, rule, focus, page, is_focused=at == focus.row))
        rules.append(at)
    top = (ladder_line(focus.scope, board.step(focus.scope), width), _names(board, focus, page))
    here = rules.index(focus.row) if focus.row in rules else None
    return Table(Picture(top, tuple(rows), here), tuple(rules), page)


def scope_at(page: Columns, x: int) -> str | None:
    """The scope whose column a click has met; None beside the columns."""
    at = (x - page.name) // page.width
    return page.shown[at] if x >= page.name and at < len(page.shown) else None


def _level(level: int, width: int) -> Line:
    name = Cell(f" {level} {LEVELS.get(level, 'other')} ", "muted")
    return (name, Cell("─" * max(0, width - line_width([name]) - 1), "rule"))


def _names(board: Board, focus: Focus, page: Columns) -> Line:
    """The scopes with their steps' signs; how many more there are stands at the left."""
    total, last = len(board.scopes), page.first + len(page.shown)
    before, after = "◀ " if page.first else "", " ▶" if last < total else ""
    where = f" {before}{page.first + 1}–{last} of {total}{after}"
    cells = [left(where if before or after else " rule", page.name, "muted")]
    for scope in page.shown:
        step = board.step(scope)
        sign = STEPS[step] if step is not RiskStep.NORMAL else Cell(" ", "plain")
        room = page.width - 2
        name = cut(scope if room > width_of(scope) else scope.removeprefix(ACCOUNT), room - 1)
        tone = "badge" if scope == focus.scope else "strong"
        cells += [blank(1), sign, Cell(name, tone), blank(room - width_of(name))]
    return tuple(cells)


def _row(board: Board, rule: Rule, focus: Focus, page: Columns, *, is_focused: bool) -> Line:
    cells = [left(f" {rule.level} {rule.label}", page.name, "strong" if is_focused else "plain")]
    for scope in page.shown:
        is_here = is_focused and scope == focus.scope
        cells.append(Cell(_HERE if is_here else " ", "key"))
        cells += usage_bar(board.reading(scope, rule), page.width - 1)
    return tuple(cells)
