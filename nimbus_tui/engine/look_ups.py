"""Finds out what the venue knows: asks again until it answers, and weighs a "not found"."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import BotId, ClientOrderId, Symbol
from nimbus_tui.core.order import OrderReport
from nimbus_tui.engine.facts import Fact, OrderNotFound, OrderReported
from nimbus_tui.exchanges.base import Exchange

PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""How long to wait before the venue is asked again; the last one repeats."""
MARGIN_S = 5.0
"""What a wait for finality is longer than the venue's own, where there is one: clocks differ."""

Answer = TypeVar("Answer")


class Sought(msgspec.Struct, frozen=True):
    """An order whose fate is to be found out, and since when it may be at the venue."""

    bot_id: BotId
    client_order_id: ClientOrderId
    symbol: Symbol
    sent_ns: int


class LookUps:
    """All look-ups at one venue; each order is looked up by one of them at a time."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        deliver: Callable[[Fact], None],
        read_fills: Callable[[], Awaitable[None]],
    ) -> None:
        self._exchange = exchange
        self._clock = clock
        self._deliver = deliver
        self._read_fills = read_fills
        self._under_way: set[ClientOrderId] = set()
        self.nowhere: set[ClientOrderId] = set()
        """Orders that have certainly not been there when they were last looked for."""

    async def settle(self, sought: Sought, *, until_final: bool = False) -> None:
        """Deliver what became of an order: a report, or that it certainly isn't there.

        With `until_final` a report of a live order is delivered and followed by further looks.
        """
        if sought.client_order_id in self._under_way:
            return
        self._under_way.add(sought.client_order_id)
        try:
            await self._settle(sought, until_final)
        finally:
            self._under_way.discard(sought.client_order_id)

    async def _settle(self, sought: Sought, until_final: bool) -> None:
        attempt = 0
        while True:
            found = await self.find(sought)
            if isinstance(found, OrderReport):
                self._deliver(OrderReported(self._exchange.name, found))
                if found.state.is_final or not until_final or attempt >= len(PAUSES_S) - 1:
                    return
            elif self._is_proof(sought) and await self._is_nowhere(sought):
                self.nowhere.add(sought.client_order_id)
                self._deliver(OrderNotFound(sought.bot_id, sought.client_order_id))
                return
            await self._pause(attempt)
            attempt += 1

    async def find(self, sought: Sought) -> object:
        """One look: a report, or NotFound."""
        look = partial(self._exchange.order_status, sought.client_order_id, sought.symbol)
        return await self.answered(look)

    def _is_proof(self, sought: Sought) -> bool:
        wait_s = self._exchange.capabilities.not_found_is_final_after_s
        if not wait_s:
            return True
        waited_ns = self._clock.now() - sought.sent_ns
        return waited_ns >= (wait_s + MARGIN_S) * NS_PER_SECOND

    async def _is_nowhere(self, sought: Sought) -> bool:
        """Open orders and fills agree that the order isn't there; what they know is delivered."""
        if not self._exchange.capabilities.not_found_is_final_after_s:
            return True
        await self._read_fills()
        reports = await self.answered(self._exchange.open_orders)
        for report in reports:
            if report.client_order_id == sought.client_order_id:
                self._deliver(OrderReported(self._exchange.name, report))
                return False
        return True

    async def answered(self, read: Callable[[], Awaitable[Answer]]) -> Answer:
        """What the venue answers, asked again until it does."""
        attempt = 0
        while True:
            try:
                return await read()
            except ExchangeError:
                await self._pause(attempt)
                attempt += 1

    async def _pause(self, attempt: int) -> None:
        await self._clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
