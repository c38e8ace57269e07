"""What the keys of the backtest screen do: a choice is asked for, a run begun or cancelled."""

from collections.abc import Callable, Sequence
from typing import Protocol

from nimbus_tui.control.backtests import RunState
from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.tui.backtest_feed import BacktestFeed
from nimbus_tui.tui.panels.path_prompt import PathPrompt
from nimbus_tui.tui.panels.prompts import Answer, Prompt, WrittenLine
from nimbus_tui.tui.screens.backtest import BacktestView
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.backtest_form import Row, file_of
from nimbus_tui.tui.viewmodels.lines import Line

_EXAMPLES = {"spacings": "0.2 0.5 1, or 0.2..1/5", "levels": "2 3 5, or 2..6"}


class Bench(Protocol):
    """What they need of the app."""

    client: EngineClient
    backtests: BacktestFeed

    def say(self, line: Line) -> None:
        """Put a word above the footer."""
        ...

    def ask(self, prompt: Prompt[Answer], answered: Callable[[Answer | None], None]) -> None:
        """Put a question."""
        ...


def work_on_backtests(app: Bench, view: BacktestView, what: str) -> None:
    """Do what a key asks for; `enter` is about the row under the cursor."""
    tests = app.backtests
    if what == "measure":
        view.turn_measure()
    elif what == "sweep":
        if not view.has_grids:
            app.say(talk.note_line("no bot of this config is a grid: only grids can be swept"))
        tests.turn_sweep()
    elif what == "mark":
        _mark(app, view)
    elif what == "cancel":
        _cancel(app, view)
    elif what == "run":
        _run(app, view)
    else:
        _enter(app, view)


def _mark(app: Bench, view: BacktestView) -> None:
    run = view.run_at_cursor
    if run is None:
        app.say(talk.note_line("move to one of the runs below: Space marks it for comparing"))
    elif run.number not in app.backtests.results:
        app.say(talk.note_line("only runs that are done can be compared, sweeps can't"))
    else:
        app.backtests.mark(run.number)
        view.show_compared()


def _cancel(app: Bench, view: BacktestView) -> None:
    running = [run for run in app.backtests.runs if run.state is RunState.RUNNING]
    run = view.run_at_cursor if view.run_at_cursor in running else None
    run = run or (running[-1] if running else None)
    if run is None:
        app.say(talk.note_line("nothing runs"))
    else:
        app.say(talk.note_line(f"cancelling run {run.number}"))
        app.backtests.cancel(run.number)


def _run(app: Bench, view: BacktestView) -> None:
    refused = app.backtests.run()
    if refused:
        app.say(talk.trouble_line(refused))
    else:
        view.follow_newest()


def _enter(app: Bench, view: BacktestView) -> None:
    row = view.row_at_cursor
    if row is None:
        view.show_run()
    elif row.kind == "run":
        _run(app, view)
    elif row.kind == "sweep":
        app.backtests.turn_sweep()
    elif row.kind in ("config", "file"):
        _ask_path(app, row)
    else:
        _ask_numbers(app, row)


def _ask_path(app: Bench, row: Row) -> None:
    tests = app.backtests
    is_config = row.kind == "config"
    setup, symbol = tests.setup, row.symbol
    known: Sequence[str] = ()
    if setup is not None and symbol is not None:
        known = setup.files.get(symbol, ())
    value = file_of(tests.form, symbol) if symbol is not None else (setup.config if setup else "")

    async def ways_on(begun: str) -> Sequence[str]:
        try:
            paths = await app.client.backtest_paths(begun)
        except NimbusError:
            return ()
        wanted = (".toml",) if is_config else (".csv", ".csv.gz")
        return [path for path in paths if path.endswith(("/", *wanted))]

    def answered(path: str | None) -> None:
        if path is None:
            return
        if symbol is None:
            tests.choose_config(path)
        elif path:
            tests.choose_file(symbol, path)

    question = (
        "Which config? Empty is the one that runs."
        if is_config
        else f"Which file has the prices of {row.symbol}? With * several follow each other."
    )
    app.ask(PathPrompt(question, value, known, ways_on), answered)


def _ask_numbers(app: Bench, row: Row) -> None:
    def answered(text: str | None) -> None:
        if text:
            app.backtests.write(row.kind, text)

    what = "Spacings in percent" if row.kind == "spacings" else "Numbers of levels"
    app.ask(WrittenLine(f"{what} to be tried?", _EXAMPLES[row.kind], row.value), answered)
