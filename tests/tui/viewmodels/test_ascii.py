"""Every sign of the screen has an ASCII twin of its width."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import nimbus_tui
from nimbus_tui.tui.viewmodels.ascii import TWINS, ascii_only
from nimbus_tui.tui.viewmodels.lines import bar, sparkline, width_of

ROOT = Path(nimbus_tui.__file__).parent
TALKING = ("tui", "core", "control", "config", "engine", "risk", "strategies")
"""The rooms whose words may reach the screen."""


def signs(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every sign beyond ASCII in a literal of the source."""
    for path in sorted(folder.rglob("*.py")):
        if path.name == "ascii.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from ((path, sign) for sign in node.value if not sign.isascii())


@pytest.mark.parametrize("room", TALKING)
def test_every_sign_that_the_source_writes_has_a_twin(room: str) -> None:
    missing = {f"{path.name}: {sign}" for path, sign in signs(ROOT / room) if sign not in TWINS}
    assert missing == set()


def test_a_twin_is_one_ascii_sign_as_wide_as_its_original() -> None:
    wrong = [
        sign
        for sign, twin in TWINS.items()
        if not (twin.isascii() and len(sign) == len(twin) == width_of(sign) == 1)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("\x1b[38;5;4m▲ buy\x1b[0m", "\x1b[38;5;4m^ buy\x1b[0m"),
        ("− 1,204.50 …", "- 1,204.50 ~"),
        ("円と é", "???? ?"),
        ("e\u0301a", "ea"),
        ("⠀⠉⣀⣿", " '.:"),
    ],
)
def test_a_text_keeps_its_width(text: str, expected: str) -> None:
    assert ascii_only(text) == expected
    assert width_of(ascii_only(text)) == width_of(text)


def test_bars_and_sparklines_still_tell_high_from_low() -> None:
    assert ascii_only(bar(0.5, 4)) == "##.."
    assert ascii_only(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8)) == "_.-~=+*#"
