"""A connection to a simulated venue over which everything can go wrong.

The venue behind it is honest and never fails: it is the paper exchange. One `FaultyConnection`
belongs to one life of an engine; after a crash what it has sent still arrives, and nothing comes
back.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TypeVar

from nimbus_tui.core.account import AccountInfo, Balance, VenuePosition
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import ClientOrderId, Symbol, TradeId
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.core.market import Quote
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
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.simulation.faults import Fate, FaultKind
from nimbus_tui.simulation.wire import Wire

TIME_OUT_S = 5.0
DEADLINE_S = 8.0
"""How long after its sending a request is still carried out, where the venue keeps deadlines."""
LONGEST_DELAY_S = 30.0
"""How late a request may arrive where it keeps none."""
LIE_S = 60.0
"""How long after an order's arrival a look-up may fail to find it."""
WATCHDOG_S = 20.0
T = TypeVar("T")

Tell = Callable[[str], None]


class FaultyConnection:
    """The `Exchange` that an engine sees in a fault world."""

    def __init__(
        self,
        venue: PaperExchange,
        wire: Wire,
        fate: Fate,
        tell: Tell,
        *,
        keeps_deadlines: bool,
    ) -> None:
        self.name = venue.name
        self.capabilities = Capabilities(
            spot=True,
            perpetual=True,
            post_only=True,
            reduce_only=True,
            order_deadline=keeps_deadlines,
            request_arrives_within_s=DEADLINE_S if keeps_deadlines else LONGEST_DELAY_S,
            not_found_is_final_after_s=DEADLINE_S if keeps_deadlines else 2 * LIE_S,
            not_found_frees_the_id=keeps_deadlines,
        )
        self.is_dead = False
        """Whether the engine on this end is gone."""
        self._venue = venue
        self._wire = wire
        self._fate = fate
        self._tell = tell
        self._keeps_deadlines = keeps_deadlines
        self._loop = asyncio.get_running_loop()
        self._link = Link.DISCONNECTED
        self._silent = False
        self._reconnects = 0
        self._prices: dict[Symbol, Listeners[[Quote]]] = defaultdict(Listeners)
        self._fills: Listeners[[Fill]] = Listeners()
        self._orders: Listeners[[OrderReport]] = Listeners()
        self._links: Listeners[[bool, str]] = Listeners()
        self._funding: Listeners[[FundingPayment]] = Listeners()
        self._deaf_until = 0.0
        self._hidden: dict[TradeId, float] = {}
        self._hides_for_s = 0.0
        self._older: deque[tuple[Sequence[Balance], Sequence[VenuePosition]]] = deque(maxlen=4)

    # connection

    async def connect(self) -> None:
        """Open the connection."""
        await self._way()
        self._link, self._silent = Link.CONNECTED, False

    async def disconnect(self) -> None:
        """Close it."""
        self._link = Link.DISCONNECTED

    def is_connected(self) -> bool:
        """Whether data flows, as far as this end knows."""
        return self._link is Link.CONNECTED

    def connection_status(self) -> ConnectionStatus:
        """How the connection is doing."""
        return ConnectionStatus(link=self._link, reconnects=self._reconnects)

    def trouble(self) -> None:
        """Let chance break the connection; the world asks for it at every tick."""
        if self._link is not Link.CONNECTED or self._silent:
            return
        if self._fate.strikes(FaultKind.MESSAGE_GAP):
            self._deaf_until = self._loop.time() + self._fate.between(1.0, 12.0)
            self._tell("a gap in the user messages")
        if self._fate.strikes(FaultKind.SOCKET_DROPPED):
            self._lose("the connection was reset")
        elif self._fate.strikes(FaultKind.SOCKET_DEAD):
            self._silent = True
            self._tell("socket is dead, nobody knows")
            self._loop.call_later(WATCHDOG_S, self._bark)

    def _bark(self) -> None:
        if self._silent and not self.is_dead:
            self._lose(f"no data for {WATCHDOG_S:.0f} s")

    def _lose(self, reason: str) -> None:
        self._tell(f"socket lost: {reason}")
        self._link, self._silent = Link.CONNECTING, True
        self._notify(False, reason)
        self._loop.call_later(self._fate.between(0.2, 15.0), self._back)

    def _back(self) -> None:
        if self.is_dead or self._link is Link.DISCONNECTED:
            return
        self._tell("socket is back")
        self._link, self._silent = Link.CONNECTED, False
        self._reconnects += 1
        self._notify(True, "")

    def _notify(self, is_up: bool, reason: str) -> None:
        if not self.is_dead:
            self._links.tell(is_up, reason)

    # what comes from the venue

    def price(self, quote: Quote) -> None:
        """A public price."""
        if not (self._silent or self.is_dead):
            self._prices[quote.symbol].tell(quote)

    def fill(self, fill: Fill) -> None:
        """An execution, on its way to the engine."""
        if self._hides_for_s:
            self._hidden[fill.trade_id] = self._loop.time() + self._hides_for_s
        self._message(self._fills, fill, f"fill {fill.trade_id}", self._hides_for_s)

    def report(self, report: OrderReport) -> None:
        """A change of an order, on its way to the engine."""
        what = f"report {report.client_order_id} {report.state.value}"
        self._message(self._orders, report, what)

    def funding(self, payment: FundingPayment) -> None:
        """A funding payment, on its way to the engine."""
        self._message(self._funding, payment, f"funding {payment.funding_id}")

    def _message(self, listeners: Listeners[[T]], item: T, what: str, wait_s: float = 0.0) -> None:
        lost = self._fate.strikes(FaultKind.MESSAGE_LOST) or self._loop.time() < self._deaf_until
        if self._silent or self.is_dead or lost:
            self._tell(f"lost: {what}")
            return
        late = self._fate.strikes(FaultKind.MESSAGE_LATE)
        delays = [self._fate.between(0.5, 4.0) if late else self._fate.between(0.001, 0.05)]
        if self._fate.strikes(FaultKind.MESSAGE_TWICE):
            delays.append(self._fate.between(0.001, 6.0))
        for delay in delays:
            self._loop.call_later(wait_s + delay, self._deliver, listeners, item)

    def _deliver(self, listeners: Listeners[[T]], item: T) -> None:
        if not (self._silent or self.is_dead):
            listeners.tell(item)

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        """Send an order over a bad line."""
        identity = request.client_order_id
        await self._sends(f"send {identity} {request.side.value} {request.quantity}")
        if self._fate.strikes(FaultKind.REQUEST_LOST):
            return await self._timed_out(f"request lost {identity}")
        if self._fate.strikes(FaultKind.RATE_LIMITED):
            await self._way()
            return Refused(RefusalKind.BUSY, "too many requests")
        if self._fate.strikes(FaultKind.REJECTED):
            await self._way()
            return Refused(RefusalKind.INVALID, "the venue does not like it")
        if self._fate.strikes(FaultKind.REQUEST_LATE):
            self._arrives_late(request)
            return await self._timed_out(f"request late {identity}")
        lost = self._fate.strikes(FaultKind.ANSWER_LOST)
        blind = self._fate.strikes(FaultKind.SERVER_ERROR)
        slow = self._fate.strikes(FaultKind.SLOW_ANSWER)
        if blind and self._fate.chance.random() < 0.5:
            await self._way()
            return Unknown("502 bad gateway")
        answer = await asyncio.shield(self._wire.place(request, self._fate.between(0.005, 0.08)))
        # The copy of a refused one would be an order that nobody has sent.
        if self._fate.strikes(FaultKind.REQUEST_TWICE, only_if=isinstance(answer, Accepted)):
            delay = self._fate.between(0.5, DEADLINE_S / 2)
            self._wire.place(request, delay, is_copy=True)
        if self._fate.strikes(FaultKind.ANSWER_TWICE):
            await self._repeat_later(request)
        if blind:
            return Unknown("502 bad gateway")
        if lost:
            return await self._timed_out(f"answer lost {identity}")
        await self._way(self._fate.between(0.2, 3.0) if slow else None)
        return answer

    def _arrives_late(self, request: OrderRequest) -> None:
        most = 2 * DEADLINE_S if self._keeps_deadlines else LONGEST_DELAY_S
        delay = self._fate.between(1.0, most)
        if self._keeps_deadlines and delay > DEADLINE_S:
            self._tell(f"{request.client_order_id} will arrive after its deadline")
        else:
            self._wire.place(request, delay)

    async def _repeat_later(self, request: OrderRequest) -> None:
        report = await self._venue.order_status(request.client_order_id, request.symbol)
        if isinstance(report, OrderReport):
            delay = self._fate.between(1.0, 8.0)
            self._loop.call_later(delay, self._deliver, self._orders, report)

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        """Ask for a cancel over a bad line."""
        identity = request.client_order_id
        await self._sends(f"cancel {identity}")
        if self._fate.strikes(FaultKind.REQUEST_LOST):
            return await self._timed_out(f"cancel lost {identity}")
        if self._fate.strikes(FaultKind.RATE_LIMITED):
            await self._way()
            return Refused(RefusalKind.BUSY, "too many requests")
        race = self._fate.strikes(FaultKind.CANCEL_RACE)
        lost = self._fate.strikes(FaultKind.ANSWER_LOST)
        if self._fate.strikes(FaultKind.FILL_AFTER_CANCEL):
            await self._fill_as_it_goes(request)
        delay = self._fate.between(1.0, 3.0) if race else self._fate.between(0.005, 0.08)
        answer = await asyncio.shield(self._wire.cancel(request, delay))
        if lost:
            return await self._timed_out(f"answer to cancel lost {identity}")
        await self._way()
        return answer

    async def _fill_as_it_goes(self, request: CancelRequest) -> None:
        """Somebody trades with the order in its last moment, and the venue's books lag behind."""
        self._hides_for_s = self._fate.between(1.0, 6.0)
        await self._wire.trade_with(request, self._fate.chance.randint(1, 20))
        self._hides_for_s = 0.0

    async def _sends(self, what: str) -> None:
        """A request leaves; a dead engine's never does."""
        if self.is_dead:
            await self._loop.create_future()
        self._tell(what)

    async def _timed_out(self, what: str) -> Unknown:
        self._tell(what)
        await self._way(TIME_OUT_S)
        return Unknown("timed out")

    async def _way(self, seconds: float | None = None) -> None:
        """The time that one way takes."""
        wait = self._fate.between(0.005, 0.08) if seconds is None else seconds
        await asyncio.sleep(wait)  # noqa: TID251 - virtual time

    # reading

    async def _read(self) -> None:
        if self.is_dead:
            await self._loop.create_future()
        await self._way()
        if self._fate.strikes(FaultKind.READ_FAILED):
            raise ExchangeError("503 service unavailable")

    async def open_orders(self) -> Sequence[OrderReport]:
        """Every live order of the account."""
        await self._read()
        found = await self._venue.open_orders()
        await self._way()
        return found

    async def order_status(
        self, client_order_id: ClientOrderId, symbol: Symbol
    ) -> OrderReport | NotFound:
        """One order by our id; a venue without deadlines may deny a young one."""
        await self._read()
        age = self._loop.time() - self._wire.arrived.get(client_order_id, float("-inf"))
        may_lie = not self._keeps_deadlines and age < LIE_S
        if may_lie and self._fate.strikes(FaultKind.NOT_FOUND_LIE):
            self._tell(f"denied {client_order_id}")
            return NotFound()
        found = await self._venue.order_status(client_order_id, symbol)
        await self._way()
        return found

    async def fills_since(self, cursor: str) -> FillPage:
        """The account's fills after a cursor."""
        await self._read()
        page = await self._venue.fills_since(cursor)
        now = self._loop.time()
        shown = list(takewhile(lambda one: self._hidden.get(one.trade_id, 0.0) <= now, page.fills))
        if len(shown) == len(page.fills):
            return page
        # Nothing behind a hidden one is shown: a cursor must never pass it by.
        return FillPage(tuple(shown), shown[-1].trade_id.rpartition("-")[2] if shown else cursor)

    async def funding_since(self, cursor: str) -> FundingPage:
        """The account's funding payments after a cursor."""
        await self._read()
        return await self._venue.funding_since(cursor)

    def subscribe_funding(self, callback: FundingCallback) -> Unsubscribe:
        """Call back on every funding payment that gets through."""
        return self._funding.add(callback)

    async def balances(self) -> Sequence[Balance]:
        """All non-zero balances, perhaps those of a moment ago."""
        return (await self._account())[0]

    async def positions(self) -> Sequence[VenuePosition]:
        """All open derivative positions, perhaps those of a moment ago."""
        return (await self._account())[1]

    async def _account(self) -> tuple[Sequence[Balance], Sequence[VenuePosition]]:
        await self._read()
        self._older.append((await self._venue.balances(), await self._venue.positions()))
        lag = self._fate.strikes(FaultKind.BALANCE_LAG)
        return self._older[0 if lag else -1]

    async def account_info(self) -> AccountInfo:
        """The account as a whole."""
        await self._way()
        return await self._venue.account_info()

    async def instruments(self) -> Sequence[Instrument]:
        """Everything that can be traded here."""
        return await self._venue.instruments()

    async def mark_price(self, symbol: Symbol) -> Quote:
        """The newest price of a symbol."""
        await self._read()
        return await self._venue.mark_price(symbol)

    async def set_leverage(
        self, symbol: Symbol, leverage: int, margin_mode: MarginMode = MarginMode.CROSS
    ) -> None:
        """As the venue says."""
        await self._venue.set_leverage(symbol, leverage, margin_mode)

    async def cancel_all_after(self, seconds: float | None) -> Refused | Unknown | None:
        """As the venue says."""
        return await self._venue.cancel_all_after(seconds)

    # subscriptions

    def subscribe_price_updates(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every price that gets through."""
        return self._prices[symbol].add(callback)

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        """Call back on every fill that gets through."""
        return self._fills.add(callback)

    def subscribe_order_updates(self, callback: OrderCallback) -> Unsubscribe:
        """Call back on every report that gets through."""
        return self._orders.add(callback)

    def subscribe_link(self, callback: LinkCallback) -> Unsubscribe:
        """Call back when the connection is known to be lost, and when it is back."""
        return self._links.add(callback)
