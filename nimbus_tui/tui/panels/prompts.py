"""Questions in a line above the footer: yes or no, a typed word, one of several keys."""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click, Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from nimbus_tui.tui.panels.pressing import press
from nimbus_tui.tui.viewmodels.lines import key_cells, line_width, pressed_at

Answer = TypeVar("Answer")


class Word(NamedTuple):
    """A key as people write it, what it means, and which one it is for a click."""

    key: str
    meaning: str
    press: str = ""


BACK = Word("Esc", "back", "escape")


class KeyWords(Static):
    """Keys with what they mean, in a line; a click on one presses it."""

    def __init__(
        self,
        words: Sequence[Word],
        *,
        tone: str = "$muted",
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        line = [key_cells(f"{one.key} ", f"{one.meaning}   ", one.press) for one in words]
        self._line = tuple(cell for cells in line for cell in cells)
        styles = {"key": "bold $primary", "muted": tone}
        text = Content.assemble(*((cell.text, styles[cell.tone]) for cell in self._line))
        super().__init__(text, id=id)

    def on_click(self, event: Click) -> None:
        """Press the key under the pointer; where words are folded nobody can be sure of it."""
        event.stop()
        is_folded = line_width(self._line) > self.size.width
        key = "" if is_folded else pressed_at(self._line, event.x)
        if key:
            press(self.app, key)


class Prompt(ModalScreen[Answer], Generic[Answer]):
    """The question at the foot of the screen; what is behind it goes on living."""

    DEFAULT_CSS = """
    Prompt {
        align: center bottom;
        background: transparent;
        & > Vertical {
            height: auto;
            max-height: 100%;
            width: 100%;
            background: $panel;
            color: $foreground;
            border-left: thick $warning;
            padding: 0 1;
        }
        & .-dangerous { border-left: thick $alarm; }
        & Static { width: 100%; background: $panel; }
        & Input { width: 30; background: $background; color: $foreground; }
    }
    """

    def __init__(self, question: str, *, dangerous: bool = False) -> None:
        super().__init__()
        self.question = question
        self.is_dangerous = dangerous

    def keys(self) -> list[Word]:
        """The keys that answer, and what each says."""
        return []

    def compose(self) -> ComposeResult:
        """The question, and below it the keys."""
        with Vertical(classes="-dangerous" if self.is_dangerous else ""):
            yield Static(Content.styled(self.question, "bold"), id="question")
            yield from self.compose_more()
            yield KeyWords(self.keys(), id="answers")

    def compose_more(self) -> ComposeResult:
        """What stands between the question and the keys."""
        yield from ()


class Confirm(Prompt[bool]):
    """Enter confirms, Escape backs out; no other key does anything."""

    BINDINGS = [
        Binding("enter", "answer(True)", "yes", id="prompt.yes"),
        Binding("escape", "answer(False)", "no", id="prompt.no"),
    ]

    def __init__(self, question: str, verb: str, *, dangerous: bool = False) -> None:
        super().__init__(question, dangerous=dangerous)
        self._verb = verb

    def keys(self) -> list[Word]:
        """Enter and Escape."""
        return [Word("Enter", self._verb, "enter"), BACK]

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class TypedWord(Prompt[bool]):
    """Confirmed only by typing a word."""

    BINDINGS = [Binding("escape", "give_up", "no", id="prompt.give_up")]

    def __init__(self, question: str, word: str) -> None:
        super().__init__(question, dangerous=True)
        self._word = word

    def keys(self) -> list[Word]:
        """What to type, and the way back."""
        return [Word(f"Type {self._word}", "and press Enter", "enter"), BACK]

    def compose_more(self) -> ComposeResult:
        """A line to type in."""
        entry = Input(placeholder=self._word, compact=True)
        entry.cursor_blink = False
        yield entry

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Only the exact word counts."""
        self.dismiss(event.value.strip() == self._word)

    def action_give_up(self) -> None:
        """Close without doing anything."""
        self.dismiss(False)


class WrittenLine(Prompt[str | None]):
    """A line of text, or Escape."""

    BINDINGS = [Binding("escape", "give_up", "no", id="written.give_up")]
    DEFAULT_CSS = "WrittenLine Input { width: 1fr; }"

    def __init__(self, question: str, example: str, value: str = "") -> None:
        super().__init__(question)
        self._example = example
        self._value = value

    def keys(self) -> list[Word]:
        """Enter and Escape."""
        return [Word("Enter", "go on", "enter"), BACK]

    def compose_more(self) -> ComposeResult:
        """A line to type in."""
        entry = Input(self._value, placeholder=self._example, compact=True)
        entry.cursor_blink = False
        yield entry

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with what was written."""
        self.dismiss(event.value.strip())

    def action_give_up(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class Choice(Prompt[str | None]):
    """One of several keys, or Escape."""

    def __init__(self, question: str, choices: dict[str, str]) -> None:
        super().__init__(question)
        self._choices = choices

    def keys(self) -> list[Word]:
        """The way back; the choices stand above it."""
        return [BACK]

    def compose_more(self) -> ComposeResult:
        """One line a choice."""
        for key, meaning in self._choices.items():
            yield KeyWords([Word(key, meaning, key)], tone="")

    def on_key(self, event: Key) -> None:
        """Close with the key that was chosen."""
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
        elif event.character in self._choices:
            self.dismiss(event.character)


class TypedLine(Prompt[str | None]):
    """A line to type in; what is typed is told with every letter, and Escape takes it back."""

    BINDINGS = [Binding("escape", "give_up", "no", id="prompt.give_up_line")]

    def __init__(self, question: str, text: str, changed: Callable[[str], None]) -> None:
        super().__init__(question)
        self._text = text
        self._changed = changed

    def keys(self) -> list[Word]:
        """How it ends."""
        return [Word("Enter", "keeps it", "enter"), BACK]

    def compose_more(self) -> ComposeResult:
        """The line, with what is there already."""
        entry = Input(self._text, compact=True)
        entry.cursor_blink = False
        entry.styles.width = "1fr"
        yield entry

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed so far."""
        self._changed(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        self.dismiss(event.value)

    def action_give_up(self) -> None:
        """Close without keeping anything."""
        self.dismiss(None)
