"""Lengths of time as people write them: `90s`, `15m`, `24h`, `7d`, `1h30m`."""

import re

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WHOLE = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")
_MOST_SECONDS = 10 * 366 * 86_400


def parse_duration(text: str) -> int:
    """A length of time in ns.

    Raises:
        ConfigError: it isn't whole numbers with units, is nothing, or is more than ten years.
    """
    written = text.strip().lower()
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(written))
    if not _WHOLE.fullmatch(written) or not 0 < seconds <= _MOST_SECONDS:
        raise ConfigError(f"{text!r} is not a length of time; write 90s, 15m, 24h, 7d or 1h30m")
    return seconds * NS_PER_SECOND
