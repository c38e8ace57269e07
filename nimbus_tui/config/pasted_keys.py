"""Private keys that somebody has pasted into the config file, where nobody may keep them."""

import re
from typing import Any

_KEY = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_KEY_BITS = range(200, 257)
"""How long a key is that was written as a number."""

ADVICE = (
    "this looks like a private key, and a config file is no place for one: put it away with "
    '`nimbus-tui secrets set NAME` and write that name in secret (or "env:VAR", "file:PATH"); '
    "if the file was ever copied or committed, make a new key"
)
"""What is said about one; the key itself is never repeated."""


def holds_key(value: Any) -> bool:
    """Whether a text or a number of the file looks like a private key (32 bytes in hex)."""
    if isinstance(value, str):
        return _KEY.search(value) is not None
    return isinstance(value, int) and value.bit_length() in _KEY_BITS
