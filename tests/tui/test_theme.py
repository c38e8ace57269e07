"""Themes: every shipped one can be read, a bad file gives a sentence."""

from pathlib import Path

import pytest
from textual.color import Color

from nimbus_tui.config.locations import shipped
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.tui.theme import TOKENS, load_theme, load_themes

SHIPPED, PROBLEMS = load_themes((shipped("themes"),))
TEXT = (
    "foreground", "primary", "warning", "gain", "loss", "buy", "sell", "price-line", "muted",
    "alarm",
)  # fmt: skip
BEHIND = ("background", "surface", "panel", "selection")

GOOD = """
primary = "#8ab4f8"
foreground = "white"
background = "rgb(10,20,30)"
warning = "ansi_yellow"
"""


def luminance(colour: Color) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((luminance(Color.parse(c)) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_shipped_themes_are_there_and_sound() -> None:
    assert not PROBLEMS
    assert {"nimbus-dark", "nimbus-light"} <= {theme.name for theme in SHIPPED}


@pytest.mark.parametrize("theme", SHIPPED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("tone", TEXT)
@pytest.mark.parametrize("behind", BEHIND)
def test_text_can_be_read_on_every_background(theme: object, tone: str, behind: str) -> None:
    colours = {name: getattr(theme, name, None) for name in (*TEXT, *BEHIND)}
    colours |= getattr(theme, "variables", {})
    assert contrast(str(colours[tone]), str(colours[behind])) >= 4.5


@pytest.mark.parametrize("theme", SHIPPED, ids=lambda theme: theme.name)
def test_a_gain_and_a_loss_are_not_the_same_colour(theme: object) -> None:
    own = getattr(theme, "variables", {})
    assert own["gain"] != own["loss"]
    assert own["buy"] != own["sell"]


def test_tokens_that_a_theme_leaves_out_have_defaults(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD + 'gain = "#00ff00"\n')
    theme = load_theme(tmp_path / "mine.toml")
    assert theme.name == "mine"
    assert theme.variables == TOKENS | {"gain": "#00ff00"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + 'gain = "greenish"', "gain = 'greenish' is no colour"),
        (GOOD + 'gain = "$primary"', "is no colour"),
        (GOOD + "loss = 3", "loss = 3 is no colour"),
        (GOOD + 'gian = "#000"', "unknown key 'gian'"),
        (GOOD + "dark = 1", "dark must be true or false"),
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
