"""Themes: every shipped one can be read, a bad file gives a sentence."""

from pathlib import Path

import pytest

from nimbus_tui.config.locations import shipped
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.tui.theme import ANSI_TOKENS, TOKENS, load_theme, load_themes

SHIPPED, PROBLEMS = load_themes((shipped("themes"),))
GOOD = """
primary = "#8ab4f8"
foreground = "white"
background = "rgb(10,20,30)"
warning = "ansi_yellow"
"""


def test_the_shipped_themes_are_there_and_sound() -> None:
    assert not PROBLEMS
    assert {theme.name for theme in SHIPPED} == {
        "nimbus-dark", "nimbus-light", "high-contrast", "colour-blind", "ansi-16",
    }  # fmt: skip


def test_tokens_that_a_theme_leaves_out_have_defaults(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD + 'gain = "#00ff00"\n')
    theme = load_theme(tmp_path / "mine.toml")
    assert theme.name == "mine"
    assert theme.variables == TOKENS | {"gain": "#00ff00"}


def test_a_theme_of_sixteen_colours_has_defaults_among_them(tmp_path: Path) -> None:
    colours = {"primary": "blue", "foreground": "white", "background": "black", "warning": "red"}
    lines = [f'{key} = "ansi_{colour}"' for key, colour in colours.items()]
    (tmp_path / "mine.toml").write_text("\n".join(["ansi = true", *lines]))
    theme = load_theme(tmp_path / "mine.toml")
    assert theme.ansi
    assert {name: theme.variables[name] for name in TOKENS} == ANSI_TOKENS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + 'gain = "greenish"', "gain = 'greenish' is no colour"),
        (GOOD + 'gain = "$primary"', "is no colour"),
        (GOOD + "loss = 3", "loss = 3 is no colour"),
        (GOOD + 'gian = "#000"', "unknown key 'gian'"),
        (GOOD + "dark = 1", "dark must be true or false"),
        (GOOD + 'ansi = "yes"', "ansi must be true or false"),
        (GOOD + "ansi = true", "none of the terminal's own colours"),
        (GOOD + 'name = " "', "name must be a text"),
        ('primary = "#fff"', "foreground, background, warning must be given"),
        ("primary = ", "theme "),
        (b"\xff\xfe", "theme "),
    ],
)
def test_a_bad_file_is_a_sentence_and_the_good_ones_stay(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "good.toml").write_text(GOOD)
    themes, problems = load_themes((tmp_path, tmp_path / "missing"))
    assert [theme.name for theme in themes] == ["good"]
    assert len(problems) == 1
    assert words in problems[0]
    assert str(bad) in problems[0]


def test_an_unreadable_file_is_a_sentence_too(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ConfigError, match=r"folder\.toml"):
        load_theme(tmp_path / "folder.toml")


def test_the_users_theme_replaces_a_shipped_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "nimbus-dark.toml").write_text(GOOD)
    themes, _ = load_themes((shipped("themes"), tmp_path))
    (dark,) = [theme for theme in themes if theme.name == "nimbus-dark"]
    assert dark.foreground == "white"
