"""The one live screen: header, a view that can be changed, the last outcome, the keys."""

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from nimbus_tui.config.actions import ACTIONS, Action
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.tui.backtest_feed import BacktestFeed
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.fine_updates import FineCompositor
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.replay_feed import ReplayFeed
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.backtest import BacktestView
from nimbus_tui.tui.screens.bot import BotView
from nimbus_tui.tui.screens.connections import ConnectionsView
from nimbus_tui.tui.screens.dashboard import DashboardView
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.screens.replay import ReplayView
from nimbus_tui.tui.screens.risk import RiskView
from nimbus_tui.tui.screens.table import TableView
from nimbus_tui.tui.screens.tables import events_view, fills_view, orders_view
from nimbus_tui.tui.table_feed import TableFeed
from nimbus_tui.tui.viewmodels.header import alarms, header
from nimbus_tui.tui.viewmodels.keys import footer
from nimbus_tui.tui.viewmodels.lines import Line
from nimbus_tui.tui.viewmodels.talk import hint_line, note_line

FLAT = 12
"""A terminal of fewer rows shows one line of header and no more than one panel."""


class LiveScreen(Screen[None]):
    """Paints what the feed holds; knows no command and no engine."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (116, "-middle"), (170, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (FLAT, "-low"), (20, "-high"), (36, "-tall")]

    def __init__(
        self,
        title: str,
        feed: Feed,
        risk: RiskFeed,
        past: ReplayFeed,
        tests: BacktestFeed,
        actions: Sequence[Action] = ACTIONS,
    ) -> None:
        super().__init__()
        self._compositor = FineCompositor()
        self._title = title
        self._actions = actions
        self.header = LinesPanel(id="header")
        self.dashboard = DashboardView(risk)
        self.bot = BotView()
        self.risk = RiskView(risk)
        self.tables: dict[str, TableView[Any] | ConnectionsView] = {
            "orders": orders_view(feed),
            "fills": fills_view(feed),
            "connections": ConnectionsView(feed),
            "events": events_view(feed),
        }
        self.replay = ReplayView(past)
        self.backtest = BacktestView(tests)
        self.views = ContentSwitcher(self.dashboard, initial="dashboard", id="views")
        others = (self.bot, self.risk, *self.tables.values(), self.replay, self.backtest)
        self._unseen: dict[str | None, Widget] = {one.id: one for one in others}
        """Views that nobody has looked at: they get their place on the screen when they are."""
        self.status = LinesPanel(id="status")
        self.keys = LinesPanel(id="keys")
        self._memo = Memo()
        self._turn = 0

    def compose(self) -> ComposeResult:
        """From the top to the bottom."""
        yield self.header
        yield self.views
        yield self.status
        yield self.keys

    @property
    def view(
        self,
    ) -> (
        DashboardView
        | BotView
        | RiskView
        | ReplayView
        | BacktestView
        | TableView[Any]
        | ConnectionsView
    ):
        """The view that is shown."""
        if self.table is not None:
            return self.table
        if self.is_backtest_open:
            return self.backtest
        if self.is_replay_open:
            return self.replay
        if self.is_risk_open:
            return self.risk
        return self.bot if self.is_bot_open else self.dashboard

    @property
    def table(self) -> TableView[Any] | ConnectionsView | None:
        """The table that has the whole screen, if one has."""
        return self.tables.get(self.views.current or "")

    @property
    def wanted_rows(self) -> TableFeed | None:
        """The rows that somebody is looking at."""
        return self.table.source if self.is_mounted and self.table is not None else None

    @property
    def at(self) -> str:
        """The name of the view that is shown."""
        return (self.views.current if self.is_mounted else None) or "dashboard"

    @property
    def is_risk_open(self) -> bool:
        """Whether the risk screen is shown."""
        return self.views.current == "risk"

    @property
    def is_replay_open(self) -> bool:
        """Whether the past is shown."""
        return self.views.current == "replay"

    @property
    def is_backtest_open(self) -> bool:
        """Whether backtests are shown."""
        return self.views.current == "backtest"

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
        """Show one of the views by its name."""
        unseen = self._unseen.pop(view, None)
        if unseen is not None:
            self.views.mount(unseen)
        self.views.current = view

    def show(self, feed: Feed, bot: BotSnapshot | None, said: Line, silent_ms: float) -> None:
        """Hand every visible panel its lines; with nothing said the keys are explained."""
        width, height = self.size
        lines = header(feed.engine, list(feed.bots.values()), self._title, width)
        warnings = alarms(feed.engine, feed.problem, silent_ms, ended=feed.has_ended)
        if height < FLAT:
            lines, warnings = lines[:1], warnings[:1]
        rows = [*lines, *warnings]
        if self.header.size.height != len(rows):
            self.header.styles.height = len(rows)
        self.header.show(rows)
        self.view.show(feed, bot, feed.take_dirty())
        at = self.at
        has_bot = not self.is_risk_open or self.risk.is_on_bot
        if self.table is not None:
            meant = self.table.bot_id
            bot = feed.bots.get(meant) if meant is not None else None
        self.tell(said)
        acted_on = bot if has_bot else None
        state = acted_on.state if acted_on is not None else None
        if self._memo.is_new("keys", at, width, state):
            self.keys.show([footer(self._actions, acted_on, width, at)])

    def _note(self, at: str) -> Line:
        """What to press, or why the last step through the past led nowhere."""
        note = self.replay.past.note if at == "replay" else ""
        return note_line(note) if note else hint_line(at, self._actions)

    def tell(self, said: Line) -> None:
        """A word above the footer, painted at once: an answer waits for no clock."""
        if self.is_mounted:
            self.status.show([said or self._note(self.at)])
            self.status.paint(1)

    @property
    def has_more(self) -> bool:
        """Whether there are rows that wait for their paint."""
        return any(one.has_more for one in (self.header, self.status, self.keys, *self.view.panels))

    def paint(self, budget: int, *, is_answer: bool = False) -> None:
        """Repaint rows that have changed, so many at most; big panels take turns.

        The answer to a key begins with the panel that keys act on.
        """
        for panel in (self.status, self.keys, self.header):
            panel.paint(budget)
        panels = self.view.panels
        self._turn += not is_answer
        first = 0 if is_answer else self._turn
        for at in range(len(panels)):
            budget = panels[(first + at) % len(panels)].paint(budget)
