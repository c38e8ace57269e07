"""The form's fields as a panel that has the keys, and the line in which a value is typed."""

from textual.events import Blur, Focus, Key
from textual.message import Message
from textual.widgets import Input

from nimbus_tui.tui.panels.lines_panel import LinesPanel


class FormPanel(LinesPanel, can_focus=True):
    """A list of fields; keys go to the screen's own bindings."""

    DEFAULT_CSS = """
    FormPanel:focus > .lines--selected { background: $selection; text-style: bold; }
    """

    class Typed(Message):
        """The beginning of a value was typed on the list."""

        def __init__(self, character: str) -> None:
            super().__init__()
            self.character = character

    def on_key(self, event: Key) -> None:
        """A digit begins a new value at once."""
        if event.character is not None and event.character in "0123456789.":
            event.stop()
            self.post_message(self.Typed(event.character))


class Entry(Input):
    """The value of the selected field while it is typed."""

    DEFAULT_CSS = """
    Entry, Entry:focus {
        height: 1; border: none; padding: 0 1; background: $panel; color: $foreground;
        & > .input--cursor { background: $foreground; color: $background; }
        & > .input--placeholder { color: $muted; }
        & > .input--selection { background: $primary 40%; }
    }
    Entry:focus { background: $selection; text-style: bold; }
    """

    class Begun(Message):
        """Typing began."""

    class Left(Message):
        """The line was left: what was typed stays."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False

    def on_focus(self, _event: Focus) -> None:
        """By a key or by a click."""
        self.post_message(self.Begun())

    def on_blur(self, _event: Blur) -> None:
        """By a key or by a click elsewhere."""
        self.post_message(self.Left())
