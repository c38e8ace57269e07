"""One widget for everything live: lines in tones, repainted only where they changed."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from nimbus_tui.tui.viewmodels.lines import Line

TONES = (
    "plain", "muted", "title", "gain", "loss", "caution", "buy", "sell", "price", "live",
)  # fmt: skip


class RowsPanel(ScrollView, can_focus=False):
    """Paints lines; `show` compares with what is there and refreshes the rows that differ."""

    COMPONENT_CLASSES = {f"rows--{tone}" for tone in TONES} | {"rows--selected"}
    DEFAULT_CSS = """
    RowsPanel {
        background: $background;
        scrollbar-size: 1 1;
        overflow-x: hidden;
        & > .rows--plain { color: $foreground; background: $background; }
        & > .rows--muted { color: $muted; background: $background; }
        & > .rows--title { color: $primary; background: $background; text-style: bold; }
        & > .rows--gain { color: $gain; background: $background; }
        & > .rows--loss { color: $loss; background: $background; }
        & > .rows--caution { color: $caution; background: $background; }
        & > .rows--buy { color: $buy; background: $background; }
        & > .rows--sell { color: $sell; background: $background; }
        & > .rows--price { color: $price-line; background: $background; }
        & > .rows--live { color: $live; background: $background; text-style: bold reverse; }
        & > .rows--selected { background: $panel; text-style: bold; }
    }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._lines: list[Line] = []
        self._selected: int | None = None

    def show(
        self,
        lines: Sequence[Line],
        selected: int | None = None,
        keep_in_view: int | None = None,
    ) -> None:
        """Show these lines; unchanged ones cost nothing."""
        old, old_selected = self._lines, self._selected
        self._lines, self._selected = list(lines), selected
        if len(old) != len(self._lines):
            self.virtual_size = Size(self.size.width, len(self._lines))
            self.refresh()
        if keep_in_view is not None:
            self._centre(keep_in_view)
        if len(old) != len(self._lines):
            return
        changed = {y for y, (a, b) in enumerate(zip(old, self._lines, strict=True)) if a != b}
        if selected != old_selected:
            changed |= {y for y in (selected, old_selected) if y is not None}
        top = self.scroll_offset.y
        regions = [Region(0, y - top, self.size.width, 1) for y in changed if y >= top]
        if regions:
            self.refresh(*regions)

    def _centre(self, row: int) -> None:
        """Scroll only when a row would be out of sight or at the very edge."""
        height, top = self.size.height, self.scroll_offset.y
        if len(self._lines) > height and not top + 1 < row < top + height - 2:
            self.scroll_to(y=max(0, row - height // 2), animate=False)

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        row = y + self.scroll_offset.y
        width = self.size.width
        base = self.get_component_rich_style("rows--plain")
        if row >= len(self._lines):
            return Strip.blank(width, base)
        overlay = (
            Style(bgcolor=self.get_component_rich_style("rows--selected").bgcolor, bold=True)
            if row == self._selected
            else None
        )
        segments = [
            Segment(cell.text, self._style(cell.tone, overlay)) for cell in self._lines[row]
        ]
        fill = base + overlay if overlay is not None else base
        return Strip(segments).adjust_cell_length(width, fill)

    def _style(self, tone: str, overlay: Style | None) -> Style:
        style = self.get_component_rich_style(f"rows--{tone}")
        return style + overlay if overlay is not None else style
