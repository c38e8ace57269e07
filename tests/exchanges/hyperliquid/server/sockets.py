"""The WebSocket side: lines to clients, what they ask for, and what is wrong with them."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from random import Random
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.faults import FRAME_FAULTS, Faults, SocketFault
from tests.exchanges.hyperliquid.server.streams import Frame, Streams
from tests.exchanges.hyperliquid.server.subscriptions import (
    BadSubscription,
    Subscription,
    UnknownCoin,
    read_subscription,
)
from tests.exchanges.hyperliquid.server.world import World

GREETING = "Websocket connection established."
MINUTE_MS = 60_000
MOST_WAITING = 10_000
Post = Callable[["Line", int, dict[str, Any]], Coroutine[Any, Any, None]]


class Line:
    """One client's socket; what is told leaves in order."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._request = request
        self.socket = socket
        self.subscriptions: dict[Subscription, None] = {}
        self.dead = False
        self.messages: deque[int] = deque()
        self.posts: set[int] = set()
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def tell(self, frame: dict[str, Any] | str) -> None:
        """Let a frame leave after those before it; a client too far behind is cut off."""
        if self.dead:
            return
        text = frame if isinstance(frame, str) else json.dumps(frame, separators=(",", ":"))
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.cut()

    def cut(self) -> None:
        """Break the connection without a word."""
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    def hang_up(self) -> None:
        """End the connection without a frame, as on an unknown coin."""
        transport = self._request.transport
        if transport is not None:
            transport.close()

    async def send_all(self, idle_s: float) -> None:
        """Send what waits; after a silence of `idle_s` the server leaves."""
        with suppress(ConnectionError, RuntimeError):
            while True:
                try:
                    text = await asyncio.wait_for(self._waiting.get(), idle_s)
                except TimeoutError:
                    if not self.dead:
                        self.cut()
                    return
                await self.socket.send_str(text)


class Hub:
    """All lines."""

    def __init__(
        self,
        world: World,
        streams: Streams,
        faults: Faults,
        post: Post,
        on_bug: Callable[[BaseException], None],
    ) -> None:
        self._world = world
        self._streams = streams
        self._faults = faults
        self._post = post
        self._on_bug = on_bug
        self.lines: list[Line] = []
        self.muted: set[SocketFault] = set()
        self.muted_channels: set[str] = set()
        """Types of subscriptions on which nothing is sent, e.g. `userFills`."""
        self.refuses = self.deaf = False
        """New sockets aren't let in; new sockets are dead from the start."""
        self._frame_faults: Counter[SocketFault] = Counter()
        self._opened: deque[int] = deque()
        self._chance = Random(1)
        self._tasks: set[asyncio.Task[None]] = set()
        streams.subscribed = self.subscriptions

    def subscriptions(self) -> set[Subscription]:
        """What anybody listens to."""
        return {wanted for line in self.lines for wanted in line.subscriptions}

    def break_frames(self, fault: SocketFault, times: int) -> None:
        """Let the next frames that tell something meet a fault.

        Raises:
            ValueError: the fault isn't one of frames.
        """
        if fault not in FRAME_FAULTS:
            raise ValueError(f"{fault} is no fault of frames")
        self._frame_faults[fault] += times

    def drop(self, *, clean: bool = False) -> None:
        """Break all sockets off, or close them properly."""
        for line in self.lines:
            self._faults.happened[SocketFault.CLOSE if clean else SocketFault.DROP] += 1
            if clean:
                self._spawn(_close(line))
            else:
                line.cut()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        bug = None if task.cancelled() else task.exception()
        if bug is not None and not isinstance(bug, ConnectionError):
            self._on_bug(bug)

    def deaden(self, *, new_ones: bool = False) -> None:
        """Nothing is sent on the sockets any more; with `new_ones` also not on later ones."""
        self.deaf = new_ones
        for line in self.lines:
            line.dead = True
            self._faults.happened[SocketFault.DEAD] += 1

    def publish(self, frames: Iterable[Frame]) -> None:
        """Send frames to all who have asked for them."""
        for frame in frames:
            silence = self._silence(frame)
            for line in self.lines:
                if any(w.wants(frame.kind, frame.key, frame.detail) for w in line.subscriptions):
                    if silence is not None:
                        self._faults.happened[silence] += 1
                    else:
                        self._send(line, frame)

    def _silence(self, frame: Frame) -> SocketFault | None:
        if frame.kind in self.muted_channels:
            return SocketFault.MUTE_CHANNEL
        kind = SocketFault.MUTE_USER if frame.is_of_user else SocketFault.MUTE_MARKET
        return kind if kind in self.muted else None

    def _send(self, line: Line, frame: Frame) -> None:
        text = json.dumps(frame.text(), separators=(",", ":"))
        fault = next((fault for fault, left in self._frame_faults.items() if left > 0), None)
        if fault is not None:
            self._frame_faults[fault] -= 1
            self._faults.happened[fault] += 1
        match fault:
            case SocketFault.GARBAGE:
                text = "\x00{" + text[::-1]
            case SocketFault.TRUNCATED:
                text = text[: self._chance.randrange(1, len(text))]
            case SocketFault.TWICE:
                line.tell(text)
            case _:
                pass
        line.tell(text)

    async def talk(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until one of the two leaves."""
        if self.refuses or not self._has_room():
            if self.refuses:
                self._faults.happened[SocketFault.REFUSE] += 1
            return web.Response(status=503, text="<html>503</html>", content_type="text/html")
        socket = web.WebSocketResponse(autoping=False, autoclose=False, max_msg_size=2**22)
        await socket.prepare(request)
        line = Line(request, socket)
        line.dead = self.deaf
        self.lines.append(line)
        sending = asyncio.ensure_future(line.send_all(self._world.readings.idle_s))
        if self._world.readings.greets:
            line.tell(GREETING)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._hear(line, message.data)
                elif message.type is WSMsgType.PING and self._pongs(line):
                    await socket.pong(message.data)
            if not line.dead:
                await socket.close()
        finally:
            self.lines.remove(line)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if line.dead:
            # The dead don't say goodbye either: a client that waits for it waits.
            await asyncio.sleep(self._world.readings.dead_linger_s)
            line.cut()
        return socket

    def _pongs(self, line: Line) -> bool:
        return self._world.readings.control_pings and not line.dead

    def _has_room(self) -> bool:
        now, readings = self._world.now(), self._world.readings
        while self._opened and self._opened[0] <= now - MINUTE_MS:
            self._opened.popleft()
        self._opened.append(now)
        fits = len(self.lines) < readings.connections
        if fits and len(self._opened) <= readings.connections_per_minute:
            return True
        self._broken(Rule.CONNECTIONS, f"{len(self.lines)} open, {len(self._opened)} a minute")
        return False

    def _broken(self, rule: Rule, words: str) -> None:
        self._world.audit.broken(rule, words, "", self._world.now())

    def _hear(self, line: Line, text: str) -> None:
        now, most = self._world.now(), self._world.readings.messages_per_minute
        while line.messages and line.messages[0] <= now - MINUTE_MS:
            line.messages.popleft()
        line.messages.append(now)
        if len(line.messages) > most:
            self._broken(Rule.MESSAGES, f"{len(line.messages)} a minute")
            _tell_error(line, f"Cannot send more than {most} messages per minute.")
            return
        try:
            asked = json.loads(text)
            method = str(asked["method"])
        except (ValueError, KeyError, TypeError):
            method = None
        if method == "ping":
            line.tell({"channel": "pong"})
        elif method in {"subscribe", "unsubscribe"}:
            self._subscribe(line, method, asked.get("subscription"))
        elif method == "post" and _is_post(asked):
            self._take_post(line, asked)
        else:
            self._broken(Rule.UNREADABLE, text)
            _tell_error(line, f"Error parsing JSON into valid websocket request: {text}")

    def _take_post(self, line: Line, asked: dict[str, Any]) -> None:
        number = asked["id"]
        if number in line.posts or len(line.posts) >= self._world.readings.posts_in_flight:
            self._broken(Rule.POSTS, str(number))
            _tell_error(line, f"too many pending post requests id={number}")
            return
        line.posts.add(number)
        task = self._spawn(self._post(line, number, asked["request"]))
        task.add_done_callback(lambda _: line.posts.discard(number))

    def _subscribe(self, line: Line, method: str, raw: Any) -> None:
        try:
            wanted = read_subscription(raw, self._world)
            refused = self._unfit(line, method, wanted)
        except UnknownCoin as unknown:
            self._broken(Rule.COIN, str(unknown))
            line.hang_up()
            return
        except BadSubscription as bad:
            refused = str(bad)
        if refused is not None:
            self._broken(Rule.SUBSCRIPTION, refused)
            _tell_error(line, refused)
            return
        data = {"method": method, "subscription": wanted.echo()}
        acknowledgement = {"channel": "subscriptionResponse", "data": data}
        late = self._world.readings.data_before_ack
        if not late:
            line.tell(acknowledgement)
        if method == "subscribe":
            line.subscriptions[wanted] = None
            for frame in self._streams.at_start(wanted):
                self._send(line, frame)
        else:
            del line.subscriptions[wanted]
        if late:
            line.tell(acknowledgement)

    def _unfit(self, line: Line, method: str, wanted: Subscription) -> str | None:
        readings, known = self._world.readings, wanted in line.subscriptions
        if (method == "subscribe") == known:
            told = json.dumps(wanted.echo(), separators=(",", ":"))
            return f"Already {'sub' if known else 'unsub'}scribed: {told}"
        everything = [held for other in self.lines for held in other.subscriptions]
        users = {held.user for held in [*everything, wanted]} - {None}
        if method == "subscribe" and len(users) > readings.users:
            return f"Cannot track more than {readings.users} total users."
        if method == "subscribe" and len(everything) >= readings.subscriptions:
            return f"Cannot subscribe to more than {readings.subscriptions} channels."
        return None


def _is_post(asked: dict[str, Any]) -> bool:
    return isinstance(asked.get("id"), int) and isinstance(asked.get("request"), dict)


async def _close(line: Line) -> None:
    await line.socket.close(code=WSCloseCode.GOING_AWAY)


def _tell_error(line: Line, words: str) -> None:
    line.tell({"channel": "error", "data": words})
