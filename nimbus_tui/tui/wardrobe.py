"""The themes that there are, and which one the app wears."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.theme import Theme

from nimbus_tui.tui.screens.themes import ThemePicker
from nimbus_tui.tui.theme import load_themes
from nimbus_tui.tui.viewmodels import talk
from nimbus_tui.tui.viewmodels.lines import Line

_NO_COLOURS = "NO_COLOR is set: themes differ only in colours"


class Wardrobe:
    """Knows the shipped themes and the user's, and reads them again when asked to."""

    def __init__(
        self, app: App[Any], folders: tuple[Path, ...], say: Callable[[Line], None]
    ) -> None:
        self._app = app
        self._folders = folders
        self._say = say
        self._themes: dict[str, Theme] = {}

    def begin_with(self, wanted: str) -> None:
        """Wear a theme; where there is none of that name, say which there are."""
        problem = self._look_again()
        if not self.put_on(wanted):
            known = ", ".join(self._themes) or "none"
            self._say(talk.trouble_line(f"there is no theme {wanted!r}; there are: {known}"))
        if problem:
            self._say(talk.trouble_line(problem))

    def put_on(self, name: str) -> bool:
        """Wear a theme; False where there is none of that name."""
        if name not in self._themes:
            return False
        self._app.theme = name
        return True

    def next(self) -> None:
        """Wear the theme after the one that is worn."""
        if self._app.no_color:
            self._say(talk.note_line(_NO_COLOURS))
            return
        names, worn = list(self._themes), self._app.theme
        at = names.index(worn) if worn in names else -1
        if names and self.put_on(names[(at + 1) % len(names)]):
            self._say(talk.note_line(f"theme {self._app.theme}"))

    def choose(self) -> None:
        """Let the user try them on; the folders are read again, so that a new file shows up."""
        problem = self._look_again()
        if problem:
            self._say(talk.trouble_line(problem))
        if self._app.no_color:
            self._say(talk.note_line(_NO_COLOURS))
            return
        picker = ThemePicker(tuple(self._themes), self._app.theme, self.put_on)
        self._app.push_screen(picker, self._has_chosen)

    def _has_chosen(self, name: str | None) -> None:
        if name is not None:
            words = f'theme {name}; to keep it, write theme = "{name}" under [ui] in the config'
            self._say(talk.note_line(words))

    def _look_again(self) -> str:
        """Read the folders; what has changed in the theme that is worn shows at once.

        Returns a sentence about the first file that can't be used, or nothing.
        """
        before = self._themes.get(self._app.theme)
        themes, problems = load_themes(self._folders)
        self._themes = {theme.name: theme for theme in themes}
        for theme in themes:
            self._app.register_theme(theme)
        if before is not None and self._themes.get(self._app.theme) not in (None, before):
            self._app.refresh_css(animate=False)
        return problems[0] if problems else ""
