"""The paper exchange behind the same interface as any venue."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.clock import NS_PER_MS, Clock
from nimbus_tui.core.errors import ExchangeError, NimbusError, UnsupportedByExchange
from nimbus_tui.core.ids import (
    Asset,
    ClientOrderId,
    ExchangeName,
    ExchangeOrderId,
    Symbol,
)
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    CancelResponse,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderResponse,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.core.plan import Band
from nimbus_tui.core.redaction import redacted
from nimbus_tui.exchanges.base import (
    Capabilities,
    ConnectionStatus,
    ExtendableSource,
    FillPage,
    Finding,
    FundingPage,
    Link,
    PriceSource,
)
from nimbus_tui.exchanges.paper.account import PaperSettings as PaperSettings
from nimbus_tui.exchanges.paper.admission import MAX_CLIENT_ORDER_ID, malformed
from nimbus_tui.exchanges.paper.findings import findings
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.exchanges.paper.matching import NO_BAND, PaperOrder
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.exchanges.paper.subscriptions import PaperSubscriptions
from nimbus_tui.exchanges.paper.travelling import Journey, Travelling
from nimbus_tui.exchanges.paper.venue import PaperVenue, report_of

ZERO = Decimal(0)
PAGE = 500
"""Most fills, or funding payments, that one call gives."""


class PaperExchange(PaperSubscriptions):
    """A simulated venue with real bookkeeping.

    `deliver` brings a tick: it fills orders, writes the store, then tells the subscribers. With a
    price source the venue delivers by itself and waits after each tick until `settle` returns,
    so that what a bot does never depends on the speed of the machine. When the source ends or
    fails, the status says so, and those who subscribed to the link are told the reason.
    """

    capabilities = Capabilities(
        spot=True,
        perpetual=True,
        post_only=True,
        reduce_only=True,
        leverage=False,
        max_client_order_id=MAX_CLIENT_ORDER_ID,
    )

    def __init__(
        self,
        name: ExchangeName,
        *,
        instruments: Sequence[Instrument],
        balances: Mapping[Asset, Decimal],
        clock: Clock,
        store: PaperStore,
        source: PriceSource | None = None,
        settings: PaperSettings | None = None,
        account: str = "paper",
        opening: Decimal = ZERO,
        listed: Callable[[Symbol], Instrument | None] = builtin_instrument,
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.settle = settle
        self.feed_status: Callable[[], ConnectionStatus] | None = None
        """How the connection is doing that live prices come over."""
        self._account = account
        self._currency = next((one.quote for one in instruments), Asset("USDC"))
        self._settings = settings or PaperSettings()
        self._venue = PaperVenue(
            name,
            account,
            instruments=instruments,
            balances=balances,
            settings=self._settings,
            store=store,
            listed=listed,
        )
        self._opening = opening
        """What the account is given of a quote that comes into use after its beginning."""
        for instrument in instruments:
            self._give_opening(instrument.quote)
        self._clock = clock
        self._source = source
        self._travelling = Travelling(self._settings.latency_ms * NS_PER_MS)
        self._link = Link.DISCONNECTED
        self._detail = ""
        self._pump: asyncio.Task[None] | None = None

    # connection

    async def connect(self) -> None:
        """Open the venue; prices flow from the source, if there is one."""
        if self._pump is not None and self._pump.done():
            self._pump = None
        self._link, self._detail = Link.CONNECTED, ""
        if self._source is not None and self._pump is None:
            self._pump = asyncio.get_running_loop().create_task(self._deliver_all(self._source))

    async def disconnect(self) -> None:
        """Close the venue; resting orders stay. Harmless the second time."""
        self._link = Link.DISCONNECTED
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
            self._pump = None

    def is_connected(self) -> bool:
        """Whether the venue is open."""
        return self._link is Link.CONNECTED

    def connection_status(self) -> ConnectionStatus:
        """How old the newest price is, and why the source has ended."""
        newest = max(self._venue.state.times.values(), default=None)
        age = None if newest is None else (self._clock.now() - newest) / NS_PER_MS
        own = ConnectionStatus(link=self._link, ping_ms=0.0, data_age_ms=age, detail=self._detail)
        if self.feed_status is None:
            return own
        return msgspec.structs.replace(
            self.feed_status(), link=own.link, data_age_ms=age, detail=own.detail, streams=()
        )

    def prices_flow(self, is_up: bool, reason: str) -> None:
        """Live prices have stopped, or flow again; the venue counts as away in between."""
        if self._pump is None:
            return
        self._link = Link.CONNECTED if is_up else Link.DISCONNECTED
        self._detail = "" if is_up else reason
        self._links.tell(is_up, reason)

    async def _deliver_all(self, source: PriceSource) -> None:
        ticks = source.ticks(self._venue.state.source_position)
        try:
            async for tick in ticks:
                await self._clock.sleep_until(tick.ts)
                self.deliver(tick, source.position())
                if self.settle is not None:
                    await self.settle()
            detail = "the price source has ended"
        except NimbusError as error:
            detail = str(error)
        except Exception as error:
            detail = f"the price source failed: {type(error).__name__}: {error}"
        finally:
            # The source may hold a connection, and must not wait for the garbage collector.
            if isinstance(ticks, AsyncGenerator):
                await ticks.aclose()
        detail = redacted(detail)
        self._link, self._detail = Link.DISCONNECTED, detail
        self._links.tell(False, detail)

    # ticks

    def deliver(self, tick: Tick, source_position: str | None = None) -> None:
        """Let a tick happen; `source_position` is where its source stands after it.

        Funding times that have come are charged first, on what was held before the tick.

        Raises:
            ExchangeError: the symbol isn't traded here, or the file can't be written; then the
                tick has not happened.
        """
        due = self._travelling.due(tick.ts)
        with self._venue.writing():
            answers = [self._venue.take_in(one.request, one.arrives_at) for one in due]
            payments = self._venue.fund(tick)
            changes = self._venue.traded(tick, source_position)
        self._travelling.answer(due, answers)
        for payment in payments:
            self._funding.tell(payment)
        for report, fill in changes:
            self._tell(report, fill)
        self._prices[tick.symbol].tell(Quote(tick.symbol, tick.price, tick.ts))

    def note(self, tick: Tick) -> None:
        """Remember a tick inside the quiet band: nothing fills and nobody needs to hear of it."""
        self._venue.note(tick)

    def quiet_band(self, symbol: Symbol) -> Band:
        """Strictly between these prices a tick fills nothing.

        `NO_BAND`, which holds no price, while an order is on its way or waits to take.
        """
        if self._travelling.concerns(symbol):
            return NO_BAND
        return self._venue.book(symbol).quiet_band()

    def next_funding(self) -> int | None:
        """When the next tick must be delivered since funding is due; None: not in sight."""
        return self._venue.next_funding()

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Take an order in after the latency; the same request twice is one order."""
        try:
            return await self._placed(request)
        except ExchangeError as error:
            return Unknown(str(error))

    async def _placed(self, request: OrderRequest) -> OrderResponse:
        journey = self._travelling.get(request.client_order_id)
        known = journey or self._venue.order(request.client_order_id)
        if known is not None and known.request != request:
            return Refused(RefusalKind.DUPLICATE, "another order has this client id")
        if isinstance(known, PaperOrder):
            return Accepted(known.exchange_order_id)
        instrument = self._venue.instruments.get(request.symbol)
        if instrument is None:
            return Refused(RefusalKind.INVALID, f"{self.name} does not trade {request.symbol}")
        refused = malformed(request, instrument)
        if refused is not None:
            return refused
        if journey is None:
            journey = self._travelling.set_out(request, self._clock.now())
        return await self._arrived(journey)

    async def _arrived(self, journey: Journey) -> OrderResponse:
        """The answer to a request, once it is there; a tick may have taken it in already."""
        while journey.answer is None:
            await self._clock.sleep_until(journey.arrives_at)
            due = self._travelling.due(self._clock.now())
            try:
                with self._venue.writing():
                    answers = [self._venue.take_in(one.request, one.arrives_at) for one in due]
            except ExchangeError:
                # Nothing of it was written, and it is not tried again: the request is lost.
                self._travelling.lose(journey)
                raise
            self._travelling.answer(due, answers)
        return journey.answer

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        """Cancel after the latency; one that has ended is not found."""
        await self._clock.sleep_until(self._clock.now() + self._settings.latency_ms * NS_PER_MS)
        try:
            with self._venue.writing():
                cancelled = self._venue.cancel(request, self._clock.now())
        except ExchangeError as error:
            return Unknown(str(error))
        if isinstance(cancelled, Refused):
            return cancelled
        self._tell(cancelled, None)
        return Accepted(ExchangeOrderId(str(cancelled.exchange_order_id)))

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account, by arrival."""
        return [report_of(order) for order in self._venue.live.values()]

    async def order_status(
        self, client_order_id: ClientOrderId, symbol: Symbol
    ) -> OrderReport | NotFound:
        """One order by our id, also when it has ended."""
        order = self._venue.order(client_order_id)
        return NotFound() if order is None else report_of(order)

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills after a cursor, oldest first."""
        found = self._venue.fills_after(self._number(cursor), PAGE + 1)
        page = found[:PAGE]
        end = str(page[-1][0]) if page else cursor
        return FillPage(tuple(fill for _, fill in page), end, more=len(found) > PAGE)

    async def funding_since(self, cursor: str) -> FundingPage:
        """The account's funding payments after a cursor, oldest first."""
        found = self._venue.payments_after(self._number(cursor), PAGE + 1)
        page = found[:PAGE]
        end = str(page[-1][0]) if page else cursor
        return FundingPage(tuple(payment for _, payment in page), end, more=len(found) > PAGE)

    def _number(self, cursor: str) -> int:
        if cursor and not cursor.isdecimal():
            raise ExchangeError(f"{cursor!r} is not a cursor of {self.name}")
        return int(cursor or 0)

    # account

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances with what resting orders hold back."""
        locked = self._venue.account().locked()
        return [
            Balance(asset, total, locked.get(asset, ZERO))
            for asset, total in self._venue.state.balances.items()
            if total
        ]

    async def positions(self) -> Sequence[VenuePosition]:
        """All open perpetual positions."""
        return [
            VenuePosition(
                symbol,
                position.quantity,
                position.average_entry or ZERO,
                position.unrealized_pnl(self._venue.state.prices[symbol]),
            )
            for symbol, position in self._venue.state.positions.items()
            if position.quantity
        ]

    async def account_info(self) -> AccountInfo:
        """Equity in the first quote asset; everything counts at its last price."""
        return AccountInfo(
            account=f"{self._account}:{self.name}",
            currency=self._currency,
            equity=self._venue.account().equity(self._currency),
        )

    async def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        return list(self._venue.instruments.values())

    def obstacle(self, instrument: Instrument) -> str:
        """Why a symbol can't be traded from now on: nobody gives its prices, or another grain."""
        known = self._venue.instruments.get(instrument.symbol)
        if known is not None and known != instrument:
            return f"another grain or fee of {instrument.symbol} counts from the next start"
        source: object = self._source
        if known is None and source is not None and not isinstance(source, ExtendableSource):
            return f"{self.name} has no prices of {instrument.symbol} before the next start"
        return ""

    def add_market(self, instrument: Instrument) -> None:
        """Trade a symbol from now on; harmless where it is traded already."""
        if instrument.symbol in self._venue.instruments:
            return
        self._venue.add_market(instrument)
        self._give_opening(instrument.quote)
        source: object = self._source
        if isinstance(source, ExtendableSource):
            source.add_market(instrument)

    def _give_opening(self, quote: Asset) -> None:
        if self._opening and quote not in self._venue.state.balances:
            self.transfer(quote, self._opening)

    async def mark_price(self, symbol: Symbol) -> Quote:
        """The newest price of a symbol."""
        price = self._venue.book(symbol).last_price
        if price is None:
            raise ExchangeError(f"{self.name} has no price of {symbol} yet")
        return Quote(symbol, price, self._venue.state.times.get(symbol, 0))

    async def set_leverage(
        self, symbol: Symbol, leverage: int, margin_mode: MarginMode = MarginMode.CROSS
    ) -> None:
        """Leverage is a setting of the paper venue as a whole."""
        raise UnsupportedByExchange(self.name, "set_leverage")

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        """There is no switch here."""
        raise UnsupportedByExchange(self.name, "cancel_all_after")

    def transfer(self, asset: Asset, amount: Decimal) -> None:
        """Deposit (> 0) or withdraw (< 0).

        Raises:
            ExchangeError: more is withdrawn than is free.
        """
        free = self._venue.account().free(asset)
        if amount < ZERO and -amount > free:
            raise ExchangeError(f"{-amount:f} {asset} can't be withdrawn: {free:f} are free")
        with self._venue.writing():
            self._venue.transfer(asset, amount)

    async def check(self) -> Sequence[Finding]:
        """What only a paper venue has to say: whose money it is, and what its orders pay."""
        return findings(self._venue.instruments.values())
