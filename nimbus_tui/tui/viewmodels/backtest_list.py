"""The runs of this session, one a line: how far each is, and what came of it."""

from collections.abc import Sequence

from nimbus_tui.control.backtests import BacktestRun, RunState
from nimbus_tui.tui.viewmodels.lines import Cell, Line, bar, blank, clean, cut, left, right, signed

_BAR = 10
_STATES = {
    RunState.RUNNING: Cell("▶", "price"),
    RunState.DONE: Cell("✓", "gain"),
    RunState.FAILED: Cell("✗", "loss"),
    RunState.CANCELLED: Cell("○", "muted"),
}


def run_lines(runs: Sequence[BacktestRun], marked: Sequence[int], width: int) -> list[Line]:
    """Oldest first; the two that are compared are called A and B."""
    if not runs:
        return [(Cell(cut(" none yet: b runs what is chosen above", width), "muted"),)]
    names = dict(zip(marked, "AB", strict=False))
    return [_line(run, names.get(run.number, ""), width) for run in runs]


def _line(run: BacktestRun, name: str, width: int) -> Line:
    sign = _STATES[run.state]
    start = (
        left(f" {name}", 3, "badge" if name else "plain"),
        right(f"{run.number}", 3, "muted"),
        Cell(f" {sign.text} ", sign.tone),
    )
    return (*start, *_told(run, max(1, width - 10)))


def _told(run: BacktestRun, room: int) -> Line:
    match run.state:
        case RunState.RUNNING:
            words = f" {run.share * 100:3.0f} %  {eta(run)}"
            return (Cell(bar(run.share, _BAR), "price"), Cell(cut(words, room - _BAR), "plain"))
        case RunState.FAILED:
            return (Cell(cut(run.problem, room), "loss"),)
        case RunState.CANCELLED:
            done = f" with {len(run.cells)} cells" if run.cells else ""
            return (Cell(f"cancelled{done}  ", "muted"), Cell(cut(about(run), room - 26), "muted"))
        case RunState.DONE:
            return (*_gain(run), blank(2), Cell(cut(about(run), room - 14), "muted"))


def _gain(run: BacktestRun) -> Line:
    pnl = run.pnl
    if run.request.sweep is not None:
        pnl = max((cell.pnl for cell in run.cells if cell.pnl is not None), default=None)
    text, tone = signed(pnl)
    return (right(text, 11, tone),)


def about(run: BacktestRun) -> str:
    """Which config on which prices."""
    config = clean(run.request.config.rpartition("/")[2])
    files = {clean(path.rpartition("/")[2]) for path in run.request.data.values()}
    prices = next(iter(files)) if len(files) == 1 else f"{len(files)} files"
    if run.request.sweep is not None:
        return f"best of {len(run.cells)} · {clean(run.request.sweep.bot_id)} · {prices}"
    return f"{config} · {prices}"


def eta(run: BacktestRun) -> str:
    """How long it will still take, in words."""
    if run.eta_s is None:
        return "begins"
    seconds = int(run.eta_s) + 1
    if seconds < 60:
        return f"{seconds} s left"
    return f"{seconds // 60} min {seconds % 60:02} s left"
