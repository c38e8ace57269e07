"""One bot on the whole screen: its panel, equity, figures, live orders, fills and events."""

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.viewmodels.chart import chart
from nimbus_tui.tui.viewmodels.figures import figures, fill_lines, order_lines
from nimbus_tui.tui.viewmodels.frame import Room
from nimbus_tui.tui.viewmodels.happenings import happenings
from nimbus_tui.tui.viewmodels.held_back import held_lines
from nimbus_tui.tui.viewmodels.lines import Cell, Line, heading
from nimbus_tui.tui.viewmodels.panel import picture

PANES = ("figures", "orders", "fills", "events", "chart")
"""What the part beside the panel shows, one after the other, where there is no room for all."""


class BotView(Container):
    """The selected bot in full."""

    def __init__(self) -> None:
        super().__init__(id="bot", classes="-figures")
        self.ladder = LinesPanel(id="bot-ladder")
        self.chart = LinesPanel(id="bot-chart")
        self.figures = LinesPanel(id="bot-figures")
        self.orders = LinesPanel(id="bot-orders")
        self.fills = LinesPanel(id="bot-fills")
        self.events = LinesPanel(id="bot-events")
        self._memo = Memo()
        self._pane = 0

    def compose(self) -> ComposeResult:
        """Panel and chart, and two columns; the style sheet decides what is beside what."""
        with Vertical(id="bot-left"):
            yield self.ladder
            yield self.chart
        with Container(id="bot-side"):
            with Vertical(id="bot-middle"):
                yield self.figures
                yield self.orders
            with Vertical(id="bot-right"):
                yield self.fills
                yield self.events

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (self.ladder, self.chart, self.figures, self.orders, self.fills, self.events)

    def turn(self, by: int) -> None:
        """Show the next pane, where not all are visible at once."""
        self._pane = (self._pane + by) % len(PANES)
        for at, name in enumerate(PANES):
            self.set_class(at == self._pane, f"-{name}")

    def scroll_rows(self, by: int) -> None:
        """Look up or down the bot's panel."""
        self.ladder.move_rows(by)

    def show(self, feed: Feed, bot: BotSnapshot | None, dirty: set[BotId]) -> None:
        """Hand every panel that has something new its lines."""
        if bot is None or feed.engine is None:
            return
        self._show_panel(feed, bot, feed.engine.now_ns)
        self._show_chart(feed, bot, feed.engine.now_ns)
        self._show_figures(bot, feed.engine.now_ns)
        self._show_orders(feed)
        self._show_fills(feed)
        self._show_events(feed, bot)

    def _show_panel(self, feed: Feed, bot: BotSnapshot, now_ns: int) -> None:
        size, detail, second = self.ladder.size, feed.detail, now_ns // NS_PER_SECOND
        if self._memo.is_new("ladder", size, bot, detail, second):
            room = Room(size.width, size.height, feed.places_for(bot), now_ns)
            made = picture(detail, bot, room)
            self.ladder.show(made.rows, heading=made.heading, focus=made.focus, about=bot.bot_id)

    def _show_chart(self, feed: Feed, bot: BotSnapshot, now_ns: int) -> None:
        """The curve up to this second; it is too long to be drawn for every change of a price."""
        size, second = self.chart.size, now_ns // NS_PER_SECOND
        if size.height and self._memo.is_new("chart", size, bot.bot_id, feed.curve, second):
            points = (*feed.curve, (now_ns, float(bot.equity)))
            made = chart(points, bot.quote, now_ns, size.width, size.height)
            self.chart.show(made.rows, heading=made.heading)

    def _show_figures(self, bot: BotSnapshot, now_ns: int) -> None:
        size, minute = self.figures.size, now_ns // (60 * NS_PER_SECOND)
        if size.height and self._memo.is_new("figures", size, bot, minute):
            note = (Cell(f"{bot.strategy} on {bot.exchange} ", "muted"),)
            lines = figures(bot, now_ns, size.width)
            self.figures.show(lines, heading=[heading("figures", size.width, note)])

    def _show_orders(self, feed: Feed) -> None:
        size, orders = self.orders.size, feed.detail.orders if feed.detail else ()
        held = feed.detail.held_back if feed.detail else {}
        if size.height and self._memo.is_new("orders", size, orders, held):
            names, *lines = order_lines(orders, size.width)
            note: Line = (Cell(f"‖ {len(held)} held back ", "warning"),) if held else ()
            noun = "order" if len(orders) == 1 else "orders"
            top = heading(f"{len(orders)} live {noun}", size.width, note)
            self.orders.show([*lines, *held_lines(held, size.width)], heading=[top, names])

    def _show_fills(self, feed: Feed) -> None:
        size, fills = self.fills.size, feed.detail.fills if feed.detail else ()
        if size.height and self._memo.is_new("fills", size, fills):
            names, *lines = fill_lines(fills, size.width)
            self.fills.show(lines, heading=[heading("newest fills", size.width), names])

    def _show_events(self, feed: Feed, bot: BotSnapshot) -> None:
        size = self.events.size
        newest = feed.events[-1].seq if feed.events else 0
        if size.height and self._memo.is_new("events", size, newest, bot.bot_id):
            lines = happenings(feed.events, size.height, bot.bot_id)
            self.events.show(lines, heading=[heading("events", size.width)])
