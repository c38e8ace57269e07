"""Fewer bytes, and the same picture on the terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.tui.viewmodels.frugal import frugal

RED, BLUE = "\x1b[31m", "\x1b[38;2;1;2;3;48;5;16m"

codes = st.sampled_from(
    ["1;38;5;189;48;5;16", "38;5;189;48;5;16", "38;5;120;48;5;16", "7", "1;7;31;40", "4;91",
     "38;2;10;20;30;48;2;1;2;3", "48;2;1;2;3", "2;36", "49", "22", "39;49", "90;100", "27"]
)  # fmt: skip
texts = st.sampled_from(["2,400.10", " ", "     ", "▲ buy", "\x1b[3;7H", "x", "", "\x1b[6n"])
pieces = st.lists(st.tuples(codes, texts), max_size=12)


def painted(data: str) -> list[tuple[str, object, object, frozenset[str]]]:
    """What each sign looks like, told by a reader of its own; a blank's text colour is nothing."""
    fore: object = None
    back: object = None
    on: set[str] = set()
    seen = []
    for match in re.finditer(r"\x1b\[([\d;]*)m|(\x1b\[[\d;]*[A-Za-ln-z])|(.)", data, re.S):
        style, other, sign = match.groups()
        if style is None:
            text = other or sign
            if text == " ":
                seen.append((text, None, back, frozenset(on & {"4", "7", "9"})))
                if on & {"7", "4"}:
                    seen.append(("colour", fore, None, frozenset()))
            elif not other:
                seen.append((text, fore, back, frozenset(on)))
            else:
                seen.append((text, None, None, frozenset()))
            continue
        numbers = [int(part or 0) for part in style.split(";")]
        while numbers:
            code = numbers.pop(0)
            if code in (38, 48):
                size = 4 if numbers[0] == 2 else 2
                colour, numbers = (code % 10, *numbers[:size]), numbers[size:]
                fore, back = (colour, back) if code == 38 else (fore, colour)
            elif code == 0:
                fore = back = None
                on.clear()
            elif code < 10:
                on.add(str(code))
            elif code == 22:
                on -= {"1", "2"}
            elif code < 30:
                on.discard(str(code - 20))
            elif code in (39, 49):
                fore, back = (None, back) if code == 39 else (fore, None)
            elif 30 <= code < 38 or 90 <= code < 98:
                fore = code
            else:
                back = code
    return seen


@given(pieces)
def test_every_sign_looks_as_it_was_meant(parts: list[tuple[str, str]]) -> None:
    data = "".join(f"\x1b[{code}m{text}\x1b[0m" for code, text in parts)
    thrifty = frugal(data)
    assert painted(thrifty) == painted(data)
    assert len(thrifty) <= len(data)
    assert painted(thrifty + "x")[-1] == ("x", None, None, frozenset())


@given(pieces)
def test_codes_that_build_on_each_other_are_understood(parts: list[tuple[str, str]]) -> None:
    data = "".join(f"\x1b[{code}m{text}" for code, text in parts) + "\x1b[0m"
    assert painted(frugal(data)) == painted(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("plain\x1b[2J", "plain\x1b[2J"),
        (f"{RED}a\x1b[0m{RED}b\x1b[0m", f"{RED}ab\x1b[0m"),
        (f"{RED}a\x1b[0m{BLUE}b\x1b[0m", f"{RED}a{BLUE}b\x1b[0m"),
        (f"{RED}a\x1b[0m \x1b[0m{RED}b\x1b[0m", f"{RED}a b\x1b[0m"),
        ("\x1b[1;31ma\x1b[0m\x1b[31mb\x1b[0m", "\x1b[1;31ma\x1b[22mb\x1b[0m"),
        ("\x1b[7;31ma\x1b[0m \x1b[0m", "\x1b[7;31ma\x1b[0m "),
        ("\x1b[31m\x1b[0m", ""),
    ],
)
def test_nothing_is_said_twice(data: str, expected: str) -> None:
    assert frugal(data) == expected
