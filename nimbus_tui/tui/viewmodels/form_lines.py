"""A page of the form as lines: every key with its value, unit and default, and what is wrong."""

from collections.abc import Sequence
from typing import NamedTuple

from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.tui.viewmodels.config_form import FieldRow, Page, page_problems
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    clean,
    cut,
    left,
    line_width,
    paragraphs,
    width_of,
)

_LABEL = 24
_NARROW_LABEL = 20
_NARROW = 60
_OFF = "–"
_CUT_TAB = 18


class FormPicture(NamedTuple):
    """The lines of a page, and where each of its fields stands among them."""

    lines: tuple[Line, ...]
    places: tuple[int, ...]
    """The line of each field, in the fields' order."""


def form_picture(page: Page, rows: Sequence[FieldRow], width: int) -> FormPicture:
    """Every field on a line of its own, what is wrong with it below."""
    lines: list[Line] = []
    places: list[int] = []
    if page.trouble:
        lines += paragraphs(page.trouble, width - 2, "loss")
    if page.note:
        lines += paragraphs(page.note, width - 2, "warning")
    group = ""
    for row in rows:
        inner = ".".join(row.field.path[:-1])
        if inner != group:
            lines.append((Cell(f" {inner or page.name}", "title"),))
            group = inner
        places.append(len(lines))
        lines.append(_field(row, width))
        if row.problem:
            for text in paragraphs(f"✗ {row.problem}", width - 5, "loss"):
                lines.append((blank(3), *text))
    return FormPicture(tuple(lines), tuple(places))


def _field(row: FieldRow, width: int) -> Line:
    """Label, value and unit; a default is muted, a key that must be given says so."""
    label_width = _LABEL if width >= _NARROW else _NARROW_LABEL
    sign = "✗" if row.problem else "●" if row.given is not None else " "
    tone = "loss" if row.problem else "key"
    value, value_tone = _value(row)
    unit = f" {row.field.unit}" if row.field.unit and value != _OFF else ""
    cells = (
        Cell(f" {sign} ", tone),
        left(row.field.label, label_width, "plain" if row.given is not None else "muted"),
        blank(1),
        Cell(cut(value, max(4, width - label_width - 6 - width_of(unit))), value_tone),
        Cell(unit, "muted"),
    )
    note = "  default" if row.given is None and row.field.default is not None else ""
    if line_width(cells) + len(note) < width:
        return (*cells, Cell(note, "muted"))
    return cells


def _value(row: FieldRow) -> tuple[str, str]:
    if row.given is not None:
        return row.given or '""', "loss" if row.problem else "strong"
    if row.field.default is not None:
        return row.field.default.strip('"') or '""', "muted"
    if row.field.required:
        return "must be given", "warning"
    return _OFF, "muted"


def field_help(row: FieldRow | None, width: int, height: int, wrong: str = "") -> list[Line]:
    """What the selected key means and takes, or what is wrong with what is being typed."""
    if row is None:
        return []
    field = row.field
    lines: list[Line] = []
    trouble = wrong or row.problem
    if trouble:
        lines += paragraphs(f"✗ {trouble}", width - 2, "loss")
    lines += paragraphs(field.help, width - 2)
    # The form puts the quotes around a text.
    named = field.takes.replace("text in quotes", "text")
    takes = ", ".join(filter(None, (named, field.limits)))
    default = f"; default {field.default}" if field.default is not None else ""
    needed = "; must be given" if field.required else ""
    lines += paragraphs(f"Takes {takes}{default}{needed}.", width - 2, "muted")
    return lines[:height]


def tab_line(pages: Sequence[Page], at: int, problems: Sequence[ConfigProblem], width: int) -> Line:
    """The pages beside each other, the open one in the middle of what fits."""
    tabs = [_tab(page, index == at, problems) for index, page in enumerate(pages)]
    if not tabs:
        return (Cell(" no table in this text", "muted"),)
    first = last = min(at, len(tabs) - 1)
    used = width_of(tabs[first].text)
    while True:
        grown = False
        if last + 1 < len(tabs) and used + width_of(tabs[last + 1].text) <= width - 4:
            last, grown = last + 1, True
            used += width_of(tabs[last].text)
        if first > 0 and used + width_of(tabs[first - 1].text) <= width - 4:
            first, grown = first - 1, True
            used += width_of(tabs[first].text)
        if not grown:
            break
    before = Cell("‹ ", "muted") if first else blank(2)
    after = (Cell(" ›", "muted"),) if last + 1 < len(tabs) else ()
    return (before, *tabs[first : last + 1], *after)


def _tab(page: Page, is_open: bool, problems: Sequence[ConfigProblem]) -> Cell:
    count = len(page_problems(page, problems)) or bool(page.trouble)
    name = cut(clean(page.name), _CUT_TAB)
    mark = f" ✗{count:d}" if count else ""
    tone = "badge" if is_open else "loss" if count else "muted"
    return Cell(f" {name}{mark} ", tone)


def tab_at(line: Line, column: int, pages: Sequence[Page]) -> int | None:
    """Which page's name stands at a column of the line of tabs."""
    start = 0
    for cell in line:
        end = start + width_of(cell.text)
        if start <= column < end:
            name = cell.text.strip().partition(" ✗")[0]
            names = [cut(clean(page.name), _CUT_TAB) for page in pages]
            return names.index(name) if name in names else None
        start = end
    return None


def problem_lines(problems: Sequence[ConfigProblem], width: int, height: int) -> list[Line]:
    """Everything that is wrong, each with its line and key; what doesn't fit is counted."""
    shown = problems if len(problems) <= height else problems[: max(0, height - 1)]
    lines: list[Line] = []
    for problem in shown:
        start = (Cell(f" ✗ line {problem.line}", "loss"), Cell(f" {clean(problem.key)} ", "strong"))
        rest = max(1, width - line_width(start) - 1)
        lines.append((*start, Cell(cut(problem.message, rest))))
    if len(shown) < len(problems) and height:
        lines.append((Cell(f"   … and {len(problems) - len(shown)} more", "muted"),))
    return lines
