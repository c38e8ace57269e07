"""One widget for everything live: lines in tones, repainted only where they changed."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from nimbus_tui.tui.panels.pressing import press
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    changed_spans,
    clean,
    line_width,
    pressed_at,
)

TONES = (
    "plain", "strong", "muted", "title", "key", "gain", "loss", "warning", "buy", "sell",
    "price", "price-line", "rule", "badge", "alarm",
)  # fmt: skip
_SCROLL_ROWS = 3

Shown = tuple[Line, bool]
"""A line, and whether it is the selected one."""


class LinesPanel(Widget, can_focus=False):
    """Paints lines under a heading that stays.

    `show` marks the rows that differ, `paint` asks for so many of them: a flood of changes costs
    no more than the budget.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {f"lines--{tone}" for tone in TONES} | {"lines--selected"}
    DEFAULT_CSS = """
    LinesPanel {
        background: $background;
        color: $foreground;
        & > .lines--strong { text-style: bold; }
        & > .lines--muted { color: $muted; }
        & > .lines--title { color: $primary; text-style: bold; }
        & > .lines--key { color: $primary; text-style: bold; }
        & > .lines--gain { color: $gain; }
        & > .lines--loss { color: $loss; }
        & > .lines--warning { color: $warning; }
        & > .lines--buy { color: $buy; }
        & > .lines--sell { color: $sell; }
        & > .lines--price { color: $price-line; }
        & > .lines--price-line { color: $price-line; text-style: bold; }
        & > .lines--rule { color: $rule; }
        & > .lines--badge { color: $background; background: $primary; text-style: bold; }
        & > .lines--alarm { color: $background; background: $alarm; text-style: bold; }
        & > .lines--selected { background: $selection; text-style: bold; }
        &:ansi {
            & > .lines--badge { color: $primary; }
            & > .lines--alarm { color: $alarm; }
            & > .lines--badge, & > .lines--alarm {
                background: $background;
                text-style: bold reverse;
            }
            & > .lines--selected { text-style: bold reverse; }
        }
    }
    """

    class Picked(Message):
        """A row was clicked, at some column of the panel."""

        def __init__(self, panel: "LinesPanel", row: int, column: int, *, again: bool) -> None:
            super().__init__()
            self.panel = panel
            self.row = row
            self.column = column
            self.again = again
            """Whether the row was the selected one already."""

    class HeadingPicked(Message):
        """The last line of the heading, where columns have their names, was clicked."""

        def __init__(self, panel: "LinesPanel", column: int) -> None:
            super().__init__()
            self.panel = panel
            self.column = column

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._heading: tuple[Line, ...] = ()
        self._rows: Sequence[Line] = ()
        self._selected: int | None = None
        self._focus: int | None = None
        self._centred: tuple[object, int] = (None, 0)
        """What the focus was put in the middle for: the rows' subject and the room."""
        self._top = 0
        self._looks_away = False
        """Whether a list was scrolled away from its selected row, which then stays out of sight."""
        self._placed_in = 0
        """The room in which the focus was placed last; another one is another picture."""
        self._visible: list[Shown] = []
        self._dirty: set[int] = set()
        self._asked: dict[int, Shown] = {}
        """What each row was when its paint was asked for last; absent where all is painted."""
        self._torn: set[int] = set()
        """Rows that somebody else's paint has shown in part since then."""
        self._next = 0
        """The row whose turn it is where not all can be painted."""
        self._styles: dict[str, Style] = {}

    def show(
        self,
        rows: Sequence[Line],
        *,
        heading: Sequence[Line] = (),
        selected: int | None = None,
        focus: int | None = None,
        about: object = None,
    ) -> None:
        """Show these rows, `focus` among the visible ones; unchanged lines cost nothing.

        A list that was scrolled away from its selected row stays so until another one is selected.
        Rows that are about something else than the last ones begin with the focus in the middle.
        """
        self._heading, self._rows, self._selected = tuple(heading), rows, selected
        if focus is not None:
            known = self._focus is not None and self._centred == (about, self.room)
            if not known:
                self._top = focus - self.room // 2
            elif not (self._looks_away and focus == self._focus):
                self._top = self._top_for(focus)
                self._looks_away = False
            self._centred = (about, self.room)
        self._focus = focus
        self._mark()

    def move_rows(self, by: int) -> None:
        """Move the rows; a panel with a focus goes back to it at the next change."""
        self._top = self._top + by
        self._looks_away = self._selected is not None
        self._mark()
        self.paint(len(self._visible))

    def paint(self, budget: int) -> int:
        """Ask for the repaint of at most so many rows; returns what is left of the budget."""
        if not self._dirty or budget <= 0:
            return budget
        rows = sorted(self._dirty, key=self._turn_of)[:budget]
        self._dirty.difference_update(rows)
        self._next = rows[-1] + 1
        spans = [span for y in rows for span in self._spans(y)]
        if spans:
            self.refresh(*spans)
        return budget - len(rows)

    @property
    def has_more(self) -> bool:
        """Whether there are rows whose paint hasn't been asked for yet."""
        return bool(self._dirty)

    def _turn_of(self, y: int) -> tuple[bool, bool, int]:
        """Where the selection comes or goes is painted first; the others go round."""
        old, new = self._asked.get(y), self._visible[y] if y < len(self._visible) else None
        was_selected, is_selected = bool(old and old[1]), bool(new and new[1])
        return was_selected == is_selected, y < self._next, y

    def _spans(self, y: int) -> list[Region]:
        """The parts of a row that differ from what was asked for last; all of it where in doubt."""
        new = self._visible[y] if y < len(self._visible) else None
        old, is_torn = self._asked.pop(y, None), y in self._torn
        self._torn.discard(y)
        if new is not None:
            self._asked[y] = new
        width = self.size.width
        if old is None or new is None or is_torn or not _is_same_kind(old, new):
            return [Region(0, y, width, 1)]
        return [
            Region(start, y, min(end, width) - start, 1)
            for start, end in _as_shown(changed_spans(old[0], new[0]), new[0], width)
        ]

    @property
    def text(self) -> str:
        """What the panel shows, without tones."""
        return "\n".join("".join(cell.text for cell in line) for line, _ in self._visible)

    @property
    def selected_text(self) -> str:
        """The selected row as text, its columns two spaces apart; empty when none is."""
        at = self._selected
        if at is None or not 0 <= at < len(self._rows):
            return ""
        line = "".join(cell.text for cell in self._rows[at])
        return "  ".join(part for part in re.split(r"\s{2,}", line.strip()) if part)

    @property
    def below(self) -> int:
        """How many rows are out of sight below."""
        return max(0, len(self._rows) - self._top - self.room)

    @property
    def room(self) -> int:
        """How many rows fit under the heading."""
        return max(0, self.size.height - len(self._heading))

    # which line stands where

    def _top_for(self, focus: int) -> int:
        """Stay while the focus is in the middle of the same room, else put it in the middle."""
        room, top = self.room, self._top
        edge = room // 4
        is_same_room, self._placed_in = room == self._placed_in, room
        is_in_the_middle = top + edge <= focus < top + room - edge
        if is_same_room and is_in_the_middle and top + room <= len(self._rows):
            return top
        return focus - room // 2

    def _mark(self) -> None:
        height, room = self.size.height, self.room
        self._top = max(0, min(self._top, len(self._rows) - room))
        body = self._rows[self._top : self._top + room]
        chosen = None if self._selected is None else self._selected - self._top
        visible = [(line, False) for line in self._with_hints(room)]
        visible += [(line, y == chosen) for y, line in enumerate(body)]
        visible = visible[:height]
        pairs = zip_longest(self._visible, visible)
        self._dirty |= {y for y, (old, new) in enumerate(pairs) if old != new and y < height}
        self._visible = visible

    def _with_hints(self, room: int) -> tuple[Line, ...]:
        """The heading, telling at its right end how many rows are out of sight."""
        above, below = self._top, len(self._rows) - self._top - room
        if not self._heading or (above <= 0 and below <= 0):
            return self._heading
        words = [f"↑{above}"] * (above > 0) + [f"↓{below}"] * (below > 0)
        hint = Cell(f" {' '.join(words)} ", "muted")
        line = _cropped(self._heading[0], self.size.width - len(hint.text))
        return ((*line, hint), *self._heading[1:])

    # painting

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        shown = self._visible[y] if y < len(self._visible) else None
        if y in self._asked and self._asked[y] != shown:
            self._torn.add(y)
        if shown is None:
            return Strip.blank(self.size.width, self._style("plain"))
        line, is_selected = shown
        overlay = self._style("selected") if is_selected else None
        segments = []
        for cell in line:
            style = self._style(cell.tone)
            if overlay is not None and cell.tone not in ("badge", "alarm"):
                style = style + overlay
            segments.append(Segment(clean(cell.text), style))
        strip = Strip(segments)
        if strip.cell_length > self.size.width:
            last = segments[-1].style
            strip = Strip([*strip.crop(0, self.size.width - 1), Segment("…", last)])
        fill = self._style(line[-1].tone) if line and line[-1].tone == "alarm" else None
        fill = fill or overlay or self._style("plain")
        return strip.adjust_cell_length(self.size.width, fill)

    def _style(self, tone: str) -> Style:
        style = self._styles.get(tone)
        if style is None:
            own = self.get_component_rich_style(f"lines--{tone}", partial=True)
            if tone == "selected":
                style = Style(bgcolor=own.bgcolor, bold=True, reverse=own.reverse)
            else:
                style = self.rich_style + own
            self._styles[tone] = style
        return style

    def notify_style_update(self) -> None:
        """Another theme: look the colours up afresh."""
        self._styles = {}
        self._asked.clear()
        super().notify_style_update()

    # the terminal and the mouse

    def on_resize(self, _event: Resize) -> None:
        """More or less room."""
        if self._focus is not None and self._centred[1] != self.room:
            self._top = self._focus - self.room // 2
            self._centred = (self._centred[0], self.room)
        self._mark()
        self._dirty.clear()
        self._asked.clear()
        self.refresh()

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        """Show later rows."""
        self.move_rows(_SCROLL_ROWS)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        """Show earlier rows."""
        self.move_rows(-_SCROLL_ROWS)

    def on_click(self, event: Click) -> None:
        """Press the key that is named there; else tell which row was meant, or which column."""
        shown = self._visible[event.y][0] if event.y < len(self._visible) else ()
        key = pressed_at(shown, event.x)
        if key:
            event.stop()
            press(self.app, key)
            return
        if self._heading and event.y == len(self._heading) - 1:
            self.post_message(self.HeadingPicked(self, event.x))
        row = self._top + event.y - len(self._heading)
        if event.y >= len(self._heading) and row < len(self._rows):
            again = row == self._selected
            self.post_message(self.Picked(self, row, event.x, again=again))


def _is_same_kind(old: Shown, new: Shown) -> bool:
    """Whether two rows can differ in their signs and tones alone: neither selection nor filling."""
    is_filled = any(line and line[-1].tone == "alarm" for line, _ in (old, new))
    return old[1] == new[1] and not is_filled


def _as_shown(spans: list[tuple[int, int]], line: Line, width: int) -> list[tuple[int, int]]:
    """Spans within the width; a line that is cut shows … in its last column."""
    inside = [(start, end) for start, end in spans if start < width]
    if len(inside) < len(spans) or line_width(line) > width:
        inside.append((width - 1, width))
    return inside


def _cropped(line: Line, width: int) -> Line:
    """A line cut or filled to a width; the last piece gives the filling."""
    cells: list[Cell] = []
    left = width
    for cell in line:
        cells.append(cell._replace(text=cell.text[:left]))
        left -= len(cells[-1].text)
    rest = width - line_width(cells)
    return (*cells, Cell(" " * rest)) if rest > 0 else tuple(cells)
