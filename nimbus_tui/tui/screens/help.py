"""All keys, from the one action table."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from nimbus_tui.config.actions import Action
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.viewmodels.keys import help_rows
from nimbus_tui.tui.viewmodels.lines import Cell, heading

_WIDTH = 76


class HelpScreen(ModalScreen[Action | None]):
    """Any of the closing keys goes back; a click on a line gives back its action."""

    BINDINGS = [
        Binding("escape,question_mark,q,enter", "close", "close", id="help.close"),
        Binding("down,j", "look(1)", "down", id="help.down"),
        Binding("up,k", "look(-1)", "up", id="help.up"),
    ]

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self._rows = help_rows(actions)
        self.lines = LinesPanel(id="help-lines")

    def compose(self) -> ComposeResult:
        """One panel in the middle."""
        with Vertical(id="help-box"):
            yield self.lines

    def on_mount(self) -> None:
        """The list has as many rows as there are lines, if the terminal has."""
        rows = [row.line for row in self._rows]
        note = (
            Cell("Esc closes, ", "muted", "escape"),
            Cell("a click on a line does it ", "muted"),
        )
        self.lines.styles.height = len(rows) + 1
        self.lines.show(rows, heading=[heading("keys", _WIDTH - 4, note)])

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click on a line is about its action."""
        event.stop()
        action = self._rows[event.row].action
        if action is not None:
            self.dismiss(action)

    def action_close(self) -> None:
        """Back to the live screen."""
        self.dismiss(None)

    def action_look(self, by: int) -> None:
        """For terminals that are lower than the list."""
        self.lines.move_rows(by)
