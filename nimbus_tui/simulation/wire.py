"""Carries requests to the venue: on their way they belong to nobody, and no crash stops them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    CancelResponse,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderResponse,
)
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.simulation.venue_audit import VenueAudit

Answer = TypeVar("Answer")


class Wire:
    """All that is on its way to one venue; the judge sees each request when it arrives."""

    def __init__(
        self, venue: PaperExchange, audit: VenueAudit, tell_report: Callable[[OrderReport], None]
    ) -> None:
        self._venue = venue
        self._audit = audit
        self._tell_report = tell_report
        self.tasks: set[asyncio.Future[Any]] = set()
        """What is under way; it must survive the sender's tasks."""
        self.arrived: dict[ClientOrderId, float] = {}
        """When each order came to the venue first, in seconds of the loop."""

    def place(
        self, request: OrderRequest, after_s: float, *, is_copy: bool = False
    ) -> "asyncio.Future[OrderResponse]":
        """Let an order arrive after a while; the answer is there at once when it has."""
        return self._keep(self._placed(request, after_s, is_copy))

    def cancel(self, request: CancelRequest, after_s: float) -> "asyncio.Future[CancelResponse]":
        """The same for a cancel."""
        return self._keep(self._cancelled(request, after_s))

    async def _placed(self, request: OrderRequest, after_s: float, is_copy: bool) -> OrderResponse:
        await asyncio.sleep(after_s)  # noqa: TID251 - virtual time
        known = self._audit.requested(request, is_copy=is_copy)
        now = asyncio.get_running_loop().time()
        self.arrived.setdefault(request.client_order_id, now)
        answer = await self._venue.place_order(request)
        if isinstance(answer, Accepted) and not known:
            self._audit.accepted(request)
            report = await self._venue.order_status(request.client_order_id, request.symbol)
            if isinstance(report, OrderReport):
                self._tell_report(report)
        return answer

    async def _cancelled(self, request: CancelRequest, after_s: float) -> CancelResponse:
        await asyncio.sleep(after_s)  # noqa: TID251 - virtual time
        return await self._venue.cancel_order(request)

    async def trade_with(self, request: CancelRequest, lots: int) -> None:
        """Somebody trades at the price of the order that is about to be cancelled."""
        resting = await self._venue.order_status(request.client_order_id, request.symbol)
        if isinstance(resting, NotFound) or resting.state.is_final or resting.price is None:
            return
        known = {one.symbol: one for one in await self._venue.instruments()}
        ts = (await self._venue.mark_price(request.symbol)).ts
        size = known[request.symbol].lot_size * lots
        self._venue.deliver(Tick(ts, request.symbol, resting.price, size))

    def _keep(self, work: Coroutine[Any, Any, Answer]) -> "asyncio.Future[Answer]":
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task
