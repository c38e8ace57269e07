"""Every text can be read on every background, in full colours, in 256 and in the terminal's own."""

from collections.abc import Callable, Sequence

import pytest
from rich.color import ColorSystem
from rich.terminal_theme import SVG_EXPORT_THEME
from textual.color import Color
from textual.theme import Theme

from nimbus_tui.config.locations import shipped
from nimbus_tui.tui.theme import load_themes

Rgb = tuple[float, float, float]

SHIPPED, _ = load_themes((shipped("themes"),))
FULL = [theme for theme in SHIPPED if not theme.ansi]
OWN = [theme for theme in SHIPPED if theme.ansi]
TEXT = (
    "foreground", "primary", "warning", "error", "success", "accent", "gain", "loss", "buy",
    "sell", "price-line", "muted", "alarm",
)  # fmt: skip
BEHIND = ("background", "surface", "panel", "selection")
PAIRS = [("gain", "loss"), ("buy", "sell")]

VGA = (
    "#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa",
    "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff",
)  # fmt: skip
XTERM = (
    "#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5",
    "#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff",
)  # fmt: skip
"""What the sixteen colours are on a Linux console and in xterm, by their numbers."""

# What a linear RGB colour is to an eye without one kind of cone; Machado, Oliveira and Fernandes,
# "A physiologically-based model for simulation of color vision deficiency", 2009, severity 1.
BLINDNESS: dict[str, tuple[Rgb, Rgb, Rgb]] = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
APART = 20
"""A difference in Lab that nobody overlooks; one that is just noticeable is about 2."""


def linear(colour: Color) -> Rgb:
    """Without the gamma of sRGB."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return red, green, blue


def luminance(rgb: Rgb) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def contrast(one: Color, other: Color) -> float:
    """WCAG 2 contrast ratio."""
    light, dark = sorted((luminance(linear(colour)) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: Rgb) -> Rgb:
    """CIE Lab, white point D65."""
    red, green, blue = rgb
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = luminance(rgb)
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    a, b, c = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def seen_without(matrix: tuple[Rgb, Rgb, Rgb], rgb: Rgb) -> Rgb:
    red, green, blue = (
        min(1.0, max(0.0, sum(m * part for m, part in zip(row, rgb, strict=True))))
        for row in matrix
    )
    return red, green, blue


def colours(theme: Theme) -> dict[str, str]:
    named = {name: getattr(theme, name, None) for name in (*TEXT, *BEHIND)}
    return {name: str(colour) for name, colour in (named | theme.variables).items()}


def in_256(colour: str) -> Color:
    """What a terminal of 256 colours shows for a colour."""
    reduced = Color.parse(colour).rich_color.downgrade(ColorSystem.EIGHT_BIT)
    return Color(*reduced.get_truecolor(SVG_EXPORT_THEME))


def own(palette: Sequence[str]) -> Callable[[str], Color]:
    def parsed(colour: str) -> Color:
        number = Color.parse(colour).rich_color.number
        assert number is not None
        return Color.parse(palette[number])

    return parsed


def unreadable(theme: Theme, shown: Callable[[str], Color], least: float) -> list[str]:
    """Each text that is too faint on a background, with its ratio."""
    known = colours(theme)
    ratios = {
        f"{text} on {behind}": contrast(shown(known[text]), shown(known[behind]))
        for text in TEXT
        for behind in BEHIND
    }
    return [f"{pair}: {ratio:.2f}" for pair, ratio in ratios.items() if ratio < least]


def test_the_contrast_of_black_on_white_is_twenty_one() -> None:
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)


@pytest.mark.parametrize("theme", FULL, ids=lambda theme: theme.name)
def test_text_can_be_read_on_every_background(theme: Theme) -> None:
    least = 7 if theme.name == "high-contrast" else 4.5
    assert unreadable(theme, Color.parse, least) == []


@pytest.mark.parametrize("theme", FULL, ids=lambda theme: theme.name)
def test_text_can_be_read_in_256_colours(theme: Theme) -> None:
    # The brown of the 256 colours is a little lighter than any of ours.
    assert unreadable(theme, in_256, 7 if theme.name == "high-contrast" else 4.1) == []


@pytest.mark.parametrize("palette", [VGA, XTERM], ids=["console", "xterm"])
@pytest.mark.parametrize("theme", OWN, ids=lambda theme: theme.name)
def test_text_can_be_read_in_the_terminals_own_colours(
    theme: Theme, palette: Sequence[str]
) -> None:
    assert unreadable(theme, own(palette), 4.5) == []


@pytest.mark.parametrize("theme", SHIPPED, ids=lambda theme: theme.name)
def test_what_is_opposite_has_different_colours(theme: Theme) -> None:
    known = colours(theme)
    assert [pair for pair in PAIRS if known[pair[0]] == known[pair[1]]] == []


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_gain_and_loss_are_apart_for_the_colour_blind(pair: tuple[str, str], kind: str) -> None:
    (theme,) = (theme for theme in SHIPPED if theme.name == "colour-blind")
    first, second = (
        lab(seen_without(BLINDNESS[kind], linear(Color.parse(colours(theme)[name]))))
        for name in pair
    )
    assert sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5 > APART
