"""What a change of a text is, line by line: − went, + came, a little of what stayed around it."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from nimbus_tui.tui.viewmodels.lines import Cell, Line, cut, width_of

CONTEXT = 2
"""Lines shown on either side of a change."""
_NUMBER = 5


class DiffSize(NamedTuple):
    """How many lines came and went."""

    added: int
    removed: int

    def __str__(self) -> str:
        return f"+{self.added} −{self.removed}"


def diff_size(before: str, after: str) -> DiffSize:
    """How large a change is."""
    added = removed = 0
    for tag, i1, i2, j1, j2 in _matcher(before, after).get_opcodes():
        if tag != "equal":
            removed, added = removed + i2 - i1, added + j2 - j1
    return DiffSize(added, removed)


def diff_lines(before: str, after: str, width: int) -> list[Line]:
    """The change with the numbers of the lines; empty where nothing changed."""
    lines: list[Line] = []
    for group in _matcher(before, after).get_grouped_opcodes(CONTEXT):
        if lines:
            lines.append((Cell(f" {'┄' * (width - 2)}", "rule"),))
        lines += _group(group, before.splitlines(), after.splitlines(), width)
    return lines


def _matcher(before: str, after: str) -> SequenceMatcher[str]:
    return SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)


def _group(
    group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str], width: int
) -> Iterator[Line]:
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            for at in range(j1, j2):
                yield _line(at, " ", new[at], "muted", width)
            continue
        for at in range(i1, i2):
            yield _line(at, "−", old[at], "loss", width)
        for at in range(j1, j2):
            yield _line(at, "+", new[at], "gain", width)


def _line(at: int, sign: str, text: str, tone: str, width: int) -> Line:
    """A number, a sign, the line as it stands; the number is that of the text it stands in."""
    shown = cut(text.expandtabs(4), max(1, width - _NUMBER - 3))
    gap = max(0, width - _NUMBER - 3 - width_of(shown))
    return (
        Cell(f"{at + 1:>{_NUMBER}} ", "muted"),
        Cell(f"{sign} {shown}{' ' * gap}", tone),
    )
