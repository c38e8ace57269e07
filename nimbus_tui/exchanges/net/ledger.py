"""Where spendings are kept: in this process alone, or in a file that all processes share.

The file is read and written as a whole under a lock that is held for some microseconds. It needs
no fsync: what a power cut takes is a minute old before the machine is up again.
"""

import fcntl
import logging
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import repeat
from math import inf
from pathlib import Path
from typing import Protocol

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND, Clock
from nimbus_tui.exchanges.net.spending import Spending

PATIENCE_NS = NS_PER_SECOND
"""How long a lock may be held by others before this process counts alone."""
RETRY_NS = 60 * NS_PER_SECOND
"""How long a file that can't be used is left alone."""
_LOCK_TRIES = 20
_BUSY_NS = NS_PER_MS

_MOST_ENTRIES = 64
"""One for each second of the window, and two to spare."""
_BODY = struct.Struct(f"<8s5Q{2 * _MOST_ENTRIES}Q")
_CHECKSUM = struct.Struct("<I")
_SIZE = _BODY.size + _CHECKSUM.size
_VERSION = b"SPENT 1\n"


class Ledger(Protocol):
    """Hands out the spending at one host, for one look or change at a time."""

    look_again_s: float
    """How soon it may change without the one who waits: others may be at it too."""

    def open(self) -> AbstractContextManager[Spending]:
        """What is spent now; what is changed until it is closed is kept."""
        ...


class MemoryLedger:
    """One process's own; it ends with the process."""

    look_again_s = inf

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spending = Spending(clock.now())

    @contextmanager
    def open(self) -> Iterator[Spending]:
        """What is spent now."""
        self._spending.look(self._clock.now())
        yield self._spending


class FileLedger:
    """One file for all processes of a user; it outlives them.

    While it is locked by another process there is room for nobody, for `PATIENCE_NS` at most.
    Whoever can't use the file after that, or at all, says so once, goes on with what was known
    last, and writes down later what was spent meanwhile.
    """

    look_again_s = 1.0

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._known = Spending()
        self._owed = Spending()
        """What was spent here and is not in the file."""
        self._is_owing = False
        """Whether anything of this process, a ban too, is not in the file."""
        self._busy: tuple[int, int] | None = None
        """When the lock was first and last seen held by others, with no success between."""
        self._left_alone_until = 0
        """0 as long as it could be used the last time."""
        self._told: set[str] = set()

    @contextmanager
    def open(self) -> Iterator[Spending]:
        """What all processes have spent by now."""
        file = self._begun()
        spending = self._known
        if file is None:
            yield spending
            if spending.is_changed:
                self._owe(spending)
            return
        try:
            yield spending
            if spending.is_changed:
                self._keep(file, spending)
        finally:
            os.close(file)

    def _begun(self) -> int | None:
        """Learn what is spent. The file, locked until it is closed; None if it can't be used."""
        self._known.look(self._clock.now())
        if self._known.now < self._left_alone_until:
            return None
        file = None
        try:
            file = self._opened()
            if _is_locked_now(file):
                self._busy, self._left_alone_until = None, 0
                self._known = self._read(file)
                return file
            self._wait_for_others()
        except OSError as error:
            self._leave_alone(f"can't be used ({error.strerror})", RETRY_NS)
        if file is not None:
            os.close(file)
        return None

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self._path, flags, 0o600)
        except FileNotFoundError:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, flags, 0o600)

    def _read(self, file: int) -> Spending:
        """What the file says; what this process knows, if the file says nothing."""
        content = os.pread(file, _SIZE, 0)
        spending = _decoded(content)
        if spending is None:
            if content:
                self._tell("is damaged or of another version: it is started anew")
            spending = self._known
        # The clock is read under the lock, so that the times in the file follow each other.
        spending.look(self._clock.now())
        if self._is_owing:
            self._settle(spending)
        return spending

    def _settle(self, spending: Spending) -> None:
        """Add what was spent, and what the host forbade, while the file could not be used."""
        if spending is not self._known:
            self._owed.look(self._clock.now())
            spending.spend(self._owed.total)
            spending.newly_spent = 0
            spending.forbid(*self._known.forbidden_ns())
        spending.is_changed = True

    def _keep(self, file: int, spending: Spending) -> None:
        why = "No space left on device"
        written = 0
        try:
            written = os.pwrite(file, _encoded(spending), 0)
        except OSError as error:
            why = error.strerror or why
        if written == _SIZE:
            self._owed, self._is_owing = Spending(), False
        else:
            self._owe(spending)
            self._leave_alone(f"can't be written ({why})", RETRY_NS)

    def _owe(self, spending: Spending) -> None:
        self._is_owing = True
        self._owed.look(self._clock.now())
        self._owed.spend(spending.newly_spent)

    def _wait_for_others(self) -> None:
        now = self._known.now
        first, last = self._busy or (now, now)
        if now - last > PATIENCE_NS and not self._left_alone_until:
            first = now
        self._busy = first, now
        if now - first < PATIENCE_NS:
            self._known.forbid(_BUSY_NS, 0)
            self._known.is_changed = False
        else:
            self._leave_alone("is locked by a process that does not go on", PATIENCE_NS)

    def _leave_alone(self, why: str, pause_ns: int) -> None:
        self._left_alone_until = self._known.now + pause_ns
        self._tell(
            f"{why}: until it can be, what other engines ask of this host is not counted here, "
            "nor is what this one asks after a restart"
        )

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            logging.getLogger(__name__).warning("%s %s", self._path, what)


def _is_locked_now(file: int) -> bool:
    for _ in range(_LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def _encoded(spending: Spending) -> bytes:
    entries = [number for entry in spending.entries for number in entry]
    body = _BODY.pack(
        _VERSION,
        spending.now,
        spending.added,
        spending.closed_until,
        spending.urgent_only_until,
        len(spending.entries),
        *entries,
        *repeat(0, 2 * _MOST_ENTRIES - len(entries)),
    )
    return body + _CHECKSUM.pack(zlib.crc32(body))


def _decoded(content: bytes) -> Spending | None:
    """The spending in a file's bytes; None if they are torn, damaged or not ours."""
    body, checksum = content[: _BODY.size], content[_BODY.size :]
    if len(content) != _SIZE or _CHECKSUM.pack(zlib.crc32(body)) != checksum:
        return None
    version, now, added, closed_until, urgent_only_until, count, *rest = _BODY.unpack(body)
    if version != _VERSION or count > _MOST_ENTRIES:
        return None
    entries = zip(rest[: 2 * count : 2], rest[1 : 2 * count : 2], strict=True)
    return Spending(now, added, closed_until, urgent_only_until, entries)
