"""What a terminal shows, for measurements that look whether it is right."""

import re

_PARTS = re.compile(
    r"\x1b\[(?P<numbers>[\d;]*)(?P<kind>[A-Za-z])|\x1b\[[?>=<][^@-~]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[^\[\]]|(?P<text>[^\x1b\r\n]+)|(?P<control>[\r\n])"
)


class Picture:
    """Rows of signs; knows moves, clearing and text, which is all that is needed."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0

    def take(self, data: bytes) -> None:
        """Show what a program has written; it begins and ends between two sequences."""
        for part in _PARTS.finditer(data.decode(errors="replace")):
            if part["text"]:
                self._write(part["text"])
            elif part["control"]:
                self._x, self._y = 0, self._y + (part["control"] == "\n")
            elif part["kind"] == "H":
                line, _, column = part["numbers"].partition(";")
                self._y, self._x = int(line or 1) - 1, int(column or 1) - 1
            elif part["kind"] == "J":
                self.rows = [[" "] * self.columns for _ in self.rows]

    def _write(self, text: str) -> None:
        for sign in text:
            if self._x < self.columns and self._y < len(self.rows):
                self.rows[self._y][self._x] = sign
            self._x += 1

    @property
    def lines(self) -> list[str]:
        """The rows as text."""
        return ["".join(row).rstrip() for row in self.rows]
