"""A long table on the whole screen: filtered, ordered, and read back as far as one goes."""

from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import MouseScrollDown

from nimbus_tui.control.pages import Listing
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.screens.ordering import Arranged
from nimbus_tui.tui.table_feed import KEPT, TableFeed
from nimbus_tui.tui.viewmodels import table as tables
from nimbus_tui.tui.viewmodels.events_table import KINDS
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, heading
from nimbus_tui.tui.viewmodels.table import Context, Lines, Table
from nimbus_tui.tui.viewmodels.table_filter import asked_for, matches, parsed

R = TypeVar("R")
_DAY_NS = 86_400 * NS_PER_SECOND


class Pane(NamedTuple):
    """A choice of rows that one key turns to."""

    name: str
    listing: Listing
    filter: str = ""
    kinds: tuple[str, ...] = ()
    """The kinds of events that can be among them."""


class TableView(Arranged, Container, Generic[R]):
    """Rows of one kind; the selection is held by the row, not by its place."""

    def __init__(self, table: Table[R], panes: Sequence[Pane], feed: Feed) -> None:
        Container.__init__(self, id=table.name, classes="table")
        Arranged.__init__(self)
        self.table = table
        self.panes = tuple(panes)
        self.source = TableFeed(feed, panes[0].listing)
        self.rows = LinesPanel(id=f"{table.name}-rows")
        self.shown: Sequence[R] = ()
        self._pane = 0
        self._selected: str | None = None
        """The row that is selected; None while it is the first one, whichever that is."""
        self._places: Mapping[str, tuple[int, int]] = {}
        self._memo = Memo()
        self._found: dict[str, tuple[R, bool]] = {}
        """Which rows the filter lets through, as far as it has looked."""
        self._found_by: object = None

    def compose(self) -> ComposeResult:
        """The rows are all there is."""
        yield self.rows

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (self.rows,)

    # the rows

    @property
    def pane(self) -> Pane:
        """Which choice of rows is shown."""
        return self.panes[self._pane]

    @property
    def fields(self) -> tuple[str, ...]:
        """What the filter can ask for by name, as far as rows tell."""
        return tuple(self.table.facets(self.source.rows[0])) if self.source.rows else ()

    @property
    def selected(self) -> R | None:
        """The row that is selected."""
        return self.shown[self._at] if self.shown else None

    @property
    def bot_id(self) -> BotId | None:
        """The bot that the selected row is of."""
        return None if self.selected is None else self.table.bot(self.selected)

    @property
    def _at(self) -> int:
        if self._selected is None:
            return 0
        for at, row in enumerate(self.shown):
            if self.table.identity(row) == self._selected:
                return at
        return 0

    # moving about

    def scroll_rows(self, by: int) -> None:
        """Select a row further down or up; at the end older ones are read."""
        if self.shown:
            self._select(max(0, min(self._at + by, len(self.shown) - 1)))

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        """Looking down reads older rows too."""
        if self.rows.below < 2 * self.rows.room:
            self.source.wants_older = True

    def turn_page(self, by: int) -> None:
        """Select a row one screen further."""
        self.scroll_rows(by * max(1, self.rows.room - 1))

    def turn(self, by: int) -> None:
        """The next choice of rows."""
        self._pane = (self._pane + by) % len(self.panes)
        self._selected = None

    def pick(self, row: int) -> None:
        """Select the row that was clicked."""
        if row < len(self.shown):
            self._select(row)

    def find(self, text: str) -> None:
        """Show only the rows that this lets through, from the first one on."""
        super().find(text)
        self._selected = None

    def _select(self, at: int) -> None:
        self._selected = self.table.identity(self.shown[at]) if at else None

    # painting

    def show(self, feed: Feed, _bot: BotSnapshot | None, _dirty: set[BotId]) -> None:
        """Hand the panel its lines, and say whether older rows are wanted."""
        size, source = self.rows.size, self.source
        self._ask_journal(feed)
        now_ns = feed.engine.now_ns if feed.engine else 0
        inputs = (
            size, source.version, self.filter, self.sort, self.pane, self._selected,
            now_ns // _DAY_NS,
        )  # fmt: skip
        if not size.height or not self._memo.is_new("rows", *inputs):
            return
        if self._memo.is_new("shown", source.version, self.filter, self.sort, self.pane):
            found = self._let_through(source.rows)
            self.shown = tables.ordered(found, self.table.columns, self.sort)
            self._places = self.table.places(self.shown[: tables.SAMPLED])
        self.columns = columns = tables.fitted(self.table.columns, size.width)
        context = Context(now_ns, self._places)
        at = self._at if self.shown else None
        is_near_end = at is None or at + 2 * self.rows.room >= len(self.shown)
        source.wants_older = is_near_end or len(self.shown) < self.rows.room
        names = tables.names_line(columns, self.sort)
        top = heading(self.table.name, size.width, self._note())
        rows: Sequence[Line] = Lines(self.shown, columns, context) or self._nothing()
        self.rows.show(rows, heading=[top, names], selected=at, focus=at)

    def _ask_journal(self, feed: Feed) -> None:
        """Let the journal leave out what the filter leaves out anyway."""
        terms = parsed(f"{self.pane.filter} {self.filter}", ("bot", "type"))
        bots = asked_for(terms, "bot", [*feed.bots, "engine"])
        bot_id = BotId(bots[0]) if len(bots) == 1 and bots[0] in feed.bots else None
        kinds = self.pane.kinds
        types = (asked_for(terms, "type", KINDS) or kinds) if kinds else ()
        self.source.want(self.pane.listing, bot_id=bot_id, types=types)

    def _let_through(self, rows: Sequence[R]) -> Sequence[R]:
        if not (self.filter or self.pane.filter) or not rows:
            return rows
        fields = self.table.facets(rows[0])
        terms = parsed(f"{self.pane.filter} {self.filter}", fields)
        if self._found_by != terms:
            self._found, self._found_by = {}, terms
        before, self._found = self._found, {}
        for row in rows:
            name = self.table.identity(row)
            known = before.get(name)
            if known is None or known[0] is not row:
                known = (row, matches(terms, self.table.facets(row), self.table.words(row)))
            self._found[name] = known
        return [row for row, is_meant in self._found.values() if is_meant]

    def _note(self) -> Line:
        """Which rows these are, and how many of how many."""
        source, count = self.source, len(self.source.rows)
        cells = []
        if len(self.panes) > 1:
            cells.append(Cell(f"{self.pane.name} ", "strong"))
        if self.filter:
            cells.append(Cell(f"/{clean(self.filter)} ", "price"))
            cells.append(Cell(f"{len(self.shown)} of {count}", "muted"))
        else:
            cells.append(Cell(str(len(self.shown)), "muted"))
        if source.has_older:
            full = "; older ones: narrow the filter" if count >= KEPT else "+"
            cells.append(Cell(full, "muted"))
        cells.append(Cell(" "))
        if source.problem:
            cells.append(Cell(f"▲ these are old: {clean(source.problem)} ", "warning"))
        return tuple(cells)

    def _nothing(self) -> list[Line]:
        if not self.source.has_answer:
            words = self.source.problem or "asking the engine …"
        elif self.source.has_older and len(self.source.rows) < KEPT:
            words = "looking further back …"
        elif self.filter:
            words = f"nothing here for {self.filter!r}; / changes the filter"
        else:
            words = (
                f"there are no {self.pane.name} {self.table.name}"
                if len(self.panes) > 1
                else f"there are no {self.table.name} yet"
            )
        return [(Cell(f" {clean(words)}", "muted"),)]
