"""One WebSocket that comes back by itself: dialling, back-off and heart-beats live here only.

What is said over it belongs to a session, which does no I/O: it is told what has arrived and what
time it is, and answers with what is to be sent.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import NoAnswer, NotConnected
from nimbus_tui.exchanges.net.backoff import Backoff

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

OPEN_TIMEOUT_S = 10.0
SEND_TIMEOUT_S = 10.0
"""The other side takes nothing for so long: it doesn't read any more."""
CLOSE_TIMEOUT_S = 1.0
LOOK_EVERY_S = 1.0
"""How often a session is told what time it is."""
STEADY_NS = 10 * NS_PER_SECOND
"""A connection that has lived so long was sound: the next one is dialled after a short pause."""
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
        self._opened_ns: int | None = None
        """When the present or last connection was made; None if the last dialling failed."""

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
        self._close_session("closed")

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            NotConnected: there is no connection; nothing has left.
            NoAnswer: the connection ended meanwhile; the message may have arrived.
        """
        from websockets.exceptions import ConnectionClosed
        from websockets.protocol import State

        if self._socket is None or self._socket.state is not State.OPEN:
            raise NotConnected(f"there is no connection to {self._url}")
        try:
            await self._socket.send(text)
        except ConnectionClosed as error:
            raise NoAnswer(True, f"the connection to {self._url} ended meanwhile") from error

    def restart(self, reason: str) -> None:
        """Give the connection up and make a new one."""
        self._restart_reason = reason
        self._restart.set()

    async def _run(self) -> None:
        while True:
            self._opened_ns = None
            reason = await self._live()
            self._close_session(reason)
            if self._was_steady():
                self._backoff.reset()
            await self._clock.sleep(self._backoff.next_s())

    def _was_steady(self) -> bool:
        opened_ns = self._opened_ns
        return opened_ns is not None and self._clock.now() - opened_ns >= STEADY_NS

    def _close_session(self, reason: str) -> None:
        try:
            self._session.closed(reason)
        except Exception:
            # A listener has failed; that must not end the dialling.
            logging.getLogger(__name__).exception("the end of %s was not taken in", self._url)

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
                self._socket, self._opened_ns = socket, self._clock.now()
                self.reconnects += self._lives > 0
                self._lives += 1
                try:
                    return await self._talk(socket)
                finally:
                    self._socket = None
        except (OSError, WebSocketException, TimeoutError) as error:
            return f"{self._url}: {_in_words(error)}"
        except Exception as error:
            # A listener has failed: the next connection tells everything anew.
            logging.getLogger(__name__).exception("a message of %s was not taken in", self._url)
            return f"a message was not taken in: {_in_words(error)}"

    async def _talk(self, socket: "ClientConnection") -> str:
        await _say(socket, self._session.opened(self._clock.now()))
        parts = [
            asyncio.ensure_future(part)
            for part in (self._keep_time(socket), self._wait_for_restart(), self._listen(socket))
        ]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            # A dead link is aborted, which ends the listening too: the first of these says why.
            return next(part for part in parts if part in done).result()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _listen(self, socket: "ClientConnection") -> str:
        from websockets.exceptions import ConnectionClosed

        with suppress(ConnectionClosed):
            while True:
                message = await socket.recv(decode=False)
                await _say(socket, self._session.received(message, self._clock.now()))
        return "the venue has closed the connection"

    async def _keep_time(self, socket: "ClientConnection") -> str:
        from websockets.exceptions import ConnectionClosed

        try:
            while True:
                await self._clock.sleep(LOOK_EVERY_S)
                await _say(socket, self._session.passed(self._clock.now()))
        except LinkDead as error:
            # No farewell: nobody is there to answer it.
            socket.transport.abort()
            return str(error)
        except ConnectionClosed:
            return "the venue has closed the connection"

    async def _wait_for_restart(self) -> str:
        await self._restart.wait()
        return self._restart_reason


async def _say(socket: "ClientConnection", texts: Sequence[str]) -> None:
    """Send what a session says; TimeoutError if the other side doesn't take it."""
    if not texts:
        return
    try:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            for text in texts:
                await socket.send(text)
    except TimeoutError:
        # A farewell would have to wait behind what isn't taken.
        socket.transport.abort()
        raise TimeoutError(f"nothing was taken for {SEND_TIMEOUT_S:g} s") from None


def _in_words(error: BaseException) -> str:
    return str(error) or type(error).__name__
