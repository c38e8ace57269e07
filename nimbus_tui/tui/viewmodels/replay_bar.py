"""The head of the replay screen: that this is the past, which moment, and a bar to scrub over."""

from datetime import UTC, datetime
from enum import Enum

from nimbus_tui.control.past import Marks, Moments, PastMoment
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.tui.viewmodels.happenings import describe
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    between,
    blank,
    clean,
    clock,
    cut,
    lasting,
    line_width,
    moment,
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOUR_NS = 3_600 * NS_PER_SECOND
_DAY_NS = 24 * _HOUR_NS
_MARGIN = 2
"""Columns left and right of the bar."""


class Zoom(Enum):
    """How much of the past the bar shows."""

    ALL = "everything"
    DAY = "one day"
    HOUR = "one hour"


def window(zoom: Zoom, ts: int, first_ns: int, now_ns: int) -> tuple[int, int]:
    """The stretch of time on the bar, ns: whole days and hours in UTC, or all there is."""
    if zoom is Zoom.ALL:
        return first_ns, max(now_ns, ts, first_ns + NS_PER_SECOND)
    length = _DAY_NS if zoom is Zoom.DAY else _HOUR_NS
    since = ts // length * length
    return since, since + length


def bar_width(width: int) -> int:
    """Columns of the bar on a screen so wide."""
    return max(1, width - 2 * _MARGIN)


def banner(then: PastMoment | None, now_ns: int, width: int, problem: str = "") -> list[Line]:
    """Two lines that nobody can take for the present."""
    if then is None:
        words = f"can't be read: {problem}" if problem else "is being read …"
        return [(Cell(cut(f" ◀◀ THE PAST {words}", width), "alarm"),), ()]
    when = datetime.fromtimestamp(then.ts // NS_PER_SECOND, UTC)
    day = f"{_DAYS[when.weekday()]} {when.day:02} {when:%b %Y} {clock(then.ts)} UTC"
    start = (Cell(f" ◀◀ THE PAST  {day}  {_ago(now_ns - then.ts)} ", "alarm"),)
    way_out = (Cell(" Esc back to now ", "alarm"),)
    gap = width - line_width(start) - line_width(way_out)
    top: Line = (*start, Cell(" " * gap, "alarm"), *way_out) if gap >= 0 else start
    if problem:
        return [
            top,
            (Cell(cut(f" ▲ {problem}; this is the last that was read", width), "warning"),),
        ]
    return [top, _event(then, width)]


def _ago(ns: int) -> str:
    if ns < 60 * NS_PER_SECOND:
        return f"{max(0, ns) // NS_PER_SECOND} s ago"
    return f"{lasting(ns)} ago"


def _event(then: PastMoment, width: int) -> Line:
    """The event that the moment is after."""
    found = next((event for event in then.events if event.seq == then.seq), None)
    if found is None:
        return (Cell(" before the first event", "muted"),)
    told = describe(found)
    who = clean(found.bot_id or "engine")
    start = (Cell(f" event {then.seq:,} ", "muted"), Cell(f"{who} ", "strong"))
    words = (*start, Cell(cut(told.text, width - line_width(start) - 1), told.tone))
    later = f"{clock(found.ts)} " if found.ts != then.ts else ""
    return between(words, (Cell(later, "muted"),) if later else (), width)


def scrub_bar(
    then: PastMoment | None, moments: Moments | None, marks: Marks | None, zoom: Zoom, width: int
) -> list[Line]:
    """Three lines: where we are, what is of note where, and the times at the ends."""
    parts = bar_width(width)
    if then is None or marks is None or marks.parts != parts:
        return [(), (blank(_MARGIN), Cell("─" * parts, "rule")), ()]
    span = max(1, marks.until_ns - marks.since_ns)
    at = min(parts - 1, max(0, (then.ts - marks.since_ns) * parts // span))
    cells = [blank(_MARGIN), *(_mark(column, at, marks) for column in range(parts))]
    return [_place(at, moments, then), _joined(cells), _ends(marks, zoom, parts)]


def _mark(column: int, at: int, marks: Marks) -> Cell:
    """The worst of a column; the cursor's own stands out by a sign of its own."""
    if column in marks.errors:
        cell = Cell("✗", "loss")
    elif column in marks.risks:
        cell = Cell("▲", "warning")
    elif column in marks.fills:
        cell = Cell("•", "buy")
    else:
        cell = Cell("─", "rule")
    if column != at:
        return cell
    return Cell("┃" if cell.text == "─" else cell.text, "badge")


def _place(at: int, moments: Moments | None, then: PastMoment) -> Line:
    """An arrow over the cursor, and beside it how far the events go."""
    last = moments.last.seq if moments is not None and moments.last is not None else then.seq
    words = f" {then.seq:,} of {last:,} "
    if at + _MARGIN > len(words):
        return (blank(_MARGIN + at - len(words)), Cell(words, "muted"), Cell("▼", "price-line"))
    return (blank(_MARGIN + at), Cell("▼", "price-line"), Cell(words, "muted"))


def _joined(cells: list[Cell]) -> Line:
    """Neighbours of one tone in one piece."""
    pieces: list[Cell] = []
    for cell in cells:
        if pieces and pieces[-1].tone == cell.tone:
            pieces[-1] = Cell(pieces[-1].text + cell.text, cell.tone)
        else:
            pieces.append(cell)
    return tuple(pieces)


def _ends(marks: Marks, zoom: Zoom, parts: int) -> Line:
    start, end = (_when(at, marks) for at in (marks.since_ns, marks.until_ns))
    middle = f"{zoom.value} · • fill  ▲ risk  ✗ error"
    gap = parts - len(start) - len(middle) - len(end)
    if gap < 2:
        middle = zoom.value
        gap = parts - len(start) - len(middle) - len(end)
    if gap < 2:
        return (blank(_MARGIN), Cell(cut(f"{start} … {end}", parts), "muted"))
    before = gap // 2
    return (
        blank(_MARGIN),
        Cell(f"{start}{' ' * before}{middle}{' ' * (gap - before)}{end}", "muted"),
    )


def _when(ts: int, marks: Marks) -> str:
    if marks.until_ns - marks.since_ns > _DAY_NS:
        return moment(ts, marks.until_ns)
    return clock(ts)[:5] if marks.until_ns - marks.since_ns > _HOUR_NS // 2 else clock(ts)


def time_at(marks: Marks, column: int) -> int | None:
    """The time (ns) in the middle of a column that was clicked; None beside the bar."""
    part = column - _MARGIN
    if not 0 <= part < marks.parts:
        return None
    span = marks.until_ns - marks.since_ns
    return marks.since_ns + (2 * part + 1) * span // (2 * marks.parts)


def moment_of(text: str, then_ns: int) -> int | None:
    """The moment (ns) that somebody typed, UTC: `2025-11-22 03:07`, `03:07:30`; None if none.

    A time without a day is of the day that is looked at.
    """
    words = text.strip().removesuffix("UTC").removesuffix("Z").strip()
    if ":" in words and "-" not in words:
        day = datetime.fromtimestamp(then_ns // NS_PER_SECOND, UTC)
        words = f"{day:%Y-%m-%d} {'0' if words[1:2] == ':' else ''}{words}"
    try:
        found = datetime.fromisoformat(words)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return int(aware.timestamp()) * NS_PER_SECOND
    except (ValueError, OverflowError):
        return None
