"""Questions at the bottom of the screen: yes or no, a typed word, one of several keys."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

_CSS = """
{name} {{ align: center bottom; background: $background 40%; }}
{name} > Vertical {{
    height: auto; width: 100%; background: $panel; color: $foreground;
    border-top: heavy $accent; padding: 0 1;
}}
"""


class Confirm(ModalScreen[bool]):
    """Enter confirms, Escape backs out."""

    DEFAULT_CSS = _CSS.format(name="Confirm")
    BINDINGS = [Binding("enter", "answer(True)", "yes"), Binding("escape", "answer(False)", "no")]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and the two keys."""
        with Vertical():
            yield Static(f"{self._question}\nEnter = yes    Esc = no", markup=False)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class TypedWord(ModalScreen[bool]):
    """Confirmed only by typing a word."""

    DEFAULT_CSS = _CSS.format(name="TypedWord")
    BINDINGS = [Binding("escape", "give_up", "no")]

    def __init__(self, question: str, word: str) -> None:
        super().__init__()
        self._question = question
        self._word = word

    def compose(self) -> ComposeResult:
        """The question and a line to type in."""
        with Vertical():
            yield Static(f"{self._question}\nType {self._word} and Enter; Esc = no", markup=False)
            yield Input(placeholder=self._word)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the exact word counts."""
        self.dismiss(event.value.strip() == self._word)

    def action_give_up(self) -> None:
        """Close without doing anything."""
        self.dismiss(False)


class Choice(ModalScreen[str | None]):
    """One of several keys, or Escape."""

    DEFAULT_CSS = _CSS.format(name="Choice")

    def __init__(self, question: str, choices: dict[str, str]) -> None:
        super().__init__()
        self._question = question
        self._choices = choices

    def compose(self) -> ComposeResult:
        """The question and the keys."""
        lines = [self._question, *(f"  {k}  {text}" for k, text in self._choices.items())]
        with Vertical():
            yield Static("\n".join([*lines, "  Esc  back"]), markup=False)

    def on_key(self, event: Key) -> None:
        """Close with the key that was chosen."""
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
        elif event.character in self._choices:
            self.dismiss(event.character)
