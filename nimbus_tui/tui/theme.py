"""Themes from TOML files, checked before Textual sees them."""

import tomllib
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from nimbus_tui.core.errors import ConfigError

TOKENS = {
    "gain": "#7fd88f",
    "loss": "#ff8a80",
    "caution": "#ffcb6b",
    "buy": "#7fd88f",
    "sell": "#ffab91",
    "price-line": "#8ab4f8",
    "muted": "#9aa5b1",
    "live": "#ff5252",
}
"""Our own colours with what they are when a theme leaves them out."""

_BASE = ("primary", "secondary", "accent", "foreground", "background", "surface", "panel")


def load_themes(folders: tuple[Path, ...]) -> tuple[list[Theme], list[str]]:
    """All themes of some folders, and a sentence about each file that can't be used."""
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
        ConfigError: the file or a colour in it can't be used; names the key.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"theme {path}: {error}") from error
    colours = {key: value for key, value in data.items() if key not in ("name", "dark")}
    for key, value in colours.items():
        if key not in (*_BASE, *TOKENS):
            raise ConfigError(f"theme {path}: unknown key {key!r}; {', '.join((*_BASE, *TOKENS))}")
        try:
            Color.parse(str(value))
        except ColorParseError as error:
            raise ConfigError(f"theme {path}: {key} = {value!r} is not a colour") from error
    if "primary" not in colours or "background" not in colours:
        raise ConfigError(f"theme {path}: primary and background must be given")
    base = {key: str(value) for key, value in colours.items() if key in _BASE}
    return Theme(
        name=str(data.get("name", path.stem)),
        dark=bool(data.get("dark", True)),
        variables={key: str(colours.get(key, default)) for key, default in TOKENS.items()},
        primary=base["primary"],
        secondary=base.get("secondary"),
        accent=base.get("accent"),
        foreground=base.get("foreground"),
        background=base["background"],
        surface=base.get("surface"),
        panel=base.get("panel"),
    )
