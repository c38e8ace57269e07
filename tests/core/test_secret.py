"""A secret's text comes out by `reveal` alone; what names one is read without repeating it."""

import copy
import json
import pickle
import traceback

import msgspec
import pytest

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.secret import (
    Secret,
    SecretReference,
    SecretSource,
    is_secret_name,
    secret_reference,
    texts_to_hide,
)

TEXT = "correct-horse-battery"
KEY = "0x" + "4f" * 32


class Holder(msgspec.Struct):
    """Something that holds one."""

    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        "{}".format,
        "{!r:>40}".format,
        "{:>40}".format,
        lambda secret: f"{secret}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - that way too
        lambda secret: repr([secret, {"key": secret}]),
        lambda secret: repr(Holder(secret)),
        lambda secret: json.dumps(secret, default=str),
        lambda secret: msgspec.json.encode(secret, enc_hook=str).decode(),
        lambda secret: repr(copy.copy(secret)) + repr(copy.deepcopy([secret])),
    ],
)
def test_a_secret_that_is_shown_says_that_it_is_hidden(shown: object) -> None:
    told = shown(Secret(TEXT))  # type: ignore[operator]
    assert "[redacted]" in told
    assert TEXT not in told


@pytest.mark.parametrize(
    "encode",
    [
        pickle.dumps,
        json.dumps,
        msgspec.json.encode,
        msgspec.msgpack.encode,
        msgspec.to_builtins,
        lambda secret: msgspec.json.encode(Holder(secret)),
        vars,
    ],
)
def test_a_secret_is_not_encoded(encode: object) -> None:
    with pytest.raises(TypeError) as caught:
        encode(Secret(TEXT))  # type: ignore[operator]
    assert TEXT not in "".join(traceback.format_exception(caught.value))


def test_a_secret_is_revealed_when_asked_and_remembered_as_something_to_hide() -> None:
    assert Secret(TEXT).reveal() == TEXT
    assert TEXT in texts_to_hide()


@pytest.mark.parametrize(
    ("text", "source", "name"),
    [
        ("hl-agent", SecretSource.VAULT, "hl-agent"),
        ("HL_AGENT.2", SecretSource.VAULT, "HL_AGENT.2"),
        ("env:HL_KEY", SecretSource.ENVIRONMENT, "HL_KEY"),
        ("file:/run/secrets/a:b", SecretSource.FILE, "/run/secrets/a:b"),
        ("systemd:hl-agent", SecretSource.SYSTEMD, "hl-agent"),
    ],
)
def test_a_reference_says_where_a_secret_is(text: str, source: SecretSource, name: str) -> None:
    assert secret_reference(text) == SecretReference(source, name)
    assert str(secret_reference(text)) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KEY, "nimbus-tui secrets set NAME"),
        (KEY[2:], "nimbus-tui secrets set NAME"),
        ("hunter2 and some more", "nimbus-tui secrets set NAME"),
        ("n" * 49, "at most 48"),
        ("", "not the name"),
        (":hl", "no way to name a secret"),
        (f"vault:{KEY}", "allowed: a name in the vault, env:VAR, file:PATH or systemd:NAME"),
        ("env:", "name of a variable"),
        (f"env:{KEY}", "name of a variable"),
        ("file:", "path of a file"),
        ("systemd:../../etc/passwd", "name of a credential"),
    ],
)
def test_what_is_no_reference_is_told_without_being_repeated(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        secret_reference(text)
    assert KEY[2:] not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("a", True), ("n" * 48, True), ("a b", False), ("-a", False), ("name\n", False), ("ä", False)],
)
def test_names_are_plain(name: str, allowed: bool) -> None:
    assert is_secret_name(name) is allowed
