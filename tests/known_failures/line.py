"""A line to a venue that fails as a test tells it, and never by chance."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import ClientOrderId, Symbol
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderResponse,
)
from nimbus_tui.exchanges.base import FillPage
from nimbus_tui.simulation.faults import Fate, FaultKind, FaultPlan
from nimbus_tui.simulation.faulty_venue import FaultyConnection

Letter = Callable[[], None]
"""A message or an answer that is held back; calling it lets it arrive."""


class ToldFate(Fate):
    """Strikes as often as it was told to, and never by chance."""

    def __init__(self) -> None:
        super().__init__(FaultPlan(), Random(0))
        self.told: Counter[FaultKind] = Counter()

    def strikes(self, kind: FaultKind, *, only_if: bool = True) -> bool:
        if not (only_if and self.told[kind]):
            return False
        self.told[kind] -= 1
        self.counts[kind] += 1
        return True

    def between(self, low: float, high: float) -> float:
        return low


class ToldLine(FaultyConnection):
    """A connection whose messages and answers can be held back, lost or denied on request."""

    def __init__(self, *line: Any, **more: Any) -> None:
        super().__init__(*line, **more)
        self.placed: list[OrderRequest] = []
        self.cancelled: list[CancelRequest] = []
        self.reads: Counter[str] = Counter()
        self.letters: dict[str, Letter] = {}
        self.holds: Callable[[str], bool] = lambda _: False
        """Whether a message or answer of this name is held back."""
        self.is_deaf = False
        """No user message arrives."""
        self.cannot_read = False
        self.has_no_history = False
        """The venue gives no past fills."""
        self.denies: Callable[[ClientOrderId], bool] = lambda _: False
        """Whether the venue denies an order, in look-ups and in its lists."""
        self.refuse: Callable[[OrderRequest], OrderResponse | None] = lambda _: None
        self.refuse_cancel: CancelResponse | None = None
        self.requests_late_s = 0.0

    def drop(self, reason: str = "reset") -> None:
        """Lose the connection; it comes back by itself after a moment."""
        self._lose(reason)

    # held back

    def fill(self, fill: Fill) -> None:
        self._post(f"fill {fill.trade_id}", partial(super().fill, fill))

    def report(self, report: OrderReport) -> None:
        name = f"report {report.client_order_id} {report.state.value} {report.filled}"
        self._post(name, partial(super().report, report))

    def _post(self, name: str, letter: Letter) -> None:
        if self.is_deaf:
            return
        if self.holds(name):
            self.letters[name] = letter
        else:
            letter()

    async def _answer(self, name: str) -> None:
        if self.holds(name):
            arrived = self._loop.create_future()
            self.letters[name] = lambda: arrived.done() or arrived.set_result(None)
            await arrived

    # orders

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        self.placed.append(request)
        refused = self.refuse(request)
        if refused is not None:
            return refused
        if self.requests_late_s:
            self._wire.place(request, self.requests_late_s)
            return await self._timed_out("late")
        answer = await super().place_order(request)
        await self._answer(f"placed {request.client_order_id}")
        return answer

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        self.cancelled.append(request)
        answer = self.refuse_cancel or await super().cancel_order(request)
        await self._answer(f"cancelled {request.client_order_id}")
        return answer

    # reading

    async def _read(self) -> None:
        if self.cannot_read:
            self._fate.told[FaultKind.READ_FAILED] += 1  # type: ignore[attr-defined]
        await super()._read()

    async def open_orders(self) -> Sequence[OrderReport]:
        self.reads["open_orders"] += 1
        found = await super().open_orders()
        return [report for report in found if not self.denies(report.client_order_id)]

    async def order_status(self, identity: ClientOrderId, symbol: Symbol) -> OrderReport | NotFound:
        self.reads["order_status"] += 1
        found = await super().order_status(identity, symbol)
        return NotFound() if self.denies(identity) else found

    async def fills_since(self, cursor: str) -> FillPage:
        self.reads["fills_since"] += 1
        page = await super().fills_since(cursor)
        return FillPage((), cursor) if self.has_no_history else page
