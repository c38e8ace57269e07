"""What kind of terminal this is: its text, its colours, and whether it can show the app at all."""

import codecs
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from nimbus_tui.config.model import Glyphs
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.tui.options import ScreenOptions

DEFAULT_THEME = "nimbus-dark"
SIXTEEN_THEME = "ansi-16"
AUTOMATIC = "auto"
"""The setting that leaves a choice to what the terminal can do."""

_FULL = frozenset({"truecolor", "24bit"})
_FULL_BY_NAME = frozenset({"kitty", "alacritty", "foot", "ghostty", "wezterm", "contour"})
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""What says how text is written; the first that is set decides."""
_OWN_ENVIRONMENT = Path("/proc/self/environ")


def check_terminal() -> None:
    """Refuse a terminal that can't show the app, in one line.

    Raises:
        NimbusError: says what is missing and what works without it.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NimbusError("the app needs a terminal; `nimbus-tui run CONFIG` works without one")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise NimbusError("TERM is dumb: use a real terminal, or `nimbus-tui run CONFIG`")


def settled_options(options: ScreenOptions) -> ScreenOptions:
    """Options with every choice made that was left to what this terminal can do."""
    glyphs = Glyphs.ASCII if wants_ascii(options.glyphs) else Glyphs.UNICODE
    theme = theme_for(options.theme, os.environ)
    return msgspec.structs.replace(options, glyphs=glyphs, theme=theme)


def wants_ascii(glyphs: Glyphs) -> bool:
    """Whether only ASCII signs go to the terminal."""
    if glyphs is Glyphs.AUTO:
        return not (is_utf8(_as_started()) and "utf" in (sys.stderr.encoding or "").lower())
    return glyphs is Glyphs.ASCII


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Whether a locale's text is UTF-8; one that isn't set at all is the plain C locale's."""
    named = next((environment[name] for name in _LOCALE if environment.get(name)), "C")
    # macOS sends LC_CTYPE=UTF-8, without a language.
    encoding = named.partition("@")[0].rpartition(".")[2]
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False


def theme_for(wanted: str, environment: Mapping[str, str]) -> str:
    """The theme to begin with: the wanted one, or by default one that the terminal can show.

    Without colours the theme of sixteen is the one to take them from: it marks in reverse what
    others mark by a background.
    """
    if environment.get("NO_COLOR"):
        return SIXTEEN_THEME
    if wanted != AUTOMATIC:
        return wanted
    return SIXTEEN_THEME if colours_of(environment) == "standard" else DEFAULT_THEME


def colours_of(environment: Mapping[str, str]) -> str:
    """How many colours a terminal has: `truecolor`, `256` or `standard`, which is sixteen.

    SSH hands on TERM but not COLORTERM, so a terminal that is known by its name is believed.
    """
    if environment.get("COLORTERM", "").strip().lower() in _FULL:
        return "truecolor"
    forced = environment.get("TEXTUAL_COLOR_SYSTEM", AUTOMATIC)
    if forced != AUTOMATIC:
        return forced
    kind = environment.get("TERM", "").lower()
    if kind.endswith("-direct") or kind.removeprefix("xterm-") in _FULL_BY_NAME:
        return "truecolor"
    return "256" if kind.endswith("-256color") else "standard"


def _as_started() -> Mapping[str, str]:
    """The locale as it was given: Python puts UTF-8 in place of the C locale when it starts."""
    try:
        given = _OWN_ENVIRONMENT.read_bytes()
    except OSError:
        return os.environ
    pairs = (os.fsdecode(pair).partition("=") for pair in given.split(b"\0") if pair)
    started = {name: value for name, _, value in pairs}
    return {name: started.get(name, "") for name in _LOCALE}
