"""The bytes of a vault: only what was written opens, and whatever else is a sentence."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import VaultError, WrongPassphrase
from nimbus_tui.vault.sealing import FORMAT, STRONG, VERSION, Cost, examine, seal, unseal

CHEAP = Cost(n=2**14, r=8, p=1)
PHRASE = "correct-horse-battery"
SECRETS = {"hl-agent": "0x" + "4f" * 32, "hook": "swordfish-1"}
SEALED = seal(SECRETS, PHRASE, CHEAP)


def forged(change: Callable[[dict[str, Any]], object]) -> bytes:
    """A vault that somebody has changed who knows how its checksum is made."""
    fields = json.loads(SEALED)
    change(fields)
    fields["checksum"] = ""
    line = msgspec.json.encode(fields) + b"\n"
    fields["checksum"] = hashlib.sha256(line).hexdigest()
    return msgspec.json.encode(fields) + b"\n"


def test_what_was_sealed_is_opened() -> None:
    assert unseal(SEALED, PHRASE) == SECRETS


def test_a_forgery_that_changes_nothing_is_no_forgery() -> None:
    assert forged(lambda fields: None) == SEALED


def test_the_same_secrets_are_never_the_same_bytes() -> None:
    one, other = (json.loads(seal(SECRETS, PHRASE, CHEAP)) for _ in range(2))
    assert one["nonce"] != other["nonce"]
    assert one["kdf"]["salt"] != other["kdf"]["salt"]
    assert one["secrets"] != other["secrets"]


def test_neither_names_nor_texts_nor_their_number_can_be_read() -> None:
    for word in (*SECRETS, *SECRETS.values(), PHRASE):
        assert word.encode() not in SEALED
    assert len(seal({}, PHRASE, CHEAP)) == len(SEALED)


def test_what_is_written_takes_128_mib_and_is_opened_again() -> None:
    sealed = seal(SECRETS, PHRASE)
    assert json.loads(sealed)["kdf"]["cost"] == {"n": 2**17, "r": 8, "p": 1}
    assert STRONG.n * STRONG.r * 128 == 128 * 2**20
    assert unseal(sealed, PHRASE) == SECRETS


@pytest.mark.parametrize("other", ["", "correct-horse-batterY", PHRASE + " ", "x" * 1000])
def test_another_passphrase_opens_nothing(other: str) -> None:
    with pytest.raises(WrongPassphrase, match="another one"):
        unseal(SEALED, other)


def test_an_accent_typed_on_another_keyboard_is_the_same() -> None:
    assert unseal(seal(SECRETS, "caf\u00e9-au-lait", CHEAP), "cafe\u0301-au-lait") == SECRETS


@settings(deadline=None)
@given(at=st.integers(0, len(SEALED) - 1), flip=st.integers(1, 255))
def test_every_changed_byte_is_noticed_before_a_passphrase_is_needed(at: int, flip: int) -> None:
    broken = bytearray(SEALED)
    broken[at] ^= flip
    with pytest.raises(VaultError) as caught:
        examine(bytes(broken))
    assert str(caught.value).startswith("it ")


@settings(deadline=None)
@given(length=st.integers(0, len(SEALED) - 1))
def test_every_missing_end_is_noticed(length: int) -> None:
    with pytest.raises(VaultError):
        examine(SEALED[:length])


@settings(deadline=None)
@given(end=st.binary(min_size=1, max_size=20))
def test_every_added_end_is_noticed(end: bytes) -> None:
    with pytest.raises(VaultError):
        examine(SEALED + end)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_no_vault(raw: bytes) -> None:
    with pytest.raises(VaultError):
        examine(raw)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda fields: fields["kdf"].update(salt="A" * 22 + "=="), "does not open it"),
        (lambda fields: fields.update(nonce="A" * 16), "does not open it"),
        (lambda fields: fields["kdf"]["cost"].update(p=2), "does not open it"),
        (lambda fields: fields.update(secrets="AAAA" + fields["secrets"][4:]), "does not open"),
        (lambda fields: fields.update(secrets=""), "does not open it"),
        (lambda fields: fields["kdf"].update(salt=""), "another length"),
        (lambda fields: fields.update(nonce=""), "another length"),
        (lambda fields: fields["kdf"]["cost"].update(n=2**30), "from 16384 to 524288"),
        (lambda fields: fields["kdf"]["cost"].update(n=2**17 + 1), "a power of two"),
        (lambda fields: fields["kdf"]["cost"].update(n=2), "from 16384"),
        (lambda fields: fields["kdf"]["cost"].update(n=-16384), "from 16384"),
        (lambda fields: fields["kdf"]["cost"].update(n=10**30), "from 16384"),
        (lambda fields: fields["kdf"]["cost"].update(r=2**20), "allowed"),
        (lambda fields: fields["kdf"]["cost"].update(p=1000), "p from 1 to 4"),
        (lambda fields: fields["kdf"].update(name="md5"), "damaged"),
        (lambda fields: fields.update(cipher="none"), "damaged"),
        (lambda fields: fields.update(format="other"), "no vault of nimbus-tui"),
        (lambda fields: fields.update(version=2), "version 2, and this nimbus-tui reads 1"),
        (lambda fields: fields.update(extra=1), "damaged"),
    ],
)
def test_a_forgery_opens_nothing_and_takes_no_memory(
    change: Callable[[dict[str, Any]], object], words: str
) -> None:
    with pytest.raises(VaultError, match=words):
        unseal(forged(change), PHRASE)


def test_the_format_is_the_documented_one() -> None:
    fields = json.loads(SEALED)
    assert (FORMAT, VERSION) == ("nimbus-tui vault", 1)
    assert list(fields) == ["format", "version", "kdf", "cipher", "nonce", "secrets", "checksum"]


@settings(deadline=None, max_examples=20)
@given(
    st.dictionaries(st.text(max_size=20), st.text(max_size=2000), max_size=5),
    st.text(max_size=40),
)
def test_any_secrets_under_any_passphrase_come_back(secrets: dict[str, str], phrase: str) -> None:
    assert unseal(seal(secrets, phrase, CHEAP), phrase) == secrets
