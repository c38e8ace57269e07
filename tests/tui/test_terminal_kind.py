"""What a terminal says of itself decides signs and theme; a choice in the config stands above."""

import pytest

from nimbus_tui.config.model import Glyphs
from nimbus_tui.tui.terminal import colours_of, is_utf8, theme_for, wants_ascii


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),
        ({"LANG": "de_DE.UTF-8@euro"}, True),
        ({"LANG": "de_DE"}, False),
        ({"LANG": "ru_RU.KOI8-R"}, False),
        ({"LANG": "C"}, False),
        ({}, False),
        ({"LC_ALL": "", "LANG": "C.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LC_CTYPE": "C", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "en_US.UTF-8", "LC_CTYPE": "C"}, True),
        ({"LANG": "xx.nonsense"}, False),
    ],
)
def test_the_first_locale_that_is_set_decides(environment: dict[str, str], expected: bool) -> None:
    assert is_utf8(environment) is expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "screen-256color"}, "256"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "alacritty"}, "truecolor"),
        ({"TERM": "xterm-direct"}, "truecolor"),
        ({"TERM": "xterm"}, "standard"),
        ({"TERM": "linux"}, "standard"),
        ({"TERM": "vt100"}, "standard"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "256"}, "256"),
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, "standard"),
        ({}, "standard"),
    ],
)
def test_how_many_colours_a_terminal_has(environment: dict[str, str], expected: str) -> None:
    assert colours_of(environment) == expected


@pytest.mark.parametrize(
    ("wanted", "environment", "expected"),
    [
        ("auto", {"TERM": "xterm-256color"}, "nimbus-dark"),
        ("auto", {"TERM": "linux"}, "ansi-16"),
        ("auto", {"TERM": "xterm-256color", "NO_COLOR": "1"}, "ansi-16"),
        ("auto", {"TERM": "xterm-256color", "NO_COLOR": ""}, "nimbus-dark"),
        ("nimbus-light", {"TERM": "linux"}, "nimbus-light"),
        ("nimbus-light", {"TERM": "xterm-256color", "NO_COLOR": "1"}, "ansi-16"),
    ],
)
def test_the_theme_to_begin_with(wanted: str, environment: dict[str, str], expected: str) -> None:
    assert theme_for(wanted, environment) == expected


def test_the_config_stands_above_the_locale() -> None:
    assert wants_ascii(Glyphs.ASCII)
    assert not wants_ascii(Glyphs.UNICODE)
