"""What SQLite says, in words that tell a person what to look at."""

from nimbus_tui.core.errors import JournalError

_CAUSES = {
    "disk is full": "the disk is full",
    "readonly": "the file is read-only",
    "malformed": "the file is damaged",
    "not a database": "the file is not a database",
    "disk I/O error": "the disk reports an error",
    "unable to open": "the file can't be opened",
    "database is locked": "another program holds it",
}


def in_words(error: Exception, path: str) -> JournalError:
    """A failure of the store, naming the file and the cause."""
    text = str(error)
    cause = next((words for sign, words in _CAUSES.items() if sign in text), text)
    return JournalError(f"the journal {path} can't be used: {cause}")
