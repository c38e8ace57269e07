"""Where secrets and the passphrase come from, and what is said when they don't."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nimbus_tui.core.errors import ConfigError, VaultError, WrongPassphrase
from nimbus_tui.core.secret import Secret, texts_to_hide
from nimbus_tui.vault.safe import Vault
from nimbus_tui.vault.sealing import Cost
from nimbus_tui.vault.sources import given_passphrase, open_secrets

PHRASE = "correct-horse-battery"
TEXT = "text-of-the-agent"

Ask = Callable[[], str]


def never() -> str:
    raise AssertionError("nobody was to be asked")


class Asked:
    """Somebody who gives one answer after the other."""

    def __init__(self, *answers: str) -> None:
        self.left = list(answers)

    def __call__(self) -> str:
        return self.left.pop(0)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "vault" / "vault.json", Cost(n=2**14, r=8, p=1))
    made.change(PHRASE, lambda _: {"hl-agent": TEXT, "hook": "text-of-the-hook"})
    return made


@pytest.fixture
def opened(vault: Vault, tmp_path: Path) -> Callable[..., Mapping[str, str]]:
    def open_them(
        *references: str, ask: Ask = never, tries: int = 1, **environment: str
    ) -> dict[str, str]:
        found = open_secrets(references, ask, vault, environment, folder=tmp_path, tries=tries)
        assert all(isinstance(secret, Secret) for secret in found.values())
        return {name: secret.reveal() for name, secret in found.items()}

    return open_them


Opened = Callable[..., Mapping[str, str]]


def private(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_secrets_of_the_vault_are_opened_with_one_question(opened: Opened) -> None:
    ask = Asked(PHRASE)
    found = opened("hl-agent", "hook", "hl-agent", ask=ask)
    assert found == {"hl-agent": TEXT, "hook": "text-of-the-hook"}
    assert ask.left == []


def test_nobody_is_asked_when_nothing_is_in_the_vault(opened: Opened, tmp_path: Path) -> None:
    path = private(tmp_path / "key", f"{TEXT}\n")
    private(tmp_path / "credentials" / "hl", f"{TEXT}\r\n", 0o440)
    assert opened() == {}
    found = opened(
        "env:HL_KEY",
        f"file:{path}",
        "file:key",
        "systemd:hl",
        HL_KEY=TEXT,
        CREDENTIALS_DIRECTORY=str(tmp_path / "credentials"),
    )
    assert list(found) == ["env:HL_KEY", f"file:{path}", "file:key", "systemd:hl"]
    assert set(found.values()) == {TEXT}


def test_a_wrong_passphrase_is_asked_for_again_as_often_as_allowed(opened: Opened) -> None:
    ask = Asked("wrong-one", "wrong-two", PHRASE)
    assert opened("hl-agent", ask=ask, tries=3) == {"hl-agent": TEXT}
    ask = Asked("wrong-one", "wrong-two", PHRASE)
    with pytest.raises(WrongPassphrase):
        opened("hl-agent", ask=ask, tries=2)
    assert ask.left == [PHRASE]


def test_what_is_wrong_with_the_file_is_said_before_anybody_types(
    opened: Opened, vault: Vault
) -> None:
    vault.path.chmod(0o644)
    with pytest.raises(VaultError, match="mode 0644"):
        opened("hl-agent")
    vault.path.write_bytes(vault.path.read_bytes()[:-2])
    vault.path.chmod(0o600)
    with pytest.raises(VaultError, match="damaged"):
        opened("hl-agent")


def test_without_a_vault_its_making_is_told(opened: Opened, vault: Vault) -> None:
    vault.path.unlink()
    with pytest.raises(ConfigError, match=r"no vault .* yet; .*nimbus-tui secrets set hl-agent"):
        opened("hl-agent")


def test_a_secret_that_is_missing_is_named_beside_those_that_are_there(opened: Opened) -> None:
    with pytest.raises(ConfigError, match=r"no secret hl-agnt .*there are: hl-agent, hook"):
        opened("hl-agent", "hl-agnt", ask=Asked(PHRASE))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NOT_THERE", "env:NOT_THERE: the environment variable NOT_THERE is not set"),
        ("env:SHORT", "the environment variable SHORT has fewer than 8 characters"),
        ("env:BLANK", "begins or ends with blanks"),
        ("env:EMPTY", "is empty"),
        ("file:none", "the secret's file .*/none can't be read: No such file"),
        ("file:open", r"open to other users \(mode 0644\); run: chmod 600 .*/open"),
        ("file:group", r"mode 0640"),
        ("file:binary", "the file .*/binary is not UTF-8 text"),
        ("file:empty", "the file .*/empty is empty"),
        ("file:large", "is larger than 100,000 bytes"),
        ("file:.", "is not a file"),
        ("file:a\0b", "can't be read"),
        ("systemd:hl", "systemd:hl: CREDENTIALS_DIRECTORY is not set"),
    ],
)
def test_a_secret_that_can_not_be_had_is_a_sentence(
    opened: Opened, tmp_path: Path, reference: str, words: str
) -> None:
    private(tmp_path / "open", TEXT, 0o644)
    private(tmp_path / "group", TEXT, 0o640)
    private(tmp_path / "binary", b"\xff\xfe" * 8)
    private(tmp_path / "empty", "\n")
    private(tmp_path / "large", "x" * 100_001)
    with pytest.raises(ConfigError, match=words) as caught:
        opened(reference, SHORT="abcdefg", BLANK=f" {TEXT}", EMPTY="")
    assert TEXT not in str(caught.value)
    assert "abcdefg" not in str(caught.value)


def test_a_credential_that_a_unit_does_not_load_is_named(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"systemd's credential hl can't be read \(No such file"):
        opened("systemd:hl", CREDENTIALS_DIRECTORY=str(tmp_path))


def test_the_passphrase_of_a_file_goes_before_that_of_systemd(tmp_path: Path) -> None:
    file = private(tmp_path / "phrase", "of-the-file\n")
    private(tmp_path / "credentials" / "nimbus-passphrase", "of-systemd\n", 0o440)
    both = {
        "NIMBUS_PASSPHRASE_FILE": str(file),
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
    }
    assert given_passphrase(both) == "of-the-file"
    assert given_passphrase(both | {"NIMBUS_PASSPHRASE_FILE": ""}) == "of-systemd"
    assert given_passphrase({"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None
    assert given_passphrase({}) is None
    assert {"of-the-file", "of-systemd"} <= texts_to_hide()


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (PHRASE, 0o644, r"NIMBUS_PASSPHRASE_FILE: .*mode 0644\); run: chmod 600"),
        ("", 0o600, "is empty"),
        ("short", 0o600, "fewer than 8 characters"),
    ],
)
def test_a_passphrase_file_must_be_private_and_have_one(
    tmp_path: Path, text: str, mode: int, words: str
) -> None:
    file = private(tmp_path / "phrase", text, mode)
    with pytest.raises(ConfigError, match=words):
        given_passphrase({"NIMBUS_PASSPHRASE_FILE": str(file)})


def test_a_passphrase_file_that_is_not_there_is_an_error_and_no_reason_to_ask(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        given_passphrase({"NIMBUS_PASSPHRASE_FILE": str(tmp_path / "none")})
