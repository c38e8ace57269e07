"""The adapter to the venue server: a whole `Exchange` over one WebSocket.

An answer that doesn't come in time, or is lost with the connection, is Unknown. Every order carries
a deadline after which the venue refuses it, so that some time later "not found" is final.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import ExchangeError, NotConnected, UnsupportedByExchange
from nimbus_tui.core.ids import ClientOrderId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import (
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
from nimbus_tui.exchanges.base import (
    Capabilities,
    ConnectionStatus,
    FillCallback,
    FillPage,
    FundingCallback,
    FundingPage,
    Link,
    LinkCallback,
    OrderCallback,
    PriceCallback,
    Unsubscribe,
)
from nimbus_tui.exchanges.listeners import Listeners
from nimbus_tui.exchanges.paper.admission import MAX_CLIENT_ORDER_ID
from tests.venue.protocol import CALLS, CONTROLS, PUSHED, Call, Kind, Message, Query, raw

TIME_OUT_S = 1.5
DEADLINE_S = 1.0
PING_S = 5.0
BACK_OFF_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


class TooManyRequests(ExchangeError):
    """The venue has done nothing, and says so."""


class SocketExchange:
    """One connection to a venue server; it comes back by itself when it is lost."""

    capabilities = Capabilities(
        spot=True,
        perpetual=True,
        post_only=True,
        reduce_only=True,
        order_deadline=True,
        not_found_is_final_after_s=DEADLINE_S,
        max_client_order_id=MAX_CLIENT_ORDER_ID,
    )

    def __init__(self, name: ExchangeName, port: int, clock: Clock) -> None:
        self.name = name
        self._address = f"ws://127.0.0.1:{port}"
        self._clock = clock
        self._socket: ClientConnection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._calls = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._reconnects = 0
        self._heard_ns = 0
        self._listeners: dict[object, Listeners[...]] = defaultdict(Listeners)

    # connection

    async def connect(self) -> None:
        """Open the connection; harmless while it is open or being opened again."""
        if self._keeper is None:
            self._socket = await self._opened()
            self._keeper = asyncio.get_running_loop().create_task(self._keep(self._socket))
        elif self._socket is None:
            raise NotConnected(f"{self.name} is being connected again")

    async def disconnect(self) -> None:
        """Close it; resting orders stay. Harmless the second time."""
        keeper, self._keeper = self._keeper, None
        socket, self._socket = self._socket, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        if socket is not None:
            await socket.close()

    def is_connected(self) -> bool:
        """Whether data flows, as far as this end knows."""
        return self._socket is not None

    def connection_status(self) -> ConnectionStatus:
        """How the connection is doing."""
        state = Link.CONNECTING if self._keeper is not None else Link.DISCONNECTED
        return ConnectionStatus(
            link=Link.CONNECTED if self.is_connected() else state,
            ping_ms=None if self._socket is None else self._socket.latency * 1_000,
            data_age_ms=(self._clock.now() - self._heard_ns) / 1e6 if self._heard_ns else None,
            reconnects=self._reconnects,
        )

    async def _opened(self) -> ClientConnection:
        try:
            return await connect(
                self._address,
                compression=None,
                proxy=None,
                open_timeout=TIME_OUT_S,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                close_timeout=1,
            )
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            raise NotConnected(f"{self.name} can't be reached: {error}") from error

    async def _keep(self, socket: ClientConnection) -> None:
        """Listen, and open the connection again whenever it is lost."""
        while True:
            reason = await self._listen(socket)
            self._socket = None
            self._lost(reason)
            socket = await self._back()
            self._socket = socket
            self._reconnects += 1
            self._tell("link", True, "")

    async def _listen(self, socket: ClientConnection) -> str:
        try:
            async for text in socket:
                self._heard_ns = self._clock.now()
                self._take(msgspec.json.decode(text, type=Message))
        except ConnectionClosed as error:
            return str(error)
        return "the venue has closed the connection"

    def _lost(self, reason: str) -> None:
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(NotConnected(reason))
        self._tell("link", False, reason)

    async def _back(self) -> ClientConnection:
        attempt = 0
        while True:
            await self._clock.sleep(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)])
            with suppress(NotConnected):
                return await self._opened()
            attempt += 1

    def _take(self, message: Message) -> None:
        if message.kind in PUSHED:
            value = msgspec.json.decode(message.body, type=PUSHED[message.kind])
            subject = (message.kind, value.symbol) if isinstance(value, Quote) else message.kind
            self._tell(subject, value)
        elif (answer := self._waiting.get(message.number)) is not None and not answer.done():
            answer.set_result(message)

    def _tell(self, subject: object, *told: Any) -> None:
        self._listeners[subject].tell(*told)

    async def ask(self, name: str, argument: Any = None, *, deadline: bool = False) -> Any:
        """Make a call and wait for its answer.

        Raises:
            ExchangeError: there is no answer, or one that says that the venue failed.
        """
        socket = self._socket
        if socket is None:
            raise NotConnected(f"{self.name} is not connected")
        self._calls += 1
        number, answer = self._calls, asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        expires = self._clock.now() + round(DEADLINE_S * NS_PER_SECOND) if deadline else 0
        try:
            async with asyncio.timeout(TIME_OUT_S):
                call = Call(number, name, raw(argument), expires)
                await socket.send(msgspec.json.encode(call).decode())
                message = await answer
        except TimeoutError:
            raise ExchangeError(f"{name}: no answer within {TIME_OUT_S} s") from None
        except ConnectionClosed as error:
            raise NotConnected(str(error)) from error
        finally:
            del self._waiting[number]
            if answer.done() and not answer.cancelled():
                answer.exception()  # lost together with the sending: somebody has looked at it
        return _value(message, (CALLS | CONTROLS)[name].gives)

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Send one order."""
        return await self._ordered("place", request)

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        """Cancel one order."""
        return await self._ordered("cancel", request)

    async def _ordered(self, name: str, request: OrderRequest | CancelRequest) -> Any:
        try:
            return await self.ask(name, request, deadline=True)
        except TooManyRequests as error:
            return Refused(RefusalKind.BUSY, str(error))
        except ExchangeError as error:
            return Unknown(str(error))

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account."""
        found: list[OrderReport] = await self.ask("open_orders")
        return found

    async def order_status(
        self, client_order_id: ClientOrderId, symbol: Symbol
    ) -> OrderReport | NotFound:
        """One order by our id."""
        found: OrderReport | None = await self.ask("order_status", Query(client_order_id, symbol))
        return NotFound() if found is None else found

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills after a cursor."""
        page: FillPage = await self.ask("fills_since", cursor)
        return page

    async def funding_since(self, cursor: str) -> FundingPage:
        """The account's funding payments after a cursor."""
        page: FundingPage = await self.ask("funding_since", cursor)
        return page

    # account

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances."""
        found: list[Balance] = await self.ask("balances")
        return found

    async def positions(self) -> Sequence[VenuePosition]:
        """All open perpetual positions."""
        found: list[VenuePosition] = await self.ask("positions")
        return found

    async def account_info(self) -> AccountInfo:
        """The account as a whole."""
        info: AccountInfo = await self.ask("account_info")
        return info

    async def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        found: list[Instrument] = await self.ask("instruments")
        return found

    async def mark_price(self, symbol: Symbol) -> Quote:
        """The newest price of a symbol."""
        quote: Quote = await self.ask("mark_price", symbol)
        return quote

    async def set_leverage(
        self, symbol: Symbol, leverage: int, margin_mode: MarginMode = MarginMode.CROSS
    ) -> None:
        """Leverage is a setting of the venue as a whole."""
        raise UnsupportedByExchange(self.name, "set_leverage")

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        """There is no switch here."""
        raise UnsupportedByExchange(self.name, "cancel_all_after")

    # subscriptions

    def subscribe_price_updates(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every price of a symbol."""
        return self._subscribed((Kind.PRICE, symbol), callback)

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        """Call back on every execution."""
        return self._subscribed(Kind.FILL, callback)

    def subscribe_funding(self, callback: FundingCallback) -> Unsubscribe:
        """Call back on every funding payment."""
        return self._subscribed(Kind.FUNDING, callback)

    def subscribe_order_updates(self, callback: OrderCallback) -> Unsubscribe:
        """Call back when an order changes state."""
        return self._subscribed(Kind.ORDER, callback)

    def subscribe_link(self, callback: LinkCallback) -> Unsubscribe:
        """Call back when the connection is lost and when data flows again."""
        return self._subscribed("link", callback)

    def _subscribed(self, subject: object, callback: Callable[..., None]) -> Unsubscribe:
        return self._listeners[subject].add(callback)


def _value(message: Message, gives: Any) -> Any:
    match message.kind:
        case Kind.BUSY:
            raise TooManyRequests(msgspec.json.decode(message.body, type=str))
        case Kind.ERROR:
            raise ExchangeError(msgspec.json.decode(message.body, type=str))
        case _:
            return msgspec.json.decode(message.body, type=gives)
