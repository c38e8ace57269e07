"""The backtest screen: what to run, the runs, and what came of them."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from nimbus_tui.control.backtests import BacktestResult, BacktestRun, RunState
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.backtest_feed import BacktestFeed
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.viewmodels.backtest_figures import compared, result_lines, trade_lines
from nimbus_tui.tui.viewmodels.backtest_form import Row, form_lines, form_rows, grids, problem_lines
from nimbus_tui.tui.viewmodels.backtest_list import about, eta, run_lines
from nimbus_tui.tui.viewmodels.chart import GAP_NS, chart, falls
from nimbus_tui.tui.viewmodels.heat_map import MEASURES, heat_map
from nimbus_tui.tui.viewmodels.lines import Cell, Line, bar, cut, heading, paragraphs

PANES = ("curve", "falls", "figures", "trades", "compared")
"""What the lower part shows, one after the other, where there is no room for all."""
_WIDE_GAPS = 40
"""Points further apart than so many times the mean distance aren't joined."""


class BacktestView(Container):
    """A cursor moves over the form and the runs; the run under it is shown."""

    def __init__(self, tests: BacktestFeed) -> None:
        super().__init__(id="backtest", classes="-curve")
        self._tests = tests
        self.form = LinesPanel(id="backtest-form")
        self.list = LinesPanel(id="backtest-runs")
        self.curve = LinesPanel(id="backtest-curve")
        self.falls = LinesPanel(id="backtest-falls")
        self.figures = LinesPanel(id="backtest-figures")
        self.trades = LinesPanel(id="backtest-trades")
        self.compared = LinesPanel(id="backtest-compared")
        self._memo = Memo()
        self._cursor = 0
        self._shown: int | None = None
        """The run that is shown while the cursor is on the form; None = the newest."""
        self._pane = 0
        self._measure = 0

    def compose(self) -> ComposeResult:
        """Choices and runs, beside or below them the results."""
        with Vertical(id="backtest-left"):
            yield self.form
            yield self.list
            yield self.compared
        with Container(id="backtest-results"):
            with Vertical(id="backtest-charts"):
                yield self.curve
                yield self.falls
            yield self.figures
            yield self.trades

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (
            self.form, self.list, self.curve, self.falls,
            self.figures, self.compared, self.trades,
        )  # fmt: skip

    # the cursor

    @property
    def rows(self) -> list[Row]:
        """The rows of the form."""
        return form_rows(self._tests.form)

    @property
    def has_grids(self) -> bool:
        """Whether anything can be swept."""
        return bool(grids(self._tests.setup))

    @property
    def row_at_cursor(self) -> Row | None:
        """The row of the form; None where the cursor is on a run."""
        rows = self.rows
        return rows[self._cursor] if self._cursor < len(rows) else None

    @property
    def run_at_cursor(self) -> BacktestRun | None:
        """The run under the cursor; None where it is on the form."""
        at, runs = self._cursor - len(self.rows), self._tests.runs
        return runs[at] if 0 <= at < len(runs) else None

    @property
    def run(self) -> BacktestRun | None:
        """The run that is shown."""
        runs = self._tests.runs
        chosen = next((run for run in runs if run.number == self._shown), None)
        return self.run_at_cursor or chosen or (runs[-1] if runs else None)

    def scroll_rows(self, by: int) -> None:
        """Move the cursor; a run that it comes to is shown from then on."""
        last = len(self.rows) + len(self._tests.runs) - 1
        self._cursor = max(0, min(self._cursor + by, last))
        if self.run_at_cursor is not None:
            self._shown = self.run_at_cursor.number

    def pick(self, panel: LinesPanel, row: int) -> None:
        """Move the cursor to what was clicked."""
        if panel is self.form:
            self._cursor = min(row, len(self.rows) - 1)
        elif panel is self.list and row < len(self._tests.runs):
            self._cursor = len(self.rows)
            self.scroll_rows(row)

    def follow_newest(self) -> None:
        """A run was begun: show it as it comes."""
        self._shown = None
        self._show_pane("curve")
        self._cursor = min(self._cursor, len(self.rows) - 1)

    def turn(self, by: int) -> None:
        """Show the next pane, where not all are visible at once."""
        self._show_pane(PANES[(self._pane + by) % len(PANES)])

    def show_run(self) -> None:
        """The results of the run under the cursor."""
        self._show_pane("figures")

    def show_compared(self) -> None:
        """Two runs side by side, once two are marked."""
        if len(self._tests.marked) == 2:
            self._show_pane("compared")

    def turn_measure(self) -> None:
        """Another figure on the map of a sweep."""
        self._measure = (self._measure + 1) % len(MEASURES)
        self._tests.changed()

    def _show_pane(self, name: str) -> None:
        self._pane = PANES.index(name)
        for pane in PANES:
            self.set_class(pane == name, f"-{pane}")

    # painting

    def show(self, _feed: Feed, _bot: BotSnapshot | None, _dirty: set[BotId]) -> None:
        """Hand every panel that has something new its lines."""
        version, run = self._tests.version, self.run
        is_map = run is not None and run.request.sweep is not None
        self.set_class(is_map, "-map")
        self._show_choices(version)
        result = self._tests.results.get(run.number) if run is not None else None
        seen = (version, run, self._measure)
        for panel, show in (
            (self.curve, self._show_curve),
            (self.falls, self._show_falls),
            (self.figures, self._show_figures),
            (self.trades, self._show_trades),
            (self.compared, self._show_compared),
        ):
            if panel.size.height and self._memo.is_new(str(panel.id), panel.size, *seen):
                show(run, result)

    def _show_choices(self, version: int) -> None:
        rows = self.rows
        if self._memo.is_new("height", len(rows)):
            self.form.styles.height = len(rows) + 1
        size, on_form = self.form.size, self._cursor < len(rows)
        if size.height and self._memo.is_new("form", size, version, self._cursor):
            at = self._cursor if on_form else None
            top = heading("backtest", size.width, self._note())
            self.form.show(form_lines(rows, size.width), heading=[top], selected=at, focus=at or 0)
        size, runs = self.list.size, self._tests.runs
        if size.height and self._memo.is_new("runs", size, version, self._cursor):
            at = None if on_form or not runs else self._cursor - len(rows)
            top = heading("runs of this session", size.width)
            lines = run_lines(runs, self._tests.marked, size.width)
            focus = at if at is not None else len(lines) - 1
            self.list.show(lines, heading=[top], selected=at, focus=focus)

    def _note(self) -> Line:
        problem = self._tests.problem
        return (Cell(f"▲ {problem} ", "warning"),) if problem else ()

    def _show_curve(self, run: BacktestRun | None, result: BacktestResult | None) -> None:
        panel, size = self.curve, self.curve.size
        setup = self._tests.setup
        if setup is not None and setup.problem:
            panel.show(
                problem_lines(setup, size.width), heading=[heading("this config", size.width)]
            )
        elif run is not None and run.request.sweep is not None:
            made = heat_map(run, MEASURES[self._measure], size.width)
            above = _progress(run, size.width) if run.state is RunState.RUNNING else []
            panel.show([*above, *made.rows], heading=made.heading)
        elif run is None or result is None:
            panel.show(_waiting(run, size.width), heading=[heading("equity", size.width)])
        else:
            points = [(ts, float(value)) for ts, value in result.equity]
            quote = result.bots[0].bot.quote if result.bots else ""
            gap = _gap(result)
            made = chart(points, quote, result.last_ts, size.width, size.height, gap)
            panel.show(made.rows, heading=made.heading)

    def _show_falls(self, _run: BacktestRun | None, result: BacktestResult | None) -> None:
        size = self.falls.size
        points = [(ts, float(value)) for ts, value in result.equity] if result is not None else []
        last = result.last_ts if result is not None else 0
        gap = _gap(result) if result is not None else GAP_NS
        made = falls(points, last, size.width, size.height, gap)
        self.falls.show(made.rows, heading=made.heading)

    def _show_figures(self, run: BacktestRun | None, result: BacktestResult | None) -> None:
        size = self.figures.size
        lines = (
            result_lines(result, size.width) if result is not None else _waiting(run, size.width)
        )
        name = f"run {run.number}" if run is not None else "figures"
        note = (Cell(cut(f"{about(run)} ", size.width - 12), "muted"),) if run is not None else ()
        self.figures.show(lines, heading=[heading(name, size.width, note)])

    def _show_trades(self, _run: BacktestRun | None, result: BacktestResult | None) -> None:
        size = self.trades.size
        if result is None:
            self.trades.show([], heading=[heading("trades", size.width)])
            return
        names, *lines = trade_lines(result, size.width)
        note: Line = (Cell(f"{result.all_fills:,} newest first ", "muted"),)
        self.trades.show(lines, heading=[heading("trades", size.width, note), names])

    def _show_compared(self, _run: BacktestRun | None, _result: BacktestResult | None) -> None:
        size, results = self.compared.size, self._tests.results
        marked = [results[number] for number in self._tests.marked if number in results]
        top = heading("two runs side by side", size.width)
        if len(marked) == 2:
            self.compared.show(compared(marked[0], marked[1], size.width), heading=[top])
            return
        words = "mark two runs that are done with Space: what differs stands here"
        self.compared.show(paragraphs(words, size.width - 2, "muted"), heading=[top])


def _gap(result: BacktestResult) -> int:
    """Thinned points lie further apart than those that were measured."""
    mean = (result.last_ts - result.first_ts) // max(1, len(result.equity))
    return max(GAP_NS, _WIDE_GAPS * mean)


def _progress(run: BacktestRun, width: int) -> list[Line]:
    words = f" {run.share * 100:3.0f} %  {eta(run)}  {run.ticks:,} ticks  c cancels"
    room = max(4, min(40, width - len(words) - 2))
    return [(Cell(" "), Cell(bar(run.share, room), "price"), Cell(words)), ()]


def _waiting(run: BacktestRun | None, width: int) -> list[Line]:
    """What there is instead of a result."""
    if run is None:
        return paragraphs("nothing has run yet: b runs what is chosen", width - 2, "muted")
    match run.state:
        case RunState.RUNNING:
            return _progress(run, width)
        case RunState.FAILED:
            told = [f"✗ {line}" if at == 0 else line for at, line in enumerate(_parts(run))]
            return [line for text in told for line in paragraphs(text, width - 2, "loss")]
        case RunState.CANCELLED:
            return paragraphs("this run was cancelled", width - 2, "muted")
        case RunState.DONE:
            words = "a sweep: its map is beside" if run.request.sweep else "is being read …"
            return paragraphs(words, width - 2, "muted")


def _parts(run: BacktestRun) -> list[str]:
    return run.problem.splitlines() or ["it failed"]
