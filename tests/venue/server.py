"""A venue as a process of its own: the paper exchange's matching behind a WebSocket.

It keeps everything in files, so that it may be killed at any moment like its clients. Faults come
by chance (`--faults`) or as a client asks for them (the control call `fault`).
"""

import argparse
import asyncio
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.market import FundingRate, Tick
from nimbus_tui.core.order import NotFound, OrderRequest, RefusalKind, Refused
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.store import PaperStore
from tests.venue.arrivals import Arrivals
from tests.venue.markets import BALANCES, INSTRUMENTS, PERPETUAL, StillSource, moving
from tests.venue.protocol import (
    CALLS,
    CONTROLS,
    Call,
    Fault,
    Hard,
    Kind,
    Message,
    Query,
    Scripted,
    raw,
)

HOST = "127.0.0.1"
MOST_WAITING = 5_000
"""Messages that a client may be behind; then it is disconnected."""
BY_CHANCE = [fault for fault in Fault if fault is not Fault.LOSE]
HOLD_S = (0.05, 1.5)
DELAY_S = (0.2, 3.0)
FUNDING_EVERY_S = 2
FUNDING_TIMES = 3_600


class Line:
    """One client's connection; what is told leaves in order."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()

    def tell(self, message: Message) -> None:
        """Let a message leave after those before it."""
        if len(self._waiting) >= MOST_WAITING:
            self.cut()
            return
        self._waiting.append(msgspec.json.encode(message))
        self._news.set()

    def cut(self) -> None:
        """Break the connection without a word."""
        self._waiting.clear()
        self._socket.transport.abort()

    async def send_all(self) -> None:
        """Send what waits, until the connection ends."""
        with suppress(ConnectionClosed):
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    await self._socket.send(self._waiting.popleft().decode())


class Faults:
    """What goes wrong next: as it was asked for, else by chance."""

    def __init__(self, rate: float, chance: Random) -> None:
        self._rate = rate
        self._chance = chance
        self._scripted: Counter[tuple[str, Fault]] = Counter()
        self._refuses_until = self._silent_until = 0.0

    def make_hard(self, hard: Hard) -> None:
        """Refuse every cancel for a time, then lose every one for a time."""
        self._refuses_until = time.monotonic() + hard.refuse_s
        self._silent_until = self._refuses_until + hard.silent_s

    def script(self, scripted: Scripted) -> None:
        """Let the next calls of a name meet a fault."""
        self._scripted[scripted.call, scripted.fault] += scripted.times

    def next(self, call: str) -> Fault | None:
        """What this call meets."""
        if call == "cancel" and time.monotonic() < self._silent_until:
            refuses = time.monotonic() < self._refuses_until
            return Fault.REFUSE if refuses else Fault.LOSE
        for (name, fault), left in self._scripted.items():
            if name == call and left:
                self._scripted[name, fault] -= 1
                return fault
        if self._chance.random() >= self._rate:
            return None
        fault = self._chance.choice(BY_CHANCE)
        return fault if call == "place" or fault is not Fault.REFUSE else None

    async def wait(self, between: tuple[float, float]) -> None:
        """Take a time between two lengths, in seconds."""
        await asyncio.sleep(self._chance.uniform(*between))


class VenueServer:
    """Serves one paper exchange to any number of clients."""

    def __init__(
        self, exchange: PaperExchange, arrivals: Arrivals, faults: Faults, clock: Clock
    ) -> None:
        self._exchange = exchange
        self._arrivals = arrivals
        self._faults = faults
        self._clock = clock
        self._lines: set[Line] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: Server | None = None
        exchange.subscribe_order_fills(self._teller(Kind.FILL))
        exchange.subscribe_order_updates(self._teller(Kind.ORDER))
        exchange.subscribe_funding(self._teller(Kind.FUNDING))

    async def open(self, port: int = 0) -> int:
        """Let clients in; returns the port."""
        for instrument in await self._exchange.instruments():
            tell = self._teller(Kind.PRICE)
            self._exchange.subscribe_price_updates(instrument.symbol, tell)
        self._server = await serve(
            self._talk, HOST, port, compression=None, ping_interval=None, close_timeout=1
        )
        await self._exchange.connect()
        return int(next(iter(self._server.sockets)).getsockname()[1])

    async def close(self) -> None:
        """Send everybody away."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._exchange.disconnect()

    def _teller(self, kind: Kind) -> Callable[[Any], None]:
        def tell(value: Any) -> None:
            message = Message(kind, raw(value))
            for line in list(self._lines):
                line.tell(message)

        return tell

    async def _talk(self, socket: ServerConnection) -> None:
        line = Line(socket)
        self._lines.add(line)
        sending = asyncio.ensure_future(line.send_all())
        try:
            async for text in socket:
                call = msgspec.json.decode(text, type=Call)
                # What has arrived is carried out, whether its sender lives or not.
                self._spawn(self._met(line, call))
        except ConnectionClosed:
            pass
        finally:
            self._lines.discard(line)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _met(self, line: Line, call: Call) -> None:
        """Carry a call out as fate has it."""
        fault = self._faults.next(call.name) if call.name in CALLS else None
        if fault is not None:
            self._arrivals.went_wrong(f"{fault.value} {call.name}")
        if fault is Fault.BUSY:
            line.tell(Message(Kind.BUSY, raw("429 too many requests"), call.number))
            return
        if fault is Fault.LOSE:
            return
        if fault is Fault.HOLD:
            await self._faults.wait(HOLD_S)
        answer = await self._answered(call, refuse=fault is Fault.REFUSE)
        if fault is Fault.DROP:
            line.cut()
        elif fault is not Fault.SWALLOW:
            if fault is Fault.DELAY:
                await self._faults.wait(DELAY_S)
            line.tell(answer)

    async def _answered(self, call: Call, *, refuse: bool) -> Message:
        takes = (CALLS | CONTROLS)[call.name].takes
        argument = msgspec.json.decode(call.argument, type=takes)
        late = call.expires_ns and self._clock.now() > call.expires_ns
        try:
            if late:
                self._arrivals.went_wrong(f"deadline {call.name}")
                value: Any = Refused(RefusalKind.BUSY, "it arrived after its deadline")
            elif refuse:
                value = Refused(RefusalKind.INVALID, "the venue does not like it")
            else:
                value = await self._carried_out(call.name, argument)
        except ExchangeError as error:
            return Message(Kind.ERROR, raw(str(error)), call.number)
        return Message(Kind.ANSWER, raw(value), call.number)

    async def _carried_out(self, name: str, argument: Any) -> Any:
        venue = self._exchange
        match name:
            case "place":
                return await self._placed(argument)
            case "cancel":
                return await venue.cancel_order(argument)
            case "order_status":
                return await self._status(argument)
            case "tick":
                return venue.deliver(argument)
            case "fault":
                return self._faults.script(argument)
            case "hard":
                return self._faults.make_hard(argument)
            case "fund":
                return await self._fund(argument)
            case "fills_since" | "funding_since" | "mark_price":
                return await getattr(venue, name)(argument)
            case _:
                return await getattr(venue, name)()

    async def _placed(self, request: OrderRequest) -> Any:
        known = await self._exchange.order_status(request.client_order_id, request.symbol)
        self._arrivals.arrived(request, knew_it=not isinstance(known, NotFound))
        return await self._exchange.place_order(request)

    async def _status(self, query: Query) -> Any:
        found = await self._exchange.order_status(query.client_order_id, query.symbol)
        return None if isinstance(found, NotFound) else found

    async def _fund(self, symbol: str) -> None:
        at = self._exchange.next_funding()
        if at is None:
            raise ExchangeError("nothing pays funding here")
        last = await self._exchange.mark_price(symbol)
        self._exchange.deliver(Tick(at, symbol, last.price, Decimal(0)))


def _rates(begin_ns: int) -> FundingSchedule:
    """A funding rate of the perpetual every few seconds; the same after a restart."""
    step = FUNDING_EVERY_S * NS_PER_SECOND
    times = (begin_ns + number * step for number in range(FUNDING_TIMES))
    rates = tuple(
        FundingRate(ts, Decimal(number % 5 - 1) / 10_000) for number, ts in enumerate(times, 1)
    )
    return FundingSchedule(recorded={PERPETUAL: rates})


async def _run(given: argparse.Namespace) -> None:
    clock = LiveClock()
    source = StillSource(clock) if given.still else moving(clock, given.seed)
    exchange = PaperExchange(
        "venue",
        instruments=INSTRUMENTS,
        balances=BALANCES,
        clock=clock,
        store=PaperStore(given.folder / "venue.db"),
        source=source,
        settings=PaperSettings(
            partial_fills=True,
            funding=FundingSchedule() if given.still else _rates(given.begun),
        ),
    )
    if isinstance(source, StillSource):
        for symbol in source.symbols:
            source.prices[symbol] = (await exchange.mark_price(symbol)).price
    arrivals = Arrivals(given.folder / "arrivals.db")
    server = VenueServer(exchange, arrivals, Faults(given.faults, Random()), clock)
    print(await server.open(given.port), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve until killed; prints the port."""
    asking = argparse.ArgumentParser()
    asking.add_argument("folder", type=Path)
    asking.add_argument("--port", type=int, default=0)
    asking.add_argument("--seed", type=int, default=1)
    asking.add_argument("--faults", type=float, default=0.0, help="share of calls that go wrong")
    asking.add_argument("--still", action="store_true", help="prices stay, no funding comes")
    asking.add_argument("--begun", type=int, default=0, help="when funding times begin, ns")
    asyncio.run(_run(asking.parse_args(sys.argv[1:])))


if __name__ == "__main__":
    main()
