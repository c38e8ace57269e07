"""An equity curve of a run: points where somebody asks, and the worst fall over every tick."""

from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.accounting.performance import drawdown

ZERO = Decimal(0)

Point = tuple[int, Decimal]


class EquityCurve:
    """Points of equity in time order, ts in ns.

    `look` is called on every tick and makes no point, but remembers the peak and the worst fall
    from it. `points` holds both ends of that fall beside the points asked for, so that the worst
    drawdown of the curve is the worst of all ticks.
    """

    def __init__(self) -> None:
        self._points: list[Point] = []
        self._peak: tuple[int, Point] = (0, (0, ZERO))
        self._fall: tuple[tuple[int, Point], ...] = ()
        self.max_drawdown = ZERO

    def look(self, ts: int, equity: Decimal) -> None:
        """Take note of the equity after a tick."""
        peak = self._peak[1][1]
        if equity > peak:
            self._peak = (len(self._points), (ts, equity))
        elif equity < peak:
            fall = drawdown(equity, peak)
            if fall > self.max_drawdown:
                self.max_drawdown = fall
                self._fall = (self._peak, (len(self._points), (ts, equity)))

    def mark(self, ts: int, equity: Decimal) -> None:
        """Make a point."""
        self.look(ts, equity)
        if not self._points or self._points[-1] != (ts, equity):
            self._points.append((ts, equity))

    def points(self) -> list[Point]:
        """The points, each once."""
        points = list(self._points)
        for at, point in reversed(self._fall):
            if points[at : at + 1] != [point]:
                points.insert(at, point)
        return points


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most so many points (4 at least): both ends, and the lowest and highest of equal parts."""
    if len(points) <= most:
        return list(points)
    parts = max(1, (most - 2) // 2)
    chosen = {0, len(points) - 1}
    for part in range(parts):
        span = range(part * len(points) // parts, (part + 1) * len(points) // parts)
        chosen.add(min(span, key=lambda at: points[at][1]))
        chosen.add(max(span, key=lambda at: points[at][1]))
    return [points[at] for at in sorted(chosen)]
