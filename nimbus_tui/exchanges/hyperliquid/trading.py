"""Orders of an account: sent once each, looked up, listed; fills and funding by cursor."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderResponse,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.base import FillPage, FundingPage
from nimbus_tui.exchanges.hyperliquid.account_history import History
from nimbus_tui.exchanges.hyperliquid.cloids import client_id_of, cloid_of
from nimbus_tui.exchanges.hyperliquid.connection import Connection
from nimbus_tui.exchanges.hyperliquid.instruments import Listing
from nimbus_tui.exchanges.hyperliquid.lanes import NotSent
from nimbus_tui.exchanges.hyperliquid.order_desk import OrderDesk
from nimbus_tui.exchanges.hyperliquid.order_states import order_state
from nimbus_tui.exchanges.hyperliquid.orders import cancel_action, wire_order
from nimbus_tui.exchanges.hyperliquid.sent_orders import SentOrders
from nimbus_tui.exchanges.hyperliquid.translate import (
    fill,
    funding_payment,
    looked_up,
    may_be_cut,
    open_order_report,
    trade_id,
)
from nimbus_tui.exchanges.hyperliquid.user_events import UserEvents
from nimbus_tui.exchanges.hyperliquid.wire_info import FundingRow
from nimbus_tui.exchanges.hyperliquid.wire_records import BasicOrder, UserFill

FILLS_A_PAGE = 2000
PAYMENTS_A_PAGE = 500
ZERO = Decimal(0)
FRESH_NS = 10 * NS_PER_SECOND
"""A price older than this is no reference for a market order; the book is asked for then."""
TOLD_WITHIN_MS = 10_000
"""A fill that is older than this, and that the stream has not told, won't be told by it."""


class Trading:
    """What an account does at the venue."""

    def __init__(
        self, connection: Connection, users: UserEvents, sent: SentOrders, desk: OrderDesk
    ) -> None:
        self._connection = connection
        self._users = users
        self._sent = sent
        self._desk = desk
        self._untold: list[UserFill] = []
        """Fills of this connection that were read and that the stream has not told yet."""
        rest, user, name = connection.rest, connection.settings.user, connection.name
        self._fills: History[UserFill] = History(
            lambda start: rest.user_fills_by_time(user, start, urgent=True),
            trade_id,
            lambda row: (row.time, row.tid),
            FILLS_A_PAGE,
            name,
        )
        self._funding: History[FundingRow] = History(
            lambda start: rest.user_funding(user, start),
            lambda row: f"{row.delta.coin}/{row.time}",
            lambda row: (row.time, 0),
            PAYMENTS_A_PAGE,
            name,
        )

    async def place(self, request: OrderRequest) -> OrderResponse:
        """Send an order, if it never left before."""
        known = self._sent.get(request.client_order_id)
        if known is not None:
            if known.request != request:
                return Refused(RefusalKind.DUPLICATE, "another order has this client id")
            return await asyncio.shield(known.answer)
        sent = self._sent.remember(request)
        try:
            answer = await self._placed(request)
        except NotSent as error:
            refused = Refused(RefusalKind.BUSY, str(error))
            self._sent.stayed(sent, refused)
            return refused
        except BaseException:
            self._sent.answered(sent, Unknown("it was given up while it was under way"))
            raise
        self._sent.answered(sent, answer)
        return answer

    async def _placed(self, request: OrderRequest) -> OrderResponse:
        listing = self._connection.known.listing(request.symbol)
        if listing is None or listing.instrument.market is not self._connection.settings.market:
            name = self._connection.name
            return Refused(RefusalKind.INVALID, f"{name} does not trade {request.symbol}")
        reference = None
        if request.type is OrderType.MARKET and request.trigger_price is None:
            try:
                reference = await self._reference(listing)
            except ExchangeError as error:
                raise NotSent(f"there is no price of {request.symbol}: {error}") from error
        order = wire_order(request, listing, self._connection.settings.worst, reference)
        return order if isinstance(order, Refused) else await self._desk.place(order, request)

    async def _reference(self, listing: Listing) -> Decimal | None:
        """The price now: the stream's if it is fresh, else the middle of the book."""
        connection = self._connection
        quote = connection.newest(listing.instrument.symbol)
        now_ns = connection.venue_now_ms() * NS_PER_MS
        if quote is not None and connection.is_up and now_ns - quote.ts < FRESH_NS:
            return quote.price
        bids, asks = (await connection.rest.l2_book(listing.coin, urgent=True)).levels
        best = [side[0].px for side in (bids, asks) if side]
        return sum(best, ZERO) / len(best) if best else None

    async def cancel(self, request: CancelRequest) -> CancelResponse:
        """Cancel an order, by the venue's id where it is known."""
        listing = self._connection.known.listing(request.symbol)
        if listing is None:
            name = self._connection.name
            return Refused(RefusalKind.INVALID, f"{name} does not trade {request.symbol}")
        action = cancel_action(request, listing)
        if isinstance(action, Refused):
            return Refused(RefusalKind.NOT_FOUND, action.reason)
        return await self._desk.cancel(action, request)

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account in this market."""
        connection = self._connection
        orders = await connection.rest.open_orders(connection.settings.user, urgent=True)
        return [
            open_order_report(
                order, connection.known, sent=self._sent.request(client_id_of(order.cloid))
            )
            for order in {one.oid: one for one in orders}.values()
            if self._users.is_mine(order.coin)
        ]

    async def look_up(self, identity: ClientOrderId) -> OrderReport | NotFound:
        """One order by our id. What it has filled is summed where its sizes don't tell."""
        cloid = cloid_of(identity)
        if cloid is None:
            return NotFound()
        connection = self._connection
        status = await connection.rest.order_status(connection.settings.user, cloid)
        sent, executed = self._sent.request(identity), None
        if status.order is not None:
            ended = order_state(status.order.status) in (OrderState.FILLED, OrderState.CANCELLED)
            if ended and may_be_cut(status.order.order, sent):
                executed = await self.executed(status.order.order)
        return looked_up(status, connection.known, executed=executed, sent=sent)

    async def executed(self, order: BasicOrder) -> Decimal:
        """The sum of an order's fills."""
        connection, start, total = self._connection, order.timestamp, ZERO
        seen: set[str] = set()
        while True:
            fills = await connection.rest.user_fills_by_time(
                connection.settings.user, start, urgent=True
            )
            news = [one for one in fills if trade_id(one) not in seen]
            seen.update(trade_id(one) for one in news)
            total += sum((one.sz for one in news if one.oid == order.oid), ZERO)
            if len(fills) < FILLS_A_PAGE or not news:
                return total
            start = max(one.time for one in fills)

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills in this market; one that the stream has kept back ends the stream."""
        connection = self._connection
        rows, reached, more = await self._fills.after(cursor)
        self._check_stream(rows)
        found = tuple(
            fill(row, connection.known, connection.name, connection.settings.user)
            for row in rows
            if self._users.is_mine(row.coin)
        )
        return FillPage(found, reached, more)

    def _check_stream(self, rows: Sequence[UserFill]) -> None:
        """Make the connection anew if the stream should have told a fill and has not.

        What is too young to tell is looked at again the next time.
        """
        connection, since_ms = self._connection, self._connection.up_since_ms
        self._untold = [
            row
            for row in (*self._untold, *rows)
            if since_ms is not None and row.time >= since_ms and not self._users.was_told(row)
        ]
        until_ms = connection.venue_now_ms() - TOLD_WITHIN_MS
        if any(row.time < until_ms for row in self._untold):
            self._untold.clear()
            connection.link.restart("the stream does not tell the account's fills")

    async def funding_since(self, cursor: str) -> FundingPage:
        """The account's funding payments."""
        connection = self._connection
        rows, reached, more = await self._funding.after(cursor)
        found = (funding_payment(row.payment, connection.known, connection.name) for row in rows)
        return FundingPage(tuple(found), reached, more)
