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
from nimbus_tui.tui.screens.ordering import Arranged
from nimbus_tui.tui.viewmodels.bots_order import FIELDS, arranged
from nimbus_tui.tui.viewmodels.bots_table import Shown, Widths, bot_row, widths
from nimbus_tui.tui.viewmodels.figures import figures, fill_lines
from nimbus_tui.tui.viewmodels.frame import Room
from nimbus_tui.tui.viewmodels.happenings import happenings
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, heading
from nimbus_tui.tui.viewmodels.panel import picture
from nimbus_tui.tui.viewmodels.risk_brief import brief
from nimbus_tui.tui.viewmodels.rows import LazyRows
from nimbus_tui.tui.viewmodels.table import names_line

PANES = ("ladder", "events", "figures", "risk")
"""What the lower part shows, one after the other, where there is no room for all."""


class DashboardView(Arranged, Container):
    """Table, ladder, figures and ticker; beside each other as far as the width allows."""

    def __init__(self, risk: RiskFeed) -> None:
        Container.__init__(self, id="dashboard", classes="-ladder")
        Arranged.__init__(self)
        self._risk = risk
        self.bots = LinesPanel(id="bots")
        self.ladder = LinesPanel(id="ladder")
        self.figures = LinesPanel(id="figures")
        self.risk = LinesPanel(id="risk-brief")
        self.fills = LinesPanel(id="fills")
        self.ticker = LinesPanel(id="ticker")
        self.names: tuple[BotId, ...] = ()
        """The bots in the table, from its top."""
        self.marked: dict[BotId, None] = {}
        """The bots that a command is meant for together, in the order of their marking."""
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

    def unmark(self) -> None:
        """Take all marks away."""
        self.marked, self._rows = {}, {}

    def has(self, bot: BotSnapshot) -> bool:
        """Whether a bot is in the table as it is filtered."""
        return not self.filter or bot.bot_id in self.names

    @property
    def fields(self) -> tuple[str, ...]:
        """What the filter can ask for by name."""
        return FIELDS

    def mark(self, bot_id: BotId) -> None:
        """Mark a bot, or take its mark away."""
        if bot_id in self.marked:
            del self.marked[bot_id]
        else:
            self.marked[bot_id] = None
        self._rows.pop(bot_id, None)

    def mark_all(self) -> None:
        """Mark every bot in the table, or none where all are marked."""
        was_whole = all(name in self.marked for name in self.names)
        self.marked = {} if was_whole else dict.fromkeys(self.names)
        self._rows = {}

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
        panel = self.bots
        self.marked = {name: None for name in self.marked if name in feed.bots}
        self.names = names = arranged(tuple(feed.bots.values()), self.filter, self.sort)
        told = self._told(len(feed.bots))
        if self._memo.is_new("table height", len(names), bool(told)):
            panel.styles.height = len(names) + 1 + bool(told)
        if not panel.size.width:
            return
        self.columns = columns = widths(panel.size.width)
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

        chosen = names.index(bot.bot_id) if bot is not None and bot.bot_id in names else None
        rows = LazyRows(names, row)
        top = [heading("bots", panel.size.width, told)] if told else []
        named = names_line(columns, self.sort)
        panel.show(rows, heading=[*top, named], selected=chosen, focus=chosen)

    def _told(self, count: int) -> Line:
        """How many bots are shown or marked, where it isn't simply all and none."""
        cells = []
        if self.filter:
            cells.append(Cell(f"/{clean(self.filter)} {len(self.names)} of {count} ", "price"))
        if self.marked:
            cells.append(Cell(f"✓ {len(self.marked)} marked ", "key"))
        return tuple(cells)

    def _row(self, feed: Feed, bot_id: BotId, columns: Widths, tail: int) -> Line:
        trend = feed.trends.get(bot_id)
        points = trend.points if trend is not None else ()
        shown = Shown(feed.bots[bot_id], points, feed.places.get(bot_id, 0), tail)
        return bot_row(shown, columns, is_marked=bot_id in self.marked)

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
