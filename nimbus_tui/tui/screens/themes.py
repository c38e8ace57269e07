"""Choose a theme: the one under the cursor is worn at once, whatever stands behind shows how."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen

from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.viewmodels.lines import Cell, Line, blank, heading, left
from nimbus_tui.tui.viewmodels.words import SIDES

_WIDTH = 50
_NAME = 18
_SAMPLE = (
    Cell("+1.20 ", "gain"), Cell("−0.80 ", "loss"), *SIDES.values(),
)  # fmt: skip
"""Words in the tones that matter most, beside each name."""


class ThemePicker(ModalScreen[str | None]):
    """Enter keeps what is worn, Escape goes back to what was worn before."""

    BINDINGS = [
        Binding("down,j,t", "move(1)", "next", id="themes.next"),
        Binding("up,k,T", "move(-1)", "previous", id="themes.previous"),
        Binding("enter", "keep", "keep", id="themes.keep"),
        Binding("escape,q", "back", "back", id="themes.back"),
    ]

    def __init__(self, names: Sequence[str], worn: str, put_on: Callable[[str], object]) -> None:
        super().__init__()
        self.lines = LinesPanel(id="theme-lines")
        self._names, self._before = tuple(names), worn
        self._at = self._names.index(worn) if worn in self._names else 0
        self._put_on = put_on

    def compose(self) -> ComposeResult:
        """A small box, so that most of the screen behind stays in sight."""
        with Vertical(id="theme-box"):
            yield self.lines

    def on_mount(self) -> None:
        """As many rows as there are themes, if the terminal has them."""
        self.lines.styles.height = len(self._names) + 1
        self._show()

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click tries a theme on, a second one keeps it."""
        event.stop()
        if event.row == self._at:
            self.action_keep()
        else:
            self.action_move(event.row - self._at)

    def action_move(self, by: int) -> None:
        """Try another one on."""
        if self._names:
            self._at = (self._at + by) % len(self._names)
            self._put_on(self._names[self._at])
            self._show()

    def action_keep(self) -> None:
        """Go on with the one that is worn."""
        self.dismiss(self._names[self._at] if self._names else None)

    def action_back(self) -> None:
        """Put the old one back on."""
        self._put_on(self._before)
        self.dismiss(None)

    def _show(self) -> None:
        note = (
            Cell("Enter keeps, ", "muted", "enter"), Cell("Esc goes back ", "muted", "escape"),
        )  # fmt: skip
        self.lines.show(
            [_row(name) for name in self._names],
            heading=[heading("themes", _WIDTH - 4, note)],
            selected=self._at,
            focus=self._at,
        )
        self.lines.paint(len(self._names) + 1)


def _row(name: str) -> Line:
    cells = [cell for one in _SAMPLE for cell in (one, blank(1))]
    return (left(f" {name}", _NAME), *cells)
