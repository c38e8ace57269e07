"""Where each key of a TOML text stands; the standard parser doesn't say."""

import re

Path = tuple[str, ...]
Place = tuple[int, int]
"""Line and column, both from 1."""

_TABLE = re.compile(r"^\s*\[\[?\s*(?P<path>[^\]]+?)\s*\]\]?")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"^\s*(?P<key>{_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_INLINE = re.compile(r"""[{,]\s*(?P<key>[A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*=""")


def positions(text: str) -> dict[Path, Place]:
    """Each table and key with the place of its name; of keys given twice the first."""
    found: dict[Path, Place] = {}
    table: Path = ()
    quote = ""
    for number, line in enumerate(text.splitlines(), 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        if match := _TABLE.match(line):
            table = _parts(match["path"])
            found.setdefault(table, (number, match.start("path") + 1))
        elif match := _KEY.match(line):
            path = (*table, *_parts(match["key"]))
            found.setdefault(path, (number, match.start("key") + 1))
            for inner in _INLINE.finditer(line, match.end()):
                found.setdefault((*path, *_parts(inner["key"])), (number, inner.start("key") + 1))
            quote = _open_quote(line[match.end() :])
    return found


def nearest(found: dict[Path, Place], path: Path) -> Place:
    """The place of a key, or of the nearest thing around it that stands in the text."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return (1, 1)


def _parts(text: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(text))


def _open_quote(value: str) -> str:
    return next((q for q in ('"""', "'''") if value.count(q) == 1), "")
