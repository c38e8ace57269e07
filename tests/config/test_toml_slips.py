"""What a beginner writes, and the line that is proposed instead."""

import tomllib

import pytest

from nimbus_tui.config.toml_slips import remedy

SLIPS = {
    "strategy = grid": 'text stands in quotes: write strategy = "grid"',
    "symbol = ETH/USDC:USDC   # perp": 'text stands in quotes: write symbol = "ETH/USDC:USDC"',
    "interval = 24h": 'text stands in quotes: write interval = "24h"',
    "spacing = 0,5": "a number has a point, not a comma: write spacing = 0.5",
    "quote_size = 1,000": "a number stands without signs: write quote_size = 1_000",
    "spacing = 0.5%": "a number stands without signs: write spacing = 0.5",
    "spacing = .5 %": "a number stands without signs: write spacing = 0.5",
    "quote_size = $100": "a number stands without signs: write quote_size = 100",
    "live = True": "a switch is true or false: write live = true",
    "post_only = no": "a switch is true or false: write post_only = false",
    'strategy: "grid"': 'a key and its value stand on either side of =: write strategy = "grid"',
    "levels: 5": "a key and its value stand on either side of =: write levels = 5",
    "strategy = “grid”": 'quotes must be straight ones: write strategy = "grid"',
}


@pytest.mark.parametrize("line", SLIPS)
def test_a_slip_is_told_with_the_line_that_was_meant(line: str) -> None:
    told = remedy(line)
    assert told == SLIPS[line]
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(line)
    tomllib.loads(told.partition("write ")[2])


@pytest.mark.parametrize(
    "line",
    ["", "# a comment", "[bots.eth", "spacing = = 0.5", 'name = "grid', "x", "targets = { BTC 4 }"],
)
def test_where_nothing_is_known_nothing_is_guessed(line: str) -> None:
    assert remedy(line) == ""


def test_a_key_that_was_pasted_is_never_repeated() -> None:
    assert remedy("secret = 0x" + "ab" * 32) == ""
    assert remedy("secret: " + "ab" * 32) == ""
    assert remedy("words = " + "legal winner thank year wave sausage worth " * 2) == ""
