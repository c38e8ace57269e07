"""The paper exchange behind the same interface as any venue."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND, Clock
from nimbus_tui.core.errors import DataError, ExchangeError, UnsupportedByExchange
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import (
    Asset,
    ClientOrderId,
    ExchangeName,
    ExchangeOrderId,
    Symbol,
    TradeId,
)
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    CancelResponse,
    OrderReport,
    OrderRequest,
    OrderResponse,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
)
from nimbus_tui.core.plan import Band
from nimbus_tui.exchanges.base import (
    Capabilities,
    ConnectionStatus,
    FillCallback,
    FillPage,
    Link,
    OrderCallback,
    PriceCallback,
    PriceSource,
    Unsubscribe,
)
from nimbus_tui.exchanges.paper.matching import (
    Book,
    Execution,
    FillModel,
    PaperOrder,
    ends_unfilled,
)
from nimbus_tui.exchanges.paper.store import PaperStore, VenueState

ZERO = Decimal(0)
FILL_PAGE = 500
T = TypeVar("T")


class PaperSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the paper venue fills."""

    fill_model: FillModel = FillModel.TOUCH
    partial_fills: bool = False
    """Whether a tick fills no more than its own size."""
    latency_ms: int = 0
    slippage_percent: Decimal = ZERO
    leverage: Decimal = Decimal(10)
    fee_in_base: bool = False
    """Whether spot buys pay their fee in the coin that they buy."""


class PaperExchange:
    """A simulated venue with real bookkeeping.

    `deliver` brings a tick: it fills orders, writes the store, then tells the subscribers. With a
    price source the venue delivers by itself and waits after each tick until `settle` returns,
    so that what a bot does never depends on the speed of the machine.
    """

    capabilities = Capabilities(
        spot=True, perpetual=True, post_only=True, reduce_only=True, leverage=False
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
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self.settle = settle
        self._account = account
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._settings = settings = settings or PaperSettings()
        self._clock = clock
        self._store = store
        self._source = source
        self._books = {
            symbol: Book(instrument, settings.fill_model, settings.slippage_percent)
            for symbol, instrument in self._instruments.items()
        }
        self._state = VenueState(balances=dict(balances))
        self._live: dict[ClientOrderId, PaperOrder] = {}
        self._travelling: dict[ClientOrderId, PaperOrder] = {}
        self._price_callbacks: dict[Symbol, list[PriceCallback]] = defaultdict(list)
        self._fill_callbacks: list[FillCallback] = []
        self._order_callbacks: list[OrderCallback] = []
        self._link = Link.DISCONNECTED
        self._detail = ""
        self._pump: asyncio.Task[None] | None = None
        self._restore()

    def _restore(self) -> None:
        state, orders = self._store.load()
        if state is not None:
            self._state = state
        for order in orders:
            self._live[order.request.client_order_id] = order
            self._books[order.request.symbol].add(order)
        for symbol, price in self._state.prices.items():
            if symbol in self._books:
                self._books[symbol].last_price = price

    # connection

    async def connect(self) -> None:
        """Open the venue; prices flow from the source, if there is one."""
        self._link = Link.CONNECTED
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
        """How old the newest price is, and whether the source has ended."""
        age = (self._clock.now() - self._state.ts) / NS_PER_MS if self._state.ts else None
        return ConnectionStatus(link=self._link, ping_ms=0.0, data_age_ms=age, detail=self._detail)

    async def _deliver_all(self, source: PriceSource) -> None:
        try:
            async for tick in source.ticks(self._state.source_position):
                await self._clock.sleep_until(tick.ts)
                self._state = msgspec.structs.replace(
                    self._state, source_position=source.position()
                )
                self.deliver(tick)
                if self.settle is not None:
                    await self.settle()
            self._detail = "the price source has ended"
        except (DataError, ExchangeError) as error:
            self._detail = str(error)
        self._link = Link.DISCONNECTED

    # ticks

    def deliver(self, tick: Tick) -> None:
        """Let a tick happen."""
        book = self._books[tick.symbol]
        with self._store.transaction():
            self._let_arrive(tick.ts)
            book.last_price = tick.price
            self._state = msgspec.structs.replace(
                self._state, prices={**self._state.prices, tick.symbol: tick.price}, ts=tick.ts
            )
            told = self._match(book, tick)
            self._store.save_state(self._state)
        for report, fill in told:
            self._tell(report, fill)
        quote = Quote(tick.symbol, tick.price, tick.ts)
        for callback in list(self._price_callbacks[tick.symbol]):
            callback(quote)

    def note(self, tick: Tick) -> None:
        """Remember a tick inside the quiet band: nothing fills and nobody needs to hear of it."""
        self._books[tick.symbol].last_price = tick.price
        self._state.prices[tick.symbol] = tick.price

    def quiet_band(self, symbol: Symbol) -> Band:
        """Strictly between these prices a tick fills nothing; empty while an order travels."""
        book = self._books[symbol]
        if self._travelling and book.last_price is not None:
            return (book.last_price, book.last_price)
        return book.quiet_band()

    def _match(self, book: Book, tick: Tick) -> list[tuple[OrderReport, Fill | None]]:
        told: list[tuple[OrderReport, Fill | None]] = []
        bounded = self._settings.partial_fills and bool(tick.size)
        left = tick.size
        for execution in book.touched(tick):
            room = self._room(execution)
            quantity = (
                min(execution.quantity, room, left) if bounded else min(execution.quantity, room)
            )
            left -= quantity
            taken = msgspec.structs.replace(execution, quantity=quantity)
            told += self._executed(book, execution.order, taken, tick)
            if bounded and left <= ZERO:
                break
        return told

    def _executed(
        self, book: Book, order: PaperOrder, execution: Execution, tick: Tick
    ) -> list[tuple[OrderReport, Fill | None]]:
        told: list[tuple[OrderReport, Fill | None]] = []
        fill = None
        if execution.quantity > ZERO:
            fill = self._book_fill(order, execution, tick.ts)
            order = msgspec.structs.replace(order, filled=order.filled + execution.quantity)
        if not order.remaining:
            order = self._ended(book, order, OrderState.FILLED, tick.ts, "")
        elif order.taker and ends_unfilled(order):
            order = self._ended(book, order, OrderState.CANCELLED, tick.ts, "nothing left to take")
        elif order.request.reduce_only and execution.quantity == ZERO and not order.taker:
            order = self._ended(book, order, OrderState.CANCELLED, tick.ts, "nothing to reduce")
        else:
            state = OrderState.PARTIALLY_FILLED if order.filled else OrderState.OPEN
            order = msgspec.structs.replace(order, state=state, taker=False, updated_ns=tick.ts)
            self._keep(book, order)
        told.append((_report(order), fill))
        return told

    def _room(self, execution: Execution) -> Decimal:
        """How much of an order may fill: all of it, or what is left to reduce."""
        request = execution.order.request
        if not request.reduce_only:
            return execution.quantity
        held = self._state.positions.get(request.symbol, Position()).quantity
        return max(ZERO, -held * request.side.sign)

    def _book_fill(self, order: PaperOrder, execution: Execution, ts: int) -> Fill:
        """Enter a fill: spot moves both balances, a perpetual the position and its PnL."""
        request = order.request
        instrument = self._instruments[request.symbol]
        rate = instrument.maker_fee if execution.maker else instrument.taker_fee
        in_base = (
            self._settings.fee_in_base
            and request.side is Side.BUY
            and instrument.market is MarketType.SPOT
        )
        notional = execution.price * execution.quantity
        fee = (execution.quantity if in_base else notional) * rate
        fee_asset = instrument.base if in_base else instrument.quote
        number = self._state.fills + 1
        fill = Fill(
            exchange=self.name,
            trade_id=TradeId(f"{self._account}-{number}"),
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            price=execution.price,
            quantity=execution.quantity,
            fee=fee,
            fee_asset=fee_asset,
            maker=execution.maker,
            ts=ts,
        )
        balances = dict(self._state.balances)
        positions = self._state.positions
        signed = fill.signed_quantity
        if instrument.market is MarketType.SPOT:
            _add(balances, instrument.base, signed)
            _add(balances, instrument.quote, -signed * execution.price)
        else:
            held = positions.get(request.symbol, Position())
            position, realized = trade(held, signed, execution.price, ZERO)
            positions = {**positions, request.symbol: position}
            _add(balances, instrument.quote, realized)
        _add(balances, fee_asset, -fee)
        self._state = msgspec.structs.replace(
            self._state, balances=balances, positions=positions, fills=number
        )
        self._store.save_fill(number, fill)
        return fill

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Take an order in after the latency; the same request twice is one order."""
        known = self._order(request.client_order_id)
        if known is not None:
            if known.request == request:
                return Accepted(known.exchange_order_id)
            return Refused(RefusalKind.DUPLICATE, "another order has this client id")
        refused = self._invalid(request) or self._unaffordable(request)
        if refused is not None:
            return refused
        number = self._state.orders + 1
        now = self._clock.now()
        order = PaperOrder(
            request=request,
            exchange_order_id=ExchangeOrderId(f"{self._account}-o{number}"),
            number=number,
            arrives_at=now + self._settings.latency_ms * NS_PER_MS,
            updated_ns=now,
        )
        self._state = msgspec.structs.replace(self._state, orders=number)
        if self._settings.latency_ms:
            self._travelling[request.client_order_id] = order
            await self._clock.sleep(self._settings.latency_ms * NS_PER_MS / NS_PER_SECOND)
            with self._store.transaction():
                self._let_arrive(self._clock.now())
        else:
            with self._store.transaction():
                self._arrive(order)
        final = self._order(request.client_order_id)
        if final is None or final.state is OrderState.REJECTED:
            return Refused(
                RefusalKind.POST_ONLY_WOULD_CROSS, "it would take; post-only orders rest"
            )
        return Accepted(order.exchange_order_id)

    def _let_arrive(self, now: int) -> None:
        """Orders whose time has come meet the newest tick before it."""
        due = [order for order in self._travelling.values() if order.arrives_at <= now]
        for order in due:
            del self._travelling[order.request.client_order_id]
            self._arrive(order)

    def _arrive(self, order: PaperOrder) -> None:
        request = order.request
        book = self._books[request.symbol]
        crosses = book.crosses(request)
        if crosses and request.post_only:
            refused = msgspec.structs.replace(
                order, state=OrderState.REJECTED, reason="would cross"
            )
            self._store.save_order(refused)
            self._store.save_state(self._state)
            return
        self._keep(book, msgspec.structs.replace(order, taker=crosses))
        self._store.save_state(self._state)

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        """Cancel after the latency; one that has ended is not found."""
        if self._settings.latency_ms:
            await self._clock.sleep(self._settings.latency_ms * NS_PER_MS / NS_PER_SECOND)
        order = self._live.get(request.client_order_id)
        if order is None:
            return Refused(RefusalKind.NOT_FOUND, "there is no live order with this id")
        with self._store.transaction():
            book = self._books[order.request.symbol]
            ended = self._ended(book, order, OrderState.CANCELLED, self._clock.now(), "")
        self._tell(_report(ended), None)
        return Accepted(order.exchange_order_id)

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account."""
        return [_report(order) for order in self._live.values()]

    async def order_status(self, client_order_id: ClientOrderId) -> OrderReport | None:
        """One order by our id, also when it has ended."""
        order = self._order(client_order_id)
        return None if order is None else _report(order)

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills after a cursor, oldest first."""
        found = self._store.fills_after(int(cursor or 0), FILL_PAGE)
        end = str(found[-1][0]) if found else cursor
        return FillPage(tuple(fill for _, fill in found), end, more=len(found) == FILL_PAGE)

    def _order(self, identity: ClientOrderId) -> PaperOrder | None:
        return self._live.get(identity) or self._store.order(identity)

    def _keep(self, book: Book, order: PaperOrder) -> None:
        self._live[order.request.client_order_id] = order
        book.add(order)
        self._store.save_order(order)

    def _ended(
        self, book: Book, order: PaperOrder, state: OrderState, now: int, reason: str
    ) -> PaperOrder:
        ended = msgspec.structs.replace(order, state=state, updated_ns=now, reason=reason)
        book.remove(order.request.client_order_id)
        self._live.pop(order.request.client_order_id, None)
        self._store.save_order(ended)
        return ended

    def _invalid(self, request: OrderRequest) -> Refused | None:
        instrument = self._instruments.get(request.symbol)
        if instrument is None:
            return Refused(RefusalKind.INVALID, f"{self.name} does not trade {request.symbol}")
        price = request.price
        if request.type is OrderType.LIMIT and (price is None or price <= ZERO):
            return Refused(RefusalKind.INVALID, "a limit order needs a price above 0")
        if price is not None and not instrument.on_tick(price):
            return Refused(RefusalKind.INVALID, f"price {price} is off {instrument.tick_size}")
        if request.quantity <= ZERO or not instrument.on_lot(request.quantity):
            return Refused(
                RefusalKind.INVALID, f"quantity {request.quantity} is off {instrument.lot_size}"
            )
        at = price if price is not None else self._books[request.symbol].last_price
        if at is None:
            return Refused(RefusalKind.BUSY, f"there is no price of {request.symbol} yet")
        if at * request.quantity < instrument.min_notional and not request.reduce_only:
            return Refused(
                RefusalKind.INVALID,
                f"notional {at * request.quantity:f} is under {instrument.min_notional:f}",
            )
        return None

    def _unaffordable(self, request: OrderRequest) -> Refused | None:
        instrument = self._instruments[request.symbol]
        price = request.price or self._books[request.symbol].last_price or ZERO
        if instrument.market is MarketType.SPOT:
            asset = instrument.quote if request.side is Side.BUY else instrument.base
            needed = request.quantity
            if request.side is Side.BUY:
                needed = request.quantity * price * (1 + instrument.taker_fee)
            free = self._free(asset)
        else:
            if request.reduce_only:
                return None
            asset = instrument.quote
            needed = request.quantity * price / self._settings.leverage
            free = self._equity(asset) - self._margin(asset)
        if needed <= free:
            return None
        return Refused(
            RefusalKind.INSUFFICIENT_BALANCE, f"needs {needed:f} {asset}, {free:f} are free"
        )

    def _free(self, asset: Asset) -> Decimal:
        return self._state.balances.get(asset, ZERO) - self._locked().get(asset, ZERO)

    def _locked(self) -> dict[Asset, Decimal]:
        """What resting spot orders hold back."""
        locked: dict[Asset, Decimal] = defaultdict(Decimal)
        for order in self._live.values():
            instrument = self._instruments[order.request.symbol]
            if instrument.market is not MarketType.SPOT:
                continue
            if order.request.side is Side.SELL:
                locked[instrument.base] += order.remaining
            else:
                price = order.request.price or self._books[order.request.symbol].last_price or ZERO
                locked[instrument.quote] += order.remaining * price * (1 + instrument.taker_fee)
        return locked

    def _margin(self, asset: Asset) -> Decimal:
        """Margin in use: positions at their last price."""
        used = ZERO
        for symbol, position in self._state.positions.items():
            if self._instruments[symbol].quote == asset:
                used += abs(position.quantity) * self._state.prices.get(symbol, ZERO)
        return used / self._settings.leverage

    def _equity(self, asset: Asset) -> Decimal:
        """Balance and unrealised PnL in one asset; coins count at their last price in it."""
        total = self._state.balances.get(asset, ZERO)
        for symbol, position in self._state.positions.items():
            price = self._state.prices.get(symbol)
            if self._instruments[symbol].quote == asset and price is not None:
                total += position.unrealized_pnl(price)
        return total

    # account

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances with what resting orders hold back."""
        locked = self._locked()
        return [
            Balance(asset, total, locked.get(asset, ZERO))
            for asset, total in self._state.balances.items()
            if total
        ]

    async def positions(self) -> Sequence[VenuePosition]:
        """All open perpetual positions."""
        return [
            VenuePosition(
                symbol,
                position.quantity,
                position.average_entry or ZERO,
                position.unrealized_pnl(self._state.prices[symbol]),
            )
            for symbol, position in self._state.positions.items()
            if position.quantity
        ]

    async def account_info(self) -> AccountInfo:
        """Equity in the first quote asset; coins count at their last price."""
        currency = next((i.quote for i in self._instruments.values()), Asset("USDC"))
        equity = self._equity(currency)
        for instrument in self._instruments.values():
            price = self._state.prices.get(instrument.symbol)
            spot = instrument.market is MarketType.SPOT
            if spot and price is not None and instrument.quote == currency:
                equity += self._state.balances.get(instrument.base, ZERO) * price
        return AccountInfo(account=f"{self._account}:{self.name}", currency=currency, equity=equity)

    async def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        return list(self._instruments.values())

    async def mark_price(self, symbol: Symbol) -> Quote:
        """The newest price of a symbol."""
        book = self._books.get(symbol)
        if book is None or book.last_price is None:
            raise ExchangeError(f"{self.name} has no price of {symbol} yet")
        return Quote(symbol, book.last_price, self._state.ts)

    async def set_leverage(self, symbol: Symbol, leverage: int) -> None:
        """Leverage is a setting of the paper venue as a whole."""
        raise UnsupportedByExchange(self.name, "set_leverage")

    def transfer(self, asset: Asset, amount: Decimal) -> None:
        """Deposit (> 0) or withdraw (< 0)."""
        balances = dict(self._state.balances)
        _add(balances, asset, amount)
        self._state = msgspec.structs.replace(self._state, balances=balances)
        with self._store.transaction():
            self._store.save_state(self._state)

    # subscriptions

    def subscribe_price_updates(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every price of a symbol."""
        return _subscribed(self._price_callbacks[symbol], callback)

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        """Call back on every execution of ours."""
        return _subscribed(self._fill_callbacks, callback)

    def subscribe_order_updates(self, callback: OrderCallback) -> Unsubscribe:
        """Call back when an order of ours changes state."""
        return _subscribed(self._order_callbacks, callback)

    def _tell(self, report: OrderReport, fill: Fill | None) -> None:
        if fill is not None:
            for on_fill in list(self._fill_callbacks):
                on_fill(fill)
        for on_report in list(self._order_callbacks):
            on_report(report)


def _subscribed(callbacks: list[T], callback: T) -> Unsubscribe:
    callbacks.append(callback)

    def unsubscribe() -> None:
        if callback in callbacks:
            callbacks.remove(callback)

    return unsubscribe


def _add(balances: dict[Asset, Decimal], asset: Asset, amount: Decimal) -> None:
    balances[asset] = balances.get(asset, ZERO) + amount


def _report(order: PaperOrder) -> OrderReport:
    request = order.request
    return OrderReport(
        client_order_id=request.client_order_id,
        exchange_order_id=order.exchange_order_id,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        price=request.price,
        quantity=request.quantity,
        filled=order.filled,
        state=order.state,
        ts=order.updated_ns,
        reduce_only=request.reduce_only,
        reason=order.reason,
    )
