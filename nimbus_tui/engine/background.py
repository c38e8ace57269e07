"""The work that goes on beside the bots, and the one sleeper on the clock."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from nimbus_tui.core.clock import Clock


class Background:
    """Tasks of the engine's own; none of them fails unnoticed."""

    def __init__(self, on_failure: Callable[[Exception], None]) -> None:
        self._on_failure = on_failure
        self.tasks: list[asyncio.Future[None]] = []

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let work go on beside the bots."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._ended)
        self.tasks.append(task)

    def keep(self, *tasks: "asyncio.Future[None]") -> None:
        """Take tasks along whose failure somebody else looks at; they end with the others."""
        self.tasks += tasks

    def _ended(self, task: "asyncio.Future[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._on_failure(error)


class Alarm:
    """Keeps one sleeper on the clock, for the earliest time at which a bot wants a turn."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._at: int | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The sleeper, if there is one."""
        return [] if self._task is None else [self._task]

    def set(self, at: int | None) -> None:
        """Ring at a time instead of when it was to ring before; None: not at all."""
        if self._task is not None:
            if self._at == at and not self._task.done():
                return
            self._task.cancel()
            self._task = None
        if at is not None:
            self._at = at
            self._task = asyncio.get_running_loop().create_task(self._sleep_until(at))

    async def _sleep_until(self, at: int) -> None:
        await self._clock.sleep_until(at)
        self._ring()
