"""The vault on the disk: opened with a passphrase, changed by one writer at a time."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

from nimbus_tui.core.errors import VaultError
from nimbus_tui.vault import sealing
from nimbus_tui.vault.private_files import (
    check_private_folder,
    make_private_folder,
    private_bytes,
    replace_whole,
)

T = TypeVar("T")

_FOLDER = "the vault's folder"
MAX_BYTES = 1_000_000
_LOOKS = 100
_LOOK_EVERY_S = 0.1
"""How often, and how long in all (10 s), another writer is waited for."""

Edit = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Takes all secrets by name, returns what they shall be."""


class Vault:
    """All secrets of one user, in one file that only its owner can read.

    Neither names nor texts can be read without the passphrase.
    """

    def __init__(self, path: Path, cost: sealing.Cost = sealing.STRONG) -> None:
        # Through a link its target is replaced, not the link.
        self.path = Path(os.path.realpath(path))
        self._cost = cost

    @property
    def exists(self) -> bool:
        """Whether there is a vault yet."""
        return os.path.lexists(self.path)

    def open(self, passphrase: str) -> dict[str, str]:
        """All secrets by name.

        Raises:
            WrongPassphrase: it doesn't open them.
            VaultError: the file can't be trusted or read; it stays as it is.
        """
        return self._read(lambda raw: sealing.unseal(raw, passphrase))

    def examine(self) -> None:
        """See what can be seen without the passphrase: that the file is private and whole.

        Raises:
            VaultError: it isn't, or is of another version.
        """
        self._read(sealing.examine)

    def change(self, passphrase: str, edit: Edit, *, new_passphrase: str | None = None) -> None:
        """Put other secrets, or another passphrase, in the place of what is there.

        A vault that isn't there yet is made. Until the new one is on the disk the old one stands.

        Raises:
            WrongPassphrase: it doesn't open the secrets that are there.
            VaultError: the file can't be read or written, or others keep it busy.
        """
        make_private_folder(self.path.parent, _FOLDER, VaultError)
        with self._alone():
            secrets = edit(self.open(passphrase) if self.exists else {})
            raw = sealing.seal(
                secrets, passphrase if new_passphrase is None else new_passphrase, self._cost
            )
            if len(raw) > MAX_BYTES:
                raise VaultError(f"the vault would be larger than {MAX_BYTES:,} bytes")
            try:
                replace_whole(self.path, raw)
            except OSError as error:
                self._fail(f"can't be written: {error.strerror}; it is as it was", error)

    def _read(self, read: Callable[[bytes], T]) -> T:
        check_private_folder(self.path.parent, _FOLDER, VaultError)
        raw = private_bytes(self.path, "the vault", MAX_BYTES, VaultError)
        try:
            return read(raw)
        except VaultError as error:
            raise type(error)(f"the vault {self.path} can't be opened: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._fail(f"can't be locked: {error.strerror}", error)
        try:
            self._wait_for(file)
            yield
        finally:
            os.close(file)

    def _wait_for(self, file: int) -> None:
        for _ in range(_LOOKS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOOK_EVERY_S)
            except OSError as error:
                self._fail(f"can't be locked: {error.strerror}", error)
            else:
                return
        self._fail("is being changed by another process; it is as it was, try again")

    def _fail(self, what: str, cause: OSError | None = None) -> NoReturn:
        raise VaultError(f"the vault {self.path} {what}") from cause
