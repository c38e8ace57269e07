"""What a change of a text is, line by line: − went, + came, a little of what stayed around it."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from nimbus_tui.tui.viewmodels.lines import Cell, Line, cut, width_of

CONTEXT = 2
"""Lines shown on either side of a change."""
_NUMBER = 5
_LONG = 2000
"""From so many changed lines on, lines that are everywhere are no landmarks."""


class DiffSize(NamedTuple):
    """How many lines came and went."""

    added: int
    removed: int

    def __str__(self) -> str:
        return f"+{self.added} −{self.removed}"


def diff_size(before: str, after: str) -> DiffSize:
    """How large a change is."""
    changed = _changed(before, after)
    added = removed = 0
    for tag, i1, i2, j1, j2 in changed.matcher().get_opcodes():
        if tag != "equal":
            removed, added = removed + i2 - i1, added + j2 - j1
    return DiffSize(added, removed)


def diff_lines(before: str, after: str, width: int) -> list[Line]:
    """The change with the numbers of the lines; empty where nothing changed."""
    changed = _changed(before, after)
    lines: list[Line] = []
    for group in changed.matcher().get_grouped_opcodes(CONTEXT):
        if lines:
            lines.append((Cell(f" {'┄' * (width - 2)}", "rule"),))
        lines += _group(group, changed, width)
    return lines


class _Changed(NamedTuple):
    """The lines of two texts without what both begin and end with, but for the context."""

    old: list[str]
    new: list[str]
    first: int
    """The number of the first line, from 0."""

    def matcher(self) -> SequenceMatcher[str]:
        return SequenceMatcher(None, self.old, self.new, autojunk=len(self.old) > _LONG)


def _changed(before: str, after: str) -> _Changed:
    """Comparing takes the square of the lines in the worst case: only those that may differ."""
    old, new = before.splitlines(), after.splitlines()
    shortest, head, tail = min(len(old), len(new)), 0, 0
    while head < shortest and old[head] == new[head]:
        head += 1
    while tail < shortest - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    first, kept = max(0, head - CONTEXT), max(0, tail - CONTEXT)
    return _Changed(old[first : len(old) - kept], new[first : len(new) - kept], first)


def _group(
    group: list[tuple[str, int, int, int, int]], changed: _Changed, width: int
) -> Iterator[Line]:
    old, new, first = changed
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            for at in range(j1, j2):
                yield _line(first + at, " ", new[at], "muted", width)
            continue
        for at in range(i1, i2):
            yield _line(first + at, "−", old[at], "loss", width)
        for at in range(j1, j2):
            yield _line(first + at, "+", new[at], "gain", width)


def _line(at: int, sign: str, text: str, tone: str, width: int) -> Line:
    """A number, a sign, the line as it stands; the number is that of the text it stands in."""
    shown = cut(text.expandtabs(4), max(1, width - _NUMBER - 3))
    gap = max(0, width - _NUMBER - 3 - width_of(shown))
    return (
        Cell(f"{at + 1:>{_NUMBER}} ", "muted"),
        Cell(f"{sign} {shown}{' ' * gap}", tone),
    )
