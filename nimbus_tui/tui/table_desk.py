"""What can be done with the rows of a table: found, ordered, looked at whole, written to a file."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from textual.screen import Screen

from nimbus_tui.core.order import Order
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.operator import Operator
from nimbus_tui.tui.panels.prompts import Choice, TypedLine
from nimbus_tui.tui.screens.live import LiveScreen
from nimbus_tui.tui.screens.ordering import Arranged
from nimbus_tui.tui.screens.whole import WholeScreen
from nimbus_tui.tui.viewmodels import talk, talk_many
from nimbus_tui.tui.viewmodels.export import Format, file_name, written
from nimbus_tui.tui.viewmodels.lines import Line

_NO_TABLE = "there is no table here: 3 orders, 4 fills, 5 connections, 6 events"
_FORMATS = {"c": Format.CSV, "j": Format.JSON_LINES}
_MOST_OF_A_NAME = 100
"""Files of one table and second."""


class Room(Protocol):
    """What it needs of the app."""

    live: LiveScreen
    feed: Feed
    operator: Operator

    def say(self, line: Line) -> None:
        """Put a word above the footer."""
        ...

    def repaint_now(self) -> None:
        """Show at once what has changed."""
        ...

    def push_screen(
        self, screen: Screen[Any], callback: Callable[[Any], None] | None = None
    ) -> object:
        """Put a screen over this one."""
        ...

    def work_on(self, command: Coroutine[Any, Any, None]) -> None:
        """Carry on with something while the screen lives on."""
        ...


class TableDesk:
    """Acts on whichever table is shown; the bots of the dashboard are one too."""

    def __init__(self, app: Room) -> None:
        self._app = app

    def _arranged(self) -> Arranged | None:
        view = self._app.live.view
        if isinstance(view, Arranged):
            return view
        self._app.say(talk.note_line(_NO_TABLE))
        return None

    def ask_filter(self) -> None:
        """Let a filter be typed; the rows follow every letter."""
        view = self._arranged()
        if view is None:
            return
        before = view.filter
        fields = ", ".join(f"{name}:" for name in view.fields)

        def changed(text: str) -> None:
            view.find(text)
            self._app.repaint_now()

        def answered(text: str | None) -> None:
            changed(before if text is None else text.strip())

        question = f"Show rows with these words, or terms: {fields} (a minus before it: without)"
        self._app.push_screen(TypedLine(question, before, changed), answered)

    def order_next(self) -> None:
        """Order by the next column."""
        view = self._arranged()
        if view is not None:
            view.order_next()
            told = f"ordered by {view.sort.column}" if view.sort else "as they came, newest first"
            self._app.say(talk.note_line(told))
            self._app.repaint_now()

    def reverse(self) -> None:
        """The other way round."""
        view = self._arranged()
        if view is not None:
            view.reverse()
            self._app.repaint_now()

    def show_whole(self) -> None:
        """Every field of the selected row."""
        table = self._app.live.table
        if table is not None and table.selected is not None:
            row: Any = table.selected
            self._app.push_screen(WholeScreen(table.table.title(row), table.table.plain(row)))

    def ask_cancel(self) -> None:
        """Ask, then cancel the selected order."""
        table = self._app.live.table
        order = table.selected if table is not None else None
        if not isinstance(order, Order):
            self._app.say(talk.note_line("no order is selected: 3 shows the orders"))
        elif not order.is_live:
            self._app.say(talk.note_line(f"{order.key} is {order.state.value} already"))
        else:
            self._app.operator.ask_cancel(order)

    def ask_export(self) -> None:
        """Ask for the format, then write what is shown."""
        table = self._app.live.table
        if table is None or not table.shown:
            self._app.say(talk.note_line(_NO_TABLE if table is None else "there are no rows"))
            return
        rows: Sequence[Any] = tuple(table.shown)
        name, plain, folder = table.table.name, table.table.plain, _folder()
        now_ns = self._app.feed.engine.now_ns if self._app.feed.engine else 0

        def answered(key: str | None) -> None:
            if key is not None:
                form = _FORMATS[key]
                path = folder / file_name(name, now_ns, form)
                self._app.work_on(self._write(path, rows, plain, form))

        older = name != "connections" and table.source.has_older
        question = talk_many.export_question(len(rows), name, str(folder), has_older=older)
        choices = {"c": "CSV, for a spreadsheet", "j": "JSON, one row a line, for scripts"}
        self._app.push_screen(Choice(question, choices), answered)

    async def _write(
        self, path: Path, rows: Sequence[Any], plain: Callable[[Any], Mapping[str, Any]],
        form: Format,
    ) -> None:  # fmt: skip
        def write() -> Path:
            text = written([plain(row) for row in rows], form)
            return _write_new(path, text)

        try:
            made = await asyncio.to_thread(write)
        except OSError as error:
            self._app.say(talk.trouble_line(f"nothing was written to {path}: {error.strerror}"))
        else:
            self._app.say(talk.done_line(f"{len(rows)} rows are in {made}"))


def _folder() -> Path:
    """Where one was when the program was started; one's own where that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


def _write_new(path: Path, text: str) -> Path:
    """Write a file that was not there; never over another one."""
    for number in range(1, _MOST_OF_A_NAME):
        free = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        try:
            with free.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        return free
    raise FileExistsError(17, "there are too many files of that name", str(path))
