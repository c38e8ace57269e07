"""Carries steps out at one venue: the journal first, then the wire, and the answer back inside."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import msgspec

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import ExchangeError, InvariantViolated
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, OrderKey
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    DesiredOrder,
    NotFound,
    Order,
    OrderRequest,
    OrderResponse,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.engine.facts import (
    CancelAnswered,
    Fact,
    FillArrived,
    FillsRead,
    FundingArrived,
    FundingRead,
    OrderNotFound,
    OrderReported,
    PlacementAnswered,
)
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.journal.base import Journal
from nimbus_tui.orders import client_id

LOOK_UP_PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""How long to wait between look-ups of an order whose answer was lost; the last one repeats."""

Answer = TypeVar("Answer")


def cursor_fact(exchange: ExchangeName) -> str:
    """The journal's name for how far a venue's fills were read."""
    return f"fills-cursor/{exchange}"


def funding_cursor_fact(exchange: ExchangeName) -> str:
    """The journal's name for how far a venue's funding payments were read."""
    return f"funding-cursor/{exchange}"


def describe(error: BaseException) -> str:
    """An exception in one line, also when it has no text."""
    return str(error) or type(error).__name__


class Intent(msgspec.Struct, frozen=True):
    """One request that is journalled and may leave after the commit."""

    bot_id: BotId
    client_order_id: ClientOrderId
    request: OrderRequest | CancelRequest


class OrderManager:
    """All orders of one engine at one venue.

    `prepare_*` run inside the journal's transaction; `send` runs after the commit and never
    before. Every answer, also a lost one, goes into the inbox as a fact.
    """

    def __init__(
        self,
        exchange: Exchange,
        journal: Journal,
        clock: Clock,
        deliver: Callable[[Fact], None],
        engine_tag: str,
    ) -> None:
        self.exchange = exchange
        self.engine_tag = engine_tag
        self._journal = journal
        self._clock = clock
        self._deliver = deliver
        self.unanswered: set[ClientOrderId] = set()
        """Orders that have left and of which nobody knows yet whether they have arrived."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading_fills = False
        self._fills_wanted = False

    @property
    def name(self) -> ExchangeName:
        """The venue's name in the config."""
        return self.exchange.name

    def prepare_place(
        self, bot_id: BotId, incarnation: str, desired: DesiredOrder
    ) -> tuple[Order, Intent]:
        """Journal an order as pending under the next free generation of its key.

        Raises:
            InvariantViolated: the key is spent, or an order under it still lives.
        """
        generation = self._next_generation(bot_id, desired.key)
        identity = client_id.client_order_id(
            self.engine_tag, bot_id, incarnation, desired.key, generation
        )
        now = self._clock.now()
        order = Order(
            bot_id=bot_id,
            key=desired.key,
            generation=generation,
            client_order_id=identity,
            symbol=desired.symbol,
            side=desired.side,
            quantity=desired.quantity,
            type=desired.type,
            price=desired.price,
            trigger_price=desired.trigger_price,
            time_in_force=desired.time_in_force,
            post_only=desired.post_only,
            reduce_only=desired.reduce_only,
            created_ns=now,
            updated_ns=now,
        )
        self._journal.save_order(order)
        return order, Intent(bot_id, identity, order.request())

    def _next_generation(self, bot_id: BotId, key: OrderKey) -> int:
        last = self._journal.last_order(bot_id, key)
        if last is None:
            return 0
        if last.is_live or last.filled:
            what = "still lives" if last.is_live else "is spent"
            raise InvariantViolated(f"{bot_id} wants {key} again, but that key {what}")
        return last.generation + 1

    def send(self, intent: Intent) -> None:
        """Let a committed request leave."""
        match intent.request:
            case OrderRequest() as request:
                self._spawn(self._place(intent, request))
            case CancelRequest() as request:
                self._spawn(self._cancel(intent, request))

    async def _place(self, intent: Intent, request: OrderRequest) -> None:
        self.unanswered.add(intent.client_order_id)
        try:
            await self._place_and_ask(intent, request)
        finally:
            self.unanswered.discard(intent.client_order_id)

    async def _place_and_ask(self, intent: Intent, request: OrderRequest) -> None:
        try:
            response: OrderResponse = await self.exchange.place_order(request)
        except Exception as error:  # whatever failed, the order may have arrived
            response = Unknown(describe(error))
        if isinstance(response, Refused) and response.kind is RefusalKind.DUPLICATE:
            # The id is ours alone: an earlier life has used it and the journal has lost that.
            response = Unknown(response.reason)
        self._deliver(PlacementAnswered(intent.bot_id, intent.client_order_id, response))
        if isinstance(response, Unknown):
            await self._look_up(intent)

    async def _cancel(self, intent: Intent, request: CancelRequest) -> None:
        """Cancel, then ask how the order ended: a cancelled order may have filled before."""
        try:
            response: CancelResponse = await self.exchange.cancel_order(request)
        except Exception as error:  # whatever failed, the cancel may have arrived
            response = Unknown(describe(error))
        ended = not isinstance(response, Refused) or response.kind is RefusalKind.NOT_FOUND
        self._deliver(CancelAnswered(intent.bot_id, intent.client_order_id, response))
        if ended:
            await self._look_up(intent)

    def resolve(self, order: Order) -> None:
        """Look an order up whose answer was lost, until the venue says what became of it."""
        self._spawn(self._look_up(Intent(order.bot_id, order.client_order_id, order.request())))

    async def _look_up(self, intent: Intent) -> None:
        identity, symbol = intent.client_order_id, intent.request.symbol
        match await self._answered(partial(self.exchange.order_status, identity, symbol)):
            case NotFound():
                self._deliver(OrderNotFound(intent.bot_id, identity))
            case report:
                self._deliver(OrderReported(self.name, report))

    def read_fills(self) -> None:
        """Read the fills since the cursor; the venue has spoken of some that did not arrive."""
        self._fills_wanted = True
        if not self._reading_fills:
            self._spawn(self._read_fills())

    async def _read_fills(self) -> None:
        self._reading_fills = True
        try:
            while self._fills_wanted:
                self._fills_wanted = False
                await self.catch_up_fills()
        finally:
            self._reading_fills = False

    async def catch_up_fills(self) -> None:
        """Deliver every fill since the journal's cursor, paged to the end.

        The cursor moves behind a page only when the engine has absorbed the page's fills.
        """
        cursor, more = self._journal.fact(cursor_fact(self.name)) or "", True
        while more:
            page = await self._answered(partial(self.exchange.fills_since, cursor))
            for fill in page.fills:
                self._deliver(FillArrived(self.name, fill))
            if page.cursor != cursor:
                self._deliver(FillsRead(self.name, page.cursor))
            cursor, more = page.cursor, page.more

    async def catch_up_funding(self) -> None:
        """Deliver every funding payment since the journal's cursor, in the same way."""
        cursor, more = self._journal.fact(funding_cursor_fact(self.name)) or "", True
        while more:
            page = await self._answered(partial(self.exchange.funding_since, cursor))
            for payment in page.payments:
                self._deliver(FundingArrived(self.name, payment))
            if page.cursor != cursor:
                self._deliver(FundingRead(self.name, page.cursor))
            cursor, more = page.cursor, page.more

    async def _answered(self, read: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the venue answers, asked again until it does."""
        attempt = 0
        while True:
            try:
                return await read()
            except ExchangeError:
                await self._clock.sleep(LOOK_UP_PAUSES_S[attempt])
                attempt = min(attempt + 1, len(LOOK_UP_PAUSES_S) - 1)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is under way; the journal knows what has no answer yet."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
