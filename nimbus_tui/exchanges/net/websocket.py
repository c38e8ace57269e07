"""One WebSocket that comes back by itself: dialling, back-off and heart-beats live here only.

What is said over it belongs to a session, which does no I/O: it is told what has arrived and what
time it is, and answers with what is to be sent.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import NotConnected
from nimbus_tui.exchanges.net.backoff import Backoff

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
LOOK_EVERY_S = 1.0
"""How often a session is told what time it is."""
STEADY_NS = 10 * NS_PER_SECOND
"""A connection that has lived so long was sound: the next one is dialled without a pause."""
MOST_BYTES = 16 * 1024 * 1024
"""The largest message that is taken; snapshots of two thousand fills are about 1 MB."""
MOST_WAITING = 512
"""How many messages may wait to be read before the other side is slowed down."""


class LinkDead(Exception):
    """A session has found that its connection is open and dead; the text says how."""


class Session(Protocol):
    """What is said over a connection; none of this waits."""

    def opened(self, now: int) -> Sequence[str]:
        """A new connection stands; what to say first."""
        ...

    def received(self, frame: bytes, now: int) -> Sequence[str]:
        """A message has come; what to answer."""
        ...

    def passed(self, now: int) -> Sequence[str]:
        """Some time has passed; what to say now.

        Raises:
            LinkDead: the other side is no longer there.
        """
        ...

    def closed(self, reason: str) -> None:
        """The connection is gone, or couldn't be made."""
        ...


class WebSocketLink:
    """Keeps one connection to a URL for a session, until it is stopped."""

    def __init__(self, url: str, session: Session, *, clock: Clock, backoff: Backoff) -> None:
        self.reconnects = 0
        """How often a connection was made again."""
        self._url = url
        self._session = session
        self._clock = clock
        self._backoff = backoff
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._restart = asyncio.Event()
        self._restart_reason = ""
        self._lives = 0

    def start(self) -> None:
        """Begin to dial; harmless while it runs."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Close the connection and dial no more; harmless the second time."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        self._session.closed("closed")

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            NotConnected: there is no connection, or it ended before the message was handed over.
        """
        from websockets.exceptions import ConnectionClosed

        if self._socket is None:
            raise NotConnected(f"there is no connection to {self._url}")
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise NotConnected(f"the connection to {self._url} is closed") from error

    def restart(self, reason: str) -> None:
        """Give the connection up and make a new one."""
        self._restart_reason = reason
        self._restart.set()

    async def _run(self) -> None:
        while True:
            begun = self._clock.now()
            reason = await self._live()
            self._session.closed(reason)
            if self._clock.now() - begun >= STEADY_NS:
                self._backoff.reset()
            await self._clock.sleep(self._backoff.next_s())

    async def _live(self) -> str:
        """One connection from its making to its end; why it ended."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        self._restart.clear()
        try:
            async with connect(
                self._url,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=None,
                max_size=MOST_BYTES,
                max_queue=MOST_WAITING,
            ) as socket:
                self._socket = socket
                self.reconnects += self._lives > 0
                self._lives += 1
                try:
                    return await self._talk(socket)
                finally:
                    self._socket = None
        except (OSError, WebSocketException, TimeoutError) as error:
            return f"{self._url}: {_in_words(error)}"

    async def _talk(self, socket: "ClientConnection") -> str:
        for text in self._session.opened(self._clock.now()):
            await socket.send(text)
        parts = [
            asyncio.ensure_future(part)
            for part in (self._listen(socket), self._keep_time(socket), self._wait_for_restart())
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            return next(iter(done)).result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _listen(self, socket: "ClientConnection") -> str:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            while True:
                message = await socket.recv(decode=False)
                for text in self._session.received(message, self._clock.now()):
                    await socket.send(text)
        return "the venue has closed the connection"

    async def _keep_time(self, socket: "ClientConnection") -> str:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._clock.sleep(LOOK_EVERY_S)
                for text in self._session.passed(self._clock.now()):
                    await socket.send(text)
        except LinkDead as error:
            # No farewell: nobody is there to answer it.
            socket.transport.abort()
            return str(error)
        except ConnectionClosed:
            return "the venue has closed the connection"

    async def _wait_for_restart(self) -> str:
        await self._restart.wait()
        return self._restart_reason


def _in_words(error: BaseException) -> str:
    return str(error) or type(error).__name__
