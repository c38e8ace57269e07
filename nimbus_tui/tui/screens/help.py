"""All keys, from the one action table."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from nimbus_tui.tui.actions import Action
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.viewmodels.keys import help_lines
from nimbus_tui.tui.viewmodels.lines import Cell, heading

_WIDTH = 76


class HelpScreen(ModalScreen[None]):
    """Any of the closing keys goes back."""

    BINDINGS = [
        Binding("escape,question_mark,q,enter", "close", "close", id="help.close"),
        Binding("down,j", "look(1)", "down", id="help.down"),
        Binding("up,k", "look(-1)", "up", id="help.up"),
    ]

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self._actions = actions
        self.lines = LinesPanel(id="help-lines")

    def compose(self) -> ComposeResult:
        """One panel in the middle."""
        with Vertical(id="help-box"):
            yield self.lines

    def on_mount(self) -> None:
        """The list has as many rows as there are lines, if the terminal has."""
        rows = help_lines(self._actions)
        note = (Cell("Esc closes ", "muted"),)
        self.lines.styles.height = len(rows) + 1
        self.lines.show(rows, heading=[heading("keys", _WIDTH - 4, note)])

    def action_close(self) -> None:
        """Back to the live screen."""
        self.dismiss(None)

    def action_look(self, by: int) -> None:
        """For terminals that are lower than the list."""
        self.lines.move_rows(by)
