"""A secret's text, kept from every place where values are shown, and the words that name one.

A text that becomes a `Secret` is remembered for as long as the process lives, so that what tells
of errors can leave it out (`core/redaction.py`).
"""

import re
from enum import Enum
from typing import NoReturn, SupportsIndex

import msgspec

from nimbus_tui.core.errors import ConfigError

HIDDEN = "[redacted]"
"""What stands where a secret would."""
SHORTEST = 8
"""Fewest characters of a secret: shorter ones can't be told from ordinary words in a log."""
LONGEST_NAME = 48

_texts: set[str] = set()


class Secret:
    """A text that only `reveal` gives; shown, formatted or encoded it says that it is hidden.

    It can't be pickled, and neither JSON nor msgpack takes it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        _texts.add(text)

    def reveal(self) -> str:
        """The text itself, for signing. Never put it into a message."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret can't be pickled")


def texts_to_hide() -> frozenset[str]:
    """The text of every secret of this process."""
    return frozenset(_texts)


class SecretSource(Enum):
    """Where the text of a secret is kept."""

    VAULT = ""
    ENVIRONMENT = "env"
    FILE = "file"
    SYSTEMD = "systemd"


class SecretReference(msgspec.Struct, frozen=True):
    """What a config says instead of a secret: `NAME`, `env:VAR`, `file:PATH` or `systemd:NAME`."""

    source: SecretSource
    name: str

    def __str__(self) -> str:
        return f"{self.source.value}:{self.name}" if self.source.value else self.name


FORMS = "a name in the vault, env:VAR, file:PATH or systemd:NAME"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEY_LIKE = re.compile(r"(0[xX])?[0-9a-fA-F]{32,}\Z")


def is_secret_name(text: str) -> bool:
    """Whether a text may name a secret; one that looks like a key may not."""
    return bool(_NAME.match(text)) and len(text) <= LONGEST_NAME and not _KEY_LIKE.match(text)


def secret_reference(text: str) -> SecretReference:
    """Read what a config says instead of a secret.

    Raises:
        ConfigError: it is no reference. The message doesn't repeat a text that could be the secret
            itself.
    """
    word, colon, rest = text.partition(":")
    source = {one.value: one for one in SecretSource}.get(word) if colon else SecretSource.VAULT
    name = rest if colon else text
    if source is None or (not source.value and colon):
        raise ConfigError(f"this is no way to name a secret; allowed: {FORMS}")
    match source:
        case SecretSource.VAULT if not is_secret_name(name):
            raise ConfigError(
                "this is not the name of a secret (letters, digits, '.', '_' and '-', at most "
                f"{LONGEST_NAME}); put the secret itself into the vault with "
                "`nimbus-tui secrets set NAME` and write NAME here"
            )
        case SecretSource.ENVIRONMENT if not _VARIABLE.match(name):
            raise ConfigError("env: needs the name of a variable: letters, digits and '_'")
        case SecretSource.FILE if not name:
            raise ConfigError("file: needs the path of a file that only you can read")
        case SecretSource.SYSTEMD if not is_secret_name(name):
            raise ConfigError("systemd: needs the name of a credential, as in LoadCredential=")
    return SecretReference(source, name)
