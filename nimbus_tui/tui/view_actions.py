"""Keys and clicks that move about: views, panes, rows, the past, the themes."""

from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.backtest_desk import work_on_backtests
from nimbus_tui.tui.rewind import rewind
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.window import Window

PAGE = 10
"""Bots that a page key moves over."""


class ViewActions(Window):
    """What the action table calls by name to look at something else."""

    def action_move(self, by: int) -> None:
        """Select another bot; on a bot's own screen, look up or down its ladder."""
        names = self.live.dashboard.names
        if self.live.view is not self.live.dashboard:
            self.live.view.scroll_rows(by)
            self.repaint_now()
        elif names:
            chosen = self.bot.bot_id if self.bot is not None else None
            at = names.index(chosen) if chosen in names else -by if by > 0 else 0
            self.select(names[max(0, min(at + by, len(names) - 1))])

    def action_turn(self, by: int) -> None:
        """The next pane of the view; on the risk screen, the next column."""
        if self.live.is_replay_open:
            self.action_replay("event", by)
        elif self.live.is_risk_open:
            self._came_to(self.live.risk.turn(by))
        else:
            self.live.view.turn(by)
            self.call_after_refresh(self.repaint_now)

    def action_page(self, by: int) -> None:
        """Many bots or columns at once."""
        if self.live.is_replay_open:
            self.action_replay("minute", by)
        elif self.live.is_risk_open:
            self._came_to(self.live.risk.turn_page(by))
        elif self.live.table is not None:
            self.live.table.turn_page(by)
            self.repaint_now()
        else:
            self.action_move(by * PAGE)

    def action_turn_pane(self, by: int) -> None:
        """The next pane of the view."""
        if self.live.is_risk_open:
            self.live.risk.turn_pane(by)
        else:
            self.live.view.turn(by)
        self.call_after_refresh(self.repaint_now)

    def _came_to(self, bot_id: BotId | None) -> None:
        """The risk screen's focus has moved: a bot there is the selected one everywhere."""
        if bot_id is not None and bot_id in self.feed.bots:
            self.feed.focus = bot_id
        self.repaint_now()

    def action_open_view(self, view: str) -> None:
        """One of the views by its name; what was said belongs to the one before."""
        if view != self.live.at:
            self.say(())
        self.live.open(view)
        if view == "replay":
            self.past.open()
        elif view == "backtest":
            self.backtests.open()
        self.call_after_refresh(self.repaint_now)

    def action_backtest(self, what: str) -> None:
        """Choose, run, cancel, mark: what the keys of the backtest screen do."""
        self.say(())
        work_on_backtests(self, self.live.backtest, what)
        self.call_after_refresh(self.repaint_now)

    def action_replay(self, kind: str, by: int = 1) -> None:
        """Go through the past: by events, time, or to what is of note."""
        self.say(())
        rewind(self, kind, by)

    async def action_back(self) -> None:
        """Back to the dashboard; there, first to no marks and then to all bots."""
        dashboard = self.live.dashboard
        if self.live.view is dashboard:
            if dashboard.marked:
                dashboard.unmark()
            else:
                dashboard.find("")
        self.action_open_view("dashboard")

    def action_next_theme(self) -> None:
        """The next theme of ours."""
        self.wardrobe.next()
        self.call_after_refresh(self.repaint_now)

    def action_pick_theme(self) -> None:
        """Try themes on."""
        self.wardrobe.choose()

    def action_copy(self, what: str) -> None:
        """The name or the whole row of what is selected, to the terminal's clipboard."""
        panel = next((one for one in self.live.view.panels if one.selected_text), None)
        row = panel.selected_text if panel is not None else ""
        text = (row if what == "row" else "") or (self.bot.bot_id if self.bot is not None else "")
        if text:
            self.copy_to_clipboard(text)
            self.say(talk.note_line(f"sent to the terminal's clipboard: {text}"))
        else:
            self.say(talk.note_line("nothing is selected"))
