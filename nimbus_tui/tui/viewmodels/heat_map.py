"""A sweep as a map: spacing across, levels down, a figure and a shade in every cell."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import NamedTuple

from nimbus_tui.control.backtests import BacktestRun, Sweep, SweepCell
from nimbus_tui.tui.viewmodels.frame import Picture
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    blank,
    cut,
    heading,
    left,
    number,
    paragraphs,
    right,
    signed,
    trimmed,
)

_SHADES = " ░▒▓█"
_NAME = 8
_LEAST, _MOST = 8, 14
_HUNDRED = Decimal(100)


class Measure(NamedTuple):
    """What the map shows."""

    name: str
    of: Callable[[SweepCell], Decimal]
    is_signed: bool = True
    better: int = 1
    places: int = 2


MEASURES = (
    Measure("PnL", lambda cell: cell.pnl or Decimal(0)),
    Measure(
        "max drawdown %", lambda cell: cell.max_drawdown * _HUNDRED, is_signed=False, better=-1
    ),
    Measure("round trips", lambda cell: Decimal(cell.round_trips), is_signed=False, places=0),
    Measure("fees", lambda cell: cell.fees, is_signed=False, better=-1),
)


def heat_map(run: BacktestRun, measure: Measure, width: int) -> Picture:
    """The cells that are done; the best is marked, and told below with all its figures."""
    sweep = run.request.sweep
    if sweep is None:
        return Picture((heading("map", width),), ())
    note = (Cell(f"{measure.name} of {sweep.bot_id}; m shows another figure ", "muted"),)
    top = heading("map", width, note)
    cells = {(cell.spacing, cell.levels): cell for cell in run.cells}
    column = max(_LEAST, min(_MOST, (width - _NAME - 2) // max(1, len(sweep.spacings))))
    fit = max(1, (width - _NAME - 2) // column)
    spacings = sweep.spacings[:fit]
    names = [right(f"{trimmed(spacing, 4)} %", column, "strong") for spacing in spacings]
    best = best_of(run.cells, measure)
    rows: list[Line] = [
        (
            left(f" {levels} lev", _NAME, "strong"),
            *(_cell(cells.get((spacing, levels)), run.cells, measure, best, column)
              for spacing in spacings),
        )
        for levels in sweep.levels
    ]  # fmt: skip
    head: Line = (left(" spacing", _NAME, "muted"), *names)
    return Picture((top, head), (*rows, (), *_below(run, sweep, measure, best, width, fit)))


def best_of(cells: Sequence[SweepCell], measure: Measure) -> SweepCell | None:
    """The best cell by a measure; of equals the one that gained more."""
    good = [cell for cell in cells if cell.pnl is not None]
    return max(
        good,
        key=lambda cell: (measure.of(cell) * measure.better, cell.pnl or Decimal(0)),
        default=None,
    )


def _cell(
    cell: SweepCell | None,
    cells: Sequence[SweepCell],
    measure: Measure,
    best: SweepCell | None,
    column: int,
) -> Cell:
    if cell is None:
        return right("·", column, "muted")
    if cell.pnl is None:
        return right("✗ no", column, "muted")
    value = measure.of(cell)
    text, tone = signed(value) if measure.is_signed else (number(value, measure.places), "plain")
    if cell is best:
        return right(f"★ {text} ", column, "badge")
    return right(f"{_shade(value, cells, measure)} {text} ", column, tone)


def _shade(value: Decimal, cells: Sequence[SweepCell], measure: Measure) -> str:
    """The darker the better, between the worst and the best cell."""
    values = [measure.of(cell) * measure.better for cell in cells if cell.pnl is not None]
    low, high = min(values), max(values)
    if low == high:
        return _SHADES[2]
    share = (value * measure.better - low) / (high - low)
    return _SHADES[round(share * (len(_SHADES) - 1))]


def _below(
    run: BacktestRun,
    sweep: Sweep,
    measure: Measure,
    best: SweepCell | None,
    width: int,
    fit: int,
) -> list[Line]:
    lines: list[Line] = []
    if best is not None:
        gain, tone = signed(best.pnl)
        lines.append(
            (
                Cell(" ★ best ", "badge"),
                blank(1),
                Cell(f"spacing {trimmed(best.spacing, 4)} %, {best.levels} levels: ", "strong"),
                Cell(gain, tone),
                Cell(
                    f"  drawdown {number(best.max_drawdown * _HUNDRED)} %  "
                    f"{best.round_trips} round trips  fees {number(best.fees)}",
                    "muted",
                ),
            )
        )
    done = f" {len(run.cells)} of {sweep.cells} cells; ░▒▓█ the darker the better {measure.name}"
    lines.append((Cell(cut(done, width), "muted"),))
    if (hidden := len(sweep.spacings) - fit) > 0:
        lines.append((Cell(f" and {hidden} more spacings, where there is room", "warning"),))
    failed = [cell for cell in run.cells if cell.problem]
    if failed:
        told = f"✗ {len(failed)} could not be run, e.g. spacing {trimmed(failed[0].spacing, 4)} %:"
        words = failed[0].problem.splitlines()[0]
        lines += paragraphs(f"{told} {words}", width - 2, "warning")[:3]
    return lines
