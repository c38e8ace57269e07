"""The one table of actions: keys, footer, help and command palette are made from it.

It stands beside the config, which can give an action other keys, and imports nothing.
"""

from collections.abc import Mapping, Sequence
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

    @property
    def first_key(self) -> str:
        """The key that stands for all of them."""
        return self.keys.partition(",")[0]


_BOT, _ENGINE, _VIEW = "The selected bot", "Engine", "Screen"
_TABLE = "Tables"
_EDITOR = "The config editor"
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
    Action("bots.mark", "space", "Space", "mark_bot", "mark",
           "Mark a bot: p r s S x then act on all that are marked", _BOT, 8),
    Action("bots.mark_all", "A", "A", "mark_all", "mark all",
           "Mark every bot in the table, or none", _BOT),
    Action("bot.edit", "e", "e", "edit_bot", "edit", "Edit its config", _BOT, 11),
    Action("risk.reset", "D", "D", "reset_drawdown", "reset peak",
           "Measure its drawdown from now on (type the word)", _BOT, 9),
    Action("engine.emergency", "!", "!", "emergency", "EMERGENCY",
           "Cancel every order of every bot (type the word)", _ENGINE, 2),
    Action("engine.rearm", "R", "R", "rearm", "rearm",
           "Lift the emergency; bots stay stopped (type the word)", _ENGINE),
    Action("bot.new", "n", "n", "new_bot", "new bot",
           "Set up a new bot, step by step", _ENGINE, 12),
    Action("view.dashboard", "1", "1", "open_view('dashboard')", "dashboard",
           "The dashboard: all bots", _VIEW),
    Action("view.risk", "2", "2", "open_view('risk')", "risk",
           "Risk: 16 rules and every bot, the ladder, the history", _VIEW, 8),
    Action("view.orders", "3", "3", "open_view('orders')", "orders",
           "Orders of all bots, live or all there ever were", _VIEW),
    Action("view.fills", "4", "4", "open_view('fills')", "fills",
           "Fills of all bots, as far back as the journal goes", _VIEW),
    Action("view.connections", "5", "5", "open_view('connections')", "connections",
           "Connections: sockets, ages, budgets, clocks, errors", _VIEW),
    Action("view.events", "6", "6", "open_view('events')", "events",
           "The journal's events, newest first", _VIEW),
    Action("table.filter", "/", "/", "filter_rows", "filter",
           "Find rows: words, or terms like side:buy -state:filled", _TABLE, 6),
    Action("table.sort", "o", "o", "order_rows", "order",
           "Order by the next column", _TABLE, 7),
    Action("table.reverse", "O", "O", "reverse_rows", "reverse",
           "The other way round", _TABLE),
    Action("table.export", "w", "w", "write_rows", "write file",
           "Write the rows that are shown to a CSV or JSON file", _TABLE, 7),
    Action("orders.cancel", "c", "c", "cancel_order", "cancel",
           "Cancel the selected order (asks first)", _TABLE, 3),
    Action("view.backtest", "7", "7", "open_view('backtest')", "backtest",
           "Backtest: run configs over recorded prices, compare, sweep", _VIEW, 12),
    Action("view.replay", "8", "8", "open_view('replay')", "replay",
           "Replay: any past moment, as it was", _VIEW, 11),
    Action("config.open", "9", "9", "open_config", "config",
           "The config editor: form and text, and what they mean", _VIEW, 13),
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
    Action("move.first", "home,g", "Home", "move(-100000)", "to the top",
           "The first row", _VIEW),
    Action("move.last", "end,G", "End", "move(100000)", "to the end",
           "The last row; older ones are then read", _VIEW),
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
    Action("app.detach", "d,ctrl+z", "d", "detach", "detach",
           "Detach: close the screen, the engine trades on (also Ctrl+Z)", _ENGINE, 11),
    Action("engine.restart", "ctrl+r", "Ctrl+R", "restart_engine", "restart",
           "Start an engine that has ended again", _ENGINE),
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
    Action("config.save", "ctrl+s", "Ctrl+S", "in_editor('save')", "review, save",
           "See what would change, then save", _EDITOR),
    Action("config.turn", "tab", "Tab", "in_editor('turn')", "form, text",
           "From the form to the text and back", _EDITOR),
    Action("config.pane", "f2", "F2", "in_editor('pane')", "preview",
           "What the text means, where there is no room for all", _EDITOR),
    Action("config.problem", "f8", "F8", "in_editor('next_problem')", "next problem",
           "Go to the next thing that is wrong", _EDITOR),
    Action("config.disk", "f4", "F4", "in_editor('disk')", "file on disk",
           "Compare with the file on the disk, or reload it", _EDITOR),
    Action("app.quit", "q,ctrl+c,ctrl+q", "q", "quit", "quit",
           "Quit; asks what becomes of the orders", _ENGINE, 1),
)  # fmt: skip


_WRITTEN = {
    "enter": "Enter", "escape": "Esc", "space": "Space", "tab": "Tab", "backspace": "Backspace",
    "delete": "Del", "insert": "Ins", "home": "Home", "end": "End", "pageup": "PgUp",
    "pagedown": "PgDn", "up": "↑", "down": "↓", "left": "←", "right": "→",
}  # fmt: skip
"""How people write keys that have names."""


def remapped(actions: Sequence[Action], keys: Mapping[str, str]) -> tuple[Action, ...]:
    """The actions with the keys that somebody has given them instead of their own."""
    return tuple(
        action._replace(keys=keys[action.id], key_label=_label(keys[action.id]))
        if action.id in keys
        else action
        for action in actions
    )


def _label(keys: str) -> str:
    """`ctrl+p,f5` as people write it: `Ctrl+P F5`."""
    return " ".join(_as_written(key) for key in keys.split(","))


def _as_written(key: str) -> str:
    *held, last = key.rsplit("+", 1) if len(key) > 1 else [key]
    name = _WRITTEN.get(last) or (last.upper() if held or len(last) > 1 else last)
    return "+".join([*(part.capitalize() for one in held for part in one.split("+")), name])


ONLY_ON = {"replay": "replay", "backtest": "backtest"}
"""Views that have actions of their own, by how the ids of those begin."""


_OF_LISTS = ("table.", "orders.", "bots.", "view.copy", "move.first", "move.last")
"""How the ids of actions begin that need a list of bots, orders or events of now."""


def belongs(action: Action, at: str) -> bool:
    """Whether an action can do something on a view; two that share a key never both can."""
    own = ONLY_ON.get(action.id.partition(".")[0])
    if own is not None:
        return own == at
    return at not in ONLY_ON.values() or not action.id.startswith(_OF_LISTS)


def can_meet(one: str, other: str) -> bool:
    """Whether two actions (by their ids) can do something on the same view."""
    mine, theirs = (ONLY_ON.get(name.partition(".")[0]) for name in (one, other))
    if mine is not None and theirs is not None:
        return mine == theirs
    general = other if mine is not None else one
    return (mine or theirs) is None or not general.startswith(_OF_LISTS)
