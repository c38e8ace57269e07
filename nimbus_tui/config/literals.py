"""Values as one writes them in TOML."""

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum

Value = (
    bool
    | int
    | Decimal
    | str
    | Enum
    | datetime.datetime
    | datetime.date
    | datetime.time
    | Sequence["Value"]
    | Mapping[str, "Value"]
)
"""What a key can be set to."""

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def literal(value: "Value") -> str:
    """A value in one line; a Decimal keeps its digits and is never written with an exponent."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return literal(value.value)
        case Decimal():
            if not value.is_finite():
                raise ValueError(f"{value} can't be the value of a key")
            return format(value, "f")
        case int():
            return str(value)
        case str():
            return _text(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case Mapping():
            inside = ", ".join(
                f"{bare_or_quoted(key)} = {literal(item)}" for key, item in value.items()
            )
            return f"{{ {inside} }}" if inside else "{}"
        case _:
            return f"[{', '.join(literal(item) for item in value)}]"


def bare_or_quoted(name: str) -> str:
    """A key's name, in quotes where TOML wants them."""
    return name if _BARE.match(name) else _text(name)


def dotted_key(names: Sequence[str]) -> str:
    """Several names as one dotted key, as they stand in a header."""
    return ".".join(bare_or_quoted(name) for name in names)


def _text(value: str) -> str:
    # JSON's escapes are TOML's too, but for DEL, which TOML wants escaped and JSON leaves.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
