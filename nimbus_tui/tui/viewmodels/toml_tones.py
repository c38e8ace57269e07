"""Which part of a line of TOML is what, for its colours; looks at one line alone."""

import re
from typing import NamedTuple

_HEADER = re.compile(r"\s*\[\[?[^\]#]*\]?\]?")
_KEY = re.compile(r"""\s*(?:[A-Za-z0-9_.-]+|"[^"]*"|'[^']*'|\s)+?\s*(?==)""")
_TOKENS = re.compile(
    r"""(?P<muted>\#.*$)
      | (?P<gain>"(?:[^"\\]|\\.)*"? | '[^']*'?)
      | (?P<warning>\b(?:true|false|inf|nan)\b)
      | (?P<price>(?<![\w.])[+-]?\d[\w.:+-]*)
      | (?P<key>[A-Za-z0-9_-]+\s*(?==))""",
    re.VERBOSE,
)


class Toned(NamedTuple):
    """A stretch of a line, from a column up to another, and its tone."""

    start: int
    end: int
    tone: str


def tones(line: str) -> list[Toned]:
    """Headers, keys, texts, numbers, truths and comments of one line, from the left."""
    stripped = line.lstrip()
    found: list[Toned] = []
    start = 0
    if stripped.startswith("["):
        match = _HEADER.match(line)
        if match and "=" not in match[0]:
            start = match.end()
            found.append(Toned(match.start(), start, "title"))
    elif match := _KEY.match(line):
        start = match.end()
        found.append(Toned(match.start(), start, "key"))
    for token in _TOKENS.finditer(line, start):
        tone = token.lastgroup or "plain"
        found.append(Toned(token.start(), token.end(), tone))
    return found
