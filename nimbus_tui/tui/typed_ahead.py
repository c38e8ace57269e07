"""Keys that come faster than the screen follows wait until the one before has had its effect.

A link that stalls delivers all at once what was typed meanwhile. Handed on together, the keys
behind one that opens or closes a question would still go to whatever had them before.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from textual.app import App
from textual.events import Key, Paste
from textual.message_pump import MessagePump

PATIENCE_S = 0.3
"""How long one key may keep the next waiting."""

Typed = Key | Paste


class TypedAhead:
    """Holds keys back while an earlier one is still finding its way."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._next: Typed | None = None
        """The one that has waited, and is on its way now."""
        self._following: asyncio.Task[None] | None = None

    def holds(self, typed: Typed) -> bool:
        """Whether it has to wait; it is then posted again when its turn comes."""
        if typed is self._next:
            self._next = None
            return False
        if self._following is None:
            return False
        self._waiting.append(typed)
        return True

    def follow(self, receiver: MessagePump) -> None:
        """A key was handed to this one: the next has to wait for what it does."""
        self._following = asyncio.create_task(self._follow(receiver))

    async def _follow(self, receiver: MessagePump) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._has_its_effect(receiver)
        if self._waiting:
            self._next = self._waiting.popleft()
            self._app.post_message(self._next)
        else:
            self._following = None

    async def _has_its_effect(self, receiver: MessagePump) -> None:
        """Messages rise from a widget to its screen and the app; what opens must have its focus."""
        app = self._app
        node: MessagePump | None = receiver
        while node is not None:
            await _has_seen_all(node)
            node = node._parent
        screen = None
        while screen is not app.screen:
            screen = app.screen
            await _has_seen_all(screen)
            await _has_seen_all(app)
            if screen.focused is not None:
                await _has_seen_all(screen.focused)


async def _has_seen_all(pump: MessagePump) -> None:
    """Wait until everything has been handled that was posted up to now."""
    seen = asyncio.Event()
    if pump.call_later(seen.set):
        await seen.wait()
