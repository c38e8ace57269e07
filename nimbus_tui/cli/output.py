"""What goes to stdout: JSON for scripts, tables for people, and nothing else."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from nimbus_tui.core.codec import to_json

LOUD = {"LIVE": "bold red"}
"""Words that nobody may overlook, and how they are shown."""
_PIPE_WIDTH = 240
"""Columns of a table that no terminal shows."""
_PAGE_WIDTH = 80
"""The same of a table that is made for reading."""


def print_json(value: Any) -> None:
    """One JSON document, at once: a reader that has gone away is noticed here."""
    sys.stdout.write(to_json(value).decode() + "\n")
    sys.stdout.flush()


def print_lines(values: Iterable[Any]) -> None:
    """One JSON document a line."""
    for value in values:
        print_json(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table, one line a row; texts are shown as they are."""
    _print(columns, rows, folds=False)


def print_page(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table for reading: what is too long for its column goes on in the next line."""
    _print(columns, rows, folds=True)


def print_text(text: str) -> None:
    """One line or more of plain text."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _print(columns: Sequence[str], rows: Iterable[Sequence[str]], *, folds: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shows_header = any(columns)
    table = Table(box=None, header_style="bold", pad_edge=False, show_header=shows_header)
    for column in columns:
        table.add_column(column, no_wrap=not folds, overflow="fold" if folds else "ellipsis")
    for row in rows:
        table.add_row(*(Text(cell, style=LOUD.get(cell, "")) for cell in row))
    width = None if sys.stdout.isatty() else (_PAGE_WIDTH if folds else _PIPE_WIDTH)
    Console(file=sys.stdout, width=width).print(table)
    sys.stdout.flush()
