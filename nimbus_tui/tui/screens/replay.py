"""The replay screen: the same panels as they were at any past moment."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from nimbus_tui.control.past import PastMoment
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.replay_feed import ReplayFeed
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.viewmodels.bots_table import Shown, bot_row, widths
from nimbus_tui.tui.viewmodels.figures import figures, fill_lines
from nimbus_tui.tui.viewmodels.frame import Room
from nimbus_tui.tui.viewmodels.lines import Cell, heading, places_of
from nimbus_tui.tui.viewmodels.panel import picture
from nimbus_tui.tui.viewmodels.replay_bar import banner, bar_width, scrub_bar, time_at
from nimbus_tui.tui.viewmodels.replay_lines import events_around, risk_then
from nimbus_tui.tui.viewmodels.table import names_line

PANES = ("ladder", "figures", "risk", "fills", "events")
"""What the lower part shows, one after the other, where there is no room for all."""
_SECOND_NS = 1_000_000_000


class ReplayView(Container):
    """Paints one past moment; where to go next is the feed's business."""

    def __init__(self, past: ReplayFeed) -> None:
        super().__init__(id="replay", classes="-ladder")
        self.past = past
        self.banner = LinesPanel(id="replay-banner")
        self.bar = LinesPanel(id="replay-bar")
        self.bots = LinesPanel(id="replay-bots")
        self.ladder = LinesPanel(id="replay-ladder")
        self.figures = LinesPanel(id="replay-figures")
        self.risk = LinesPanel(id="replay-risk")
        self.fills = LinesPanel(id="replay-fills")
        self.events = LinesPanel(id="replay-events")
        self._memo = Memo()
        self._listed: list[int] = []
        """Which event stands in each row of the list."""
        self._pane = 0

    def compose(self) -> ComposeResult:
        """The bar that says that this is the past, then the panels of the dashboard and a bot."""
        yield self.banner
        yield self.bar
        yield self.bots
        with Container(id="replay-lower"):
            yield self.ladder
            with Vertical(id="replay-middle"):
                yield self.figures
                yield self.risk
            with Vertical(id="replay-right"):
                yield self.fills
                yield self.events

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (
            self.banner, self.bar, self.bots, self.ladder,
            self.figures, self.risk, self.fills, self.events,
        )  # fmt: skip

    def turn(self, by: int) -> None:
        """Show the next pane, where not all are visible at once."""
        self._pane = (self._pane + by) % len(PANES)
        for at, name in enumerate(PANES):
            self.set_class(at == self._pane, f"-{name}")

    def scroll_rows(self, by: int) -> None:
        """Another bot at the same moment."""
        then = self.past.moment
        names = [bot.bot_id for bot in then.bots] if then is not None else []
        if names:
            at = names.index(self.past.focus) if self.past.focus in names else 0
            self.past.select(names[max(0, min(at + by, len(names) - 1))])

    def pick(self, panel: LinesPanel, row: int, column: int) -> None:
        """Go to the moment, the event or the bot that was clicked."""
        then = self.past.moment
        if panel is self.bar and self.past.marks is not None:
            at = time_at(self.past.marks, column)
            if at is not None:
                self.past.go("at", at)
        elif panel is self.events and row < len(self._listed):
            self.past.go("seq", self._listed[row])
        elif panel is self.bots and then is not None and row < len(then.bots):
            self.past.select(then.bots[row].bot_id)

    # painting

    def show(self, feed: Feed, _bot: BotSnapshot | None, _dirty: set[BotId]) -> None:
        """Hand every panel that has something new its lines."""
        past, then = self.past, self.past.moment
        now_ns = feed.engine.now_ns if feed.engine is not None else 0
        past.set_parts(bar_width(self.bar.size.width))
        size, second = self.banner.size, now_ns // _SECOND_NS
        if self._memo.is_new("banner", size, then, past.problem, second):
            self.banner.show(banner(then, now_ns, size.width, past.problem))
        size = self.bar.size
        if self._memo.is_new("bar", size, then, past.moments, past.marks, past.zoom):
            self.bar.show(scrub_bar(then, past.moments, past.marks, past.zoom, size.width))
        if then is not None:
            self._show_bots(feed, then)
            self._show_bot(feed, then)
            self._show_risk(then)
            self._show_events(then)

    def _show_bots(self, feed: Feed, then: PastMoment) -> None:
        panel = self.bots
        if self._memo.is_new("bots height", len(then.bots)):
            panel.styles.height = len(then.bots) + 1
        if not panel.size.width or not self._memo.is_new("bots", panel.size, then, self.past.focus):
            return
        # Nobody has kept the prices that the screen saw then.
        columns = tuple(one for one in widths(panel.size.width) if one[0].name != "trend")
        places = {bot.bot_id: _places(feed, bot) for bot in then.bots}
        tail = max(places.values(), default=0)
        rows = [bot_row(Shown(bot, (), places[bot.bot_id], tail), columns) for bot in then.bots]
        names = [bot.bot_id for bot in then.bots]
        chosen = names.index(self.past.focus) if self.past.focus in names else None
        panel.show(rows, heading=[names_line(columns, None)], selected=chosen, focus=chosen)

    def _show_bot(self, feed: Feed, then: PastMoment) -> None:
        bot = next((one for one in then.bots if one.bot_id == self.past.focus), None)
        detail = then.detail if then.detail is not None and bot is not None else None
        if detail is not None and bot is not None and detail.bot_id != bot.bot_id:
            detail = None
        size = self.ladder.size
        if size.height and self._memo.is_new("ladder", size, then, bot):
            room = Room(size.width, size.height, _places(feed, bot) if bot else 0, then.ts)
            made = picture(detail, bot, room)
            about = bot.bot_id if bot is not None else None
            self.ladder.show(made.rows, heading=made.heading, focus=made.focus, about=about)
        size = self.figures.size
        if size.height and self._memo.is_new("figures", size, then, bot):
            lines = figures(bot, then.ts, size.width) if bot is not None else []
            self.figures.show(lines, heading=[heading("figures then", size.width)])
        size, fills = self.fills.size, detail.fills if detail is not None else ()
        if size.height and self._memo.is_new("fills", size, fills):
            names, *lines = fill_lines(fills, size.width)
            self.fills.show(lines, heading=[heading("fills by then", size.width), names])

    def _show_risk(self, then: PastMoment) -> None:
        size = self.risk.size
        if size.height and self._memo.is_new("risk", size, then):
            note = (Cell(f"strictest: {then.risk} ", "muted"),)
            self.risk.show(
                risk_then(then, size.width), heading=[heading("risk then", size.width, note)]
            )

    def _show_events(self, then: PastMoment) -> None:
        size = self.events.size
        if size.height and self._memo.is_new("events", size, then):
            made = events_around(then)
            self._listed = made.seqs
            top = heading("events around", size.width)
            self.events.show(made.rows, heading=[top], selected=made.at, focus=made.at)


def _places(feed: Feed, bot: BotSnapshot) -> int:
    return max(feed.places_for(bot), places_of([bot.price]))
