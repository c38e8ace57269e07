"""What SQLite says, in words that tell a person what to look at."""

import sqlite3

import msgspec

from nimbus_tui.core.errors import JournalError, JournalLost

_CAUSES = {
    "disk is full": "the disk is full",
    "readonly": "the file is read-only",
    "malformed": "the file is damaged",
    "not a database": "the file is not a database",
    "disk I/O error": "the disk reports an error",
    "unable to open": "the file can't be opened",
    "database is locked": "another program holds it",
}
_NOT_LOST = ("unable to open", "database is locked", "no such table", "closed database")
"""Signs of trouble that say nothing about what is in the file."""


def in_words(error: Exception, path: str) -> JournalError:
    """A failure of the store, naming the file and the cause."""
    text = str(error)
    cause = next((words for sign, words in _CAUSES.items() if sign in text), text)
    said = f"the journal {path} can't be used: {cause}"
    stored = isinstance(error, sqlite3.Error | msgspec.DecodeError | UnicodeDecodeError | OSError)
    is_lost = stored and not any(sign in text for sign in _NOT_LOST)
    return JournalLost(said) if is_lost or isinstance(error, JournalLost) else JournalError(said)
