"""What stands around the config editor: whose file, how it is, what to press."""

from collections.abc import Mapping, Sequence
from typing import Any

from nimbus_tui.config.actions import Action
from nimbus_tui.core.problems import ConfigProblem
from nimbus_tui.tui.viewmodels.config_form import value_at
from nimbus_tui.tui.viewmodels.diff import DiffSize
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    Line,
    between,
    clean,
    cut,
    key_cells,
    line_width,
    moment,
    width_of,
)

FOOTER = (
    "config.save", "config.turn", "config.pane", "config.problem", "view.back", "config.disk",
    "engine.emergency",
)  # fmt: skip
"""The editor's keys, the most important first."""
_PATH_LEAST = 12


def title_line(
    path: str, size: DiffSize | None, problems: Sequence[ConfigProblem], checks: str, width: int
) -> Line:
    """The file at the left; at the right what was changed, and whether it is well."""
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        health = Cell(f" ✗ {count} ", "loss")
    elif checks:
        health = Cell(f" … {checks} ", "muted")
    else:
        health = Cell(" ✓ all well ", "gain")
    changed = Cell(f" ● not saved {size} ", "warning") if size is not None else Cell(" saved ")
    end = (changed, health)
    room = width - line_width(end) - 9
    shown = path if width_of(path) <= room else f"…{path[-max(_PATH_LEAST, room - 1) :]}"
    return between((Cell(" config ", "title"), Cell(clean(shown), "strong")), end, width)


def banner_line(
    path: str, *, is_gone: str = "", is_new: bool = False, trouble: str = "", disk: str = "F4"
) -> Line:
    """What must be seen before anything else: the engine is gone, or the file changed."""
    if is_gone:
        words = f"the engine does not answer ({is_gone}); what you typed is kept here"
        return (Cell(f" ✗ {clean(words)} ", "alarm"),)
    if is_new:
        return (
            Cell(f" ▲ {clean(path)} was changed on the disk meanwhile: ", "alarm"),
            Cell(f"{disk} asks what to do ", "alarm"),
        )
    if trouble:
        return (Cell(f" ▲ the file: {clean(trouble)} ", "alarm"),)
    return ()


def editor_footer(actions: Sequence[Action], width: int) -> Line:
    """The editor's keys, as many as fit."""
    by_id = {action.id: action for action in actions}
    cells: list[Cell] = []
    for name in FOOTER:
        action = by_id[name]
        if (
            name == "view.back"
        ):  # the way out of the editor is its own, whatever leads back elsewhere
            action = action._replace(keys="escape", key_label="Esc")
        more = key_cells(f" {action.key_label} ", f"{action.label} ", action.first_key)
        if line_width((*cells, *more)) <= width:
            cells += more
    return tuple(cells)


def editor_hint(
    actions: Sequence[Action], pane: str, *, is_typing: bool, is_new: bool = False
) -> Line:
    """What to press first, by where the keys go; `is_new` while a bot is set up step by step."""
    (turn, turns), (save, saves) = (
        (action.key_label, action.first_key)
        for name in ("config.turn", "config.save")
        for action in actions
        if action.id == name
    )
    pages, change = ("←→", "pages", "right"), ("Enter", "change", "enter")
    hints = {
        "form": (("↑↓", "choose", "down"), change, pages, ("Del", "default", "delete")),
        "text": (
            (turn, "back to the form", turns), ("Ctrl+Z", "undo", "ctrl+z"),
            (save, "review, save", saves),
        ),
        "preview": ((turn, "form, text", turns), pages),
    }[pane]  # fmt: skip
    if is_new and pane != "text":
        hints = (("←→", "steps", "right"), change, (save, "look it over and start it", saves))
    if is_typing:
        hints = (
            ("Enter", "done", "enter"), ("Esc", "as it was", "escape"),
            ("↑↓", "next field", "down"),
        )  # fmt: skip
    cells = [Cell(" ")]
    for key, does, press in hints:
        cells += key_cells(key, f" {does}   ", press, ("strong", "muted"))
    return tuple(cells)


def newly_live(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The bots that a changed text lets move real money, and that did not before."""
    was = _live_bots(before)
    return [bot for bot in _live_bots(after) if bot not in was]


def _live_bots(data: Mapping[str, Any]) -> list[str]:
    bots = data.get("bots")
    found = []
    for name, table in (bots if isinstance(bots, dict) else {}).items():
        if not isinstance(table, dict) or table.get("live") is not True:
            continue
        exchange = table.get("exchange")
        network = value_at(data, ("exchanges", str(exchange), "network"))
        if network == "mainnet":
            found.append(str(name))
    return found


def live_question(bots: Sequence[str]) -> str:
    """What real money means, and for whom."""
    names = ", ".join(clean(bot) for bot in bots)
    verb = "trades" if len(bots) == 1 else "trade"
    return (
        f"{names} {verb} with REAL MONEY on mainnet once this is saved: real orders go out at "
        "once. Type LIVE to save it."
    )


def disk_question(path: str) -> str:
    """What to do about a file that changed under the editor."""
    return f"{cut(path, 60)} was changed on the disk while you were editing. Which is to stay?"


DISK_CHOICES = {
    "d": "show the difference between the file and yours",
    "k": "keep mine: saving replaces what the file has now (that stays as FILE.bak)",
    "r": "reload the file: what you typed is dropped",
}
DRAFT_CHOICES = {
    "r": "take it up again",
    "d": "throw it away",
}
LEAVE_CHOICES = {
    "s": "save: see the difference first",
    "k": "keep what I typed for when the editor opens again",
    "d": "drop what I typed",
}


def draft_question(path: str, size: DiffSize, kept_at_ns: int) -> str:
    """What was left behind, by whichever screen."""
    written = moment(kept_at_ns, kept_at_ns)
    return (
        f"A draft of {cut(clean(path), 60)} is here, left unsaved at {written} UTC: {size} lines. "
        "Esc leaves it for later."
    )


def leave_question(size: DiffSize) -> str:
    """Nothing typed is thrown away without asking."""
    return f"Leave the editor? {size} lines are not saved."
