"""What goes to stdout: JSON for scripts, tables for people, and nothing else."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from nimbus_tui.core.codec import to_json


def print_json(value: Any) -> None:
    """One JSON document."""
    sys.stdout.write(to_json(value).decode() + "\n")


def print_lines(values: Iterable[Any]) -> None:
    """One JSON document a line."""
    for value in values:
        print_json(value)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A plain table; numbers to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    wide = None if sys.stdout.isatty() else 240
    Console(file=sys.stdout, width=wide).print(table)
