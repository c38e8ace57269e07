"""The engine's client over a Unix socket: one JSON line a request, one a reply.

Requests on one connection may overlap; each carries a number that its reply repeats.
"""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from nimbus_tui.control.answers import answer
from nimbus_tui.control.asks import (
    Reply,
    Request,
)
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.socket_file import identity
from nimbus_tui.control.socket_line import GOODBYE, MAX_LINE
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.core.redaction import redacted

MAX_UNDER_WAY = 32
"""Requests that one connection may have under way."""
LOOK_S = 5.0
"""How often a server looks whether its file is still there: a login manager that takes the last
login away removes the runtime folder, and cleaners remove old files."""
MAX_PATH = 107
"""The longest path that the system takes for a Unix socket."""


class UnixSocketServer:
    """Serves any engine client on a socket that only its owner can open."""

    def __init__(self, client: EngineClient, path: str) -> None:
        self._client = client
        self._path = path
        self._server: asyncio.Server | None = None
        self._file: tuple[int, int] | None = None
        self._ended = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Listen.

        Raises:
            NimbusError: the path is too long, or an engine answers there already.
        """
        if len(os.fsencode(self._path)) > MAX_PATH:
            raise NimbusError(f"the socket path {self._path} is longer than {MAX_PATH} bytes")
        await self._listen()
        self._looking = asyncio.create_task(self._look_after())

    async def _listen(self) -> None:
        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            folder = Path(self._path).parent
            raise NimbusError(f"the socket's folder {folder}: {error.strerror}") from error
        await self._clear_stale()
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MAX_LINE)
        finally:
            os.umask(mask)
        self._file = identity(self._path)

    async def _look_after(self) -> None:
        """Put the file back when somebody has removed it; connections that stand go on."""
        while not self._ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._ended.wait()
            if not self._ended.is_set() and identity(self._path) != self._file:
                if self._server is not None:
                    self._server.close()
                with suppress(NimbusError, OSError):  # its folder may come back later
                    await self._listen()

    async def _clear_stale(self) -> None:
        path = Path(self._path)
        if not path.exists():
            return
        try:
            _, writer = await asyncio.open_unix_connection(self._path)
        except OSError:
            path.unlink(missing_ok=True)
            return
        writer.close()
        raise NimbusError(f"an engine answers on {self._path} already")

    async def close(self, why: str = "") -> None:
        """Stop listening, tell the clients why, drop them. Harmless the second time."""
        self._ended.set()
        if self._looking is not None:
            await self._looking
        if self._server is not None:
            self._server.close()
            self._server = None
            if identity(self._path) == self._file:
                Path(self._path).unlink(missing_ok=True)
        last_words = msgspec.json.encode(Reply(GOODBYE, error=redacted(why))) + b"\n"
        for writer in list(self._connections):
            with suppress(OSError, RuntimeError):
                writer.write(last_words)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        slots = asyncio.Semaphore(MAX_UNDER_WAY)
        tasks: set[asyncio.Task[None]] = set()
        try:
            while line := await reader.readline():
                await slots.acquire()
                task = asyncio.create_task(self._answer(line, writer))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                task.add_done_callback(lambda _: slots.release())
        except (ValueError, OSError):
            writer.close()
        finally:
            for task in tasks:
                task.cancel()
            self._connections.discard(writer)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            request = msgspec.json.decode(line, type=Request)
        except msgspec.MsgspecError as error:
            reply = Reply(0, error=f"that is no request: {error}")
        else:
            reply = await self._reply(request)
        try:
            writer.write(msgspec.json.encode(reply) + b"\n")
            await writer.drain()
        except (ConnectionError, RuntimeError):
            writer.close()

    async def _reply(self, request: Request) -> Reply:
        try:
            body = msgspec.json.encode(await answer(self._client, request.ask))
        except NimbusError as error:
            return Reply(request.id, error=redacted(str(error)))
        except Exception as error:  # the client must hear of it, or it waits for ever
            told = redacted(f"the engine failed: {type(error).__name__}: {error}")
            return Reply(request.id, error=told)
        return Reply(request.id, msgspec.Raw(body))
