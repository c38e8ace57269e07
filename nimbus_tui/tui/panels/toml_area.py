"""The text of a config: coloured line by line, with the lines that are wrong marked."""

from collections.abc import Mapping

from rich.style import Style
from rich.text import Text
from textual.widgets import TextArea

from nimbus_tui.tui.viewmodels.toml_tones import tones

_TONES = ("key", "title", "gain", "warning", "price", "muted", "wrong")


class TomlArea(TextArea):
    """An editor of TOML in the app's own colours.

    A native parser that fails would end the engine in the same process, so the colours are made
    from one line at a time.
    """

    COMPONENT_CLASSES = {f"toml--{tone}" for tone in _TONES}
    DEFAULT_CSS = """
    TomlArea, TomlArea:focus {
        background: $background; color: $foreground; border: none; padding: 0;
        scrollbar-size: 1 1; scrollbar-color: $rule; scrollbar-background: $background;
        scrollbar-corner-color: $background;
        & > .text-area--cursor-line { background: $selection; }
        & > .text-area--gutter { color: $muted; background: $background; }
        & > .text-area--cursor-gutter { color: $primary; background: $selection; }
        & > .text-area--selection { background: $primary 40%; }
        & > .text-area--cursor { background: $foreground; color: $background; }
        & > .toml--key { color: $primary; }
        & > .toml--title { color: $primary; text-style: bold; }
        & > .toml--gain { color: $gain; }
        & > .toml--warning { color: $warning; }
        & > .toml--price { color: $sell; }
        & > .toml--muted { color: $muted; }
        & > .toml--wrong { color: $loss; text-style: underline; }
    }
    """

    def __init__(self, text: str, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(
            text, id=id, theme="css", soft_wrap=False, show_line_numbers=True, tab_behavior="focus"
        )
        self.cursor_blink = False
        self._wrong: Mapping[int, str] = {}
        self._styles_of: dict[str, Style] = {}

    def mark(self, wrong: Mapping[int, str]) -> None:
        """Mark lines (from 0) that something is wrong with, and keep what it is."""
        if dict(wrong) != dict(self._wrong):
            self._wrong = dict(wrong)
            self.notify_style_update()  # the public way to let the rendered lines be made anew
            self.refresh()

    @property
    def trouble(self) -> str:
        """What is wrong with the line of the cursor; empty where nothing is."""
        return self._wrong.get(self.cursor_location[0], "")

    def turn_into(self, text: str) -> None:
        """Make the text another one by replacing only what differs: cursor and undo survive."""
        old = self.text
        if old == text:
            return
        start = 0
        shortest = min(len(old), len(text))
        while start < shortest and old[start] == text[start]:
            start += 1
        tail = 0
        while tail < shortest - start and old[-1 - tail] == text[-1 - tail]:
            tail += 1
        self.replace(
            text[start : len(text) - tail],
            _location(old, start),
            _location(old, len(old) - tail),
            maintain_selection_offset=True,
        )

    def get_line(self, line_index: int) -> Text:
        """One line in its colours."""
        text = super().get_line(line_index)
        for toned in tones(text.plain):
            text.stylize(self._style_of(toned.tone), toned.start, toned.end)
        if line_index in self._wrong:
            text.stylize(self._style_of("wrong"))
        return text

    def _style_of(self, tone: str) -> Style:
        style = self._styles_of.get(tone)
        if style is None:
            style = self.get_component_rich_style(f"toml--{tone}", partial=True)
            self._styles_of[tone] = style
        return style

    def notify_style_update(self) -> None:
        """Another theme, or other marks: look the colours up afresh."""
        self._styles_of = {}
        super().notify_style_update()


def _location(text: str, at: int) -> tuple[int, int]:
    """The row and column of a character, both from 0."""
    row = text.count("\n", 0, at)
    return row, at - (text.rfind("\n", 0, at) + 1)
