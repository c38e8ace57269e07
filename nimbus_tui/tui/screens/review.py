"""Before something is saved: what it does to the bots, and the difference line by line."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen

from nimbus_tui.control.config_change import ConfigChange
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.viewmodels.config_change import change_lines, orders_in_all, refusal_lines
from nimbus_tui.tui.viewmodels.diff import diff_lines, diff_size
from nimbus_tui.tui.viewmodels.lines import Cell, Line, heading, key_cells

_PAGE = 10
_ALL_ROWS = 10_000
_FRAME = 4
"""Columns of the box's border and padding."""


class ReviewScreen(ModalScreen[bool]):
    """Enter goes on where the change can be saved, Escape goes back; arrows scroll."""

    BINDINGS = [
        Binding("enter", "answer(True)", "yes", id="review.yes"),
        Binding("escape,q", "answer(False)", "no", id="review.no"),
        Binding("down,j", "look(1)", "down", id="review.down"),
        Binding("up,k", "look(-1)", "up", id="review.up"),
        Binding("pagedown,space", f"look({_PAGE})", "page down", id="review.page_down"),
        Binding("pageup", f"look(-{_PAGE})", "page up", id="review.page_up"),
    ]

    def __init__(
        self, title: str, before: str, after: str, change: ConfigChange | None = None
    ) -> None:
        super().__init__()
        self._title = title
        self._texts = (before, after)
        self._change = change
        self.lines = LinesPanel(id="review-lines")
        self.keys = LinesPanel(id="review-keys")

    @property
    def may_save(self) -> bool:
        """Whether there is something to say yes to."""
        return self._change is not None and self._change.ok

    def compose(self) -> ComposeResult:
        """One panel in the middle, the keys at its foot."""
        with Vertical(id="review-box"):
            yield self.lines
            yield self.keys

    def on_resize(self, _event: Resize) -> None:
        """Lines are as long as there is room."""
        self._fill(min(self.app.size.width, 130) - _FRAME)

    def _fill(self, width: int) -> None:
        before, after = self._texts
        change = self._change
        rows: list[Line] = refusal_lines(change, width) if change is not None else []
        note = (Cell(f"{diff_size(before, after)} lines ", "muted"),)
        rows += [heading(self._title, width, note), *diff_lines(before, after, width)]
        if change is not None and not change.problems:
            note = (Cell(f"{orders_in_all(change)} ", "muted"),)
            rows += [(), heading("what it does", width, note), *change_lines(change, width)]
        self.lines.styles.height = min(len(rows), max(3, self.app.size.height - 6))
        self.lines.show(rows)
        self.lines.paint(_ALL_ROWS)
        self.keys.show([self._key_line()])
        self.keys.paint(_ALL_ROWS)

    def _key_line(self) -> Line:
        back = (*key_cells("↑↓ ", "scroll   ", ""), *key_cells("Esc ", "back   ", "escape"))
        save = key_cells("Enter ", "save it   ", "enter") if self.may_save else ()
        return (Cell(" "), *save, *back)

    def action_look(self, by: int) -> None:
        """Scroll."""
        self.lines.move_rows(by)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer; there is no yes to a change that would be refused."""
        if not yes or self.may_save:
            self.dismiss(yes)
        elif self._change is None:
            self.dismiss(False)
