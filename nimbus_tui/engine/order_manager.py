"""Carries steps out at one venue: the journal first, then the wire, and the answer back inside."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.errors import InvariantViolated, JournalError
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, OrderKey
from nimbus_tui.core.order import (
    MOST_TRIES_LOST,
    CancelRequest,
    CancelResponse,
    DesiredOrder,
    Order,
    OrderReport,
    OrderRequest,
    OrderResponse,
    RefusalKind,
    Refused,
    Unknown,
)
from nimbus_tui.core.redaction import redacted
from nimbus_tui.engine.facts import (
    CancelAnswered,
    Fact,
    FillArrived,
    FillsRead,
    FundingArrived,
    FundingRead,
    OrderReported,
    PlacementAnswered,
)
from nimbus_tui.engine.look_ups import LookUps, Sought
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.journal.base import Journal
from nimbus_tui.orders import client_id
from nimbus_tui.orders.lifecycle import NOT_FOUND_YET


def cursor_fact(exchange: ExchangeName) -> str:
    """The journal's name for how far a venue's fills were read."""
    return f"fills-cursor/{exchange}"


def funding_cursor_fact(exchange: ExchangeName) -> str:
    """The journal's name for how far a venue's funding payments were read."""
    return f"funding-cursor/{exchange}"


def describe(error: BaseException) -> str:
    """An exception in one line that may be told, also when it has no text."""
    return redacted(str(error)) or type(error).__name__


CLEARING_TRIES = 2
"""After so many tries in a row that were found nowhere, a refusal is believed."""


def sought_of(order: Order) -> Sought:
    """A journalled order, for a look-up."""
    return Sought(order.bot_id, order.client_order_id, order.symbol, order.created_ns)


class Intent(msgspec.Struct, frozen=True):
    """One request that is journalled and may leave after the commit."""

    bot_id: BotId
    client_order_id: ClientOrderId
    request: OrderRequest | CancelRequest
    prepared_ns: int = 0
    look_first: bool = False
    """Whether an order may be there under this id already: ask before sending."""

    @property
    def sought(self) -> Sought:
        """The order, for a look-up."""
        return Sought(self.bot_id, self.client_order_id, self.request.symbol, self.prepared_ns)


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
        *,
        account: str = "",
    ) -> None:
        self.exchange = exchange
        self.engine_tag = engine_tag
        self.account = account
        """Whose orders these are at the venue."""
        self.is_confirmed = False
        """Whether the venue has said so in this life."""
        self._journal = journal
        self._clock = clock
        self._deliver = deliver
        self.unanswered: set[ClientOrderId] = set()
        """Orders that have left and of which nobody knows yet whether they have arrived."""
        self.strays: dict[ClientOrderId, OrderReport] = {}
        """Orders with our tag that rest at the venue and that no bot knows."""
        self.unclaimed: set[ClientOrderId] = set()
        """Orders with our tag that have filled and that no bot knows."""
        self.unconfirmed: set[ClientOrderId] = set()
        """Orders that may be at the venue on other terms than ours, until it has told of them."""
        self.look_ups = LookUps(exchange, clock, deliver, self.catch_up_fills)
        self.lets_leave: Callable[[Intent], bool] = lambda _: True
        """Whether an order may still be sent; asked at the very moment when it would be."""
        self.on_journal_lost: Callable[[JournalError], None] = lambda _: None
        self._tasks: set[asyncio.Future[None]] = set()
        self._reading_fills = False
        self._fills_wanted = False

    @property
    def name(self) -> ExchangeName:
        """The venue's name in the config."""
        return self.exchange.name

    def prepare_place(
        self,
        bot_id: BotId,
        incarnation: str,
        desired: DesiredOrder,
        *,
        wished: Decimal | None = None,
        look_first: bool = False,
    ) -> tuple[Order, Intent]:
        """Journal an order as pending under the next free generation of its key.

        With `look_first`, or when an order with its id has been seen, the venue is asked for it
        before it is sent: the journal may have lost its newest entries.

        Raises:
            InvariantViolated: the key is spent, or an order under it still lives.
        """
        first = self._next_generation(bot_id, desired.key)
        derived = partial(
            client_id.client_order_id, self.engine_tag, bot_id, incarnation, desired.key
        )
        # A later try may have been sent and lost: then that is the order, not another one.
        seen = self._seen_generation(derived, first)
        generation = self._free(derived, first, desired.key) if seen is None else seen
        identity = derived(generation)
        now = self._clock.now()
        order = Order(
            bot_id=bot_id,
            key=desired.key,
            generation=generation,
            client_order_id=identity,
            symbol=desired.symbol,
            side=desired.side,
            quantity=desired.quantity,
            wished=None if wished == desired.quantity else wished,
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
        look_first = look_first and not self._is_cleared(derived, generation)
        look_first = look_first or seen is not None
        if look_first:
            self.unconfirmed.add(identity)
        return order, Intent(bot_id, identity, order.request(), now, look_first)

    def _is_cleared(self, derived: Callable[[int], ClientOrderId], generation: int) -> bool:
        """Whether this life has found out already that no lost try under the key is there."""
        nowhere = self.look_ups.nowhere
        tries = range(max(0, generation - CLEARING_TRIES), generation)
        return derived(generation) in nowhere or (
            len(tries) == CLEARING_TRIES and all(derived(number) in nowhere for number in tries)
        )

    def _free(self, derived: Callable[[int], ClientOrderId], first: int, key: OrderKey) -> int:
        """The first try whose id no order under another name has: such a one was adopted."""
        generation = first
        while (known := self._journal.order(derived(generation))) and known.key != key:
            generation += 1
        return generation

    def _seen_generation(self, derived: Callable[[int], ClientOrderId], first: int) -> int | None:
        known = self.unclaimed | self.strays.keys()
        tries = range(first, first + MOST_TRIES_LOST) if known else ()
        return next((number for number in tries if derived(number) in known), None)

    def _next_generation(self, bot_id: BotId, key: OrderKey) -> int:
        last = self._journal.last_order(bot_id, key)
        if last is None:
            return 0
        if last.is_live or last.filled:
            what = "still lives" if last.is_live else "is spent"
            raise InvariantViolated(f"{bot_id} wants {key} again, but that key {what}")
        return last.generation if last.reason == NOT_FOUND_YET else last.generation + 1

    def send(self, intent: Intent) -> None:
        """Let a committed request leave."""
        match intent.request:
            case OrderRequest() as request:
                self._spawn(self._place(intent, request))
            case CancelRequest() as request:
                self._spawn(self._cancel(intent, request))

    async def _place(self, intent: Intent, request: OrderRequest) -> None:
        self.unanswered.add(intent.client_order_id)
        self.look_ups.nowhere.discard(intent.client_order_id)
        try:
            await self._place_and_ask(intent, request)
        finally:
            self.unanswered.discard(intent.client_order_id)

    async def _place_and_ask(self, intent: Intent, request: OrderRequest) -> None:
        if intent.look_first:
            found = await self.look_ups.find(intent.sought)
            if isinstance(found, OrderReport):
                self._deliver(OrderReported(self.name, found))
                return
            if intent.client_order_id in self.unclaimed:  # it has filled, whatever a look finds
                await self.look_ups.settle(intent.sought)
                return
            if not self._proves_nothing(intent):
                self.unconfirmed.discard(intent.client_order_id)
        response = await self._placed(intent, request)
        if isinstance(response, Refused) and response.kind is RefusalKind.DUPLICATE:
            # The id is ours alone: an earlier life has used it and the journal has lost that.
            response = Unknown(response.reason)
        if isinstance(response, Refused) and self._proves_nothing(intent):
            response = Unknown(response.reason)
        self._deliver(PlacementAnswered(intent.bot_id, intent.client_order_id, response))
        if isinstance(response, Unknown):
            await self.look_ups.settle(intent.sought)

    async def _placed(self, intent: Intent, request: OrderRequest) -> OrderResponse:
        if not self.lets_leave(intent):
            return Refused(RefusalKind.BUSY, "not sent: an emergency holds")
        try:
            return await self.exchange.place_order(request)
        except Exception as error:  # whatever failed, the order may have arrived
            return Unknown(describe(error))

    def _proves_nothing(self, intent: Intent) -> bool:
        """Whether a refusal leaves open that an earlier life's order is there under the same id.

        That one wasn't found, but where a young "not found" is no proof it may still turn up.
        """
        return intent.look_first and self.exchange.capabilities.not_found_is_final_after_s > 0

    async def _cancel(self, intent: Intent, request: CancelRequest) -> None:
        """Cancel, then ask how the order ended: a cancelled order may have filled before."""
        try:
            response: CancelResponse = await self.exchange.cancel_order(request)
        except Exception as error:  # whatever failed, the cancel may have arrived
            response = Unknown(describe(error))
        ended = not isinstance(response, Refused) or response.kind is RefusalKind.NOT_FOUND
        self._deliver(CancelAnswered(intent.bot_id, intent.client_order_id, response))
        if ended:
            await self.look_ups.settle(intent.sought, until_final=True)

    def resolve(self, order: Order) -> None:
        """Look an order up whose answer was lost, until the venue says what became of it."""
        self._spawn(self.look_ups.settle(sought_of(order)))

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
            page = await self.look_ups.answered(partial(self.exchange.fills_since, cursor))
            for fill in page.fills:
                self._deliver(FillArrived(self.name, fill))
            if page.cursor != cursor:
                self._deliver(FillsRead(self.name, page.cursor))
            cursor, more = page.cursor, page.more

    async def catch_up_funding(self) -> None:
        """Deliver every funding payment since the journal's cursor, in the same way."""
        cursor, more = self._journal.fact(funding_cursor_fact(self.name)) or "", True
        while more:
            page = await self.look_ups.answered(partial(self.exchange.funding_since, cursor))
            for payment in page.payments:
                self._deliver(FundingArrived(self.name, payment))
            if page.cursor != cursor:
                self._deliver(FundingRead(self.name, page.cursor))
            cursor, more = page.cursor, page.more

    def keep(self, task: asyncio.Future[None]) -> None:
        """Let a task go on until it ends or the manager is closed."""
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, JournalError):
            self.on_journal_lost(error)
        elif error is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"a request to {self.name} ended", "exception": error, "future": task}
            )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.keep(asyncio.get_running_loop().create_task(work))

    async def close(self) -> None:
        """Give up what is under way; the journal knows what has no answer yet."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
