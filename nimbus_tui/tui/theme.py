"""Themes from TOML files, checked before Textual sees them: a bad colour there ends the app."""

import tomllib
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from nimbus_tui.core.errors import ConfigError

TOKENS = {
    "gain": "#7fd88f",
    "loss": "#ff8a80",
    "buy": "#7fd88f",
    "sell": "#ffab91",
    "price-line": "#8ab4f8",
    "muted": "#9aa5b1",
    "rule": "#2c3743",
    "selection": "#22303f",
    "alarm": "#ff6b6b",
}
"""Our own colours with what they are when a theme leaves them out."""
ANSI_TOKENS = {
    "gain": "ansi_bright_green",
    "loss": "ansi_bright_red",
    "buy": "ansi_cyan",
    "sell": "ansi_bright_magenta",
    "price-line": "ansi_bright_cyan",
    "muted": "ansi_white",
    "rule": "ansi_bright_black",
    "selection": "ansi_black",
    "alarm": "ansi_bright_red",
}
"""The same in the sixteen colours of a terminal."""

BASE = (
    "primary", "secondary", "accent", "warning", "error", "success",
    "foreground", "background", "surface", "panel",
)  # fmt: skip
_SIXTEEN = "ansi_"
"""How the colours that are the terminal's own are called."""
_NEEDED = ("primary", "foreground", "background", "warning")


def load_themes(folders: tuple[Path, ...]) -> tuple[list[Theme], list[str]]:
    """All themes of some folders, and a sentence about each file that can't be used.

    A later folder's theme replaces one of the same name.
    """
    themes: dict[str, Theme] = {}
    problems = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            try:
                theme = load_theme(path)
            except ConfigError as error:
                problems.append(str(error))
            else:
                themes[theme.name] = theme
    return list(themes.values()), problems


def load_theme(path: Path) -> Theme:
    """One theme.

    Raises:
        ConfigError: the file or a colour in it can't be used; names the file and the key.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"theme {path}: {error}") from error
    name, dark = data.pop("name", path.stem), data.pop("dark", True)
    if not isinstance(name, str) or not name.strip():
        raise ConfigError(f"theme {path}: name must be a text")
    ansi = data.pop("ansi", False)
    for key, value in (("dark", dark), ("ansi", ansi)):
        if not isinstance(value, bool):
            raise ConfigError(f"theme {path}: {key} must be true or false")
    colours = _colours(path, data, ansi=ansi)
    defaults = ANSI_TOKENS if ansi else TOKENS
    own = {key: colours.get(key, default) for key, default in defaults.items()}
    base = {key: value for key, value in colours.items() if key in BASE}
    if ansi:  # Textual's own style sheets name colours that only its own such themes have
        own = BUILTIN_THEMES["ansi-dark" if dark else "ansi-light"].variables | own
    return Theme(name=name, dark=dark, ansi=ansi, variables=own, **base)  # type: ignore[arg-type]


def _colours(path: Path, data: dict[str, Any], *, ansi: bool) -> dict[str, str]:
    """Every colour parsed once, so that Textual can't stumble over one later."""
    allowed = (*BASE, *TOKENS)
    for key, value in data.items():
        if key not in allowed:
            raise ConfigError(
                f"theme {path}: unknown key {key!r}; there are name, dark, ansi, "
                f"{', '.join(allowed)}"
            )
        try:
            Color.parse(value if isinstance(value, str) else "")
        except ColorParseError as error:
            raise ConfigError(
                f'theme {path}: {key} = {value!r} is no colour; write "#rrggbb"'
            ) from error
        if ansi and not str(value).startswith(_SIXTEEN):
            raise ConfigError(
                f"theme {path}: {key} = {value!r} is none of the terminal's own colours, which "
                'ansi = true is for; write "ansi_green", "ansi_bright_green" or the like'
            )
    missing = [key for key in _NEEDED if key not in data]
    if missing:
        raise ConfigError(f"theme {path}: {', '.join(missing)} must be given")
    return data
