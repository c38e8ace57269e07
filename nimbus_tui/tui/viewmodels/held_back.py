"""Orders that are wanted and not sent: which rule holds them back, with its numbers."""

from collections.abc import Mapping

from nimbus_tui.core.ids import OrderKey
from nimbus_tui.tui.viewmodels.lines import Cell, Line, clean, cut, left

_KNOWN_BY_STATE = ("paused", "stopped", "waits")
"""How reasons begin that the bot's state says already, or that are over in a moment."""
_NAMED = 2
"""How many orders of one reason are named."""
_KEY = 16


def held_note(held: Mapping[OrderKey, str]) -> str:
    """In a sentence, every rule that holds orders back and which ones; empty while none does."""
    by_reason: dict[str, list[OrderKey]] = {}
    for key, reason in held.items():
        if not reason.startswith(_KNOWN_BY_STATE):
            by_reason.setdefault(reason, []).append(key)
    parts = [f"{_keys(keys)}: {clean(reason)}" for reason, keys in by_reason.items()]
    return f"‖ held back {'; '.join(parts)}" if parts else ""


def _keys(keys: list[OrderKey]) -> str:
    more = len(keys) - _NAMED
    named = [clean(key) for key in keys[:_NAMED]]
    return " and ".join([", ".join(named), f"{more} more"] if more > 0 else named)


def held_lines(held: Mapping[OrderKey, str], width: int) -> list[Line]:
    """A line for each order that is held back, to stand below the live ones."""
    room = max(0, width - _KEY - 16)
    return [
        (
            Cell(" ‖ held back  ", "warning"), left(key, _KEY, "muted"), Cell(" "),
            Cell(cut(reason, room), "warning"),
        )
        for key, reason in held.items()
    ]  # fmt: skip
