"""Where each key of a TOML text stands; the standard parser doesn't say.

A scanner that knows TOML's grammar as far as keys need it. It never objects: a broken text is the
parser's business, and what stands before the break keeps its place.
"""

import re
from collections.abc import Mapping
from tomllib import TOMLDecodeError, loads
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Names of tables and keys from the outside in; a number counts the elements of an array."""

Place = tuple[int, int]
"""Line and column, both from 1."""

TOP: Place = (1, 1)
_MOST_NESTED = 100
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_LITERAL = re.compile(r"'[^'\n]*'")
_LONG_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?"""("{0,2})', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'''('{0,2})", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_BARE_PART = re.compile(r"[A-Za-z0-9_-]+\Z")


class Statement(NamedTuple):
    """One table header or one key with its value; offsets count characters of the text."""

    path: Path
    place: Place
    start: int
    """Where the name begins, or a header's bracket."""
    value: int | None
    """Where the value begins; None for a header."""
    end: int
    """Behind the value, or behind a header's line."""


def positions(text: str) -> dict[Path, Place]:
    """Each table and key with the place of its name; of keys given twice the first."""
    found: dict[Path, Place] = {}
    for path, place in statements(text):
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], place)
    return found


def nearest(found: Mapping[Path, Place], path: Path) -> Place:
    """The place of a key, or of the nearest thing around it that stands in the text."""
    while path:
        if path in found:
            return found[path]
        path = path[:-1]
    return TOP


def given_twice(text: str) -> tuple[Path, Place, Place] | None:
    """The first table or key that is given a second time, and both places."""
    seen: dict[Path, Place] = {}
    for path, place in statements(text):
        if path in seen:
            return path, seen[path], place
        seen[path] = place
    return None


def dotted(path: Path) -> str:
    """A path as one writes it in TOML: `exchanges.sim.instruments."ETH/USDC".tick_size`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            shown = part if _BARE_PART.match(part) else f'"{part}"'
            text += f".{shown}" if text else shown
    return text


def statements(text: str) -> list[tuple[Path, Place]]:
    """Each table header and each key, in the order of the text; elements of arrays not."""
    return [(one.path, one.place) for one in spans(text)]


def spans(text: str) -> list[Statement]:
    """The same with the characters that each of them takes."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


class _Scanner:
    """One walk over one text; `_at` is the next character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._line_start = 1, 0
        self._counted = 0
        self._arrays: dict[Path, int] = {}
        self.found: list[Statement] = []

    def document(self) -> None:
        """All tables and keys up to the end."""
        table: Path = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self._text):
                return
            before = self._at
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table, 0)
            if self._at == before:
                self._rest_of_line()

    def _header(self) -> Path:
        """`[a.b]`, or `[[a.b]]`, which begins the next element of an array."""
        start = self._at
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        self._skip(_SPACE)
        place = self._place()
        names = self._key()
        self._rest_of_line()
        path: Path = ()
        for name in names[:-1]:
            path = self._into_newest((*path, name))
        path = (*path, *names[-1:])
        if is_array and names:
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        if names:
            self.found.append(Statement(path, place, start, None, self._at))
        return path

    def _into_newest(self, path: Path) -> Path:
        """A table inside an array of tables belongs to the array's last element."""
        return (*path, self._arrays[path]) if path in self._arrays else path

    def _pair(self, table: Path, depth: int) -> None:
        """`key = value`; a line that is no such thing is passed over."""
        place, start = self._place(), self._at
        names = self._key()
        self._skip(_SPACE)
        if not names or not self._text.startswith("=", self._at):
            self._rest_of_line()
            return
        self._at += 1
        path = (*table, *names)
        self._skip(_SPACE)
        number, value = len(self.found), self._at
        self.found.append(Statement(path, place, start, value, value))
        self._value(path, depth)
        written = len(self._text[value : self._at].rstrip())
        self.found[number] = self.found[number]._replace(end=value + written)

    def _key(self) -> tuple[str, ...]:
        """One key, dotted or not; empty where there is none."""
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            name = self._name()
            if name is None:
                return ()
            names.append(name)
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return tuple(names)
            self._at += 1

    def _name(self) -> str | None:
        for pattern in (_BARE_KEY, _BASIC, _LITERAL):
            if match := pattern.match(self._text, self._at):
                self._at = match.end()
                return _unquoted(match[0])
        return None

    def _value(self, path: Path, depth: int) -> None:
        self._skip(_SPACE)
        start = self._text[self._at : self._at + 1]
        if depth > _MOST_NESTED:
            self._at = len(self._text)
        elif start == "[":
            self._array(path, depth + 1)
        elif start == "{":
            self._inline_table(path, depth + 1)
        else:
            self._scalar()

    def _array(self, path: Path, depth: int) -> None:
        self._at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            match self._text[self._at : self._at + 1]:
                case "]":
                    self._at += 1
                    return
                case ",":
                    self._at += 1
                    index += 1
                case "":
                    return
                case _:
                    before = self._at
                    self._value((*path, index), depth)
                    if self._at == before:
                        self._at += 1

    def _inline_table(self, path: Path, depth: int) -> None:
        self._at += 1
        while True:
            self._skip(_BLANK)
            match self._text[self._at : self._at + 1]:
                case "}":
                    self._at += 1
                    return
                case ",":
                    self._at += 1
                case "":
                    return
                case _:
                    before = self._at
                    self._pair(path, depth)
                    if self._at == before:
                        self._at += 1

    def _scalar(self) -> None:
        """A text or a number; a text that doesn't end takes the rest of its line."""
        for pattern in (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL):
            if match := pattern.match(self._text, self._at):
                self._at = match.end()
                return
        self._skip(_SCALAR)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if match := pattern.match(self._text, self._at):
            self._at = match.end()

    def _rest_of_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end + 1

    def _place(self) -> Place:
        newlines = self._text.count("\n", self._counted, self._at)
        if newlines:
            self._line += newlines
            self._line_start = self._text.rfind("\n", 0, self._at) + 1
        self._counted = self._at
        return (self._line, self._at - self._line_start + 1)


def _unquoted(name: str) -> str:
    if name[0] not in "\"'":
        return name
    if name[0] == "'" or "\\" not in name:
        return name[1:-1]
    try:
        return str(loads(f"name = {name}")["name"])
    except TOMLDecodeError:
        return name[1:-1]
