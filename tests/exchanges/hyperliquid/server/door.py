"""The door: requests come in, meet their fault, are carried out, and are answered."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.exchanges.hyperliquid.server.actions import UNREADABLE, Unreadable, read_body
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.desk import carry_out
from tests.exchanges.hyperliquid.server.faults import BEFORE, Fault, Faults, Met
from tests.exchanges.hyperliquid.server.info import Desk, weight
from tests.exchanges.hyperliquid.server.limits import Meter, weight_of_action
from tests.exchanges.hyperliquid.server.sockets import Line
from tests.exchanges.hyperliquid.server.world import World

HTML = "<html><head><title>502 Bad Gateway</title></head><body>cloudfront</body></html>"
NOT_JSON = "upstream connect error or disconnect/reset before headers"


@dataclass(frozen=True)
class Answer:
    """What goes back; `text` None: nothing does, and the connection breaks (`cut`) or hangs."""

    status: int
    text: str | None
    kind: str = "application/json"
    cut: bool = False


class Door:
    """REST, and posts over sockets."""

    def __init__(
        self, world: World, desk: Desk, faults: Faults, meter: Meter, flush: Callable[[], None]
    ) -> None:
        self._world = world
        self._desk = desk
        self._faults = faults
        self._meter = meter
        self._flush = flush
        self._closed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Let go of those who wait for an answer that never comes."""
        self._closed.set()
        for task in self._tasks:
            task.cancel()

    async def exchange(self, request: web.Request) -> web.StreamResponse:
        """`POST /exchange`."""
        return await self._respond(request, await self._met("exchange", await request.read()))

    async def info(self, request: web.Request) -> web.StreamResponse:
        """`POST /info`."""
        return await self._respond(request, await self._met("info", await request.read()))

    async def _respond(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        if answer.text is None:
            if not answer.cut:
                await self._closed.wait()
            if request.transport is not None:
                request.transport.abort()
        return web.Response(status=answer.status, text=answer.text or "", content_type=answer.kind)

    async def post(self, line: Line, number: int, request: dict[str, Any]) -> None:
        """A request over a socket."""
        kind = request.get("type")
        route = {"action": "exchange", "info": "info"}.get(str(kind))
        if route is None:
            self._tell_post(line, number, "error", "422 Unprocessable Entity: " + UNREADABLE)
            return
        asked = request.get("payload")
        answer = await self._met(route, json.dumps(asked).encode(), "post")
        if answer.text is None:
            if answer.cut:
                line.cut()
        elif answer.status != 200:
            self._tell_post(line, number, "error", f"{answer.status} {answer.text}")
        else:
            self._answer_post(line, number, str(kind), asked, answer.text)

    def _answer_post(self, line: Line, number: int, kind: str, asked: Any, text: str) -> None:
        try:
            payload = json.loads(text)
        except ValueError:
            line.tell('{"channel":"post","data":{"id":' + str(number) + "," + text)
            return
        if kind == "info":
            payload = {"type": asked.get("type"), "data": payload}
        self._tell_post(line, number, kind, payload)

    def _tell_post(self, line: Line, number: int, kind: str, payload: Any) -> None:
        data = {"id": number, "response": {"type": kind, "payload": payload}}
        line.tell({"channel": "post", "data": data})

    async def _met(self, route: str, raw: bytes, *more: str) -> Answer:
        """Carry a request out as fate has it; `more` says that it came over a socket."""
        met = self._faults.next(route, *more, *_kinds(raw))
        weighs = not more or self._world.readings.posts_weigh
        fault = met.fault if met else None
        if met and fault is Fault.SLOW:
            await self._pause(met.seconds)
        if route == "exchange" and self._world.readings.block_s:
            await self._pause(self._world.readings.block_s)
        if fault in BEFORE:
            return _broken(fault, Answer(200, "null"))
        answer = self._do(route, raw, weighs=weighs)
        if fault in {Fault.DUPLICATE, Fault.DUPLICATE_LAST} and route == "exchange":
            again = self._do_again(raw)
            answer = again if fault is Fault.DUPLICATE_LAST else answer
        if met and fault is Fault.LATE_EVENTS:
            self._flush_later(met)
        else:
            self._flush()
        if met and fault is Fault.LATE:
            await self._pause(met.seconds)
        return _broken(fault, answer)

    def _do_again(self, raw: bytes) -> Answer:
        """The second copy, which is our doing and breaks no rule of the client's."""
        noted = list(self._world.audit.violations)
        answer = self._do("exchange", raw, weighs=False)
        self._world.audit.violations[:] = noted
        return answer

    def _do(self, route: str, raw: bytes, *, weighs: bool) -> Answer:
        carry_out = self._exchange if route == "exchange" else self._info
        try:
            return carry_out(raw, weighs=weighs)
        except Unreadable as problem:
            words = f"{problem}: {raw[:200].decode(errors='replace')}"
            self._world.audit.broken(Rule.UNREADABLE, words, "", self._world.now())
            return Answer(422, UNREADABLE, "text/plain")

    def _exchange(self, raw: bytes, *, weighs: bool) -> Answer:
        body = read_body(raw)
        if weighs and not self._meter.takes(weight_of_action(_length(body.action))):
            return Answer(429, "null")
        return Answer(200, json.dumps(carry_out(self._world, body)))

    def _info(self, raw: bytes, *, weighs: bool) -> Answer:
        try:
            asked = json.loads(raw)
            kind = str(asked["type"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(str(error)) from error
        base = weight(kind, None)
        if weighs and not self._meter.takes(base):
            return Answer(429, "null")
        reply = self._desk.answer(asked)
        self._meter.add(weight(kind, reply) - base if weighs else 0)
        return Answer(200, json.dumps(reply))

    def _flush_later(self, met: Met) -> None:
        held = list(self._world.news)
        self._world.news.clear()

        async def tell() -> None:
            await self._pause(met.seconds)
            self._world.news.extendleft(reversed(held))
            self._flush()

        task = asyncio.get_running_loop().create_task(tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pause(self, seconds: float) -> None:
        await self._world.time.clock.sleep(seconds)


def _length(action: dict[str, Any]) -> int:
    """How many items an action holds that wasn't read yet."""
    for name in ("orders", "cancels", "modifies"):
        if isinstance(action.get(name), list):
            return len(action[name])
    return 1


def _kinds(raw: bytes) -> list[str]:
    """The type of an action or question, for scripts."""
    try:
        asked = json.loads(raw)
        return [str(asked.get("action", asked)["type"])]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _broken(fault: Fault | None, answer: Answer) -> Answer:
    """The answer after its fault."""
    match fault:
        case Fault.CUT_BEFORE | Fault.CUT_AFTER:
            return Answer(200, None, cut=True)
        case Fault.HANG_BEFORE | Fault.HANG_AFTER:
            return Answer(200, None)
        case Fault.BUSY | Fault.BUSY_AFTER:
            return Answer(429, "null")
        case Fault.ERROR:
            return Answer(500, "Internal Server Error", "text/plain")
        case Fault.HTML_BEFORE | Fault.HTML_AFTER:
            return Answer(502, HTML, "text/html")
        case Fault.NULL:
            return Answer(200, "null")
        case Fault.GARBAGE:
            return Answer(200, NOT_JSON, "text/plain")
        case Fault.TRUNCATED:
            return Answer(200, (answer.text or "")[: len(answer.text or "") // 2])
        case _:
            return answer
