"""The smallest Textual app that answers a key: what everybody pays who uses the library."""

from textual.app import App, ComposeResult
from textual.events import Key
from textual.widgets import Static


class Minimal(App[None]):
    """Forty lines of text."""

    def compose(self) -> ComposeResult:
        """One widget."""
        yield Static("\n".join("minimal " * 14 for _ in range(40)))

    def on_key(self, event: Key) -> None:
        """Say which key it was."""
        self.query_one(Static).update(f"answered {event.key}")


if __name__ == "__main__":
    Minimal().run()
