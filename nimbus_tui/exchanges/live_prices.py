"""Live prices of a real venue for paper exchanges, over one public connection that they share."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.exchanges.base import ConnectionStatus, Exchange, LinkCallback, Unsubscribe

NO_SIZE = Decimal(0)
"""A quote does not say how much was traded."""
MOST_WAITING = 10_000
"""Prices that may wait for a paper exchange; of more, the oldest are left out."""
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""How long to wait between tries to reach a venue that isn't there when the prices begin."""


class PriceFeed:
    """A venue's public side: connected while somebody takes prices from it, then closed."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._takers = 0
        self._turn = asyncio.Lock()

    async def join(self) -> None:
        """Take part; the first one connects.

        Raises:
            ExchangeError: the venue can't be reached.
        """
        async with self._turn:
            if not self._takers:
                try:
                    await self.exchange.connect()
                except BaseException:
                    await self.exchange.disconnect()
                    raise
            self._takers += 1

    async def leave(self) -> None:
        """Take part no more; the last one disconnects."""
        async with self._turn:
            self._takers -= 1
            if not self._takers:
                await self.exchange.disconnect()


class LivePrices:
    """The price source of one paper exchange: what its symbols cost at the venue, as it is said.

    There is no past to go on from: after a restart, and after a gap in the connection, prices go
    on with the newest. `link_changed` is told when they stop and when they flow again.
    """

    def __init__(self, feed: PriceFeed, symbols: Sequence[Symbol], clock: Clock) -> None:
        self.link_changed: LinkCallback = _unheard
        self.left_out = 0
        """Prices that nobody took in time."""
        self._feed = feed
        self._symbols = tuple(symbols)
        self._clock = clock
        self._waiting: deque[Tick] = deque()
        self._news = asyncio.Event()
        self._venue_times: dict[Symbol, int] = {}
        self._last_ns = 0
        self._is_open = False
        self._subscriptions: list[Unsubscribe] = []

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols that it has prices of."""
        return self._symbols

    def add_market(self, instrument: Instrument) -> None:
        """Give one more symbol's prices."""
        if instrument.symbol in self._symbols:
            return
        self._symbols = (*self._symbols, instrument.symbol)
        if self._is_open:
            self._subscribe(instrument.symbol)

    def _subscribe(self, symbol: Symbol) -> None:
        venue = self._feed.exchange
        self._subscriptions.append(venue.subscribe_price_updates(symbol, self._heard))

    def position(self) -> str:
        """Always the present."""
        return ""

    def status(self) -> ConnectionStatus:
        """How the venue's connection is doing."""
        return self._feed.exchange.connection_status()

    async def ticks(self, position: str) -> AsyncIterator[Tick]:
        """Every price from now on, until the caller has enough; a position means nothing here."""
        self._waiting.clear()
        venue = self._feed.exchange
        for symbol in self._symbols:
            self._subscribe(symbol)
        self._is_open, has_joined = True, False
        try:
            await self._joined()
            has_joined = True
            # Only now: what is said of the connection before that is told by the tries to join.
            self._subscriptions.append(venue.subscribe_link(self._link))
            while True:
                while self._waiting:
                    yield self._waiting.popleft()
                self._news.clear()
                await self._news.wait()
        finally:
            self._is_open = False
            while self._subscriptions:
                self._subscriptions.pop()()
            if has_joined:
                await self._feed.leave()

    async def _joined(self) -> None:
        """Return when the venue is connected, however long that takes."""
        attempt = 0
        while True:
            try:
                await self._feed.join()
                break
            except ExchangeError as error:
                self._link(False, str(error))
                await self._clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
                attempt += 1
        if attempt:
            self._link(True, "")

    def _link(self, is_up: bool, reason: str) -> None:
        name = self._feed.exchange.name
        self.link_changed(is_up, reason if is_up else f"no prices of {name}: {reason}")

    def _heard(self, quote: Quote) -> None:
        # After a reconnect a venue repeats old trades; a price from before the newest is none.
        if quote.ts < self._venue_times.get(quote.symbol, 0):
            return
        self._venue_times[quote.symbol] = quote.ts
        # The venue's clock may be ahead of ours, and a paper exchange waits for a tick's time.
        self._last_ns = max(self._last_ns, min(quote.ts, self._clock.now()))
        if len(self._waiting) == MOST_WAITING:
            self._waiting.popleft()
            self.left_out += 1
        self._waiting.append(Tick(self._last_ns, quote.symbol, quote.price, NO_SIZE))
        self._news.set()


def _unheard(is_up: bool, reason: str) -> None:
    """Nobody wants to know."""
