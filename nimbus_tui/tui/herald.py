"""What is told beside the screen: window title, bell, notification, clipboard."""

import os
from collections.abc import Callable, Sequence
from time import monotonic

from nimbus_tui.config.model import Notify
from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot
from nimbus_tui.tui.options import Outside
from nimbus_tui.tui.viewmodels.lines import cut
from nimbus_tui.tui.viewmodels.outside import troubles, window_title

TITLE_EVERY_S = 5.0
"""A title that only tells another PnL is written no more often than this."""
_MOST = 160
"""Columns of a notification."""
_NOTIFY = {
    Notify.OSC9: "\x1b]9;{}\x07",
    Notify.OSC777: "\x1b]777;notify;nimbus;{}\x07",
}
_TITLE = "\x1b]2;{}\x07"
_BELL = "\x07"
_NO_TITLE = ("linux", "vt")
"""Terminals without a window begin so."""


class Herald:
    """Writes to the terminal what stands on no panel; what hasn't changed is not written again."""

    def __init__(self, name: str, outside: Outside, write: Callable[[str], None]) -> None:
        self._name = name
        self._outside = outside
        self._write = write
        self._has_title = outside.title and not os.environ.get("TERM", "").startswith(_NO_TITLE)
        self._title = ""
        self._titled_at = 0.0
        self._known: frozenset[str] | None = None
        """The troubles that were told; None before the first look, which rings for nothing."""

    def look(self, engine: EngineSnapshot | None, bots: Sequence[BotSnapshot]) -> None:
        """Tell what is new."""
        if self._has_title:
            self._put_title(window_title(engine, bots, self._name), is_new=self._ring(engine, bots))
        else:
            self._ring(engine, bots)

    def _put_title(self, title: str, *, is_new: bool) -> None:
        now = monotonic()
        is_due = is_new or not self._title or now - self._titled_at >= TITLE_EVERY_S
        if title != self._title and is_due:
            self._title, self._titled_at = title, now
            self._write(_TITLE.format(title))

    def _ring(self, engine: EngineSnapshot | None, bots: Sequence[BotSnapshot]) -> bool:
        """Ring for troubles that weren't there before; whether they are others than before."""
        found = troubles(engine, bots)
        known, self._known = self._known, frozenset(found)
        if engine is None:
            self._known = known
            return False
        added = [] if known is None else [words for key, words in found.items() if key not in known]
        if added:
            self._tell(added)
        return known != self._known

    def _tell(self, added: Sequence[str]) -> None:
        if self._outside.bell:
            self._write(_BELL)
        form = _NOTIFY.get(self._outside.notify)
        if form is not None:
            more = f" (and {len(added) - 1} more)" if len(added) > 1 else ""
            self._write(form.format(cut(added[0], _MOST - len(more)) + more))
