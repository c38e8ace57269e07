"""The risk screen: rules × scopes as usage bars, the ladder, the history, the emergency's latch."""

from textual.app import ComposeResult
from textual.containers import Container

from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.risk_feed import RiskFeed
from nimbus_tui.tui.screens.memo import Memo
from nimbus_tui.tui.viewmodels.lines import Cell, Line, heading
from nimbus_tui.tui.viewmodels.risk_board import Board
from nimbus_tui.tui.viewmodels.risk_detail import detail
from nimbus_tui.tui.viewmodels.risk_history import history
from nimbus_tui.tui.viewmodels.risk_ladder import banner, standings
from nimbus_tui.tui.viewmodels.risk_table import Columns, Focus, columns, scope_at, table

PANES = ("rules", "ladder", "history")
"""What the screen shows, one after the other; where there is room the first one shows it all."""
_HIGH = 16
"""Rows of the screen from which on the cell in focus gets as many as it needs."""
_LOW_DETAIL, _DETAIL, _MOST_DETAIL = 3, 5, 7
_BANNER_SHARE = 4
"""The latch's banner takes a quarter of the screen at most."""
_LEVELS_FROM = 22
"""Rows of the table from which on the four levels have lines of their own."""


class RiskView(Container):
    """A cell is in focus; moving it to a bot's column selects that bot."""

    def __init__(self, risk: RiskFeed) -> None:
        super().__init__(id="risk", classes="-rules")
        self._risk = risk
        self.banner = LinesPanel(id="risk-banner")
        self.table = LinesPanel(id="risk-table")
        self.detail = LinesPanel(id="risk-detail")
        self.standings = LinesPanel(id="risk-standings")
        self.history = LinesPanel(id="risk-history")
        self._above: str | None = None
        """The engine or the account in focus; None while it is the selected bot."""
        self._bot: BotId | None = None
        self._row: int | None = None
        """The rule in focus; None until the worst one of the scope is known."""
        self._page: Columns | None = None
        self._rules: tuple[int | None, ...] = ()
        """Which rule stands in each row of the table."""
        self._listed: tuple[str, ...] = ()
        """Which scope stands in each row of the ladder's list."""
        self._memo = Memo()
        self._pane = 0

    def compose(self) -> ComposeResult:
        """The latch, the table, and below it the cell in focus, standings and history."""
        yield self.banner
        yield self.table
        yield self.detail
        with Container(id="risk-lower"):
            yield self.standings
            yield self.history

    @property
    def panels(self) -> tuple[LinesPanel, ...]:
        """In the order in which they get their share of the paint."""
        return (self.banner, self.table, self.detail, self.standings, self.history)

    # the focus

    @property
    def scope(self) -> str:
        """The scope whose column is in focus; empty where there is none."""
        return self._above or self._bot or ""

    @property
    def cell(self) -> tuple[str, int | None]:
        """The scope and the rule in focus."""
        return self.scope, self._row

    @property
    def is_on_bot(self) -> bool:
        """Whether the focus is on a bot's column."""
        return self._above is None and self._bot is not None

    def turn(self, by: int) -> BotId | None:
        """Move the focus over the columns; returns the bot that it came to, if it is one."""
        board = self._risk.board
        if board is None or not board.scopes:
            return None
        at = board.scopes.index(self.scope) if self.scope in board.scopes else 0
        return self._come_to(board.scopes[max(0, min(at + by, len(board.scopes) - 1))])

    def turn_page(self, by: int) -> BotId | None:
        """Move the focus by as many columns as are side by side."""
        return self.turn(by * len(self._page.shown) if self._page else by)

    def scroll_rows(self, by: int) -> None:
        """Move the focus over the rules; elsewhere the list."""
        if PANES[self._pane] != "rules":
            (self.standings if PANES[self._pane] == "ladder" else self.history).move_rows(by)
        elif self._risk.board is not None:
            last = len(self._risk.board.rules) - 1
            self._row = max(0, min((self._row or 0) + by, last))

    def turn_pane(self, by: int) -> None:
        """Show the next pane."""
        self._pane = (self._pane + by) % len(PANES)
        for at, name in enumerate(PANES):
            self.set_class(at == self._pane, f"-{name}")

    def pick(self, panel: LinesPanel, row: int, column: int) -> BotId | None:
        """Move the focus to what was clicked; returns the bot that it came to."""
        board = self._risk.board
        if board is None:
            return None
        if panel is self.standings and row < len(self._listed):
            return self._come_to(self._listed[row])
        if panel is not self.table or self._page is None:
            return None
        rule = self._rules[row] if row < len(self._rules) else None
        self._row = self._row if rule is None else rule
        scope = scope_at(self._page, column)
        return self._come_to(scope) if scope is not None else None

    def _come_to(self, scope: str) -> BotId | None:
        board = self._risk.board
        is_bot = board is not None and board.is_bot(scope)
        self._above = None if is_bot else scope
        return BotId(scope) if is_bot else None

    # painting

    def show(self, feed: Feed, bot: BotSnapshot | None, _dirty: set[BotId]) -> None:
        """Hand every panel that has something new its lines."""
        board, now_ns = self._risk.board, feed.engine.now_ns if feed.engine else 0
        self._bot = bot.bot_id if bot is not None else None
        if board is None:
            self._show_nothing()
            return
        if not self.scope and board.scopes:
            self._come_to(board.scopes[0])
        if self._row is None:
            self._row = board.worst_rule(self.scope)
        self._show_banner()
        self._show_table(board)
        self._show_detail(board, now_ns)
        self._show_standings(board, now_ns)
        self._show_history(now_ns)

    def _show_nothing(self) -> None:
        words = self._risk.problem or "asking the engine …"
        if self._memo.is_new("nothing", self.table.size, words):
            self.table.show([(Cell(f" {words}", "muted"),)], heading=[heading("risk", 80)])

    def _show_banner(self) -> None:
        size, snapshot, problem = self.size, self._risk.snapshot, self._risk.problem
        if snapshot is None or not self._memo.is_new("banner", size, snapshot, problem):
            return
        lines = banner(snapshot, size.width)[: max(1, size.height // _BANNER_SHARE)]
        if problem:
            lines.append((Cell(f" ▲ these readings are old: {problem}", "warning"),))
        self.banner.styles.height = len(lines)
        self.banner.show(lines)

    def _show_table(self, board: Board) -> None:
        size, focus = self.table.size, self._focus(board)
        if size.height and self._memo.is_new("table", size, board, focus):
            made = table(board, focus, size.width, has_levels=size.height >= _LEVELS_FROM)
            self._page, self._rules = made.columns, made.rules
            picture = made.picture
            self.table.show(
                picture.rows, heading=picture.heading, selected=picture.focus, focus=picture.focus
            )

    def _focus(self, board: Board) -> Focus:
        """The page stays where it is while the focus is on it."""
        first = self._page.first if self._page else 0
        focus = Focus(self.scope, self._row or 0, first)
        page = columns(board.scopes, focus, max(1, self.table.size.width))
        return focus._replace(first=page.first)

    def _show_detail(self, board: Board, now_ns: int) -> None:
        size, second = self.detail.size, now_ns // NS_PER_SECOND
        if size.height and self._memo.is_new("detail", size, board, self._focus(board), second):
            made = detail(board, self._focus(board), now_ns, size.width)
            if self.size.height >= _HIGH:
                lines = len(made.heading) + len(made.rows)
                self.detail.styles.height = max(_DETAIL, min(lines, _MOST_DETAIL))
            else:
                self.detail.styles.height = _LOW_DETAIL
            self.detail.show(made.rows, heading=made.heading)

    def _show_standings(self, board: Board, now_ns: int) -> None:
        size, second = self.standings.size, now_ns // NS_PER_SECOND
        if not size.height or not self._memo.is_new("ladder", size, board, self.scope, second):
            return
        made = standings(board, now_ns, size.width)
        self._listed = made.scopes
        at = made.scopes.index(self.scope) if self.scope in made.scopes else None
        top = heading("the ladder", size.width)
        self.standings.show(made.rows, heading=[top, made.names], selected=at, focus=at)

    def _show_history(self, now_ns: int) -> None:
        size, events = self.history.size, self._risk.events
        day = now_ns // (86_400 * NS_PER_SECOND)
        if size.height and self._memo.is_new("history", size, events, day):
            note: Line = (Cell(f"{len(events)} newest first ", "muted"),) if events else ()
            top = heading("history", size.width, note)
            self.history.show(history(events, now_ns, size.width), heading=[top])
