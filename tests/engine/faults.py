"""A paper exchange that can be told to misbehave, and an engine that can be killed."""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    OrderReport,
    OrderRequest,
    OrderResponse,
)
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.simulation.worlds import World


class FaultyExchange(PaperExchange):
    """Counts what it is asked; answers from a script before it answers for itself."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.placed: list[OrderRequest] = []
        self.cancelled: list[CancelRequest] = []
        self.place_answers: deque[OrderResponse] = deque()
        self.cancel_answers: deque[CancelResponse] = deque()
        self.refuse: Callable[[OrderRequest], OrderResponse | None] = lambda _: None
        self.refuse_cancel: CancelResponse | None = None

    async def place_order(self, request: OrderRequest) -> OrderResponse:
        self.placed.append(request)
        answer = self.place_answers.popleft() if self.place_answers else self.refuse(request)
        return answer if answer is not None else await super().place_order(request)

    async def cancel_order(self, request: CancelRequest) -> CancelResponse:
        self.cancelled.append(request)
        answer = self.cancel_answers.popleft() if self.cancel_answers else self.refuse_cancel
        return answer if answer is not None else await super().cancel_order(request)

    def tell_fill(self, fill: Fill) -> None:
        """Tell the subscribers of a fill that the venue may know nothing of."""
        self._fills.tell(fill)

    def tell_report(self, report: OrderReport) -> None:
        """Tell the subscribers of an order's state."""
        self._orders.tell(report)


class CrashWorld(World):
    """A world whose journal and venue outlive its engine."""

    exchange: FaultyExchange

    def __init__(self, *args: Any, **more: Any) -> None:
        self.memory = more.pop("journal", None) or SqliteJournal.open(":memory:")
        self.store = more.pop("store", None) or PaperStore(":memory:")
        self._given = (args, more)
        super().__init__(
            *args, journal=self.memory, store=self.store, exchange=FaultyExchange, **more
        )

    def reborn(self, **changes: Any) -> "CrashWorld":
        """The next process after a `kill -9`: what was in memory is gone."""
        args, more = self._given
        start = {"start_ns": self.clock.now(), "journal": self.memory, "store": self.store}
        return CrashWorld(*args, **(more | start | changes))

    def lose_what_leaves(self) -> None:
        """From now on requests are journalled and never leave."""
        self.engine.order_managers["sim"].send = lambda _: None  # type: ignore[method-assign]

    def fill_of(self, key: str, quantity: str, trade_id: str = "x1") -> Fill:
        """A made-up fill of a live order at its own price."""
        order = self.bot.keeper.live[key]
        return Fill(
            exchange="sim",
            trade_id=trade_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            price=order.price,
            quantity=Decimal(quantity),
            fee=Decimal(0),
            fee_asset="USDC",
            maker=True,
            ts=self.clock.now(),
        )
