"""An event loop whose time jumps to the next timer, and a clock that shows it.

Everything that sleeps on the loop obeys: the engine, the venue, and libraries that know nothing of
our `Clock`. Nothing here waits for real time, so an hour passes as fast as its events do.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from typing import Any

from nimbus_tui.core.clock import NS_PER_SECOND


class Standstill(Exception):
    """Nobody is ready and nobody sleeps: nothing will ever happen again."""


MOST_ROUNDS = 20_000
"""So many rounds of the loop at one moment are more than anything honest takes."""


class Spinning(Exception):
    """Something is always ready, so that time can't pass: on a real machine a core at full load."""


class _NoFiles(selectors.BaseSelector):
    """Watches no file: waiting for one only lets virtual time pass."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rounds = 0
        self._rounds_now = 0
        self.alarm: tuple[int, Callable[[], None]] | None = None
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[number] = selectors.SelectorKey(fileobj, number, events, data)
        return self._keys[number]

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def select(self, timeout: float | None = None) -> list[Any]:
        self.rounds += 1
        if self.alarm is not None and self.rounds >= self.alarm[0]:
            (_, ring), self.alarm = self.alarm, None
            ring()
        if timeout is None:
            raise Standstill
        self._rounds_now = 0 if timeout > 0 else self._rounds_now + 1
        if self._rounds_now > MOST_ROUNDS:
            self._rounds_now = 0
            raise Spinning
        self.now += max(0.0, timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def close(self) -> None:
        self._keys.clear()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs callbacks in the order of their virtual times."""

    def __init__(self) -> None:
        self._files = _NoFiles()
        super().__init__(self._files)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._files.now

    def at_round(self, rounds: int, call: Callable[[], None]) -> None:
        """Call between two steps of whatever runs, so many rounds from now; one call at a time."""
        self._files.alarm = (self._files.rounds + rounds, call)

    def no_alarm(self) -> None:
        """Forget the call that was asked for."""
        self._files.alarm = None


class LoopClock:
    """The clock of a process inside a virtual-time loop; it may be wrong by `offset_ns`."""

    def __init__(self, loop: VirtualTimeLoop, start_ns: int) -> None:
        self._loop = loop
        self._start_ns = start_ns
        self.offset_ns = 0

    def now(self) -> int:
        """Nanoseconds since the epoch, as this process believes."""
        return self._start_ns + round(self._loop.time() * NS_PER_SECOND) + self.offset_ns

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        await asyncio.sleep(seconds)  # noqa: TID251 - the virtual loop's own sleep

    async def sleep_until(self, ts: int) -> None:
        """Wait until this clock shows a time, however it jumps meanwhile."""
        while (left := ts - self.now()) > 0:
            await self.sleep(min(left / NS_PER_SECOND, 1.0))
