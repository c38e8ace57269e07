"""What clients read from the journal: it may fail there as well, and that is an emergency too."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from nimbus_tui.core.errors import JournalError
from nimbus_tui.journal.base import Journal

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine

T = TypeVar("T")


def recalled(engine: "Engine", read: Callable[[Journal], Sequence[T]]) -> Sequence[T]:
    """What the journal says; one that can't be read has failed, and says nothing any more."""
    try:
        return read(engine.journal)
    except JournalError as error:
        if engine.state in ("stopping", "stopped"):
            raise
        engine.emergency.journal_lost(error)
        return ()
