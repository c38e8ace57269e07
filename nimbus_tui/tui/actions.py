"""The one table of actions: keys, footer, help and command palette are made from it."""

from typing import NamedTuple


class Action(NamedTuple):
    """One thing that the user can do."""

    id: str
    """Stable name, by which a key can be given to it."""
    keys: str
    """Keys in Textual's spelling, comma between them."""
    key_label: str
    """The key as people write it."""
    name: str
    """The app's method `action_NAME`, with arguments."""
    label: str
    help: str
    group: str
    footer: int = 0
    """How early it leaves the footer when room is short; 0 = it is never there."""


_BOT, _ENGINE, _VIEW = "The selected bot", "Engine", "Screen"
_PAST, _TEST = "On the replay screen", "On the backtest screen"

ACTIONS = (
    Action("bot.pause", "p", "p", "pause_bot", "pause",
           "Pause: cancel what adds exposure, keep what reduces it", _BOT, 2),
    Action("bot.resume", "r", "r", "resume_bot", "resume", "Resume after a pause", _BOT, 3),
    Action("bot.stop", "s", "s", "stop_bot", "stop",
           "Stop: cancel all its orders (asks first)", _BOT, 4),
    Action("bot.start", "S", "S", "start_bot", "start",
           "Start a stopped bot with a fresh plan", _BOT, 5),
    Action("bot.flatten", "x", "x", "flatten_bot", "flatten",
           "Stop and close its position (asks first)", _BOT, 10),
    Action("bot.open", "enter", "Enter", "open_bot", "bot",
           "Open the bot's own screen", _BOT, 7),
    Action("risk.reset", "D", "D", "reset_drawdown", "reset peak",
           "Measure its drawdown from now on (type the word)", _BOT, 9),
    Action("engine.emergency", "!", "!", "emergency", "EMERGENCY",
           "Cancel every order of every bot (type the word)", _ENGINE, 2),
    Action("engine.rearm", "R", "R", "rearm", "rearm",
           "Lift the emergency; bots stay stopped (type the word)", _ENGINE),
    Action("view.dashboard", "1", "1", "open_view('dashboard')", "dashboard",
           "The dashboard: all bots", _VIEW),
    Action("view.risk", "2", "2", "open_view('risk')", "risk",
           "Risk: 16 rules and every bot, the ladder, the history", _VIEW, 8),
    Action("view.backtest", "7", "7", "open_view('backtest')", "backtest",
           "Backtest: run configs over recorded prices, compare, sweep", _VIEW, 12),
    Action("view.replay", "8", "8", "open_view('replay')", "replay",
           "Replay: any past moment, as it was", _VIEW, 11),
    Action("view.back", "escape", "Esc", "back", "back", "Back to the dashboard", _VIEW, 7),
    Action("view.next", "right,l", "→ l", "turn(1)", "next panel",
           "Next panel; on the risk screen: next column", _VIEW),
    Action("view.previous", "left,h", "← h", "turn(-1)", "previous panel",
           "Previous panel or column", _VIEW),
    Action("view.pane", "v", "v", "turn_pane(1)", "ladder, history",
           "Next pane; on the risk screen: rules, ladder, history", _VIEW, 8),
    Action("move.page_down", "pagedown,L", "PgDn", "page(1)", "page on",
           "Ten bots on; on the risk screen: the next columns", _VIEW),
    Action("move.page_up", "pageup,H", "PgUp", "page(-1)", "page back",
           "Ten bots back; on the risk screen: the columns before", _VIEW),
    Action("move.down", "down,j", "↓ j", "move(1)", "down",
           "Next bot; elsewhere: scroll down, next rule", _VIEW),
    Action("move.up", "up,k", "↑ k", "move(-1)", "up",
           "Previous bot; elsewhere: scroll up, previous rule", _VIEW),
    Action("view.theme", "t", "t", "next_theme", "theme", "Next theme", _VIEW, 9),
    Action("view.palette", "ctrl+p", "Ctrl+P", "command_palette", "find a command",
           "Find any command by its name", _VIEW),
    Action("view.help", "?", "?", "help", "help", "This list", _VIEW, 1),
    Action("replay.fill", "f", "f", "replay('fill', 1)", "next fill",
           "Go to the next fill", _PAST, 3),
    Action("replay.fill_back", "F", "F", "replay('fill', -1)", "fill before",
           "Go to the fill before", _PAST, 4),
    Action("replay.risk", "w", "w", "replay('risk', 1)", "next risk",
           "Go to the next change of risk, pause or stop", _PAST, 5),
    Action("replay.risk_back", "W", "W", "replay('risk', -1)", "risk before",
           "Go to the change of risk before", _PAST),
    Action("replay.error", "z", "z", "replay('error', 1)", "next error",
           "Go to the next error", _PAST, 6),
    Action("replay.error_back", "Z", "Z", "replay('error', -1)", "error before",
           "Go to the error before", _PAST),
    Action("replay.minute", "shift+right", "⇧→", "replay('minute', 1)", "minute on",
           "A minute later; PgDn too", _PAST),
    Action("replay.minute_back", "shift+left", "⇧←", "replay('minute', -1)", "minute back",
           "A minute earlier; PgUp too", _PAST),
    Action("replay.hour", "greater_than_sign", ">", "replay('hour', 1)", "hour on",
           "An hour later", _PAST),
    Action("replay.hour_back", "less_than_sign", "<", "replay('hour', -1)", "hour back",
           "An hour earlier", _PAST),
    Action("replay.first", "home", "Home", "replay('first')", "the beginning",
           "The first event that there is", _PAST),
    Action("replay.last", "end", "End", "replay('last')", "the newest",
           "The newest event", _PAST),
    Action("replay.time", "g", "g", "replay('ask')", "go to a time",
           "Go to a day and time (type it)", _PAST, 7),
    Action("replay.zoom", "plus", "+", "replay('zoom', 1)", "zoom in",
           "A shorter stretch on the bar", _PAST),
    Action("replay.zoom_out", "minus", "-", "replay('zoom', -1)", "zoom out",
           "A longer stretch on the bar", _PAST),
    Action("backtest.run", "b", "b", "backtest('run')", "run",
           "Run what is chosen", _TEST, 2),
    Action("backtest.cancel", "c", "c", "backtest('cancel')", "cancel",
           "Cancel the run under the cursor, or the newest that runs", _TEST, 3),
    Action("backtest.mark", "space", "Space", "backtest('mark')", "compare",
           "Mark a run; two that are marked are compared", _TEST, 4),
    Action("backtest.sweep", "y", "y", "backtest('sweep')", "sweep",
           "Sweep a grid's spacing and levels: off, or the next grid", _TEST, 5),
    Action("backtest.measure", "m", "m", "backtest('measure')", "figure of the map",
           "Show another figure on the map", _TEST, 6),
    Action("app.quit", "q,ctrl+c,ctrl+q", "q", "quit", "quit",
           "Quit; asks what becomes of the orders", _ENGINE, 1),
)  # fmt: skip
