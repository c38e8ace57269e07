"""Keys and clicks that are for bots, one or many, and for all of them."""

from collections.abc import Callable

from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from nimbus_tui.tui.view_actions import ViewActions
from nimbus_tui.tui.viewmodels import talk


class BotActions(ViewActions):
    """What the action table calls by name to act on bots."""

    def open(self, bot_id: BotId) -> None:
        """Turn to a bot and give it the whole screen."""
        self.select(bot_id)
        self.action_open_bot()

    def on_lines_panel_picked(self, event: LinesPanel.Picked) -> None:
        """A click selects a row, or a cell of the rules; on a selected row it opens it."""
        names, table = self.live.dashboard.names, self.live.table
        if self.live.is_replay_open:
            self.live.replay.pick(event.panel, event.row, event.column)
        elif self.live.is_backtest_open:
            self.live.backtest.pick(event.panel, event.row)
            self.repaint_now()
            if event.again:
                self.action_open_bot()
        elif self.live.is_risk_open:
            before = self.live.risk.cell
            self._came_to(self.live.risk.pick(event.panel, event.row, event.column))
            if self.live.risk.cell == before:
                self.action_open_bot()
        elif table is not None and event.panel is table.rows:
            table.pick(event.row)
            self.repaint_now()
            if event.again:
                self.action_open_bot()
        elif event.panel is self.live.dashboard.bots and event.row < len(names):
            self.select(names[event.row])
            if event.again:
                self.action_open_bot()

    def on_lines_panel_heading_picked(self, event: LinesPanel.HeadingPicked) -> None:
        """A click on the name of a column orders the rows by it."""
        dashboard, table = self.live.dashboard, self.live.table
        if table is not None and event.panel is table.rows:
            table.order_at(event.column)
        elif event.panel is dashboard.bots:
            dashboard.order_at(event.column)
        self.repaint_now()

    def action_open_bot(self) -> None:
        """The bot on the whole screen; in a table and among backtests, what is selected."""
        if self.live.is_backtest_open:
            self.action_backtest("enter")
        elif self.live.table is not None:
            self.tables.show_whole()
        else:
            self._on_bot(lambda _: self.action_open_view("bot"))

    def _on_bot(self, act: Callable[[BotId], None]) -> None:
        table = self.live.table
        if self.live.is_replay_open:
            self.say(talk.trouble_line("this is the past: Esc goes back to now, where that works"))
        elif self.live.is_backtest_open:
            self.say(talk.note_line("these are backtests: Esc goes back to the bots"))
        elif table is not None:
            meant = table.bot_id
            if meant is None or meant not in self.feed.bots:
                self.say(talk.note_line("that is for a bot: no row of one is selected"))
            else:
                act(meant)
        elif self.bot is None:
            self.say(talk.note_line("there is no bot"))
        elif self.live.view is self.live.dashboard and not self.live.dashboard.has(self.bot):
            self.say(talk.note_line("no bot of the table is selected"))
        elif self.live.is_risk_open and not self.live.risk.is_on_bot:
            self.say(talk.note_line(f"that is for a bot: {self.live.risk.scope} is selected"))
        else:
            act(self.bot.bot_id)

    def _on_bots(self, verb: str) -> None:
        """On all that are marked, where the marks are in sight; else on the selected bot."""
        marked = tuple(self.live.dashboard.marked)
        if marked and self.live.view is self.live.dashboard:
            self.operator.on_many(verb, marked)
        else:
            self._on_bot(self.operator.bot_commands[verb])

    def action_pause_bot(self) -> None:
        """Pause the selected bot, or those that are marked.

        From the past too, since nobody shall search for the way.
        """
        if self.live.is_replay_open and self.past.focus in self.feed.bots:
            self.operator.pause(self.past.focus)
        else:
            self._on_bots("pause")

    def action_resume_bot(self) -> None:
        """Resume the selected bot, or those that are marked."""
        self._on_bots("resume")

    def action_start_bot(self) -> None:
        """Start the selected bot, or those that are marked."""
        self._on_bots("start")

    def action_stop_bot(self) -> None:
        """Ask, then stop the selected bot, or those that are marked."""
        self._on_bots("stop")

    def action_flatten_bot(self) -> None:
        """Ask, then flatten the selected bot, or those that are marked."""
        self._on_bots("flatten")

    def action_mark_bot(self) -> None:
        """Mark the selected bot, or take its mark away; then the next one is selected."""
        dashboard = self.live.dashboard
        if self.live.view is dashboard and self.bot is not None:
            dashboard.mark(self.bot.bot_id)
            self.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every bot in the table, or none."""
        if self.live.view is self.live.dashboard:
            self.live.dashboard.mark_all()
            self.repaint_now()

    def action_reset_drawdown(self) -> None:
        """Ask for the word, then measure the selected bot's drawdown from now on."""
        self._on_bot(self.operator.ask_reset)

    def action_emergency(self) -> None:
        """Ask for the word, then cancel everything."""
        self.operator.ask_emergency()

    def action_rearm(self) -> None:
        """Ask for the word, then lift the emergency."""
        self.operator.ask_rearm()
