"""Colours of TOML, line by line."""

import pytest

from nimbus_tui.tui.viewmodels.toml_tones import tones


def shown(line: str) -> list[tuple[str, str]]:
    return [(line[one.start : one.end].strip(), one.tone) for one in tones(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("# only words = 3", [("# only words = 3", "muted")]),
        ("[bots.eth-grid]  # spot", [("[bots.eth-grid]", "title"), ("# spot", "muted")]),
        ('[exchanges.sim.instruments."ETH/USDC"]',
         [('[exchanges.sim.instruments."ETH/USDC"]', "title")]),
        ("levels = 5", [("levels", "key"), ("5", "price")]),
        ('symbol = "ETH/USDC"  # a pair',
         [("symbol", "key"), ('"ETH/USDC"', "gain"), ("# a pair", "muted")]),
        ("live = true", [("live", "key"), ("true", "warning")]),
        ("balances = { USDC = 10_000 }",
         [("balances", "key"), ("USDC", "key"), ("10_000", "price")]),
        ('name = "a # b', [("name", "key"), ('"a # b', "gain")]),
        ("offset = -1.5", [("offset", "key"), ("-1.5", "price")]),
    ],
)  # fmt: skip
def test_each_part_of_a_line_has_its_tone(line: str, expected: list[tuple[str, str]]) -> None:
    assert expected == shown(line)


def test_stretches_never_overlap_and_stay_in_the_line() -> None:
    for line in ("[a", "[[a.b]] # x", "x", "= =", '"a b" = 3', "a.b = [1, 2, { c = 'd' }]"):
        end = 0
        for one in tones(line):
            assert end <= one.start < one.end <= len(line)
            end = one.end
