"""Values to text for people and scripts: Decimals plain, never with an exponent."""

from decimal import Decimal
from typing import Any

import msgspec


def plain(number: Decimal) -> str:
    """A Decimal as plain digits: `0.00000001`, never `1E-8`."""
    return format(number, "f")


def to_plain(value: Any) -> Any:
    """A Struct (or any container) as builtins, every Decimal as a plain string."""
    return _plain(msgspec.to_builtins(value, builtin_types=(Decimal,)))


def to_json(value: Any) -> bytes:
    """One JSON document of `to_plain`."""
    return msgspec.json.encode(to_plain(value))


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return plain(value)
        case dict():
            return {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _key(key: Any) -> str:
    return plain(key) if isinstance(key, Decimal) else str(key)
