"""One WebSocket that comes back, over real sockets: dropped, refused, dead, restarted, faulty."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.utils import accept_key

from nimbus_tui.core.errors import NoAnswer, NotConnected
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.net import websocket
from nimbus_tui.exchanges.net.backoff import Backoff
from nimbus_tui.exchanges.net.websocket import LinkDead, WebSocketLink
from tests.exchanges.net.rough_server import closed_port

WITHIN_S = 10.0
Handler = Callable[[ServerConnection], Awaitable[None]]


class Notes:
    """A session that notes what happens, and fails where it is told to."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.greeting: Sequence[str] = ("hello",)
        self.on_received: Callable[[bytes], Sequence[str]] = lambda _: ()
        self.on_passed: Callable[[], Sequence[str]] = lambda: ()
        self.on_closed: Callable[[], None] = lambda: None
        self._more = asyncio.Event()

    def opened(self, now: int) -> Sequence[str]:
        self._note("opened")
        return self.greeting

    def received(self, frame: bytes, now: int) -> Sequence[str]:
        self._note(f"received {frame.decode()}")
        return self.on_received(frame)

    def passed(self, now: int) -> Sequence[str]:
        return self.on_passed()

    def closed(self, reason: str) -> None:
        self._note(f"closed {reason}")
        self.on_closed()

    def _note(self, what: str) -> None:
        self.happened.append(what)
        self._more.set()

    async def count(self, what: str, times: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while sum(one.startswith(what) for one in self.happened) < times:
                self._more.clear()
                await self._more.wait()


class Hurried(Backoff):
    """Waits hardly at all, and notes how long it would have."""

    def __init__(self) -> None:
        super().__init__(Random(1))
        self.resets = 0
        self.waits: list[float] = []

    def next_s(self) -> float:
        self.waits.append(super().next_s())
        return 0.001

    def reset(self) -> None:
        self.resets += 1
        super().reset()


class Steps(LiveClock):
    """The machine's clock, and what is added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.added_ns = 0

    def now(self) -> int:
        return super().now() + self.added_ns


@asynccontextmanager
async def serving(handler: Handler, port: int = 0) -> AsyncIterator[tuple[str, Server]]:
    async with serve(handler, "127.0.0.1", port, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}", server


@asynccontextmanager
async def linked(
    url: str, notes: Notes, clock: Steps | None = None, backoff: Hurried | None = None
) -> AsyncIterator[WebSocketLink]:
    link = WebSocketLink(url, notes, clock=clock or Steps(), backoff=backoff or Hurried())
    link.start()
    try:
        yield link
    finally:
        await link.stop()


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(f"echo {message!s}")


async def drops(socket: ServerConnection) -> None:
    await socket.recv()
    socket.transport.abort()


@asynccontextmanager
async def deaf() -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A server that shakes hands and reads nothing any more; and what makes it vanish."""
    writers: list[asyncio.StreamWriter] = []

    async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line for line in head.splitlines() if line.startswith("Sec-WebSocket-Key"))
        accepted = accept_key(key.partition(":")[2].strip())
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )
        writers.append(writer)

    def vanish() -> None:
        while writers:
            writers.pop().transport.abort()

    server = await asyncio.start_server(shake_hands, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", vanish
        vanish()


async def test_it_greets_talks_and_closes() -> None:
    notes = Notes()
    async with serving(echo) as (url, _):
        async with linked(url, notes) as link:
            link.start()
            await notes.count("received echo hello", 1)
            await link.send("you")
            await notes.count("received echo you", 1)
            notes.on_received = lambda frame: ("again",) if b"them" in frame else ()
            await link.send("them")
            await notes.count("received echo again", 1)
        await link.stop()
    assert notes.happened.count("opened") == 1
    assert notes.happened[-1] == "closed closed"
    assert link.reconnects == 0


async def test_a_dropped_connection_is_dialled_again_and_counted() -> None:
    notes = Notes()
    async with serving(drops) as (url, _), linked(url, notes) as link:
        await notes.count("opened", 3)
        assert link.reconnects >= 2
    assert notes.happened[:3] == ["opened", "closed the venue has closed the connection", "opened"]


async def test_a_port_where_nobody_listens_is_told_and_tried_again() -> None:
    notes, port = Notes(), closed_port()
    async with linked(f"ws://127.0.0.1:{port}", notes) as link:
        await notes.count("closed", 3)
        assert "opened" not in notes.happened
        assert f"127.0.0.1:{port}" in notes.happened[0]
        with pytest.raises(NotConnected):
            await link.send("lost")
        async with serving(echo, port):
            await notes.count("received echo hello", 1)
            assert link.reconnects == 0


async def test_a_server_that_is_none_is_tried_again() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    notes = Notes()
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with linked(f"ws://127.0.0.1:{port}", notes):
            await notes.count("closed", 2)
    assert "503" in notes.happened[0]


async def test_a_dead_connection_is_given_up_without_a_farewell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "LOOK_EVERY_S", 0.01)
    notes = Notes()
    lives = 0

    def passed() -> Sequence[str]:
        nonlocal lives
        lives += 1
        if lives == 2:
            raise LinkDead("nobody is there")
        return ("tick",) if lives == 1 else ()

    notes.on_passed = passed
    async with serving(echo) as (url, _), linked(url, notes):
        await notes.count("opened", 2)
    assert "received echo tick" in notes.happened or "closed nobody is there" in notes.happened
    assert notes.happened[notes.happened.index("closed nobody is there") + 1] == "opened"


async def test_a_restart_is_said_and_made() -> None:
    notes = Notes()
    async with serving(echo) as (url, _), linked(url, notes) as link:
        await notes.count("received echo hello", 1)
        link.restart("no fills")
        await notes.count("received echo hello", 2)
        assert link.reconnects == 1
    assert "closed no fills" in notes.happened


async def test_a_restart_asked_for_while_nothing_stands_is_not_made_later() -> None:
    notes, port = Notes(), closed_port()
    async with linked(f"ws://127.0.0.1:{port}", notes) as link:
        await notes.count("closed", 1)
        link.restart("too late")
        await notes.count("closed", 3)
        async with serving(echo, port):
            await notes.count("received echo hello", 1)
            await link.send("still here")
            await notes.count("received echo still here", 1)
    assert not any("too late" in one for one in notes.happened)


async def test_what_a_session_says_wrong_ends_the_connection_and_not_the_dialling(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notes = Notes()

    def fails(_: bytes) -> Sequence[str]:
        notes.on_received = lambda _: ()
        raise KeyError("X")

    notes.on_received = fails
    async with serving(echo) as (url, _), linked(url, notes):
        await notes.count("received echo hello", 2)
    assert "closed a message was not taken in: 'X'" in notes.happened
    assert "was not taken in" in caplog.text
    assert "KeyError" in caplog.text


async def test_a_listener_that_fails_at_the_end_does_not_end_the_dialling(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notes = Notes()

    def fails() -> None:
        notes.on_closed = lambda: None
        raise ValueError("mine")

    notes.on_closed = fails
    async with serving(drops) as (url, _), linked(url, notes):
        await notes.count("opened", 2)
    assert "ValueError: mine" in caplog.text


async def test_a_short_life_does_not_shorten_the_wait() -> None:
    notes, backoff = Notes(), Hurried()
    async with serving(drops) as (url, _), linked(url, notes, backoff=backoff):
        await notes.count("opened", 8)
    assert backoff.resets == 0
    assert max(backoff.waits) > 2.0


async def test_a_steady_life_makes_the_next_wait_short() -> None:
    notes, backoff, clock = Notes(), Hurried(), Steps()
    async with serving(echo) as (url, _), linked(url, notes, clock, backoff) as link:
        await notes.count("received echo hello", 1)
        clock.added_ns = websocket.STEADY_NS
        link.restart("now")
        await notes.count("opened", 2)
    assert backoff.resets == 1


async def test_a_dialling_that_takes_long_is_no_steady_life() -> None:
    notes, backoff, clock = Notes(), Hurried(), Steps()

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        clock.added_ns += websocket.STEADY_NS
        writer.close()

    server = await asyncio.start_server(hangs_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with linked(f"ws://127.0.0.1:{port}", notes, clock, backoff):
            await notes.count("closed", 3)
    assert backoff.resets == 0


async def test_what_is_sent_after_the_end_has_not_left() -> None:
    notes, sending = Notes(), list[asyncio.Future[None]]()
    async with serving(drops) as (url, _), linked(url, notes) as link:
        notes.on_closed = lambda: sending.append(asyncio.ensure_future(link.send("late")))
        await notes.count("closed", 1)
        with pytest.raises(NotConnected):
            await sending[0]
        notes.on_closed = lambda: None
    await asyncio.gather(*sending, return_exceptions=True)


async def test_a_connection_that_ends_while_a_message_leaves_may_have_taken_it() -> None:
    """The other side reads nothing, so that the message waits half sent; then it is gone."""
    notes = Notes()
    async with deaf() as (url, vanish), linked(url, notes) as link:
        await notes.count("opened", 1)
        sending = asyncio.ensure_future(link.send("x" * 30_000_000))
        await asyncio.sleep(0)
        assert not sending.done()
        vanish()
        with pytest.raises(NoAnswer) as told:
            await asyncio.wait_for(sending, WITHIN_S)
        assert told.value.may_have_arrived


async def test_a_server_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "SEND_TIMEOUT_S", 0.05)
    notes = Notes()
    notes.greeting = ["x" * 30_000_000]
    async with deaf() as (url, _), linked(url, notes):
        await notes.count("closed", 1)
        notes.greeting = ()
        await notes.count("opened", 2)
    assert "nothing was taken" in notes.happened[1]


async def test_stopping_while_it_dials_is_no_error() -> None:
    notes = Notes()
    link = WebSocketLink("ws://127.0.0.1:9/x", notes, clock=Steps(), backoff=Backoff(Random(1)))
    await link.stop()
    assert notes.happened == []
    link.start()
    await link.stop()
    await link.stop()
    assert notes.happened[-1] == "closed closed"
