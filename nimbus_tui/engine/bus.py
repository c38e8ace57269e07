"""The event bus: stamps what happened, journals it, then tells everybody who listens."""

from collections import deque
from collections.abc import Callable

import msgspec

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.events import Error, Event
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.redaction import redacted_event
from nimbus_tui.journal.base import Journal

Listener = Callable[[Event], None]
"""Takes one event; must return at once and not raise."""

RECENT_EVENTS = 500
"""How many events are kept for clients that come along."""


class EventBus:
    """Events of one engine, numbered without a gap.

    `publish` stamps and collects; `write` puts what was collected into the journal, inside the
    transaction that holds its cause; `dispatch` tells the listeners, after the commit.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._seq = journal.last_seq()
        self._collected: list[Event] = []
        self._written: list[Event] = []
        self._listeners: list[Listener] = []
        self.recent = deque(journal.events(limit=RECENT_EVENTS, newest=True), RECENT_EVENTS)

    @property
    def seq(self) -> int:
        """The number of the newest event."""
        return self._seq

    @property
    def told(self) -> int:
        """The number of the newest event that listeners have been told of."""
        return self.recent[-1].seq if self.recent else 0

    def publish(self, event: Event) -> None:
        """Stamp an event, without what must stay secret, and keep it for the next write."""
        self._seq += 1
        told = redacted_event(event)
        self._collected.append(
            msgspec.structs.replace(told, seq=self._seq, ts=event.ts or self._clock.now())
        )

    def concerned(self) -> set[BotId]:
        """The bots of which events tell that are not written yet."""
        return {event.bot_id for event in self._collected if event.bot_id is not None}

    def write(self) -> None:
        """Journal what was published since the last write."""
        if self._collected:
            self._journal.append_events(self._collected)
            self._written.extend(self._collected)
            self._collected = []

    def dispatch(self) -> None:
        """Tell the listeners what has been written."""
        written, self._written = self._written, []
        self.recent.extend(written)
        for event in written:
            for error in self._tell(event):
                self.publish(Error(message=f"a listener failed and is left out: {error!r}"))

    def tell_unwritten(self, event: Event) -> None:
        """Tell the listeners at once of what no journal can take any more."""
        self.publish(event)
        stamped = self._collected.pop()
        self.recent.append(stamped)
        self._tell(stamped)

    def _tell(self, event: Event) -> list[Exception]:
        """Who only listens must not harm those who work: one that raises is told nothing more."""
        errors = []
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as error:
                self._listeners.remove(listener)
                errors.append(error)
        return errors

    def since(self, seq: int) -> tuple[Event, ...]:
        """The kept events after a number, oldest first."""
        return tuple(event for event in self.recent if event.seq > seq)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener of every event from now on; returns what ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe
