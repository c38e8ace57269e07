"""The client's end of an engine's socket: requests matched with replies, opened again if lost."""

import asyncio
from typing import Any

import msgspec

from nimbus_tui.control.asks import PROTOCOL, Ask, Hello, Reply, Request
from nimbus_tui.control.socket_file import refuse_foreign_file, refuse_foreign_listener
from nimbus_tui.core.errors import EngineEnded, EngineUnreachable

MAX_LINE = 16 * 1024 * 1024
GOODBYE = -1
"""The number of a reply that nobody asked for: why the engine ends."""
HELLO_WITHIN_S = 5.0
"""How long an engine may take to answer a new client."""


class SocketLine:
    """Connects at its first call, and again where the engine came back; calls may overlap.

    A call that was under way when the engine went is never sent again.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._opening = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._was_open = False
        self._closed = False
        self._last_words = ""

    async def open(self) -> None:
        """Connect, and see that it is ours and speaks our protocol.

        Raises:
            EngineUnreachable: nobody answers there, or another user, or with another protocol.
        """
        path = self._path
        refuse_foreign_file(path)
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=MAX_LINE)
        except OSError as error:
            raise EngineUnreachable(f"no engine answers on {path}") from error
        self._writer = writer
        self._listener = asyncio.create_task(self._listen(reader, writer))
        try:
            refuse_foreign_listener(path, writer.get_extra_info("socket"))
            async with asyncio.timeout(HELLO_WITHIN_S):
                await self._exchange(writer, Hello(PROTOCOL))
        except TimeoutError:
            self._drop()
            raise EngineUnreachable(f"the engine on {path} does not answer") from None
        except EngineUnreachable:
            self._drop()
            raise
        self._was_open = True

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                reply = msgspec.json.decode(line, type=Reply)
                if reply.id == GOODBYE:
                    self._last_words = reply.error or ""
                waiting = self._waiting.pop(reply.id, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(reply)
        except (OSError, ValueError):
            pass
        finally:
            writer.close()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(self._gone())
            self._waiting.clear()

    def _gone(self) -> EngineEnded:
        """What the engine said at its end; one that was killed said nothing."""
        return EngineEnded(self._last_words or "killed, or crashed: the engine has gone")

    async def call(self, ask: Ask, kind: Any) -> Any:
        """The engine's answer to one request, as a value of a type."""
        async with self._opening:
            if self._closed:
                raise EngineUnreachable("this client is closed")
            if self._listener is None or self._listener.done():
                await self._open_again()
        if self._writer is None:
            raise AssertionError("a client that opens without an error has a connection")
        reply = await self._exchange(self._writer, ask)
        return msgspec.json.decode(reply.body, type=kind)

    async def _open_again(self) -> None:
        try:
            await self.open()
        except EngineUnreachable:
            if not self._was_open:
                raise
            raise self._gone() from None
        self._last_words = ""

    async def _exchange(self, writer: asyncio.StreamWriter, ask: Ask) -> Reply:
        self._number += 1
        number = self._number
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            writer.write(msgspec.json.encode(Request(number, ask)) + b"\n")
            await writer.drain()
        except OSError as error:
            raise self._gone() from error
        reply = await waiting
        if reply.error is not None:
            raise EngineUnreachable(reply.error)
        return reply

    def _drop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
        if self._writer is not None:
            self._writer.close()

    def close(self) -> None:
        """Let go, for good."""
        self._closed = True
        self._drop()
