"""The connection to Hyperliquid: what is listed, what it costs, who hears what.

At the first opening the lists are read, then the stream is dialled; it comes back by itself, and
each return is told, since orders and fills must then be compared.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random

from nimbus_tui.core.clock import NS_PER_MS, Clock
from nimbus_tui.core.errors import ExchangeError, NotConnected
from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.exchanges.base import ConnectionStatus, Link, PriceCallback, Unsubscribe
from nimbus_tui.exchanges.hyperliquid.address_budget import AddressBudget
from nimbus_tui.exchanges.hyperliquid.endpoints import WEIGHT_PER_MINUTE
from nimbus_tui.exchanges.hyperliquid.instruments import BASE_FEES, Universe, universe
from nimbus_tui.exchanges.hyperliquid.prices import PriceBoard
from nimbus_tui.exchanges.hyperliquid.rest import Rest
from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
from nimbus_tui.exchanges.hyperliquid.stream import StreamSession
from nimbus_tui.exchanges.hyperliquid.translate import quote_of_bbo
from nimbus_tui.exchanges.hyperliquid.user_events import UserEvents
from nimbus_tui.exchanges.hyperliquid.wire import (
    ActiveAssetCtx,
    ActiveSpotAssetCtx,
    BboFrame,
    Message,
    OrderUpdates,
    TradesFrame,
    UserFills,
    UserFundings,
)
from nimbus_tui.exchanges.hyperliquid.wire_records import Bbo
from nimbus_tui.exchanges.hyperliquid.wire_requests import Subscription
from nimbus_tui.exchanges.listeners import Listeners
from nimbus_tui.exchanges.net.backoff import Backoff
from nimbus_tui.exchanges.net.budget import Budgets
from nimbus_tui.exchanges.net.http import HttpClient
from nimbus_tui.exchanges.net.websocket import WebSocketLink

READY_WITHIN_S = 20.0
UPKEEP_EVERY_S = 60.0
LISTS_EVERY = 60
"""Every so many upkeeps the lists are read again: what is new is appended to them."""
LIMITS_EVERY = 5


class Connection:
    """One account's, or nobody's where only prices are wanted."""

    def __init__(
        self,
        name: ExchangeName,
        settings: HyperliquidSettings,
        *,
        clock: Clock,
        budgets: Budgets,
        chance: Random,
    ) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.http = HttpClient()
        at = settings.endpoints
        self.budget = budgets.of(at.host, WEIGHT_PER_MINUTE)
        self.address = AddressBudget(clock)
        self.rest = Rest(self.http, self.budget, clock, at.rest, chance=chance)
        self.session = StreamSession(self)
        self.link = WebSocketLink(at.websocket, self.session, clock=clock, backoff=Backoff(chance))
        self.users: UserEvents | None = None
        """Who hears of the account; None where there is none."""
        self.links: Listeners[[bool, str]] = Listeners()
        self.prices: dict[Symbol, Listeners[[Quote]]] = defaultdict(Listeners)
        self.board: PriceBoard | None = None
        self._ready = asyncio.Event()
        self.up_since_ms: int | None = None
        """Since when, by the venue's time, everything is told; None while it isn't."""
        self._offset_ms = 0.0
        self._stamped: tuple[int, float] | None = None
        """The venue's last stamp (ms), and when it came by the event loop's timer (s)."""
        self._detail = "not connected yet"
        self._last_frame_ns: int | None = None
        self._upkeep: asyncio.Task[None] | None = None
        self._beside: set[asyncio.Task[None]] = set()

    # opening and closing

    async def open(self) -> None:
        """Read the lists, dial, and return when everything that was asked for is on.

        Raises:
            ExchangeError: the venue doesn't answer; nothing is left open then.
        """
        await self.learn()
        for channel in self._account_channels():
            self.session.subscribe(channel, self.clock.now())
        self.link.start()
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._ready.wait()
        except TimeoutError as error:
            reason = self.session.problem or self._detail
            await self.link.stop()
            raise NotConnected(f"{self.name} does not connect: {reason}") from error
        if self._upkeep is None:
            self._upkeep = asyncio.get_running_loop().create_task(self._keep_up())

    async def close(self) -> None:
        """Close everything; harmless the second time."""
        for task in list(self._beside):
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.gather(self._upkeep, return_exceptions=True)
            self._upkeep = None
        self.up_since_ms = None  # nobody needs to be told of what was asked for
        await self.link.stop()
        await self.http.close()

    async def learn(self) -> Universe:
        """What is listed, with the account's fees; read once, then kept up."""
        if self.board is None:
            await self._read_clock()
            await self._read_lists()
            await self._read_limits()
        return self.known

    # what is known

    @property
    def known(self) -> Universe:
        """What is listed.

        Raises:
            NotConnected: it has not been read yet.
        """
        if self.board is None:
            raise NotConnected(f"{self.name} has not been asked yet for what it trades")
        return self.board.universe

    @property
    def is_up(self) -> bool:
        """Whether everything that was asked for is on."""
        return self.session.is_ready

    def venue_now_ms(self) -> int:
        """The venue's time in ms, by the newest offset that was ever measured.

        Our clock may be set ahead at any moment; a deadline that comes later than it is believed
        to would prove nothing. So it is never later than the venue's last stamp and what has
        passed since by a timer that nobody sets.
        """
        offset_ms = self.rest.offset.offset_ms
        if offset_ms is not None:
            self._offset_ms = offset_ms
        now_ms = self.clock.now() // NS_PER_MS + round(self._offset_ms)
        if self._stamped is None:
            return now_ms
        stamp_ms, at_s = self._stamped
        return min(now_ms, stamp_ms + round((asyncio.get_running_loop().time() - at_s) * 1000))

    def newest(self, symbol: Symbol) -> Quote | None:
        """The newest quote of a symbol; None if there is none yet."""
        return None if self.board is None else self.board.newest(symbol)

    async def quote(self, symbol: Symbol) -> Quote:
        """The newest quote of a symbol, asked for where no stream tells it now.

        Raises:
            ExchangeError: there is no price.
        """
        listing = self.known.listing(symbol)
        if listing is None:
            raise ExchangeError(f"{self.name} does not trade {symbol}")
        quote = self.newest(symbol) if self.is_up and self.prices.get(symbol) else None
        if quote is not None:
            return quote
        book = await self.rest.l2_book(listing.coin, urgent=True)
        bids, asks = book.levels
        best = Bbo(listing.coin, book.time, (bids[0] if bids else None, asks[0] if asks else None))
        quote = quote_of_bbo(best, self.known)
        if quote is None:
            raise ExchangeError(f"{self.name} has no price of {symbol} yet")
        return quote

    def status(self, is_post_only: bool) -> ConnectionStatus:
        """How it is doing."""
        up = Link.CONNECTED if self.is_up else Link.CONNECTING
        is_off = self._upkeep is None and not self.is_up
        last = self._last_frame_ns
        return ConnectionStatus(
            link=Link.DISCONNECTED if is_off else up,
            ping_ms=self.session.ping_ms,
            data_age_ms=None if last is None else (self.clock.now() - last) / NS_PER_MS,
            reconnects=self.link.reconnects,
            rate_used=max(self.budget.used, self.address.share_used),
            detail=self._described(is_post_only),
            clock_offset_ms=self.rest.offset.offset_ms,
            streams=self.session.heard(),
        )

    # prices

    def subscribe_prices(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every new price of a symbol; before the first opening it is remembered."""
        listeners = self.prices[symbol]
        is_first = not listeners
        leave = listeners.add(callback)
        if is_first:
            self._want(symbol)

        def unsubscribe() -> None:
            leave()
            if not listeners:
                for channel in self._channels_of(symbol):
                    self._say(self.session.unsubscribe(channel))

        return unsubscribe

    def _want(self, symbol: Symbol) -> None:
        for channel in self._channels_of(symbol):
            self._say(self.session.subscribe(channel, self.clock.now()))

    def _channels_of(self, symbol: Symbol) -> Sequence[Subscription]:
        """A coin that isn't listed is never asked for: the venue would close the connection."""
        listing = None if self.board is None else self.board.universe.listing(symbol)
        if listing is None:
            return ()
        names = ["bbo", "trades"]
        if listing.instrument.market is MarketType.PERPETUAL:
            names.append("activeAssetCtx")
        return [Subscription(one, coin=listing.coin) for one in names]

    def _account_channels(self) -> Sequence[Subscription]:
        if self.users is None:
            return ()
        names = ["orderUpdates", "userFills"]
        if self.settings.market is MarketType.PERPETUAL:
            names.append("userFundings")
        return [Subscription(one, user=self.settings.user) for one in names]

    def _say(self, texts: Sequence[str]) -> None:
        """Send soon; whatever doesn't leave is asked for when the connection is back."""
        if texts:
            self._soon(partial(self._said, texts))

    async def _said(self, texts: Sequence[str]) -> None:
        for text in texts:
            await self.link.send(text)

    def _soon(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something beside; if the venue doesn't answer, it comes round again by itself."""

        async def tried() -> None:
            with suppress(ExchangeError):
                await work()

        task = asyncio.get_running_loop().create_task(tried())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    # what the stream says

    def ready(self) -> None:
        """All channels are on: whoever needs the past compares now."""
        self._ready.set()
        self._detail = ""
        if self.up_since_ms is None:
            self.up_since_ms = self.venue_now_ms()
            if self.link.reconnects:
                # A machine that has slept has an old idea of the venue's time.
                self._soon(self._read_clock)
            self.links.tell(True, "")

    def lost(self, reason: str) -> None:
        """The connection is gone; what stood is old."""
        self._ready.clear()
        self._detail = reason
        if self.board is not None:
            self.board.clear()
        if self.up_since_ms is not None:
            self.up_since_ms = None
            self.links.tell(False, reason)

    def gap(self, reason: str) -> None:
        """Something was lost on the way: compare, as after a return."""
        if self.session.frames.undecodable == 1:
            logging.getLogger(__name__).warning("%s: %s", self.name, reason)
        if self.up_since_ms is not None:
            self.links.tell(True, reason)

    def message(self, message: Message) -> None:
        """Prices go to their subscribers, the account's messages to who hears of it."""
        now = self._last_frame_ns = self.clock.now()
        if self.board is None:
            return
        quote = None
        match message:
            case BboFrame(bbo):
                quote = self.board.bbo(bbo, now)
            case TradesFrame(trades):
                quote = self.board.trades(trades, now)
            case ActiveAssetCtx(data) | ActiveSpotAssetCtx(data):
                quote = self.board.context(data.coin, data.ctx, now)
            case OrderUpdates() | UserFills() | UserFundings():
                self._account_message(message)
            case _:
                pass
        if quote is not None:
            self.prices[quote.symbol].tell(quote)

    def _account_message(self, message: OrderUpdates | UserFills | UserFundings) -> None:
        """The account's news. If who listens fails, it is a gap like any other."""
        if self.users is None:
            return
        try:
            self.users.take(message)
        except Exception:
            logging.getLogger(__name__).exception("%s: a message was not taken in", self.name)
            self.gap("a message of the account was not taken in")

    # upkeep

    async def _keep_up(self) -> None:
        """Follow the venue's clock, the account's budget, and what is listed."""
        rounds = 0
        while True:
            await self.clock.sleep(UPKEEP_EVERY_S)
            rounds += 1
            with suppress(ExchangeError):
                await self._read_clock()
                if rounds % LIMITS_EVERY == 0:
                    await self._read_limits()
                if rounds % LISTS_EVERY == 0:
                    await self._read_lists()

    async def _read_clock(self) -> None:
        status = await self.rest.exchange_status()
        self._stamped = status.time, asyncio.get_running_loop().time()

    async def _read_limits(self) -> None:
        if self.settings.user:
            before = self.address.sent
            limit = await self.rest.user_rate_limit(self.settings.user)
            self.address.learn(limit, sent_before=before)

    async def _read_lists(self) -> None:
        meta, spot_meta = await self.rest.meta(), await self.rest.spot_meta()
        user = self.settings.user
        fees = await self.rest.user_fees(user) if user else BASE_FEES
        known = universe(meta, spot_meta, fees)
        if self.board is None:
            self.board = PriceBoard(known)
        self.board.universe = known
        for symbol, listeners in self.prices.items():
            if listeners:
                self._want(symbol)
        if self.users is not None:
            self.users.universe = known

    def _described(self, is_post_only: bool) -> str:
        """What there is to say beside the figures."""
        parts = [self._detail]
        if is_post_only:
            parts.append("the venue takes post-only orders only for the moment")
        frames = self.session.frames
        if frames.undecodable and frames.last_problem is not None:
            parts.append(
                f"{frames.undecodable} messages could not be read, the last one: "
                f"{frames.last_problem.reason}"
            )
        if frames.unknown:
            parts.append(f"unknown channels: {', '.join(sorted(frames.unknown))}")
        if self.session.problem:
            parts.append(f"the venue says: {self.session.problem}")
        return "; ".join(part for part in parts if part)
