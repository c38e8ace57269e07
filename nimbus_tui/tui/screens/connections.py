"""The connections screen: every venue, and below it what is known of the selected one."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container

from nimbus_tui.control.pages import Listing
from nimbus_tui.control.snapshots import BotSnapshot, ExchangeSnapshot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.screens.ordering import Arranged
from nimbus_tui.tui.table_feed import TableFeed
from nimbus_tui.tui.viewmodels import table as tables
from nimbus_tui.tui.viewmodels.connections import HAPPENINGS, VENUES, about, concerns
from nimbus_tui.tui.viewmodels.happenings import happenings
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, heading
from nimbus_tui.tui.viewmodels.table import Context, Lines
from nimbus_tui.tui.viewmodels.table_filter import matches, parsed


class ConnectionsView(Arranged, Container):
    """The selection is a venue, held by its name."""

    table = VENUES
    bot_id: BotId | None = None
    """No bot is meant here."""

    def __init__(self, feed: Feed) -> None:
        Container.__init__(self, id="connections")
        Arranged.__init__(self)
        self.source = TableFeed(feed, Listing.EVENTS)
        self.source.want(Listing.EVENTS, types=HAPPENINGS)
        self.venues = LinesPanel(id="venues")
        self.venue = LinesPanel(id="venue")
        self.events = LinesPanel(id="venue-events")
        self.shown: Sequence[ExchangeSnapshot] = ()
        self._selected = ""
        self._memo = Memo()

    def compose(self) -> ComposeResult:
        """The venues first."""
        yield self.venues
        with Container(id="venue-lower"):
            yield self.venue
            yield self.events

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (self.venues, self.venue, self.events)

    @property
    def rows(self) -> LinesPanel:
        """The panel whose rows can be selected."""
        return self.venues

    @property
    def fields(self) -> tuple[str, ...]:
        """What the filter can ask for by name."""
        return ("venue", "type", "state")

    @property
    def selected(self) -> ExchangeSnapshot | None:
        """The venue that is selected."""
        return self.shown[self._at] if self.shown else None

    @property
    def _at(self) -> int:
        names = [venue.name for venue in self.shown]
        return names.index(self._selected) if self._selected in names else 0  # type: ignore[arg-type]

    def scroll_rows(self, by: int) -> None:
        """Select another venue."""
        self.pick(max(0, min(self._at + by, len(self.shown) - 1)))

    def turn_page(self, by: int) -> None:
        """The first or the last venue."""
        self.scroll_rows(by * len(self.shown))

    def turn(self, by: int) -> None:
        """Look further down or up what happened at the venue."""
        self.events.move_rows(by * max(1, self.events.room - 1))

    def pick(self, row: int) -> None:
        """Select the venue that was clicked."""
        if 0 <= row < len(self.shown):
            self._selected = self.shown[row].name

    def show(self, feed: Feed, _bot: BotSnapshot | None, _dirty: set[BotId]) -> None:
        """Hand every panel that has something new its lines."""
        venues = feed.engine.exchanges if feed.engine else ()
        terms = parsed(self.filter, self.fields)
        found = [v for v in venues if matches(terms, VENUES.facets(v), VENUES.words(v))]
        self.shown = tables.ordered(found, VENUES.columns, self.sort)
        self._show_venues(len(venues))
        bots = tuple(feed.bots.values())
        self._show_venue(bots)
        self._show_events(bots, feed.engine.now_ns if feed.engine else 0)

    def _show_venues(self, count: int) -> None:
        size, shown = self.venues.size, tuple(self.shown)
        if not self._memo.is_new("venues", size, shown, self._selected, self.sort, self.filter):
            return
        self.venues.styles.height = max(1, len(shown)) + 2
        self.columns = columns = tables.fitted(VENUES.columns, size.width)
        at = self._at if shown else None
        told = f"/{clean(self.filter)} {len(shown)} of {count} " if self.filter else f"{count} "
        top = heading("connections", size.width, (Cell(told, "muted"),))
        nothing: list[Line] = [(Cell(" there is no such venue", "muted"),)]
        rows: Sequence[Line] = Lines(shown, columns, Context()) or nothing
        names = tables.names_line(columns, self.sort)
        self.venues.show(rows, heading=[top, names], selected=at, focus=at)

    def _show_venue(self, bots: tuple[BotSnapshot, ...]) -> None:
        size, venue = self.venue.size, self.selected
        names = tuple((bot.bot_id, bot.exchange) for bot in bots)
        if size.height and self._memo.is_new("venue", size, venue, names):
            lines = about(venue, bots, size.width) if venue is not None else []
            title = venue.name if venue is not None else "no venue"
            self.venue.show(lines, heading=[heading(title, size.width)])

    def _show_events(self, bots: tuple[BotSnapshot, ...], now_ns: int) -> None:
        size, venue, source = self.events.size, self.selected, self.source
        minute = now_ns // (60 * NS_PER_SECOND)
        if not size.height or not self._memo.is_new("ev", size, venue, source.version, minute):
            return
        name = venue.name if venue is not None else ""
        events: list[Event] = [e for e in source.rows[::-1] if concerns(e, name, bots)]
        source.wants_older = len(events) < size.height
        lines = happenings(events, max(size.height, len(events)))
        note: Line = (Cell("newest first ", "muted"),) if lines else ()
        nothing: list[Line] = [(Cell(" nothing has gone wrong here", "muted"),)]
        top = heading("errors and reconnects", size.width, note)
        self.events.show(lines or nothing, heading=[top])
