"""The engine's events as logs: a rotating file of JSON lines, and lines for people on stderr.

The engine only puts events into a queue; a thread of the log's own formats and writes them, so that
neither a slow disk nor a terminal that has stopped reading can delay a bot.
"""

import logging
import os
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import cast

from nimbus_tui.cli.systemd import is_journal, prioritised
from nimbus_tui.core import events as ev
from nimbus_tui.core.codec import to_json
from nimbus_tui.core.events import Event
from nimbus_tui.core.redaction import redacted_event
from nimbus_tui.tui.viewmodels.happenings import describe
from nimbus_tui.tui.viewmodels.lines import clean, clock

FILE_NAME = "events.jsonl"
MAX_BYTES = 10_000_000
KEPT_FILES = 5
WAITING = 10_000
"""Events that may wait for the disk or the terminal; more are dropped from the log, and counted."""

LAST_WORDS_S = 2.0
"""How long the end may take: a terminal that has stopped reading must not keep a process alive."""

_LEVELS: dict[type[Event], int] = {
    ev.Error: logging.ERROR,
    ev.Disconnected: logging.ERROR,
    ev.StopLossTriggered: logging.ERROR,
    ev.RiskEscalated: logging.ERROR,
    ev.Warning: logging.WARNING,
    ev.OrderRejected: logging.WARNING,
    ev.PositionLimitWarning: logging.WARNING,
    ev.CircuitBreakerActivated: logging.WARNING,
    ev.OrderPlaced: logging.DEBUG,
    ev.OrderCancelled: logging.DEBUG,
    ev.PositionUpdate: logging.DEBUG,
    ev.BalanceUpdate: logging.DEBUG,
    ev.PriceUpdate: logging.NOTSET,
}
"""How loud a kind of event is; what isn't listed is information, NOTSET is never logged."""


Waiting = queue.Queue[logging.LogRecord | None]


class EventLog:
    """Takes events on any thread and never waits."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Log an event, unless too many wait already."""
        level = _LEVELS.get(type(event), logging.INFO)
        if level == logging.NOTSET:
            return
        if self._waiting.full():
            self.dropped += 1
            return
        record = logging.LogRecord("nimbus-tui", level, "", 0, event, None, None)
        self._waiting.put_nowait(record)


class _JsonLines(logging.Formatter):
    """One event a line, as `nimbus-tui events --json` prints it."""

    def format(self, record: logging.LogRecord) -> str:
        return to_json(record.msg).decode()


class _ForPeople(logging.Formatter):
    """Time (UTC), who, what."""

    def format(self, record: logging.LogRecord) -> str:
        event = record.msg
        if not isinstance(event, Event):
            return record.getMessage()
        who = clean(event.bot_id or "engine")
        return f"{clock(event.ts)} {who}  {clean(describe(event).text)}"


class _ForTheJournal(_ForPeople):
    """Who, what, and how serious it is; systemd's journal has the time of its own."""

    def format(self, record: logging.LogRecord) -> str:
        event = record.msg
        text = super().format(record)
        if isinstance(event, Event):
            text = text.removeprefix(f"{clock(event.ts)} ")
        return prioritised(record.levelno, text)


class _LogFile(RotatingFileHandler):
    """A log file that a full disk silences; the console still says what there is to say."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A line that can't be written is lost."""


@contextmanager
def event_log(folder: Path, *, console: bool) -> Iterator[EventLog]:
    """A log that is written until the end of the block; then all that waits is written first."""
    folder.mkdir(parents=True, exist_ok=True)
    file = _LogFile(
        folder / FILE_NAME, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
    )
    file.setFormatter(_JsonLines())
    handlers: list[logging.Handler] = [file]
    if console:
        stream = logging.StreamHandler()
        stream.setFormatter(_ForTheJournal() if is_journal(os.environ) else _ForPeople())
        stream.setLevel(logging.INFO)
        handlers.append(stream)
    waiting: Waiting = queue.Queue(WAITING)
    writer = threading.Thread(target=_write, args=(waiting, handlers), name="log", daemon=True)
    writer.start()
    try:
        yield EventLog(waiting)
    finally:
        with suppress(queue.Full):
            waiting.put(None, timeout=LAST_WORDS_S)
        writer.join(LAST_WORDS_S)


def _write(waiting: Waiting, handlers: Sequence[logging.Handler]) -> None:
    while (record := waiting.get()) is not None:
        record.msg = redacted_event(cast("Event", record.msg))
        for handler in handlers:
            if record.levelno >= handler.level:
                handler.handle(record)
    for handler in handlers:
        handler.close()
