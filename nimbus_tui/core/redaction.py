"""The last door before a text is told: what must stay secret is taken out here.

What that is, `vault/redaction.py` knows. It is injected for the whole process, as the texts of one
process go to the same logs, screens and terminals wherever they come from.
"""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

import msgspec

from nimbus_tui.core.events import Event

Redact = Callable[[str], str]
"""Takes a text, returns it without what must stay secret."""

_FREE_TEXTS = frozenset({"message", "detail", "reason", "action", "source"})
"""Fields of events that anybody's words may reach; all others hold ids, names and numbers."""

E = TypeVar("E", bound=Event)


def _as_it_is(text: str) -> str:
    return text


_redact: Redact = _as_it_is


def redact_with(redact: Redact) -> None:
    """From now on `redacted` means this."""
    global _redact
    _redact = redact


def redacted(text: str) -> str:
    """A text as it may be told to anybody."""
    return _redact(text)


def redacted_event(event: E) -> E:
    """An event whose free texts may be told to anybody; the same one if they may be already."""
    changes = {}
    for name in _free_texts(type(event)):
        text = getattr(event, name)
        if text and (told := redacted(text)) != text:
            changes[name] = told
    return msgspec.structs.replace(event, **changes) if changes else event


@cache
def _free_texts(kind: type[Event]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.name in _FREE_TEXTS)
