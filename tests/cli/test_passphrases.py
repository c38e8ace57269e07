"""The passphrase and secrets as a person types them: asked for, never shown."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.cli.passphrases import unlocked
from nimbus_tui.core.redaction import redacted
from nimbus_tui.vault.safe import Vault
from nimbus_tui.vault.sealing import Cost
from tests.cli.typing_person import Person

PHRASE = "correct-horse-battery"
KEY = "0x" + "4f" * 32


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    gone = ("NIMBUS_PASSPHRASE_FILE", "CREDENTIALS_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if name not in gone}
    return kept | {"NIMBUS_HOME": str(tmp_path / "home")}


@pytest.fixture
def vault(environment: dict[str, str]) -> Vault:
    """A vault that is opened quickly."""
    folder = Path(environment["NIMBUS_HOME"]) / "vault"
    return Vault(folder / "vault.json", Cost(n=2**14, r=8, p=1))


def test_a_first_secret_is_typed_unseen_under_a_passphrase_that_is_typed_twice(
    environment: dict[str, str], vault: Vault
) -> None:
    with Person("secrets", "set", "hl-agent", environment=environment) as person:
        person.sees("New passphrase of the vault: ")
        person.types(PHRASE)
        person.sees("The same again: ")
        person.types(PHRASE)
        person.sees("Secret hl-agent: ")
        person.types(KEY)
        assert person.ended() == 0
    assert b"hl-agent is in the vault" in person.seen
    for typed in (PHRASE, KEY, KEY[2:10]):
        assert typed.encode() not in person.seen
    assert vault.open(PHRASE) == {"hl-agent": KEY}


def test_what_is_piped_in_is_the_secret_and_the_passphrase_is_still_typed(
    environment: dict[str, str], vault: Vault
) -> None:
    vault.change(PHRASE, lambda _: {})
    command = ("secrets", "set", "hl-agent")
    with Person(*command, environment=environment, piped=f"{KEY}\n".encode()) as person:
        person.sees("Passphrase of the vault: ")
        person.types(PHRASE)
        assert person.ended() == 0
    assert PHRASE.encode() not in person.seen
    assert vault.open(PHRASE) == {"hl-agent": KEY}


def test_a_passphrase_may_be_mistyped_twice(environment: dict[str, str], vault: Vault) -> None:
    vault.change(PHRASE, lambda _: {"hl-agent": KEY})
    with Person("secrets", "list", environment=environment) as person:
        for phrase in ("wrong", "wrong again", PHRASE):
            person.sees("Passphrase of the vault: ")
            person.types(phrase)
        assert person.ended() == 0
    assert b"hl-agent" in person.seen
    with Person("secrets", "list", environment=environment) as person:
        for phrase in ("wrong", "wrong again", "and again"):
            person.sees("Passphrase of the vault: ")
            person.types(phrase)
        assert person.ended() == 1
    assert b"the passphrase does not open it" in person.seen


def test_two_different_passphrases_make_no_vault(environment: dict[str, str], vault: Vault) -> None:
    with Person("secrets", "set", "hl-agent", environment=environment) as person:
        person.sees("New passphrase of the vault: ")
        person.types(PHRASE)
        person.sees("The same again: ")
        person.types(PHRASE + "x")
        assert person.ended() == 2
    assert b"two different passphrases; nothing was changed" in person.seen
    assert not vault.exists


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (b"short\n", 2, b"at least 8 characters"),
        (b"\n", 2, b"nothing was typed"),
        (b"\x04", 2, b"nothing was typed"),
        (b"\x03", 1, b"interrupted"),
    ],
)
def test_who_types_no_passphrase_is_told_and_the_terminal_is_as_it_was(
    environment: dict[str, str], vault: Vault, key: bytes, code: int, words: bytes
) -> None:
    with Person("secrets", "set", "hl-agent", environment=environment) as person:
        person.sees("New passphrase of the vault: ")
        person.presses(key)
        assert person.ended() == code
        assert person.echoes()
    assert words in person.seen
    assert b"Traceback" not in person.seen
    assert not vault.exists


def test_the_passphrase_can_be_changed(environment: dict[str, str], vault: Vault) -> None:
    vault.change(PHRASE, lambda _: {"hl-agent": KEY})
    with Person("secrets", "passphrase", environment=environment) as person:
        person.sees("Passphrase of the vault: ")
        person.types(PHRASE)
        person.sees("New passphrase of the vault: ")
        person.types("another-passphrase")
        person.sees("The same again: ")
        person.types("another-passphrase")
        assert person.ended() == 0
    assert vault.open("another-passphrase") == {"hl-agent": KEY}


def test_without_a_terminal_the_three_ways_are_told(
    environment: dict[str, str], vault: Vault
) -> None:
    vault.change(PHRASE, lambda _: {})
    done = subprocess.run(
        [sys.executable, "-m", "nimbus_tui", "secrets", "list"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    for way in ("terminal", "NIMBUS_PASSPHRASE_FILE", "systemd's credential nimbus-passphrase"):
        assert way in done.stderr
    assert "Traceback" not in done.stderr


def test_the_secrets_of_a_config_are_opened_before_its_start(
    environment: dict[str, str], vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.change(PHRASE, lambda _: {"hl-agent": KEY})
    for name, text in (("phrase", PHRASE), ("key", "text-of-the-file")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    monkeypatch.setenv("NIMBUS_HOME", environment["NIMBUS_HOME"])
    monkeypatch.setenv("NIMBUS_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    found = unlocked(["hl-agent", "file:key"], tmp_path)
    assert {name: secret.reveal() for name, secret in found.items()} == {
        "hl-agent": KEY,
        "file:key": "text-of-the-file",
    }
    assert redacted(f"signs with {KEY[2:]}") == "signs with [redacted]"


def test_a_config_without_secrets_of_the_vault_needs_no_passphrase(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", environment["NIMBUS_HOME"])
    monkeypatch.delenv("NIMBUS_PASSPHRASE_FILE", raising=False)
    monkeypatch.setenv("HL_KEY", KEY)
    assert unlocked([], tmp_path) == {}
    assert unlocked(["env:HL_KEY"], tmp_path)["env:HL_KEY"].reveal() == KEY
