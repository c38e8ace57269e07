"""A bot's equity over time, drawn in braille dots: axis, range, change and drawdown in figures."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from nimbus_tui.tui.viewmodels.frame import Picture, fact, flowed
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    clock,
    cut,
    heading,
    lasting,
    moment,
    right,
)

Point = tuple[int, float]
"""A moment in ns and what the bot was worth then."""

GAP_NS = 300_000_000_000
"""Points further apart than this aren't joined: nobody looked in between."""
_DAY_NS = 86_400_000_000_000
_MINUTE_NS = 60_000_000_000
_SHORT_NS = 600_000_000_000
"""A curve shorter than this tells its times to the second."""
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""The bits of a braille cell's dots, by column and row."""
_EMPTY = 0x2800
_LEAST_ROWS = 3
_MOST_PARTS = 4
"""Into how many parts its labels divide the axis at most."""
_CENTS = 2
_FINEST = 8


class _Scale(NamedTuple):
    """Which dot a moment and a value fall on; dots count from the left and from the bottom."""

    first_ns: int
    last_ns: int
    low: float
    high: float
    columns: int
    rows: int

    def column(self, ts: int) -> int:
        length = max(1, self.last_ns - self.first_ns)
        return min(self.columns - 1, (ts - self.first_ns) * self.columns // length)

    def row(self, value: float) -> int:
        if self.high == self.low:
            return self.rows // 2
        return round((value - self.low) / (self.high - self.low) * (self.rows - 1))


def chart(
    points: Sequence[Point],
    quote: str,
    now_ns: int,
    width: int,
    height: int,
    gap_ns: int = GAP_NS,
) -> Picture:
    """The curve in so many columns and rows, heading and axes among them; oldest point first."""
    if len(points) < 2:
        words = "equity: begins with the first points, one a minute and one a fill"
        return Picture((heading("equity", width),), ((Cell(cut(f" {words}", width), "muted"),),))
    facts = flowed(_facts(points, quote), width - 1)
    rows = height - 1 - len(facts) - 1
    if rows < _LEAST_ROWS:
        facts, rows = facts[:1], height - 3
    top = (heading("equity", width, _span(points)), *facts)
    if rows < 1:
        return Picture(top, ())
    return Picture(top, tuple(_plot(points, now_ns, width, rows, gap_ns)))


def falls(points: Sequence[Point], now_ns: int, width: int, height: int, gap_ns: int) -> Picture:
    """How far the curve lay under its peak at each moment, in percent: 0 at the top."""
    if len(points) < 2:
        return Picture((heading("drawdown", width),), ())
    _, worst = _falls(points)
    top = heading("drawdown", width, (Cell(f"worst {worst:.2f} % ", "muted"),))
    if height < 3:
        return Picture((top,), ())
    return Picture((top,), tuple(_plot(_under_peak(points), now_ns, width, height - 2, gap_ns)))


def _under_peak(points: Sequence[Point]) -> list[Point]:
    peak, fallen = points[0][1], []
    for ts, value in points:
        peak = max(peak, value)
        fallen.append((ts, (value - peak) / peak * 100 if peak > 0 else 0.0))
    return fallen


# the figures above the curve


def _span(points: Sequence[Point]) -> Line:
    length = points[-1][0] - points[0][0]
    words = lasting(length) if length >= _MINUTE_NS else f"{length // 1_000_000_000} s"
    return (Cell(f"{words} ", "muted"),)


def _facts(points: Sequence[Point], quote: str) -> list[Line]:
    first, last = points[0][1], points[-1][1]
    places = _places([value for _, value in points])
    change = last - first
    share = f" ({change / first * 100:+.2f} %)" if first > 0 else ""
    tone = "plain" if not round(change, places) else "gain" if change > 0 else "loss"
    fall, worst = _falls(points)
    return [
        (Cell(f"{_number(last, places)} {quote}", "strong"),),
        (Cell(f"{change:+,.{places}f}{share}".replace("-", "−"), tone),),
        fact("drawdown", Cell(f"{fall:.2f} %", "warning" if fall >= worst > 0 else "plain")),
        fact("worst", Cell(f"{worst:.2f} %")),
    ]


def _falls(points: Sequence[Point]) -> tuple[float, float]:
    """The present and the worst fall from the peak before it, in percent of the peak."""
    peak, fall, worst = points[0][1], 0.0, 0.0
    for _, value in points:
        peak = max(peak, value)
        fall = (peak - value) / peak * 100 if peak > 0 else 0.0
        worst = max(worst, fall)
    return fall, worst


def _places(values: Sequence[float]) -> int:
    """Cents, or as many digits as it takes to tell the curve's ends apart."""
    spread = max(values) - min(values)
    places = _CENTS
    while spread and places < _FINEST and spread < 2 * 10.0**-places:
        places += 1
    return places


def _number(value: float, places: int) -> str:
    return f"{value:,.{places}f}".replace("-", "−")


# the curve


def _plot(points: Sequence[Point], now_ns: int, width: int, rows: int, gap_ns: int) -> list[Line]:
    values = [value for _, value in points]
    low, high, places = min(values), max(values), _places(values)
    labels = _labels(low, high, places, rows)
    margin = max(len(label) for label in labels.values()) + 1
    columns = max(1, width - margin - 3)
    scale = _Scale(points[0][0], points[-1][0], low, high, 2 * columns, 4 * rows)
    tone = "loss" if values[-1] < values[0] else "gain"
    cells = _braille(points, scale, columns, rows, gap_ns)
    start = scale.row(values[0]) // 4
    lines = []
    for y in range(rows):
        axis = "┤" if y in labels else "│"
        line = [right(labels.get(y, ""), margin, "muted"), Cell(f" {axis}", "rule")]
        lines.append((*line, *_row(cells[y], tone, is_start=rows - 1 - y == start)))
    return [*lines, _times(points, now_ns, margin, columns)]


def _labels(low: float, high: float, places: int, rows: int) -> dict[int, str]:
    """Values on the axis by row from the top: the ends, and some between where there is room."""
    if low == high:
        return {rows - 1 - (4 * rows // 2) // 4: _number(low, places)}
    parts = max(1, min(_MOST_PARTS, (rows - 1) // 3))
    marks = {part * (rows - 1) // parts for part in range(parts + 1)}
    step = (high - low) / max(1, rows - 1)
    return {y: _number(high - y * step, places) for y in marks}


def _braille(
    points: Sequence[Point], scale: _Scale, columns: int, rows: int, gap_ns: int
) -> list[list[int]]:
    """Bits of the cells, from the top row down; what lies between two points is joined."""
    cells = [[0] * columns for _ in range(rows)]

    def dots(x: int, low: int, high: int) -> None:
        for y in range(low, high + 1):
            cells[rows - 1 - y // 4][x // 2] |= _DOTS[x % 2][3 - y % 4]

    for (then, before), (now, after) in pairwise(points):
        x, end = scale.column(then), scale.column(now)
        y, to = scale.row(before), scale.row(after)
        dots(x, y, y)
        if now - then > gap_ns:
            continue
        for step in range(x + 1, end):
            dots(step, y, y)
        dots(end, min(y, to), max(y, to))
    return cells


def _row(cells: Sequence[int], tone: str, *, is_start: bool) -> list[Cell]:
    """One row of dots; where there are none, the level of the start as a dotted line."""
    if not is_start:
        return [Cell("".join(chr(_EMPTY + bits) if bits else " " for bits in cells), tone)]
    pieces: list[Cell] = []
    for bits in cells:
        text, kind = (chr(_EMPTY + bits), tone) if bits else ("┄", "rule")
        if pieces and pieces[-1].tone == kind:
            pieces[-1] = Cell(pieces[-1].text + text, kind)
        else:
            pieces.append(Cell(text, kind))
    return pieces


def _times(points: Sequence[Point], now_ns: int, margin: int, columns: int) -> Line:
    """When the curve begins, its middle where there is room, and its end."""
    first, last = points[0][0], points[-1][0]
    is_long = last - first >= _DAY_NS or clock(first) > clock(last)
    digits = len("00:00:00") if last - first < _SHORT_NS else len("00:00")
    start, middle, end = (
        moment(at, now_ns) if is_long else clock(at)[:digits]
        for at in (first, (first + last) // 2, last)
    )
    gap = columns - len(start) - len(middle) - len(end)
    if gap < 4:
        gap, middle = columns - len(start) - len(end), ""
    if gap < 1:
        return (blank(margin + 2), Cell(end.rjust(columns)[-columns:], "muted"))
    before = gap // 2
    words = f"{start}{' ' * before}{middle}{' ' * (gap - before)}{end}"
    return (blank(margin + 2), Cell(words, "muted"))
