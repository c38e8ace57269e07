"""A question for a path, with the ways in which it may go on."""

from collections.abc import Awaitable, Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.widgets import Input, Static

from nimbus_tui.tui.panels.prompts import BACK, Prompt, Word
from nimbus_tui.tui.viewmodels.lines import clean

SHOWN = 8
"""Ways on that are shown at once."""

WaysOn = Callable[[str], Awaitable[Sequence[str]]]


class PathPrompt(Prompt[str | None]):
    """A line to type in; below it files that are known, then whatever the path can become."""

    BINDINGS = [
        Binding("escape", "give_up", "no", id="path.give_up"),
        Binding("down", "move(1)", "next", id="path.down", priority=True),
        Binding("up", "move(-1)", "previous", id="path.up", priority=True),
        Binding("tab", "take", "take", id="path.take", priority=True),
    ]
    DEFAULT_CSS = "PathPrompt Input { width: 1fr; }"

    def __init__(self, question: str, value: str, known: Sequence[str], ways_on: WaysOn) -> None:
        super().__init__(question)
        self._value = value
        self._ways_on = ways_on
        self._listed = tuple(known)
        self._at: int | None = None
        """The way on that is chosen; None while what was typed counts."""
        self._asked = 0

    def keys(self) -> list[Word]:
        """How to choose, and the way back."""
        return [Word("Enter", "take it", "enter"), Word("↑ ↓ Tab", "choose below", "down"), BACK]

    def compose_more(self) -> ComposeResult:
        """The line, and the list."""
        entry = Input(self._value, compact=True, select_on_focus=False)
        entry.cursor_blink = False
        yield entry
        yield Static(self._list(), id="ways-on")

    def on_mount(self) -> None:
        """A file that is known is better than a folder to search in."""
        if not self._listed:
            self._ask_ways(self._value.rpartition("/")[0] + "/" if "/" in self._value else "")

    @property
    def entry(self) -> Input:
        """The line that is typed in."""
        return self.query_one(Input)

    @property
    def _top(self) -> int:
        """The first way on that is shown."""
        return max(0, min((self._at or 0) - SHOWN // 2, len(self._listed) - SHOWN))

    def _list(self) -> Content:
        if not self._listed:
            return Content.styled("nothing is called so", "$muted")
        top = self._top
        parts: list[tuple[str, str]] = []
        for number, path in enumerate(self._listed[top : top + SHOWN], top):
            is_chosen = number == self._at
            mark, tone = ("▶ ", "bold $primary") if is_chosen else ("  ", "$muted")
            parts.append((f"{mark}{clean(path)}\n", tone))
        more = len(self._listed) - top - SHOWN
        if more > 0:
            parts.append((f"  … and {more} more\n", "$muted"))
        return Content.assemble(*parts).rstrip()

    def _paint(self) -> None:
        self.query_one("#ways-on", Static).update(self._list())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another beginning goes on otherwise."""
        if event.value != self._value:
            self._value = event.value
            self._ask_ways(event.value)

    def _ask_ways(self, begun: str) -> None:
        self._asked += 1
        self.run_worker(self._answer(begun, self._asked), group="ways", exclusive=True)

    async def _answer(self, begun: str, number: int) -> None:
        found = tuple(await self._ways_on(begun))
        if number == self._asked:  # a later letter has asked anew
            self._listed, self._at = found, None
            self._paint()

    def action_move(self, by: int) -> None:
        """Choose another way on."""
        if self._listed:
            at = -1 if self._at is None and by > 0 else (self._at or 0)
            self._at = max(0, min(at + by, len(self._listed) - 1))
            self._paint()

    def action_take(self) -> None:
        """Put the chosen way on, or the first, into the line."""
        if self._listed:
            self._write(self._listed[self._at or 0])

    def on_click(self, event: Click) -> None:
        """A click puts a way on into the line."""
        if event.widget is self.query_one("#ways-on"):
            at = self._top + event.y
            if event.y < SHOWN and at < len(self._listed):
                self._write(self._listed[at])

    def _write(self, path: str) -> None:
        self.entry.value = path
        self.entry.cursor_position = len(path)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A folder is gone into; anything else is the answer."""
        chosen = event.value.strip() if self._at is None else self._listed[self._at]
        if self._at is not None and chosen.endswith("/"):
            self._write(chosen)
        else:
            self.dismiss(chosen)

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
