"""One row of a table with every field that it has."""

from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.viewmodels.lines import Cell, heading
from nimbus_tui.tui.viewmodels.table import whole_lines


class WholeScreen(ModalScreen[None]):
    """Over the table, which goes on living behind it."""

    BINDINGS = [
        Binding("escape,enter,q", "close", "close", id="whole.close"),
        Binding("down,j", "look(1)", "down", id="whole.down"),
        Binding("up,k", "look(-1)", "up", id="whole.up"),
        Binding("pagedown,space", "look(10)", "page on", id="whole.page_down"),
        Binding("pageup", "look(-10)", "page back", id="whole.page_up"),
    ]

    def __init__(self, title: str, plain: Mapping[str, Any]) -> None:
        super().__init__()
        self._title = title
        self._plain = plain
        self.lines = LinesPanel(id="whole-lines")

    def compose(self) -> ComposeResult:
        """One panel in the middle."""
        with Vertical(id="whole-box"):
            yield self.lines

    def on_mount(self) -> None:
        """As many rows as it has lines, if the terminal has."""
        self._fill()

    def on_resize(self) -> None:
        """Other room folds the lines otherwise."""
        self._fill()

    def _fill(self) -> None:
        width = max(10, min(self.size.width, 120) - 4)
        rows = whole_lines(self._plain, width)
        self.lines.styles.height = len(rows) + 1
        note = (Cell("Esc closes ", "muted", "escape"),)
        self.lines.show(rows, heading=[heading(self._title, width, note)])
        self.lines.paint(len(rows) + 1)

    def action_close(self) -> None:
        """Back to the table."""
        self.dismiss(None)

    def action_look(self, by: int) -> None:
        """Up and down what is longer than the terminal."""
        self.lines.move_rows(by)
