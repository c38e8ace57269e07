"""A click on the name of a key does what the key does."""

from typing import Any

from textual.app import App
from textual.binding import Binding
from textual.events import Key


def press(app: App[Any], key: str) -> None:
    """Press a key, in the spelling of bindings, on whatever has the keys now."""
    (named,) = Binding.make_bindings([(key, "press")])
    app.post_message(Key(named.key, key if len(key) == 1 else None))
