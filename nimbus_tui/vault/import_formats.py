"""Secrets in clear text, as other programs keep them: NAME=value lines, or a JSON object."""

import re
from collections.abc import Iterator, Mapping

import msgspec

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.secret import LONGEST_NAME, is_secret_name
from nimbus_tui.vault.sources import checked_text

_LINE = re.compile(r"(?:export\s+)?(?P<name>[^=\s]+)\s*=\s*(?P<value>.*)\Z", re.DOTALL)
_DOUBLE = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?\Z')
_SINGLE = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?\Z")
_COMMENT = re.compile(r"\s+#.*\Z")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class Found(msgspec.Struct, frozen=True):
    """One secret of a file: what it is called there, and what it can be called here."""

    given: str
    name: str
    text: str

    def __repr__(self) -> str:
        return f"Found({self.given!r}, {self.name!r})"


def secrets_in(text: str, where: str) -> list[Found]:
    """The secrets in a text; names that no secret can have are changed to the nearest that can.

    Lines are `NAME=value` as in `.env` files: `export`, comments and quotes are understood. A JSON
    object has texts only.

    Raises:
        ConfigError: it is neither, names something twice, or a text can't be a secret. The message
            names `where` and the line or key, and repeats no text.
    """
    pairs = _in_json(text, where) if text.lstrip().startswith("{") else _in_lines(text, where)
    found: dict[str, Found] = {}
    for place, given, value in pairs:
        name = _name(given, place)
        if name in found:
            raise ConfigError(
                f"{place}: {given} and {found[name].given} would both be called {name}"
            )
        found[name] = Found(given, name, checked_text(value.encode(), f"{place}: {given}"))
    if not found:
        raise ConfigError(f"{where} has no secrets: NAME=value lines, or a JSON object of texts")
    return list(found.values())


def _name(given: str, place: str) -> str:
    name = _NOT_IN_NAMES.sub("-", given).strip("-._")
    if not is_secret_name(name):
        raise ConfigError(
            f"{place}: its name can't be that of a secret: letters, digits, '.', '_' and '-', at "
            f"most {LONGEST_NAME}, and nothing that looks like a key"
        )
    return name


def _in_json(text: str, where: str) -> Iterator[tuple[str, str, str]]:
    try:
        found = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ConfigError(f"{where} is no JSON object: {error}") from None
    for given, value in found.items():
        if not isinstance(value, str):
            raise ConfigError(f"{where}: the value of {given} is not a text")
        yield where, given, value


def _in_lines(text: str, where: str) -> Iterator[tuple[str, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        place = f"{where}:{number}"
        found = _LINE.match(stripped)
        if found is None:
            raise ConfigError(f"{place}: this is not NAME=value")
        yield place, found["name"], _value(found["value"], place)


def _value(written: str, place: str) -> str:
    if written.startswith('"'):
        if (quoted := _DOUBLE.match(written)) is None:
            raise ConfigError(f"{place}: the quotes are not closed")
        return re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), quoted["text"])
    if written.startswith("'"):
        if (quoted := _SINGLE.match(written)) is None:
            raise ConfigError(f"{place}: the quotes are not closed")
        return quoted["text"]
    return _COMMENT.sub("", written)


def taken(found: list[Found], there: Mapping[str, str]) -> list[str]:
    """Names that a vault has already, with another text."""
    return sorted(one.name for one in found if there.get(one.name, one.text) != one.text)
