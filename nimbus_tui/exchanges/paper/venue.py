"""The paper venue itself, without time or subscribers: books, orders and the file that keeps them.

Every change is one transaction of the store; where that fails nothing has happened.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

import msgspec

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import (
    Asset,
    ClientOrderId,
    ExchangeName,
    ExchangeOrderId,
    FundingId,
    Symbol,
    TradeId,
)
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.market import FundingRate, Tick
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    OrderReport,
    OrderRequest,
    OrderState,
    RefusalKind,
    Refused,
    TimeInForce,
)
from nimbus_tui.exchanges.paper.account import (
    Account,
    PaperSettings,
    VenueState,
    entered,
    funded,
    transferred,
)
from nimbus_tui.exchanges.paper.admission import inadmissible
from nimbus_tui.exchanges.paper.instruments import builtin_instrument
from nimbus_tui.exchanges.paper.matching import Book, Execution, PaperOrder, after
from nimbus_tui.exchanges.paper.store import PaperStore

ZERO = Decimal(0)

Change = tuple[OrderReport, Fill | None]
"""What subscribers hear of: an order as it is now, and the fill that made it so."""

Answer = Accepted | Refused


class PaperVenue:
    """One account with its live orders; `instruments` gains what the file still holds."""

    def __init__(
        self,
        name: ExchangeName,
        account: str,
        *,
        instruments: Sequence[Instrument],
        balances: Mapping[Asset, Decimal],
        settings: PaperSettings,
        store: PaperStore,
        listed: Callable[[Symbol], Instrument | None] = builtin_instrument,
    ) -> None:
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self._name = name
        self._account = account
        self._settings = settings
        self._store = store
        self._listed = listed
        self._first_balances = dict(balances)
        self._restore()

    def _restore(self) -> None:
        """Make memory say what the file says."""
        state, orders = self._store.load()
        state = state or VenueState(balances=dict(self._first_balances))
        held = {symbol for symbol, position in state.positions.items() if position.quantity}
        for symbol in {order.request.symbol for order in orders} | held:
            if symbol not in self.instruments:
                self.instruments[symbol] = self._forgotten(symbol)
        self.state = state
        self.live = {order.request.client_order_id: order for order in orders}
        self.books = {
            symbol: Book(instrument, self._settings.fill_model, self._settings.slippage_percent)
            for symbol, instrument in self.instruments.items()
        }
        self._perpetuals = [
            symbol
            for symbol, instrument in self.instruments.items()
            if instrument.market is MarketType.PERPETUAL
        ]
        for order in orders:
            self.books[order.request.symbol].add(order)
        for symbol in state.prices.keys() & self.books.keys():
            self.books[symbol].last_price = state.prices[symbol]

    def add_market(self, instrument: Instrument) -> None:
        """Trade one more symbol."""
        symbol, settings = instrument.symbol, self._settings
        if instrument.buy_fee_in_base:
            self._settings = settings = msgspec.structs.replace(settings, fee_in_base=True)
        self.instruments[symbol] = instrument
        self.books[symbol] = Book(instrument, settings.fill_model, settings.slippage_percent)
        self.books[symbol].last_price = self.state.prices.get(symbol)
        if instrument.market is MarketType.PERPETUAL:
            self._perpetuals.append(symbol)

    def _forgotten(self, symbol: Symbol) -> Instrument:
        """The instrument of a symbol that the venue holds something in though not configured."""
        known = self._listed(symbol)
        if known is None:
            raise ExchangeError(
                f"{self._name} still holds {symbol}, which is no longer configured: "
                f'put [exchanges.{self._name}.instruments."{symbol}"] back'
            )
        return known

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; where it fails, memory goes back to what the file says."""
        try:
            with self._store.transaction():
                yield
        except BaseException:
            self._restore()
            raise

    def account(self) -> Account:
        """The account as it stands."""
        return Account(
            state=self.state,
            orders=self.live.values(),
            instruments=self.instruments,
            settings=self._settings,
        )

    def book(self, symbol: Symbol) -> Book:
        """The live orders of a symbol.

        Raises:
            ExchangeError: it isn't traded here.
        """
        book = self.books.get(symbol)
        if book is None:
            raise ExchangeError(f"{self._name} does not trade {symbol}")
        return book

    def order(self, identity: ClientOrderId) -> PaperOrder | None:
        """One order by its owner's id, also one that has ended."""
        return self.live.get(identity) or self._store.order(identity)

    def fills_after(self, number: int, limit: int) -> list[tuple[int, Fill]]:
        """Fills with higher numbers, oldest first."""
        return self._store.fills_after(number, limit)

    def payments_after(self, number: int, limit: int) -> list[tuple[int, FundingPayment]]:
        """Funding payments with higher numbers, oldest first."""
        return self._store.payments_after(number, limit)

    def next_funding(self) -> int | None:
        """The next funding time of any perpetual here, on the prices' own clock."""
        if self.state.funded_until is None:
            return None
        return self._settings.funding.next_after(self._perpetuals, self.state.funded_until)

    # what happens; each inside `writing`

    def fund(self, tick: Tick) -> list[FundingPayment]:
        """Charge the funding times that a tick shows to have come, before it moves anything.

        Positions and prices are those before the tick. A replay's funding times are those of the
        recording; where the prices go back in time another recording has begun.
        """
        now = tick.ts if tick.recorded_ts is None else tick.recorded_ts
        since = self.state.funded_until
        self.state = msgspec.structs.replace(self.state, funded_until=now)
        if since is None:
            return []
        due = [
            (rate, symbol)
            for symbol, position in self.state.positions.items()
            if position.quantity
            for rate in self._settings.funding.due(symbol, since, now)
        ]
        due.sort(key=lambda pair: pair[0].ts)
        shift = tick.ts - now
        return [self._charge(symbol, rate, rate.ts + shift) for rate, symbol in due if rate.rate]

    def _charge(self, symbol: Symbol, rate: FundingRate, ts: int) -> FundingPayment:
        """A long pays a positive rate, a short receives it."""
        held, mark = self.state.positions[symbol].quantity, self.state.prices[symbol]
        payment = FundingPayment(
            exchange=self._name,
            funding_id=FundingId(f"{self._account}-f{self.state.fundings + 1}"),
            symbol=symbol,
            amount=-held * mark * rate.rate,
            asset=self.instruments[symbol].quote,
            ts=ts,
            rate=rate.rate,
            position=held,
            mark_price=mark,
        )
        self.state = funded(self.state, payment)
        self._store.save_payment(self.state.fundings, payment)
        return payment

    def traded(self, tick: Tick, source_position: str | None) -> list[Change]:
        """A public trade: what it fills, and what it ends."""
        book = self.book(tick.symbol)
        book.last_price = tick.price
        position = self.state.source_position if source_position is None else source_position
        self.state = msgspec.structs.replace(
            self.state,
            prices={**self.state.prices, tick.symbol: tick.price},
            times={**self.state.times, tick.symbol: tick.ts},
            source_position=position,
        )
        changes = self._match(book, tick)
        self._store.save_state(self.state)
        return changes

    def note(self, tick: Tick) -> None:
        """A trade that fills nothing: remembered, not written."""
        self.books[tick.symbol].last_price = tick.price
        self.state.prices[tick.symbol] = tick.price
        self.state.times[tick.symbol] = tick.ts

    def take_in(self, request: OrderRequest, now: int) -> Answer:
        """A well-formed request meets the venue as it stands after the newest tick."""
        book = self.books[request.symbol]
        crosses = book.crosses(request)
        refused = inadmissible(request, self.account(), crosses=crosses)
        if refused is not None:
            return refused
        number = self.state.orders + 1
        self.state = msgspec.structs.replace(self.state, orders=number)
        order = PaperOrder(
            request=request,
            exchange_order_id=ExchangeOrderId(f"{self._account}-o{number}"),
            number=number,
            taker=crosses or request.time_in_force is TimeInForce.IOC,
            updated_ns=now,
        )
        self._keep(book, order)
        self._store.save_state(self.state)
        return Accepted(order.exchange_order_id)

    def cancel(self, request: CancelRequest, now: int) -> OrderReport | Refused:
        """Take a live order out."""
        order = self.live.get(request.client_order_id)
        if order is None or order.request.symbol != request.symbol:
            return Refused(RefusalKind.NOT_FOUND, "there is no live order with this id")
        order = msgspec.structs.replace(order, state=OrderState.CANCELLED, updated_ns=now)
        self._keep(self.books[request.symbol], order)
        return report_of(order)

    def transfer(self, asset: Asset, amount: Decimal) -> None:
        """A deposit (> 0) or a withdrawal (< 0)."""
        self.state = transferred(self.state, asset, amount)
        self._store.save_state(self.state)

    def _match(self, book: Book, tick: Tick) -> list[Change]:
        bounded = self._settings.partial_fills and tick.size > ZERO
        left = tick.size
        changes: list[Change] = []
        for wanted in book.touched(tick):
            room = self.account().room(wanted)
            quantity = min(wanted.quantity, room)
            if bounded:
                quantity = min(quantity, book.instrument.round_quantity(left))
                left -= quantity
            execution = msgspec.structs.replace(wanted, quantity=quantity)
            changes += self._executed(book, execution, room, tick)
        return changes

    def _executed(
        self, book: Book, execution: Execution, room: Decimal, tick: Tick
    ) -> list[Change]:
        before = execution.order
        fill = self._enter(execution, tick.ts) if execution.quantity else None
        order = after(before, execution, room, tick)
        if order == before:
            return []
        self._keep(book, order)
        changed = fill is not None or order.state is not before.state
        return [(report_of(order), fill)] if changed else []

    def _enter(self, execution: Execution, ts: int) -> Fill:
        request = execution.order.request
        fee_asset, fee = self.account().fee(execution)
        fill = Fill(
            exchange=self._name,
            trade_id=TradeId(f"{self._account}-{self.state.fills + 1}"),
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
        self.state = entered(self.state, fill, self.instruments[request.symbol])
        self._store.save_fill(self.state.fills, fill)
        return fill

    def _keep(self, book: Book, order: PaperOrder) -> None:
        """Write an order as it is now, among the live ones or out of them."""
        identity = order.request.client_order_id
        if order.state.is_final:
            book.remove(identity)
            self.live.pop(identity, None)
        else:
            book.add(order)
            self.live[identity] = order
        self._store.save_order(order)


def report_of(order: PaperOrder) -> OrderReport:
    """An order in the words of every venue."""
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
