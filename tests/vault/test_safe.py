"""The vault's file: private, whole at every moment, changed by one writer at a time."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nimbus_tui.core.errors import VaultError, WrongPassphrase
from nimbus_tui.vault import safe
from nimbus_tui.vault.safe import Vault
from nimbus_tui.vault.sealing import Cost

CHEAP = Cost(n=2**14, r=8, p=1)
PHRASE = "correct-horse-battery"
OTHER = "another-passphrase"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "home" / "vault" / "vault.json", CHEAP)
    made.change(PHRASE, lambda secrets: {**secrets, "one": "text-of-one"})
    return made


def adding(name: str) -> safe.Edit:
    return lambda secrets: {**secrets, name: f"text-of-{name}"}


def test_what_is_put_in_is_there_afterwards(vault: Vault) -> None:
    vault.change(PHRASE, adding("two"))
    assert vault.open(PHRASE) == {"one": "text-of-one", "two": "text-of-two"}


def test_there_is_no_vault_before_the_first_secret(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault" / "vault.json", CHEAP)
    assert not vault.exists
    with pytest.raises(VaultError, match="can't be read: No such file"):
        vault.open(PHRASE)
    assert list(tmp_path.iterdir()) == []


def test_file_and_folder_are_their_owners_alone(vault: Vault) -> None:
    os.umask(before := os.umask(0))
    vault.change(PHRASE, adding("two"))
    os.umask(before)
    assert vault.path.stat().st_mode & 0o777 == 0o600
    assert vault.path.with_name("vault.json.lock").stat().st_mode & 0o777 == 0o600
    assert vault.path.parent.stat().st_mode & 0o777 == 0o700


def test_with_another_passphrase_nothing_is_opened_and_nothing_changed(vault: Vault) -> None:
    before = vault.path.read_bytes()
    for attempt in (lambda: vault.open(OTHER), lambda: vault.change(OTHER, adding("two"))):
        with pytest.raises(WrongPassphrase, match=f"{vault.path} can't be opened: the passphrase"):
            attempt()
    assert vault.path.read_bytes() == before


def test_a_new_passphrase_takes_the_place_of_the_old_one(vault: Vault) -> None:
    vault.change(PHRASE, lambda secrets: secrets, new_passphrase=OTHER)
    assert vault.open(OTHER) == {"one": "text-of-one"}
    with pytest.raises(WrongPassphrase):
        vault.open(PHRASE)


def test_an_edit_that_refuses_leaves_everything_as_it_was(vault: Vault) -> None:
    before = vault.path.read_bytes()

    def refuse(_: object) -> dict[str, str]:
        raise VaultError("no")

    with pytest.raises(VaultError, match="no"):
        vault.change(PHRASE, refuse)
    assert vault.path.read_bytes() == before


def pipe_in_its_place(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda path: path.chmod(0o640), "open to other users .mode 0640.; run: chmod 600"),
        (lambda path: path.chmod(0o604), "mode 0604"),
        (lambda path: path.parent.chmod(0o755), r"folder .*mode 0755.; run: chmod 700"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "damaged"),
        (lambda path: path.write_bytes(b""), "damaged"),
        (lambda path: path.write_bytes(b"x" * 2_000_000), "larger than 1,000,000 bytes"),
        (lambda path: (path.unlink(), path.mkdir(mode=0o700)), "not a file"),
        (pipe_in_its_place, "not a file"),
        (lambda path: (path.unlink(), path.symlink_to(path.name)), "can't be read"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_neither_read_nor_replaced(
    vault: Vault, harm: Callable[[Path], object], words: str
) -> None:
    harm(vault.path)
    before = vault.path.lstat()
    for attempt in (
        lambda: vault.open(PHRASE),
        lambda: vault.change(PHRASE, adding("two")),
        vault.examine,
    ):
        with pytest.raises(VaultError, match=words):
            attempt()
    after = vault.path.lstat()
    assert (before.st_ino, before.st_size) == (after.st_ino, after.st_size)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_trusted(vault: Vault) -> None:
    os.chown(vault.path, 12345, -1)
    with pytest.raises(VaultError, match="belongs to user 12345, not to you"):
        vault.open(PHRASE)
    os.chown(vault.path.parent, 12345, -1)
    with pytest.raises(VaultError, match=r"the vault's folder .* belongs to user 12345"):
        vault.open(PHRASE)


def test_through_a_link_its_target_is_changed(vault: Vault, tmp_path: Path) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(vault.path)
    Vault(link, CHEAP).change(PHRASE, adding("two"))
    assert link.is_symlink()
    assert set(vault.open(PHRASE)) == {"one", "two"}


def test_a_write_that_fails_leaves_the_old_vault_and_nothing_else(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = vault.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VaultError, match="No space left on device; it is as it was"):
        vault.change(PHRASE, adding("two"))
    assert vault.path.read_bytes() == before
    assert {path.name for path in vault.path.parent.iterdir()} == {"vault.json", "vault.json.lock"}


def test_what_a_killed_writer_has_left_is_cleared_away(vault: Vault) -> None:
    left = vault.path.with_name(".vault.json.abc.part")
    left.write_bytes(b"half")
    vault.change(PHRASE, adding("two"))
    assert not left.exists()


def test_a_writer_that_never_ends_is_not_waited_for_for_ever(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe, "_LOOKS", 2)
    with vault.path.with_name("vault.json.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(VaultError, match="being changed by another process"):
            vault.change(PHRASE, adding("two"))
    vault.change(PHRASE, adding("two"))
    assert "two" in vault.open(PHRASE)


WRITER = """
import sys
from pathlib import Path
from nimbus_tui.vault.safe import Vault
from nimbus_tui.vault.sealing import Cost
vault = Vault(Path(sys.argv[1]), Cost(2**14, 8, 1))
for number in range(5):
    vault.change(sys.argv[2], lambda secrets: {**secrets, f"{sys.argv[3]}-{number}": "a-secret"})
"""


def test_writers_at_the_same_time_lose_nothing(vault: Vault) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(vault.path), PHRASE, name])
        for name in "abcd"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    expected = {f"{name}-{number}" for name in "abcd" for number in range(5)}
    assert set(vault.open(PHRASE)) == expected | {"one"}


def test_readers_beside_a_writer_always_see_a_whole_vault(vault: Vault) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(vault.path), PHRASE, "w"])
    looks = 0
    while writer.poll() is None:
        assert "one" in vault.open(PHRASE)
        looks += 1
    assert writer.returncode == 0
    assert looks > 0
