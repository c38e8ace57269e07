"""What the venue tells of the account's own orders, fills and funding, each once.

Source: the protocol reference, "WebSocket: Reading them right". Fills are repeated after every
subscription; the end of an order that may have been cut short is told only after its fills were
read, since its sizes claim too much.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import MarketType, parse_symbol
from nimbus_tui.core.order import OrderReport, OrderState
from nimbus_tui.exchanges.hyperliquid.cloids import client_id_of
from nimbus_tui.exchanges.hyperliquid.instruments import Universe
from nimbus_tui.exchanges.hyperliquid.order_states import order_state
from nimbus_tui.exchanges.hyperliquid.sent_orders import SentOrders
from nimbus_tui.exchanges.hyperliquid.translate import (
    claimed,
    fill,
    funding_payment,
    may_be_cut,
    order_report,
    trade_id,
)
from nimbus_tui.exchanges.hyperliquid.wire import OrderUpdates, UserFills, UserFundings
from nimbus_tui.exchanges.hyperliquid.wire_records import BasicOrder, OrderUpdate, UserFill
from nimbus_tui.exchanges.listeners import Listeners

MOST_REMEMBERED = 20_000
SNAPSHOT_OVERLAP_MS = 60_000
FILLS_WITHIN_S = 1.0
"""How long an order's end waits for the fills that it claims.

The two channels keep no order between them. Told too early, an end would send whoever hears of it
to ask for fills that are on their way, which costs twenty times as much.
"""
PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""How long to wait until the fills of an ended order are read again, if that fails."""
ZERO = Decimal(0)

ReadExecuted = Callable[[BasicOrder], Awaitable[Decimal]]
"""Sums the fills of an order."""


class UserEvents:
    """Takes the account's messages in and tells the subscribers."""

    def __init__(
        self,
        name: ExchangeName,
        account: str,
        market: MarketType,
        *,
        clock: Clock,
        sent: SentOrders,
        read_executed: ReadExecuted,
    ) -> None:
        self.universe: Universe | None = None
        self.orders: Listeners[[OrderReport]] = Listeners()
        self.fills: Listeners[[Fill]] = Listeners()
        self.funding: Listeners[[FundingPayment]] = Listeners()
        self._name = name
        self._account = account
        self._market = market
        self._clock = clock
        self._sent = sent
        self._read_executed = read_executed
        self._told: OrderedDict[str, None] = OrderedDict()
        """Ids of fills and payments that were told."""
        self._executed: OrderedDict[int, Decimal] = OrderedDict()
        """By order, the sum of the fills that were told."""
        self._ending: dict[int, OrderUpdate] = {}
        """Ends that wait for fills."""
        self._newest_ms: int | None = None
        """When the newest fill was made; a snapshot is of interest from a little before it on."""
        self._tasks: set[asyncio.Task[None]] = set()

    def is_mine(self, coin: str) -> bool:
        """Whether a coin belongs to the market that this adapter trades."""
        symbol = self._known.symbol_of(coin)
        return parse_symbol(symbol).market is self._market

    def take(self, message: OrderUpdates | UserFills | UserFundings) -> None:
        """Whatever the account's channels say."""
        match message:
            case OrderUpdates():
                self.take_orders(message)
            case UserFills():
                self.take_fills(message)
            case UserFundings():
                self.take_funding(message)

    def take_orders(self, message: OrderUpdates) -> None:
        """Orders that have changed."""
        for update in message.data:
            if not self.is_mine(update.order.coin):
                continue
            ended = order_state(update.status) in (OrderState.FILLED, OrderState.CANCELLED)
            if ended and self._told_of(update.order) < claimed(update.order):
                self._spawn_settling(update)
            else:
                self._tell(update)

    def take_fills(self, message: UserFills) -> None:
        """Fills: news, or what is known of the recent past.

        The first snapshot is the past, which is read by cursor; later ones may fill a gap.
        """
        fills: Iterable[UserFill] = message.data.fills
        if message.data.isSnapshot:
            newest = self._newest_ms
            if newest is None:
                self._newest_ms = max((one.time for one in fills), default=0)
                for one in fills:
                    self._remember(trade_id(one))
                return
            fills = [one for one in fills if one.time >= newest - SNAPSHOT_OVERLAP_MS]
        for one in sorted(fills, key=lambda row: (row.time, row.tid)):
            self._newest_ms = max(self._newest_ms or 0, one.time)
            if self._remember(trade_id(one)) and self.is_mine(one.coin):
                self._executed[one.oid] = self._executed.pop(one.oid, ZERO) + one.sz
                self.fills.tell(fill(one, self._known, self._name, self._account))
                self._end_if_all_told(one.oid)
        while len(self._executed) > MOST_REMEMBERED:
            self._executed.popitem(last=False)

    def take_funding(self, message: UserFundings) -> None:
        """Funding payments; a snapshot is the past, which is read by cursor."""
        for one in sorted(message.data.fundings, key=lambda row: row.time):
            payment = funding_payment(one, self._known, self._name)
            is_news = self._remember(f"funding/{payment.funding_id}")
            if is_news and not message.data.isSnapshot:
                self.funding.tell(payment)

    def was_told(self, wire: UserFill) -> bool:
        """Whether the stream has told a fill."""
        return trade_id(wire) in self._told

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _known(self) -> Universe:
        if self.universe is None:
            raise ExchangeError(f"{self._name} has not been asked yet for what it trades")
        return self.universe

    def _remember(self, identity: str) -> bool:
        """Whether something is new."""
        if identity in self._told:
            return False
        self._told[identity] = None
        while len(self._told) > MOST_REMEMBERED:
            self._told.popitem(last=False)
        return True

    # ends of orders

    def _end_if_all_told(self, oid: int) -> None:
        """Tell an end that has waited for a fill, once it was the last one."""
        update = self._ending.get(oid)
        if update is not None and self._told_of(update.order) >= claimed(update.order):
            del self._ending[oid]
            self._tell(update)

    def _spawn_settling(self, update: OrderUpdate) -> None:
        self._ending[update.order.oid] = update
        task = asyncio.get_running_loop().create_task(self._settle(update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(self, update: OrderUpdate) -> None:
        """Tell an order's end though the fills that it claims have not been told.

        If they can't be read now, the next comparison finds the order gone and looks it up.
        """
        await self._clock.sleep(FILLS_WITHIN_S)
        if self._ending.get(update.order.oid) is not update:
            return
        del self._ending[update.order.oid]
        sent = self._sent.request(client_id_of(update.order.cloid))
        if not may_be_cut(update.order, sent):
            self._tell(update)
            return
        for pause_s in PAUSES_S:
            try:
                executed = await self._read_executed(update.order)
            except ExchangeError:
                await self._clock.sleep(pause_s)
                continue
            self.orders.tell(order_report(update, self._known, executed=executed, sent=sent))
            return

    def _told_of(self, order: BasicOrder) -> Decimal:
        return self._executed.get(order.oid, ZERO)

    def _tell(self, update: OrderUpdate) -> None:
        sent = self._sent.request(client_id_of(update.order.cloid))
        self.orders.tell(order_report(update, self._known, sent=sent))
