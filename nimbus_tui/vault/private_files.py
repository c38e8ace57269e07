"""Files that nobody else may read: looked at before they are trusted, replaced whole."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nimbus_tui.core.errors import NimbusError

_OTHERS = 0o077
_PART = ".part"


def private_bytes(path: Path, what: str, most: int, error: type[NimbusError]) -> bytes:
    """What is in a file that only its owner can read.

    `what` names the file in messages; it may belong to the user or to root.

    Raises:
        NimbusError: of the kind `error`: it can't be read, others can read it, or it is larger
            than `most` bytes.
    """
    try:
        # Without O_NONBLOCK a named pipe in its place would keep the process waiting.
        with _opened(path, os.O_RDONLY | os.O_NONBLOCK) as handle:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise error(f"{what} {path} is not a file")
            if found.st_uid not in {os.geteuid(), 0}:
                raise error(f"{what} {path} belongs to user {found.st_uid}, not to you")
            if found.st_mode & _OTHERS:
                raise error(_open_to_others(f"{what} {path}", found, f"chmod 600 {path}"))
            # What was checked is what is read, even if another file has its name by now.
            with os.fdopen(handle, "rb", closefd=False) as file:
                raw = file.read(most + 1)
    except (OSError, ValueError) as cause:
        raise error(f"{what} {path} can't be read: {_reason(cause)}") from cause
    if len(raw) > most:
        raise error(f"{what} {path} is larger than {most:,} bytes")
    return raw


def make_private_folder(folder: Path, what: str, error: type[NimbusError]) -> None:
    """Make a folder that only its owner can enter, or see that it is one.

    Raises:
        NimbusError: of the kind `error`: it can't be made, or others can enter it.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as cause:
        raise error(f"{what} {folder} can't be made: {_reason(cause)}") from cause
    check_private_folder(folder, what, error)


def check_private_folder(folder: Path, what: str, error: type[NimbusError]) -> None:
    """See that only its owner can enter a folder.

    Raises:
        NimbusError: of the kind `error`: others can, or it isn't there.
    """
    try:
        found = folder.stat()
    except OSError as cause:
        raise error(f"{what} {folder} can't be read: {_reason(cause)}") from cause
    if found.st_uid != os.geteuid():
        raise error(f"{what} {folder} belongs to user {found.st_uid}, not to you")
    if found.st_mode & _OTHERS:
        raise error(_open_to_others(f"{what} {folder}", found, f"chmod 700 {folder}"))


def replace_whole(path: Path, raw: bytes) -> None:
    """Put a file (0600) in the place of another, once it and its name are on the disk.

    What a writer that was killed has left beside it is removed; call it under a lock.
    """
    for left in path.parent.glob(f".{path.name}.*{_PART}"):
        left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_PART)
    part = Path(name)
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - mkstemp gives a handle
            file.write(raw)
            file.flush()
            os.fsync(handle)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    with _opened(path.parent, os.O_RDONLY | os.O_DIRECTORY) as folder:
        os.fsync(folder)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    handle = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _open_to_others(what: str, found: os.stat_result, remedy: str) -> str:
    return f"{what} is open to other users (mode {stat.S_IMODE(found.st_mode):04o}); run: {remedy}"


def _reason(cause: Exception) -> str:
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
