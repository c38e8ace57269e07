"""The server: HTTP and WebSocket on one port, around one world.

    async with HyperliquidServer() as server:
        server.fund(address, 10_000, spot={"HYPE": Decimal(5)})
        ...  # a client of server.rest_url and server.ws_url rests a bid on ETH
        await server.move("ETH", Decimal("2350"))
        server.faults.script(Fault.CUT_AFTER, on="order")
        server.sockets.drop()
        assert server.audit.violations == []

What the protocol reference leaves open is read by `server.world.readings`: flip them, a client must
bear either. `python -m tests.exchanges.hyperliquid.server` is the same as a process of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from nimbus_tui.core.clock import Clock
from nimbus_tui.engine.clock import LiveClock
from tests.exchanges.hyperliquid.server import moving, state
from tests.exchanges.hyperliquid.server.accounts import Account
from tests.exchanges.hyperliquid.server.audit import Audit
from tests.exchanges.hyperliquid.server.candles import Tape
from tests.exchanges.hyperliquid.server.control import Control
from tests.exchanges.hyperliquid.server.door import Door
from tests.exchanges.hyperliquid.server.faults import Faults
from tests.exchanges.hyperliquid.server.info import Desk
from tests.exchanges.hyperliquid.server.limits import Meter
from tests.exchanges.hyperliquid.server.sockets import Hub
from tests.exchanges.hyperliquid.server.streams import Streams
from tests.exchanges.hyperliquid.server.universe import Universe, small
from tests.exchanges.hyperliquid.server.world import Readings, VenueTime, World

HOST = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TICK_S = 0.1
FAST_BOOKS_EVERY = 5
SLOW_BOOKS_EVERY = 50
SAVE_EVERY = 50


class HyperliquidServer:
    """A venue to test against: `async with HyperliquidServer() as server: …`."""

    def __init__(
        self,
        universe: Universe | None = None,
        *,
        clock: Clock | None = None,
        readings: Readings | None = None,
        mainnet: bool = False,
        port: int = 0,
        state_file: Path | None = None,
    ) -> None:
        clock = clock or LiveClock()
        saved = state.load(state_file, clock) if state_file else None
        self.world = saved or World(
            universe or small(), VenueTime(clock), mainnet, readings or Readings()
        )
        self.faults = Faults()
        tapes = {coin: Tape(market) for coin, market in self.world.universe.markets.items()}
        desk = Desk(self.world, tapes)
        self._streams = Streams(self.world, desk, tapes)
        self.meter = Meter(self.world)
        self._door = Door(self.world, desk, self.faults, self.meter, self.flush)
        self.bugs: list[BaseException] = []
        """What went wrong in the server itself; leaving it raises them."""
        self.sockets = Hub(
            self.world, self._streams, self.faults, self._door.post, self.bugs.append
        )
        self._clock = clock
        self._state_file = state_file
        self._port = port
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def rest_url(self) -> str:
        """What clients take as the base of REST."""
        return f"http://{HOST}:{self._port}"

    @property
    def ws_url(self) -> str:
        """Where clients open their WebSocket."""
        return f"ws://{HOST}:{self._port}/ws"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def audit(self) -> Audit:
        """What clients have done wrong."""
        return self.world.audit

    async def __aenter__(self) -> Self:
        """Let clients in."""
        control = Control(self)
        app = web.Application(client_max_size=2**22, middlewares=[self._watched])
        app.add_routes(
            [
                web.post("/info", self._door.info),
                web.post("/exchange", self._door.exchange),
                web.get("/ws", self.sockets.talk),
                web.post("/control", control.answer),
            ]
        )
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=0.2,
            keepalive_timeout=self.world.readings.keep_alive_s,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self._start(self._tick())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send everybody away."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.bugs += [end for end in ended if isinstance(end, Exception)]
        self._door.close()
        self.sockets.drop()
        if self._runner is not None:
            await self._runner.cleanup()
        self.save()
        if self.bugs and error is None:
            raise BaseExceptionGroup("the venue itself went wrong", self.bugs)

    @web.middleware
    async def _watched(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep what goes wrong in the server itself, so that no test takes it for a fault."""
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception as bug:
            self.bugs.append(bug)
            raise

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    def flush(self) -> None:
        """Tell subscribers what has happened."""
        news = list(self.world.news)
        self.world.news.clear()
        if news:
            self.sockets.publish(self._streams.of(news))

    def save(self) -> None:
        """Write the state to its file, if it has one."""
        if self._state_file is not None:
            state.save(self.world, self._state_file)

    async def _tick(self) -> None:
        """What the venue does by itself: the switches, books every now and then, its file."""
        for number in range(1, 2**62):
            await self._clock.sleep(TICK_S)
            moving.fire_switches(self.world)
            self.flush()
            if number % FAST_BOOKS_EVERY == 0:
                self._publish_books(slow=number % SLOW_BOOKS_EVERY == 0)
            if number % SAVE_EVERY == 0:
                self.save()

    def _publish_books(self, *, slow: bool) -> None:
        for wanted in self.sockets.subscriptions():
            if wanted.type == "l2Book" and wanted.coin and (wanted.fast or slow):
                self.sockets.publish([self._streams.book(wanted)])

    def account(self, address: str) -> Account:
        """An account that was funded."""
        return self.world.accounts[address.lower()]

    def fund(
        self,
        address: str,
        usdc: Decimal | int = 10_000,
        *,
        spot: dict[str, Decimal] | None = None,
        **more: Any,
    ) -> Account:
        """Give an address money: USDC for perpetuals, spot coins by name.

        `role` and `owner` make it a sub-account or vault.
        """
        account = self.world.open_account(address, Decimal(usdc), **more)
        for token, amount in (spot or {}).items():
            account.spot[token].total += amount
        self.flush()
        return account

    async def move(
        self,
        coin: str,
        px: Decimal,
        *,
        volume: Decimal | None = None,
        mark: Decimal | None = None,
    ) -> Decimal:
        """Let the market trade at a price; returns the one reached, see `moving.move`."""
        reached = moving.move(self.world, coin, px, volume=volume, mark=mark)
        self.flush()
        return reached

    async def set_mark(self, coin: str, mark: Decimal) -> None:
        """Change the mark price alone."""
        moving.set_mark(self.world, coin, mark)
        self.flush()

    async def pay_funding(self, coin: str, rate: Decimal | None = None) -> None:
        """Let an hour's funding be paid."""
        moving.pay_funding(self.world, coin, rate)
        self.flush()

    async def liquidate(self, address: str, coin: str) -> None:
        """Take a position over."""
        moving.liquidate(self.world, self.account(address), [coin])
        self.flush()

    async def deleverage(self, address: str, coin: str, size: Decimal | None = None) -> None:
        """Close a position, or a part, by auto-deleveraging."""
        moving.deleverage(self.world, self.account(address), coin, size)
        self.flush()

    async def cancel_by_venue(self, oid: int, status: str) -> None:
        """End an order for the venue's own reasons."""
        moving.cancel_by_venue(self.world, self.world.orders[oid], status)
        self.flush()

    def set_liquidity(self, coin: str, size: Decimal | None) -> None:
        """How much strangers offer on each level: base coins; 0 empties the book."""
        book = self.world.books[coin]
        book.liquidity = size
        book.refill()
        self.flush()
