"""Lengths of time as people write them."""

import pytest

from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("24h", 86_400),
        ("7d", 604_800),
        ("1h30m", 5_400),
        (" 2W ", 1_209_600),
    ],
)
def test_a_length_is_whole_numbers_with_units(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds * 1_000_000_000


@pytest.mark.parametrize("text", ["", "24", "h", "1.5h", "-1h", "0s", "24 hours", "11111d", "1h x"])
def test_anything_else_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ConfigError, match="write 90s, 15m, 24h"):
        parse_duration(text)
