"""`secrets set · list · remove · import` as scripts call them, with the passphrase in a file."""

import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nimbus_tui.cli import main
from nimbus_tui.vault.safe import Vault
from nimbus_tui.vault.sealing import Cost

PHRASE = "correct-horse-battery"
KEY = "0x" + "4f" * 32
OTHER = "0x" + "7a" * 32

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Call:
    phrase = tmp_path / "phrase"
    phrase.write_text(PHRASE + "\n")
    phrase.chmod(0o600)
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIMBUS_PASSPHRASE_FILE", str(phrase))

    def called(*arguments: object, stdin: str | bytes = "") -> tuple[int, str, str]:
        raw = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr("sys.argv", ["nimbus-tui", "secrets", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))
        with pytest.raises(SystemExit) as ended:
            main.main()
        said = capsys.readouterr()
        for secret in (KEY, OTHER, PHRASE):
            assert secret[2:] not in said.out + said.err
        return int(ended.value.code or 0), said.out, said.err

    return called


@pytest.fixture
def vault(call: Call) -> Vault:
    """A vault that is opened quickly, with one secret."""
    made = Vault(Path(os.environ["NIMBUS_HOME"]) / "vault" / "vault.json", Cost(2**14, 8, 1))
    made.change(PHRASE, lambda _: {"hl-agent": KEY})
    return made


def test_a_secret_from_stdin_makes_the_vault(call: Call, tmp_path: Path) -> None:
    code, out, said = call("set", "hl-agent", stdin=f"{KEY}\r\n")
    path = tmp_path / "home" / "vault" / "vault.json"
    assert (code, out) == (0, "")
    assert said == f'hl-agent is in the vault {path}; a config names it with secret = "hl-agent"\n'
    assert Vault(path).open(PHRASE) == {"hl-agent": KEY}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_secret_comes_from_a_file_with_all_its_lines(
    call: Call, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END-----\n")
    assert call("set", "pem", "--from-file", tmp_path / "key.pem")[0] == 0
    assert vault.open(PHRASE)["pem"] == "-----BEGIN PRIVATE KEY-----\nabc\n-----END-----"


def test_a_secret_that_is_there_is_only_replaced_on_demand(call: Call, vault: Vault) -> None:
    code, _, said = call("set", "hl-agent", stdin=OTHER)
    assert code == 2
    assert "already, and nothing was changed; give --replace" in said
    assert vault.open(PHRASE) == {"hl-agent": KEY}
    assert call("set", "hl-agent", "--replace", stdin=OTHER)[0] == 0
    assert vault.open(PHRASE) == {"hl-agent": OTHER}


@pytest.mark.parametrize(
    ("name", "stdin", "words"),
    [
        ("hl agent", KEY, "a secret's name has letters"),
        ("4f" * 20, "", "never an argument"),
        ("new", "", "stdin is empty"),
        ("new", "short\n", "stdin has fewer than 8 characters"),
        ("new", b"\xff" * 20, "stdin is not UTF-8 text"),
        ("new", " " + KEY, "begins or ends with blanks"),
        ("new", "x" * 100_001, "larger than 100,000 bytes"),
    ],
)
def test_what_is_no_secret_changes_nothing(
    call: Call, vault: Vault, name: str, stdin: str | bytes, words: str
) -> None:
    code, out, said = call("set", name, stdin=stdin)
    assert (code, out) == (2, "")
    assert words in said
    assert vault.open(PHRASE) == {"hl-agent": KEY}


def test_names_are_listed_and_never_texts(call: Call, vault: Vault) -> None:
    vault.change(PHRASE, lambda secrets: {**secrets, "binance": OTHER})
    assert call("list") == (0, "binance\nhl-agent\n", "")
    code, out, said = call("list", "--json")
    assert (code, said) == (0, "")
    assert json.loads(out) == [{"name": "binance"}, {"name": "hl-agent"}]


def test_a_list_of_no_vault_is_empty_and_makes_none(call: Call, tmp_path: Path) -> None:
    assert call("list", "--json") == (0, "[]\n", "")
    code, out, said = call("list")
    assert (code, out) == (0, "")
    assert "nimbus-tui secrets set NAME" in said
    assert not (tmp_path / "home").exists()


def test_removing_asks_for_a_word(call: Call, vault: Vault) -> None:
    code, _, said = call("remove", "hl-agent", stdin="no\n")
    assert code == 2
    assert "Type REMOVE" in said
    assert vault.open(PHRASE) == {"hl-agent": KEY}
    assert call("remove", "hl-agent", stdin="REMOVE\n")[0] == 0
    assert vault.open(PHRASE) == {}


def test_removing_without_a_question(call: Call, vault: Vault) -> None:
    assert call("remove", "hl-agent", "--yes")[0] == 0
    assert vault.open(PHRASE) == {}
    code, _, said = call("remove", "hl-agent", "--yes")
    assert code == 2
    assert "there is no secret hl-agent in the vault; there are: none" in said


def test_a_file_is_taken_whole_and_told_name_by_name(
    call: Call, vault: Vault, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.env"
    keys.write_text(f"BINANCE={OTHER}\nexport 'x/y'=text-of-xy\n".replace("'", ""))
    code, out, said = call("import", keys)
    assert (code, out) == (0, "")
    assert "BINANCE is in the vault\n" in said
    assert "x-y is in the vault (was x/y)\n" in said
    assert f"{keys} still has all of it in clear text" in said
    assert set(vault.open(PHRASE)) == {"hl-agent", "BINANCE", "x-y"}


def test_an_import_from_stdin(call: Call, vault: Vault) -> None:
    code, _, said = call("import", "-", stdin=json.dumps({"other": OTHER}))
    assert code == 0
    assert "clear text" not in said
    assert vault.open(PHRASE)["other"] == OTHER


def test_an_import_replaces_nothing_unless_told(call: Call, vault: Vault, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"hl-agent": OTHER, "new": "text-of-new"}))
    code, _, said = call("import", keys)
    assert code == 2
    assert "has a secret hl-agent already, and nothing was changed" in said
    assert vault.open(PHRASE) == {"hl-agent": KEY}
    assert call("import", keys, "--replace")[0] == 0
    assert vault.open(PHRASE) == {"hl-agent": OTHER, "new": "text-of-new"}


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "can't be read: No such file"), ("rubbish", ":1: this is not NAME=value")],
)
def test_a_file_that_can_not_be_imported_is_told(
    call: Call, vault: Vault, tmp_path: Path, text: str | None, words: str
) -> None:
    keys = tmp_path / "keys"
    if text is not None:
        keys.write_text(text)
    code, _, said = call("import", keys)
    assert code == 2
    assert f"{keys}" in said
    assert words in said
    assert vault.open(PHRASE) == {"hl-agent": KEY}


def test_a_damaged_vault_ends_with_1_and_stays_as_it_is(call: Call, vault: Vault) -> None:
    broken = vault.path.read_bytes().replace(b'"nonce":"', b'"nonce":"A')
    vault.path.write_bytes(broken)
    for command in (("list",), ("set", "new"), ("remove", "hl-agent", "--yes"), ("passphrase",)):
        code, out, said = call(*command, stdin=OTHER)
        assert (code, out) == (1, "")
        assert f"nimbus-tui: the vault {vault.path} can't be opened: it is damaged" in said
        assert "Traceback" not in said
    assert vault.path.read_bytes() == broken


def test_a_passphrase_file_that_others_can_read_ends_with_2(
    call: Call, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "phrase").chmod(0o644)
    code, _, said = call("list")
    assert code == 2
    assert f"chmod 600 {tmp_path / 'phrase'}" in said


def test_a_wrong_passphrase_in_a_file_is_tried_once(
    call: Call, vault: Vault, tmp_path: Path
) -> None:
    (tmp_path / "phrase").write_text("another-passphrase")
    code, _, said = call("list")
    assert code == 1
    assert said.count("the passphrase does not open it") == 1


def test_the_passphrase_may_be_a_credential_of_systemd(
    call: Call, vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIMBUS_PASSPHRASE_FILE")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "nimbus-passphrase").write_text(PHRASE)
    assert call("list")[:2] == (0, "hl-agent\n")


@pytest.mark.parametrize(
    "arguments", [("set", "new", KEY), ("set", "new", f"--text={KEY}"), (KEY[2:],), (f"--{KEY}",)]
)
def test_a_key_among_the_arguments_is_refused_and_not_repeated(
    call: Call, vault: Vault, arguments: tuple[str, ...]
) -> None:
    code, out, said = call(*arguments)
    assert (code, out) == (2, "")
    assert "one of the arguments is a private key" in said
    assert vault.open(PHRASE) == {"hl-agent": KEY}


def test_a_path_with_a_hash_in_it_is_no_key(call: Call, vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / KEY[2:]
    folder.mkdir()
    (folder / "key").write_text("text-of-new")
    assert "a private key" not in call("set", "new", "--from-file", folder / "key")[2]
    assert vault.open(PHRASE)["new"] == "text-of-new"
