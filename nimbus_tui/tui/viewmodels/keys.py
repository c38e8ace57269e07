"""The keys as lines: footer and help, both from the action table."""

from collections.abc import Sequence
from typing import NamedTuple

from nimbus_tui.config.actions import ONLY_ON, Action, belongs
from nimbus_tui.control.snapshots import BotSnapshot, BotState
from nimbus_tui.tui.viewmodels.lines import Cell, Line, key_cells, left, line_width

_OUT = frozenset({BotState.STOPPED, BotState.FAILED})
_NEEDS = {
    "bot.pause": frozenset({BotState.RUNNING, BotState.INITIALIZING}),
    "bot.resume": frozenset({BotState.PAUSED}),
    "bot.stop": frozenset(BotState) - _OUT,
    "bot.start": _OUT,
    "bot.open": frozenset(BotState),
    "bot.flatten": frozenset(BotState),
    "risk.reset": frozenset(BotState),
}
"""The states in which an action makes sense; the footer dims it in the others."""

_OF_TABLES = ("table.filter", "table.sort", "table.export", "orders.cancel")
_NOT_ON_TABLES = (
    "bot.resume", "bot.start", "bot.flatten", "bots.mark", "risk.reset", "view.risk", "view.theme",
)  # fmt: skip
_ELSEWHERE = {
    "dashboard": ("view.back", "view.pane", "risk.reset", "table.export", "orders.cancel"),
    "bot": ("bot.open", "view.pane", "risk.reset", "bots.mark", *_OF_TABLES),
    "risk": ("view.risk", "bots.mark", *_OF_TABLES),
    "orders": _NOT_ON_TABLES,
    "fills": (*_NOT_ON_TABLES, "orders.cancel", "view.pane"),
    "events": (*_NOT_ON_TABLES, "orders.cancel"),
    "connections": (*_NOT_ON_TABLES, "orders.cancel", "view.pane"),
    "backtest": (
        "view.pane",
        "view.backtest",
        "view.replay",
        "view.risk",
        "bot.pause",
        "bot.resume",
        "bot.stop",
        "bot.start",
        "bot.flatten",
        "bot.open",
        "risk.reset",
        "view.theme",
    ),
    "replay": (
        "view.pane",
        "view.replay",
        "view.risk",
        "bot.resume",
        "bot.stop",
        "bot.start",
        "bot.flatten",
        "bot.open",
        "risk.reset",
        "view.theme",
    ),
}
"""Actions that the footer leaves out on a view."""


_LABELS = {
    ("orders", "bot.open"): "details", ("orders", "view.pane"): "live, all",
    ("fills", "bot.open"): "details", ("connections", "bot.open"): "details",
    ("events", "bot.open"): "details", ("events", "view.pane"): "all, trouble",
}  # fmt: skip
"""What the footer calls a key that does something else on a view."""


def makes_sense(action: Action, bot: BotSnapshot | None) -> bool:
    """Whether an action would do something to a bot now."""
    needs = _NEEDS.get(action.id)
    return needs is None or (bot is not None and bot.state in needs)


def footer(
    actions: Sequence[Action], bot: BotSnapshot | None, width: int, at: str = "dashboard"
) -> Line:
    """The keys that matter most on a view; those of a high rank go first when room is short."""
    elsewhere = _ELSEWHERE.get(at, ())
    shown = [
        action
        for action in actions
        if action.footer and action.id not in elsewhere and belongs(action, at)
    ]
    order = {action.id: at for at, action in enumerate(shown)}
    while shown:
        cells: list[Cell] = []
        for action in sorted(shown, key=lambda action: order[action.id]):
            does = (at, action.id) in _LABELS or makes_sense(action, bot)
            tone = "key" if does else "muted"
            label = _LABELS.get((at, action.id), action.label)
            cells += key_cells(
                f" {action.key_label} ", f"{label} ", action.first_key, (tone, "muted")
            )
        if line_width(cells) <= width:
            return tuple(cells)
        shown.remove(max(shown, key=lambda action: action.footer))
    return ()


def helped(actions: Sequence[Action], at: str) -> list[Action]:
    """The actions that can do something on a view, its own ones first."""
    own = [action for action in actions if ONLY_ON.get(action.id.partition(".")[0]) == at]
    return [*own, *(one for one in actions if belongs(one, at) and one not in own)]


class HelpRow(NamedTuple):
    """A line of the help, and the action that it is about."""

    line: Line
    action: Action | None = None


def help_rows(actions: Sequence[Action]) -> list[HelpRow]:
    """Every key with what it does, group by group."""
    rows: list[HelpRow] = []
    groups, group = list(dict.fromkeys(action.group for action in actions)), ""
    for action in sorted(actions, key=lambda action: groups.index(action.group)):
        if action.group != group:
            rows += [HelpRow(())] if rows else []
            rows.append(HelpRow((Cell(f" {action.group}", "title"),)))
            group = action.group
        line = (left(f"  {action.key_label}", 12, "key"), Cell(action.help))
        rows.append(HelpRow(line, action))
    return rows
