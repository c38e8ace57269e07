"""The file of an engine's socket: only its owner listens behind it, and only he is believed."""

import os
import pwd
import socket
import stat
import struct
from pathlib import Path

from nimbus_tui.core.errors import EngineUnreachable

_CREDENTIALS = struct.Struct("3i")
"""What Linux tells of who listens: process, user, group."""


def identity(path: str) -> tuple[int, int] | None:
    """Which file is at a path now; None where there is none."""
    try:
        found = Path(path).lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_foreign_file(path: str) -> None:
    """Whoever listens behind a socket sees all that we send, and shows us what he likes.

    Raises:
        EngineUnreachable: there is no socket, or it is another user's.
    """
    try:
        found = Path(path).stat()
    except OSError:
        raise EngineUnreachable(f"no engine answers on {path}") from None
    if not stat.S_ISSOCK(found.st_mode):
        raise EngineUnreachable(f"{path} is no socket, so no engine is behind it")
    if found.st_uid != os.geteuid():
        raise EngineUnreachable(
            f"{path} belongs to {_named(found.st_uid)}, not to you: look at it as that user"
        )


def refuse_foreign_listener(path: str, connected: socket.socket) -> None:
    """The same for the process behind the file, where the system tells whose it is.

    Raises:
        EngineUnreachable: it is another user's.
    """
    asked = getattr(socket, "SO_PEERCRED", None)
    if asked is None:
        return
    told = connected.getsockopt(socket.SOL_SOCKET, asked, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(told)
    if user != os.geteuid():
        raise EngineUnreachable(f"who answers on {path} is {_named(user)}, not you")


def _named(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
