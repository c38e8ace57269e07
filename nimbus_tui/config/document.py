"""Edits a TOML text that people wrote: nothing but the key in question changes a character.

Each edit is made in the characters that the key takes, so comments, order, spaces and the way in
which numbers are written stay as they are. What comes out is read again and compared with what
was meant; an edit that can't be made so is refused, never made otherwise.
"""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from nimbus_tui.config.literals import Value, bare_or_quoted, dotted_key, literal
from nimbus_tui.config.positions import Statement, dotted, spans
from nimbus_tui.core.errors import ConfigError

Names = tuple[str, ...]
"""A key by the names of its tables and its own, from the outside in."""


class NotEditable(ConfigError):
    """The text can't be edited by key: it is no TOML, or the key stands in a way not foreseen."""


def value_at(text: str, path: Names) -> Any:
    """The value of a key, numbers as Decimal or int; None where it isn't given.

    Raises:
        NotEditable: the text is no TOML.
    """
    found: Any = _data(text)
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def with_value(text: str, path: Names, value: Value) -> str:
    """The text with a key set, put behind the other keys of its table where it is new.

    A table that isn't there yet is made: as `[a.b]` at the top, as `c = { … }` inside another.

    Raises:
        NotEditable: it can't be done without touching anything else.
    """
    before = _data(text)
    expected = deepcopy(before)
    _put(expected, path, value)
    if _same(_at(before, path), _at(expected, path)):
        return text
    return _checked(_Text(text).set(path, value), expected, path)


def without(text: str, path: Names) -> str:
    """The text without a key, or without a table and all that is in it.

    The comment in a key's own line goes with it, and so do those directly above a table's header.

    Raises:
        NotEditable: it can't be done without touching anything else.
    """
    before = _data(text)
    expected = deepcopy(before)
    if not _drop(expected, path):
        return text
    return _checked(_Text(text).remove(path), expected, path)


def with_table(text: str, path: Names, values: Mapping[str, Value]) -> str:
    """The text with a new table behind its last sister, or at the end.

    Raises:
        NotEditable: there is such a table already, or it can't be added.
    """
    before = _data(text)
    if _at(before, path) is not None:
        raise NotEditable(f"there is {dotted(path)} already")
    expected = deepcopy(before)
    _put(expected, path, dict(values))
    return _checked(_Text(text).add_table(path, values), expected, path)


def _data(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise NotEditable(f"mend the text first: {error}") from error


def _checked(text: str, expected: dict[str, Any], path: Names) -> str:
    try:
        same = _same(tomllib.loads(text, parse_float=Decimal), expected)
    except (tomllib.TOMLDecodeError, ValueError):
        same = False
    if not same:
        raise NotEditable(f"{dotted(path)} is written in a way that only you can edit, in the text")
    return text


def _same(one: Any, other: Any) -> bool:
    """Equal in value and in kind: `true` is not 1, and a 2.0 is as good as a 2."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _at(data: Any, path: Names) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _put(data: dict[str, Any], path: Names, value: Value) -> None:
    for name in path[:-1]:
        data = data.setdefault(name, {})
        if not isinstance(data, dict):
            raise NotEditable(f"{dotted(path)} can't be set: {name} is no table")
    data[path[-1]] = tomllib.loads(f"value = {literal(value)}", parse_float=Decimal)["value"]


def _drop(data: dict[str, Any], path: Names) -> bool:
    """Take a key out; returns whether it was there."""
    table = _at(data, path[:-1])
    if not isinstance(table, dict) or path[-1] not in table:
        return False
    del table[path[-1]]
    return True


class _Text:
    """One text with the places of all that is in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans = spans(text)
        self._newline = "\r\n" if "\r\n" in text else "\n"

    # set

    def set(self, path: Names, value: Value) -> str:
        """A key that is there is given its new value in its place."""
        own = self._statement(path)
        if own is not None and own.value is not None:
            return self._replaced(own, literal(value))
        parent = path[:-1]
        inline = self._statement(parent)
        if inline is not None and inline.value is not None:
            return self._into_inline(inline, path[-1], value)
        dotted_ones = [
            one
            for one in self._spans
            if one.value is not None and one.path[: len(parent)] == parent
        ]
        header = self._header(parent)
        if header is not None or not parent:
            return self._into_section(parent, path[-1:], value)
        if (
            dotted_ones
            and (home := self._home(dotted_ones[-1])) is not None
            and len(home) < len(parent)
        ):
            return self._behind(dotted_ones[-1], path[len(home) :], value)
        if len(parent) <= 2 or any(one.path[: len(parent)] == parent for one in self._spans):
            return self.add_table(parent, {path[-1]: value})
        return self.set(parent, {path[-1]: value})

    def _replaced(self, own: Statement, new: str) -> str:
        """The new value in the old one's place; a comment behind it keeps its column."""
        text, value = self._text, own.value or 0
        end = own.end
        rest = text[end : self._line_end(end)]
        spaces = len(rest) - len(rest.lstrip(" "))
        grown = len(new) - (own.end - value)
        if spaces > 1 and rest.lstrip(" ").startswith("#") and "\n" not in text[value:end]:
            end += spaces
            new += " " * max(2, spaces - grown)
        return text[:value] + new + text[end:]

    def _into_inline(self, table: Statement, name: str, value: Value) -> str:
        brace = table.end - 1
        inside = self._text[(table.value or 0) + 1 : brace]
        comma = "," if inside.strip() else ""
        kept = inside.rstrip()
        at = brace - (len(inside) - len(kept))
        pair = f"{comma} {bare_or_quoted(name)} = {literal(value)} "
        return self._text[:at] + pair + self._text[brace:]

    def _into_section(self, table: Names, key: Names, value: Value) -> str:
        inside = self._section(table)
        if inside:
            return self._behind(inside[-1], key, value)
        header = self._header(table)
        at = 0 if header is None else self._line_end(header.start)
        line = f"{dotted_key(key)} = {literal(value)}"
        if header is None:
            return line + self._newline + self._text
        return self._text[: self._tail(at)] + self._newline + line + self._text[self._tail(at) :]

    def _behind(self, last: Statement, key: Names, value: Value) -> str:
        """A new line behind that of a key, indented like it."""
        at = self._line_end(last.end)
        line_start = self._text.rfind("\n", 0, last.start) + 1
        indent = self._text[line_start : last.start]
        line = f"{indent}{dotted_key(key)} = {literal(value)}"
        return self._text[: self._tail(at)] + self._newline + line + self._text[self._tail(at) :]

    def _tail(self, at: int) -> int:
        """Before a carriage return that belongs to the line's end."""
        return at - 1 if self._text[at - 1 : at] == "\r" else at

    # remove

    def remove(self, path: Names) -> str:
        """A key, or all that a table is made of."""
        gone: list[tuple[int, int]] = []
        for one in self._spans:
            if one.path[: len(path)] != path or any(a <= one.start < b for a, b in gone):
                continue
            if one.value is None:
                gone.append(self._whole_section(one))
            elif self._inline_parent(one) is not None:
                gone.append(self._in_its_commas(one))
            else:
                gone.append(self._whole_lines(one))
        text = self._text
        for start, end in reversed(gone):
            text = text[:start] + text[end:]
        return text

    def _whole_lines(self, one: Statement) -> tuple[int, int]:
        start = self._text.rfind("\n", 0, one.start) + 1
        return start, self._next_line(one.end)

    def _in_its_commas(self, one: Statement) -> tuple[int, int]:
        """A pair of an inline table, with one of the commas beside it."""
        text, end = self._text, one.end
        behind = len(text[end:]) - len(text[end:].lstrip(" \t"))
        if text[end + behind : end + behind + 1] == ",":
            after = end + behind + 1
            return one.start, after + len(text[after:]) - len(text[after:].lstrip(" \t"))
        before = text[: one.start].rstrip(" \t")
        return (len(before) - 1, end) if before.endswith(",") else (one.start, end)

    def _whole_section(self, header: Statement) -> tuple[int, int]:
        """A header with its keys, the comments directly around, and the empty lines behind."""
        start, end = self._text.rfind("\n", 0, header.start) + 1, self._section_end(header)
        while (above := self._line_before(start)) is not None and above[1].lstrip().startswith("#"):
            if above[0] == 0:
                break  # the head of the file is about the file
            start = above[0]
        while end < len(self._text) and not self._text[end : self._line_end(end)].strip():
            end = self._next_line(end)
        return start, end

    # add

    def add_table(self, path: Names, values: Mapping[str, Value]) -> str:
        """`[path]` with its keys."""
        sisters = [
            one
            for one in self._spans
            if one.value is None and one.path[: len(path) - 1] == path[:-1]
        ]
        at = self._section_end(sisters[-1]) if sisters and len(path) > 1 else len(self._text)
        lines = [f"[{dotted_key(path)}]"]
        lines += [f"{bare_or_quoted(key)} = {literal(value)}" for key, value in values.items()]
        before, after = self._text[:at], self._text[at:]
        if before and not before.endswith("\n"):
            before += self._newline
        gap = self._newline if before.strip() else ""
        table = self._newline.join(lines) + self._newline
        return before + gap + table + after

    # places

    def _statement(self, path: Names) -> Statement | None:
        return next((one for one in self._spans if one.path == path), None)

    def _header(self, path: Names) -> Statement | None:
        return next((one for one in self._spans if one.path == path and one.value is None), None)

    def _section(self, table: Names) -> list[Statement]:
        """The keys that stand under a header, in lines of their own; under none: at the top."""
        found, inside = [], not table
        for one in self._spans:
            if one.value is None:
                inside = one.path == table
            elif inside and self._inline_parent(one) is None:
                found.append(one)
        return found

    def _home(self, key: Statement) -> Names | None:
        """The header that a key in a line of its own stands under."""
        home: Names = ()
        for one in self._spans:
            if one is key:
                return home if self._inline_parent(one) is None else None
            if one.value is None:
                home = tuple(str(name) for name in one.path)
        return None

    def _inline_parent(self, key: Statement) -> Statement | None:
        """The key whose value holds this one, if one does."""
        for one in self._spans:
            if one.value is not None and one.value <= key.start < one.end and one is not key:
                return one
        return None

    def _section_end(self, header: Statement) -> int:
        """Behind the last line of a section, with the comments that follow directly."""
        end = header.end
        for one in self._spans[self._spans.index(header) + 1 :]:
            if one.value is None:
                break
            end = max(end, self._next_line(one.end))
        while end < len(self._text) and self._text[end : self._line_end(end)].lstrip().startswith(
            "#"
        ):
            end = self._next_line(end)
        return self._not_into_next(header, end)

    def _not_into_next(self, header: Statement, end: int) -> int:
        """Comments that touch the next header are that one's."""
        for one in self._spans[self._spans.index(header) + 1 :]:
            if one.value is None and self._text.rfind("\n", 0, one.start) + 1 == end:
                while (above := self._line_before(end)) and above[1].lstrip().startswith("#"):
                    end = above[0]
                break
        return end

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _next_line(self, at: int) -> int:
        return min(self._line_end(at) + 1, len(self._text))

    def _line_before(self, start: int) -> tuple[int, str] | None:
        if start == 0:
            return None
        begin = self._text.rfind("\n", 0, start - 1) + 1
        return begin, self._text[begin:start]
