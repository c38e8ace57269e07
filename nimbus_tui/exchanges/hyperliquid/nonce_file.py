"""A signer's nonces on disk: none comes twice after a crash, and no two processes share a key.

The file holds a mark, ahead of every nonce that was given out. It is raised in strides, so that one
write to the disk serves many orders. Two slots are written in turn: a write that power loss tears
spoils one of them, and the other still stands ahead of all nonces given out before that write.
"""

import fcntl
import os
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import ConfigError, ExchangeError
from nimbus_tui.exchanges.hyperliquid.nonces import Nonces
from nimbus_tui.exchanges.hyperliquid.signing import canonical_address

STRIDE_MS = 60_000
"""How far the mark is set before the clock: the disk is written about once in this time."""
STRIDE_NONCES = 1_000
"""How far the mark is set before a nonce that is ahead of the clock itself, as after a restart.

Shorter than `STRIDE_MS`, so that an engine that crashes again and again doesn't run away from the
clock by a minute each time.
"""

_WIDTH = 32
_PID_AT, _SLOTS_AT = 0, (_WIDTH, 2 * _WIDTH)
_SIZE = 3 * _WIDTH


def nonce_path(keys: Path, address: str) -> Path:
    """Where the nonces of a signer are kept: `<keys>/<address>.nonce`.

    Raises:
        ConfigError: that is no address.
    """
    return keys / f"{canonical_address(address)}.nonce"


class NonceFile:
    """Open for as long as its key signs; the system lets go of it when the process dies.

    Raises:
        ConfigError: another process signs with this key.
        ExchangeError: the file can't be opened or read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ExchangeError(f"{path} can't be opened: {error.strerror}") from error
        try:
            self._lock()
            self._slots = self._read()
        except BaseException:
            self.close()
            raise

    @property
    def mark(self) -> int:
        """No nonce beyond this was ever given out; ms."""
        return max(self._slots)

    def nonces(self, now: Callable[[], int]) -> Nonces:
        """The one counter of this key; `now` in ns. It starts behind all that were given out."""

        def keep(nonce: int) -> None:
            if nonce > self.mark:
                self._raise_to(max(now() // NS_PER_MS + STRIDE_MS, nonce + STRIDE_NONCES))

        return Nonces(now, self.mark, keep)

    def close(self) -> None:
        """Let another process have the key. Harmless the second time; nonces end with it."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(self._file, _WIDTH, _PID_AT).decode("ascii", "replace").strip()
            raise ConfigError(
                f"the key of {self._path.stem} is in use by process {pid or 'unknown'}: the venue "
                "counts nonces by key, so approve an agent key of its own for each engine"
            ) from error
        except OSError as error:
            raise ExchangeError(f"{self._path} can't be locked: {error.strerror}") from error

    def _read(self) -> list[int]:
        """The marks of both slots; leaves the file whole and with our pid."""
        try:
            content = os.pread(self._file, _SIZE, 0)
            marks = [_mark_in(content[at : at + _WIDTH]) for at in _SLOTS_AT]
            sound = [mark for mark in marks if mark is not None]
            if not sound and len(content) == _SIZE:
                raise ExchangeError(
                    f"{self._path} is damaged: the nonces of this key are not known. If this "
                    "machine's clock was never ahead, delete the file; else approve a new agent key"
                )
            with suppress(OSError):  # on a full disk the lock holds all the same
                os.pwrite(self._file, _line(str(os.getpid())), _PID_AT)
            if len(sound) < len(_SLOTS_AT):
                self._write_anew(max(sound, default=0))
                sound = [max(sound, default=0)] * len(_SLOTS_AT)
        except OSError as error:
            raise ExchangeError(f"{self._path} can't be used: {error.strerror}") from error
        return sound

    def _write_anew(self, mark: int) -> None:
        """A file that is new, or was torn by power loss: both slots sound, one after the other."""
        for at in _SLOTS_AT:
            os.pwrite(self._file, _slot(mark), at)
            os.fsync(self._file)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _raise_to(self, mark: int) -> None:
        """Write ahead: the mark counts once it is on the disk.

        Raises:
            ExchangeError: it can't be written; the mark stays as it was.
        """
        lower = self._slots.index(min(self._slots))
        try:
            os.pwrite(self._file, _slot(mark), _SLOTS_AT[lower])
            os.fsync(self._file)
        except OSError as error:
            raise ExchangeError(
                f"{self._path} can't be written ({error.strerror}): no action is signed, since its "
                "nonce might come twice"
            ) from error
        self._slots[lower] = mark


class SignerNonces:
    """The nonces of all keys that sign in this process, in one folder.

    Accounts that are traded with one key share its counter, since the venue counts by key.
    """

    def __init__(self, folder: Path, now: Callable[[], int]) -> None:
        self._folder = folder
        self._now = now
        self._open: dict[str, tuple[NonceFile, Nonces]] = {}
        self._users: Counter[str] = Counter()

    def open(self, address: str) -> Nonces:
        """The one counter of a key; to be closed once for each opening.

        Raises:
            ConfigError: another process signs with this key.
            ExchangeError: its file can't be opened or read.
        """
        if address not in self._open:
            file = NonceFile(nonce_path(self._folder, address))
            self._open[address] = file, file.nonces(self._now)
        self._users[address] += 1
        return self._open[address][1]

    def close(self, address: str) -> None:
        """One user of a key less; with the last one another process may have it."""
        self._users[address] -= 1
        if not self._users[address]:
            file, _ = self._open.pop(address)
            file.close()


def _line(text: str) -> bytes:
    return text.ljust(_WIDTH - 1).encode() + b"\n"


def _slot(mark: int) -> bytes:
    digits = f"{mark:020d}"
    return _line(f"{digits} {zlib.crc32(digits.encode()):08x}")


def _mark_in(slot: bytes) -> int | None:
    """The mark of a slot; None if it was not wholly written."""
    digits = slot[:20]
    if not digits.isdigit() or slot != _slot(int(digits)):
        return None
    return int(digits)
