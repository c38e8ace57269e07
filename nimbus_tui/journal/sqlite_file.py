"""The journal's SQLite file: one connection, called from the engine's own thread."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from nimbus_tui.core.errors import JournalError, JournalLost
from nimbus_tui.journal.lock import WriterLock
from nimbus_tui.journal.schema import Migration, bring_up_to_date, version_of
from nimbus_tui.journal.words import in_words

MEMORY = ":memory:"
FOLD_FROM_BYTES = 1_000_000
"""From this size on the write-ahead log is folded into the file whenever that is looked over."""
FOLD_AT_LAST_PAGES = 4_000
"""At this size (16 MB) the engine itself folds it, if nobody else has come to it."""
LOG_KEPT_BYTES = 16_000_000
"""What a log that was longer, since a reader had held it, is cut to."""
_LOOKS = (
    "SELECT body FROM events ORDER BY seq DESC LIMIT 1",
    "SELECT type, seq FROM events INDEXED BY events_by_type ORDER BY type DESC LIMIT 1",
    "SELECT bot_id, seq FROM events INDEXED BY events_by_bot ORDER BY bot_id DESC LIMIT 1",
    "SELECT body FROM bots",
    "SELECT body FROM orders WHERE live = 1 LIMIT 200",
    "SELECT body FROM fills ORDER BY number DESC LIMIT 1",
    "SELECT count(*) FROM facts",
)
"""What touches the pages that every write needs."""

T = TypeVar("T")


class SqliteFile:
    """WAL mode; with durability "process" nothing is lost at `kill -9`, with "power" at no time."""

    def __init__(self, connection: sqlite3.Connection, path: str, lock: WriterLock | None) -> None:
        self._connection = connection
        self._path = path
        self._lock = lock
        self._depth = 0
        self._written_ns = 0
        """When the file was last written, as far as `look_over` knows."""
        self._file = _identity(Path(path)) if path != MEMORY else None

    @classmethod
    def open(cls, path: Path | str, *, durability: str = "process") -> Self:
        """Open for writing, creating or migrating the file.

        Raises:
            JournalLocked: another process writes it.
            JournalError: it can't be used, in words.
        """
        lock = None
        if str(path) != MEMORY:
            _make_folder(Path(path).parent)
            lock = WriterLock(Path(path))
        connection = None
        try:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {FOLD_AT_LAST_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_KEPT_BYTES}")
            level = "FULL" if durability == "power" else "NORMAL"
            connection.execute(f"PRAGMA synchronous = {level}")
            bring_up_to_date(connection)
        except (sqlite3.Error, JournalError) as error:
            if connection is not None:
                connection.close()
            if lock is not None:
                lock.release()
            raise in_words(error, str(path)) from error
        return cls(connection, str(path), lock)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open for reading, beside a writer or without one."""
        if not path.exists():
            raise JournalError(f"there is no journal at {path}")
        connection = None
        try:
            uri = f"{path.absolute().as_uri()}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
            if version_of(connection) == 0:
                raise JournalError("it is empty")
        except (sqlite3.Error, JournalError) as error:
            if connection is not None:
                connection.close()
            raise in_words(error, str(path)) from error
        return cls(connection, str(path), None)

    @property
    def readable_at(self) -> Path | None:
        """The file; None in memory, where nobody else can read."""
        return None if self._path == MEMORY else Path(self._path)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; nested use joins the outer one."""
        if self._depth == 0:
            self._execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            self._roll_back()
            raise
        self._depth -= 1
        if self._depth == 0:
            try:
                self._execute("COMMIT")
            except JournalError:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        """Undo what is open; that there is nothing to undo any more is no news then."""
        if self._depth == 0 and self._connection.in_transaction:
            with suppress(JournalError):
                self._execute("ROLLBACK")

    @property
    def is_file(self) -> bool:
        """Whether it isn't in memory."""
        return self._path != MEMORY

    def look_over(self) -> None:
        """Read a little as a stranger would, on a connection of its own, and fold a long log.

        The engine's connection has what it uses in memory and would not notice for hours that
        the file under it was replaced or overwritten. The file itself is never opened here but by
        SQLite: closing it would take away the locks that SQLite holds for this process.
        """
        if not self.is_file:
            return
        path = Path(self._path).resolve()
        log = path.with_name(path.name + "-wal")
        try:
            if _identity(path) != self._file or not log.exists():
                raise JournalLost(f"the journal {self._path} can't be used: its file is gone")
            uri = f"{path.as_uri()}?mode=rw"
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
                is_written = path.stat().st_mtime_ns != self._written_ns
                if is_written or log.stat().st_size > FOLD_FROM_BYTES:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                self._written_ns = path.stat().st_mtime_ns
                for sql in _LOOKS:
                    connection.execute(sql).fetchall()
                # Written by somebody else, or by the engine when nobody else had folded the log.
                if is_written:
                    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                    if found != "ok":
                        raise sqlite3.DatabaseError(f"malformed: {found}")
        except (sqlite3.Error, OSError) as error:
            raise in_words(error, self._path) from error

    def close(self) -> None:
        """Flush and let go of the lock. Harmless the second time."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, values)
        except sqlite3.Error as error:
            raise in_words(error, self._path) from error

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise in_words(error, self._path) from error

    def _decoded(self, sql: str, values: Sequence[Any], decode: Callable[[bytes], T]) -> list[T]:
        try:
            return [decode(body) for (body,) in self._connection.execute(sql, values)]
        except (sqlite3.Error, msgspec.DecodeError) as error:
            raise in_words(error, self._path) from error


def _identity(path: Path) -> tuple[int, int]:
    """What tells a file from another one of the same name; nothing is like one that is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return found.st_dev, found.st_ino


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise JournalError(
            f"the journal's folder {folder} can't be made: {error.strerror}"
        ) from error


def migrate(path: Path) -> tuple[int, list[Migration]]:
    """Bring a journal up to date; returns its version before and what was applied.

    Raises:
        JournalLocked: its engine runs.
        JournalError: there is none, or a newer program has written it.
    """
    if not path.exists():
        raise JournalError(f"there is no journal at {path}")
    lock = WriterLock(path)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return version_of(connection), bring_up_to_date(connection)
    except (sqlite3.Error, JournalError) as error:
        raise in_words(error, str(path)) from error
    finally:
        lock.release()
