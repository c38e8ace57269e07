"""Keeps what was typed in a config editor and not saved, however its screen ends."""

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from nimbus_tui.config.pasted_keys import holds_key
from nimbus_tui.control.config_change import ConfigText

MOST = 9
"""Drafts that are kept beside each other."""


class KeptDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A text that was not saved, and the file that it was made from."""

    base: ConfigText
    text: str
    new_bot: str = ""
    """The bot that was being set up step by step; empty where none was."""
    kept_at_ns: int = 0
    """When it was written, in ns since the epoch; told by the file."""


class DraftFile:
    """One editor's draft. It is locked while its screen lives, so that no other takes it up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: int | None = None
        """The file that is locked; the lock goes with the process, whatever ends it."""
        self._path: Path | None = None
        self._kept: KeptDraft | None = None

    def keep(self, draft: KeptDraft) -> str:
        """Write it, for its owner's eyes alone; returns why that can't be, or nothing.

        A text with a private key in it is not written: what was kept before it stays.
        """
        if draft == self._kept:
            return ""
        if holds_key(draft.text):
            return "what you type is not kept beside the engine as long as it holds a private key"
        try:
            if self._path is None:
                self._claim()
            self._replace(msgspec.json.encode(draft))
        except OSError as error:
            return f"what you type can't be kept beside the engine: {error.strerror}"
        self._kept = draft
        return ""

    def drop(self) -> None:
        """It is saved, or not wanted any more."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leave it where it is, for whoever opens an editor next."""
        if self._held is not None:
            os.close(self._held)
        self._held = self._path = self._kept = None

    def take_up(self, config_path: str) -> KeptDraft | None:
        """The newest draft of a config that no open editor holds; it is this one's from now on."""
        if self._path is not None:
            return None
        left = [path for path in self._places() if path.is_file()]
        for path in sorted(left, key=_written_at, reverse=True):
            if (found := self._taken(path, config_path)) is not None:
                return found
        return None

    def _places(self) -> list[Path]:
        return [self._folder / f"config-draft-{number}.json" for number in range(1, MOST + 1)]

    def _claim(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._places():
            with suppress(FileExistsError):
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._hold(os.open(path, flags, 0o600), path)
                return
        raise OSError(0, f"{MOST} drafts are in {self._folder} already; remove one")

    def _hold(self, file: int, path: Path) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        before, self._held, self._path = self._held, file, path
        if before is not None:
            os.close(before)

    def _replace(self, raw: bytes) -> None:
        if self._path is None:
            raise AssertionError("a draft was written before it had a place")
        file, temporary = tempfile.mkstemp(dir=self._folder, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(os.dup(file), "wb") as out:
                out.write(raw)
            # Locked before it is in its place: nobody ever sees it there unlocked.
            fcntl.flock(file, fcntl.LOCK_EX)
            Path(temporary).replace(self._path)
        except BaseException:
            os.close(file)
            Path(temporary).unlink(missing_ok=True)
            raise
        self._hold(file, self._path)

    def _taken(self, path: Path, config_path: str) -> KeptDraft | None:
        try:
            file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            now, ours = path.stat(), os.fstat(file)
            draft = msgspec.json.decode(path.read_bytes(), type=KeptDraft)
        except (OSError, msgspec.MsgspecError):
            os.close(file)
            return None
        if now.st_ino != ours.st_ino or draft.base.path != config_path:
            os.close(file)
            return None
        self._held, self._path, self._kept = file, path, draft
        return msgspec.structs.replace(draft, kept_at_ns=now.st_mtime_ns)


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
