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
    Action("view.themes", "T", "T", "pick_theme", "themes", "Try themes on and choose one", _VIEW),
    Action("view.copy", "y", "y", "copy('name')", "copy name",
           "Copy the selected name to the terminal's clipboard", _VIEW),
    Action("view.copy_row", "Y", "Y", "copy('row')", "copy row",
           "Copy the selected row to the clipboard", _VIEW),
    Action("view.palette", "ctrl+p", "Ctrl+P", "command_palette", "find a command",
           "Find any command by its name", _VIEW),
    Action("view.help", "?", "?", "help", "help", "This list", _VIEW, 1),
    Action("app.quit", "q,ctrl+c,ctrl+q", "q", "quit", "quit",
           "Quit; asks what becomes of the orders", _ENGINE, 1),
)  # fmt: skip
