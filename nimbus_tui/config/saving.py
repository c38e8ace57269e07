"""Reads and replaces the config file: whole at any moment, never over what somebody else wrote."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nimbus_tui.config.loader import MAX_BYTES, read_text
from nimbus_tui.config.problems import BadConfig
from nimbus_tui.control.config_change import ConfigText, text_hash

NO_FILE_HASH = ""
"""Stands for the hash of a file that isn't there."""
_UNREADABLE = "unreadable"


def backup_of(path: Path) -> Path:
    """Where the version before the last save is."""
    return path.with_name(f"{path.name}.bak")


def read(path: Path, running: str) -> ConfigText:
    """The file as it is now; where it can't be read, the text that the engine runs by."""
    text, told, trouble = running, _UNREADABLE, ""
    try:
        text = read_text(path)
        told = text_hash(text)
    except BadConfig as error:
        trouble = error.problems[0].message
        if not path.exists():
            told = NO_FILE_HASH
    return ConfigText(
        text=text, path=str(path), hash=told, running_hash=text_hash(running), trouble=trouble
    )


def save(path: Path, text: str, expected_hash: str) -> str:
    """Put a text in the file's place and keep what was there; returns why not, or nothing.

    At any moment the file is the old one or the new one, and survives a power cut as one of them.
    """
    if len(text.encode()) > MAX_BYTES:
        return f"the text is longer than {MAX_BYTES} bytes; is it a config?"
    target = Path(os.path.realpath(path))  # through a link its target is replaced, not the link
    try:
        with _alone_in(target.parent) as is_alone:
            if not is_alone:
                return f"another program is saving in {target.parent}; try again"
            if refusal := refusal_of(path, expected_hash):
                return refusal
            _replace(target, text.encode())
    except OSError as error:
        return f"{path} can't be written: {error.strerror}; it is as it was"
    return ""


def refusal_of(path: Path, expected_hash: str) -> str:
    """Why the file is not the one that was edited; empty while it is."""
    now = read(path, "")
    if now.hash == expected_hash:
        return ""
    if now.hash == _UNREADABLE:
        return f"{path}: {now.trouble}"
    if now.hash == NO_FILE_HASH:
        return f"{path} has been removed meanwhile; read it again to write it anew"
    return f"{path} has been edited meanwhile; read it again, or what was written there is lost"


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Whether no other process saves in a folder; none does until the end."""
    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
            os.fsync(lock)
    finally:
        os.close(lock)


def _replace(target: Path, raw: bytes) -> None:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    if target.exists():
        _put(backup_of(target), target.read_bytes(), mode)
    _put(target, raw, mode)


def _put(target: Path, raw: bytes, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            os.fchmod(out.fileno(), mode)
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
