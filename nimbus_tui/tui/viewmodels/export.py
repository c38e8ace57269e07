"""Rows as the text of a file: CSV for spreadsheets, JSON lines for scripts."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import msgspec


class Format(Enum):
    """What a file is written as; the value is the end of its name."""

    CSV = "csv"
    JSON_LINES = "jsonl"


def file_name(table: str, now_ns: int, form: Format) -> str:
    """A name that tells what and when (UTC): `nimbus-fills-20261125-031000.csv`."""
    then = datetime.fromtimestamp(now_ns // 1_000_000_000, UTC)
    return f"nimbus-{table}-{then:%Y%m%d-%H%M%S}.{form.value}"


def written(rows: Sequence[Mapping[str, Any]], form: Format) -> str:
    """The rows as text; columns are the fields of all of them, in the order of their coming."""
    if form is Format.JSON_LINES:
        return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_field(row.get(name)) for name in names])
    return text.getvalue()


def _field(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict() | list():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)
