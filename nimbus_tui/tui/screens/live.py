"""The one live screen: header, a view that can be changed, the last outcome, the keys."""

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.tui.actions import ACTIONS
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.fine_updates import FineCompositor
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.bot import BotView
from nimbus_tui.tui.screens.dashboard import DashboardView
from nimbus_tui.tui.screens.risk import RiskView
from nimbus_tui.tui.viewmodels.header import alarms, header
from nimbus_tui.tui.viewmodels.keys import footer
from nimbus_tui.tui.viewmodels.lines import Line
from nimbus_tui.tui.viewmodels.talk import hint_line

FLAT = 12
"""A terminal of fewer rows shows one line of header and no more than one panel."""


class LiveScreen(Screen[None]):
    """Paints what the feed holds; knows no command and no engine."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-middle"), (170, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (FLAT, "-low"), (20, "-high"), (36, "-tall")]

    def __init__(self, title: str, risk: RiskFeed) -> None:
        super().__init__()
        self._compositor = FineCompositor()
        self._title = title
        self.header = LinesPanel(id="header")
        self.dashboard = DashboardView(risk)
        self.bot = BotView()
        self.risk = RiskView(risk)
        self.views = ContentSwitcher(
            self.dashboard, self.bot, self.risk, initial="dashboard", id="views"
        )
        self.status = LinesPanel(id="status")
        self.keys = LinesPanel(id="keys")
        self._turn = 0

    def compose(self) -> ComposeResult:
        """From the top to the bottom."""
        yield self.header
        yield self.views
        yield self.status
        yield self.keys

    @property
    def view(self) -> DashboardView | BotView | RiskView:
        """The view that is shown."""
        if self.is_risk_open:
            return self.risk
        return self.bot if self.is_bot_open else self.dashboard

    @property
    def is_risk_open(self) -> bool:
        """Whether the risk screen is shown."""
        return self.views.current == "risk"

    @property
    def wants_risk(self) -> bool:
        """Whether anything that is visible shows readings of the risk layer."""
        if not self.is_mounted:
            return False
        return self.is_risk_open or (
            self.view is self.dashboard and bool(self.dashboard.risk.size.height)
        )

    @property
    def is_bot_open(self) -> bool:
        """Whether one bot has the whole screen."""
        return self.views.current == "bot"

    def open(self, view: str) -> None:
        """Show the dashboard, the bot or the risk."""
        self.views.current = view

    def show(self, feed: Feed, bot: BotSnapshot | None, said: Line, silent_ms: float) -> None:
        """Hand every visible panel its lines; with nothing said the keys are explained."""
        width, height = self.size
        lines = header(feed.engine, list(feed.bots.values()), self._title, width)
        warnings = alarms(feed.engine, feed.problem, silent_ms)
        if height < FLAT:
            lines, warnings = lines[:1], warnings[:1]
        rows = [*lines, *warnings]
        if self.header.size.height != len(rows):
            self.header.styles.height = len(rows)
        self.header.show(rows)
        self.view.show(feed, bot, feed.take_dirty())
        self.tell(said)
        at = self.views.current or "dashboard"
        has_bot = not self.is_risk_open or self.risk.is_on_bot
        self.keys.show([footer(ACTIONS, bot if has_bot else None, width, at)])

    def tell(self, said: Line) -> None:
        """A word above the footer, painted at once: an answer waits for no clock."""
        if self.is_mounted:
            self.status.show([said or hint_line(self.views.current or "dashboard")])
            self.status.paint(1)

    def paint(self, budget: int) -> None:
        """Repaint rows that have changed, so many at most; big panels take turns."""
        for panel in (self.header, self.status, self.keys):
            panel.paint(budget)
        panels = self.view.panels
        self._turn += 1
        for at in range(len(panels)):
            budget = panels[(self._turn + at) % len(panels)].paint(budget)
