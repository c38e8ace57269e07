"""One writer for each journal: a lock file that names who holds it."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from nimbus_tui.core.errors import JournalError, JournalLocked


class WriterLock:
    """An advisory lock beside the journal; the system drops it when the process dies."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".lock")
        try:
            self._file = self._path.open("a+")
        except OSError as error:
            raise JournalError(f"{self._path} can't be opened: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise JournalLocked(
                f"{journal} is in use by process {holder}: an engine runs there already; "
                f"`nimbus-tui attach {journal.parent.name}` shows it, or give this one another "
                "name under [engine]"
            ) from error
        # On a full disk the lock holds all the same; it only can't say whose it is.
        with suppress(OSError):
            self._file.truncate(0)
            os.write(self._file.fileno(), str(os.getpid()).encode())

    def release(self) -> None:
        """Let go. Harmless the second time."""
        self._file.close()
