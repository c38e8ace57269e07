"""The dashboard: every bot in a table, the selected one's ladder, what happened."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.viewmodels.bots_table import Shown, Widths, bot_row, table_heading, widths
from nimbus_tui.tui.viewmodels.figures import figures, fill_lines
from nimbus_tui.tui.viewmodels.frame import Room
from nimbus_tui.tui.viewmodels.happenings import happenings
from nimbus_tui.tui.viewmodels.lines import Cell, Line, heading
from nimbus_tui.tui.viewmodels.panel import picture
from nimbus_tui.tui.viewmodels.risk_brief import brief
from nimbus_tui.tui.viewmodels.rows import LazyRows

PANES = ("ladder", "events", "figures", "risk")
"""What the lower part shows, one after the other, where there is no room for all."""


class DashboardView(Container):
    """Table, ladder, figures and ticker; beside each other as far as the width allows."""

    def __init__(self, risk: RiskFeed) -> None:
        super().__init__(id="dashboard", classes="-ladder")
        self._risk = risk
        self.bots = LinesPanel(id="bots")
        self.ladder = LinesPanel(id="ladder")
        self.figures = LinesPanel(id="figures")
        self.risk = LinesPanel(id="risk-brief")
        self.fills = LinesPanel(id="fills")
        self.ticker = LinesPanel(id="ticker")
        self._rows: dict[BotId, Line] = {}
        self._memo = Memo()
        self._pane = 0

    def compose(self) -> ComposeResult:
        """Table first, the rest below or beside it by the style sheet."""
        yield self.bots
        with Container(id="lower"):
            yield self.ladder
            with Vertical(id="side"):
                yield self.figures
                yield self.risk
                yield self.fills
                yield self.ticker

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (self.bots, self.ladder, self.ticker, self.figures, self.risk, self.fills)

    def turn(self, by: int) -> None:
        """Show the next pane, where not all are visible at once."""
        self._pane = (self._pane + by) % len(PANES)
        for at, name in enumerate(PANES):
            self.set_class(at == self._pane, f"-{name}")

    def scroll_rows(self, by: int) -> None:
        """Up and down select a bot here; nothing is scrolled."""

    def show(self, feed: Feed, bot: BotSnapshot | None, dirty: set[BotId]) -> None:
        """Hand every panel that has something new its lines."""
        self._show_bots(feed, bot, dirty)
        self._show_ladder(feed, bot)
        self._show_ticker(feed)
        self._show_figures(feed, bot)
        self._show_risk(feed, bot)
        self._show_fills(feed)

    def _show_bots(self, feed: Feed, bot: BotSnapshot | None, dirty: set[BotId]) -> None:
        panel, names = self.bots, tuple(feed.bots)
        if self._memo.is_new("table height", len(names)):
            panel.styles.height = len(names) + 1
        if not panel.size.width:
            return
        columns = widths(panel.size.width)
        tail = max(feed.places.values(), default=0)
        afresh = self._memo.is_new("bots", columns, tail, names)
        if afresh:
            self._rows = {}
        for bot_id in dirty:
            self._rows.pop(bot_id, None)

        def row(name: str) -> Line:
            bot_id = BotId(name)
            if bot_id not in self._rows:
                self._rows[bot_id] = self._row(feed, bot_id, columns, tail)
            return self._rows[bot_id]

        chosen = names.index(bot.bot_id) if bot is not None else None
        rows = LazyRows(names, row)
        panel.show(rows, heading=[table_heading(columns)], selected=chosen, focus=chosen)

    def _row(self, feed: Feed, bot_id: BotId, columns: Widths, tail: int) -> Line:
        trend = feed.trends.get(bot_id)
        points = trend.points if trend is not None else ()
        return bot_row(Shown(feed.bots[bot_id], points, feed.places.get(bot_id, 0), tail), columns)

    def _show_ladder(self, feed: Feed, bot: BotSnapshot | None) -> None:
        size, now_ns = self.ladder.size, feed.engine.now_ns if feed.engine else 0
        second = now_ns // NS_PER_SECOND
        if size.width and self._memo.is_new("ladder", size, bot, feed.detail, second):
            room = Room(size.width, size.height, feed.places_for(bot), now_ns)
            made = picture(feed.detail, bot, room)
            about = bot.bot_id if bot is not None else None
            self.ladder.show(made.rows, heading=made.heading, focus=made.focus, about=about)

    def _show_ticker(self, feed: Feed) -> None:
        size = self.ticker.size
        newest = feed.events[-1].seq if feed.events else 0
        if size.height and self._memo.is_new("ticker", size, newest, len(feed.events)):
            lines = happenings(feed.events, size.height)
            self.ticker.show(lines, heading=[heading("events", size.width)])

    def _show_figures(self, feed: Feed, bot: BotSnapshot | None) -> None:
        size = self.figures.size
        if not size.height or bot is None or feed.engine is None:
            return
        if self._memo.is_new("figures", size, bot, feed.engine.now_ns // 60_000_000_000):
            note = (Cell(f"{bot.strategy} on {bot.exchange} ", "muted"),)
            lines = figures(bot, feed.engine.now_ns, size.width)
            self.figures.show(lines, heading=[heading(bot.bot_id, size.width, note)])

    def _show_risk(self, feed: Feed, bot: BotSnapshot | None) -> None:
        size, now_ns = self.risk.size, feed.engine.now_ns if feed.engine else 0
        second, board = now_ns // NS_PER_SECOND, self._risk.board
        about = bot.bot_id if bot is not None else ""
        if size.height and self._memo.is_new("risk", size, about, board, second):
            made = brief(board, about, now_ns, size.width, size.height)
            self.risk.show(made.rows, heading=made.heading)

    def _show_fills(self, feed: Feed) -> None:
        size, fills = self.fills.size, feed.detail.fills if feed.detail else ()
        if size.height and self._memo.is_new("fills", size, fills):
            names, *lines = fill_lines(fills, size.width)
            self.fills.show(lines, heading=[heading("newest fills", size.width), names])
