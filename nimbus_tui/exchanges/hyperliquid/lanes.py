"""Requests that wait to leave together, and what comes of each.

Source: the protocol reference, "Actions: Batches" and "Limits". One action of up to forty orders
costs the IP as much as one of a single order; post-only orders and others go apart, since the venue
gives them different precedence.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import (
    CancelRequest,
    OrderRequest,
    OrderResponse,
)
from nimbus_tui.exchanges.hyperliquid.answers import cancel_answers, placement_answers
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    Cancel,
    CancelAction,
    CancelByCloid,
    CancelByCloidAction,
    L1Action,
    Order,
    OrderAction,
)

MOST_TOGETHER = 39
"""An action of so many items still weighs one: the weight is 1 + ⌊items / 40⌋."""

Item = TypeVar("Item")
Request = TypeVar("Request")
Answer = OrderResponse
"""Also that of a cancel: accepted, refused, unknown."""


class NotSent(ExchangeError):
    """A request that has not left, so that it may leave another time under the same id."""


class Waiting(Generic[Item, Request]):
    """One request as the venue wants it, and who waits for its answer."""

    def __init__(self, item: Item, request: Request, since_ns: int) -> None:
        self.item = item
        self.request = request
        self.since_ns = since_ns
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    def settle(self, answer: Answer) -> None:
        """Tell whoever still waits."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def stay(self, reason: str) -> None:
        """It has not left, and won't."""
        if not self.answer.done():
            self.answer.set_exception(NotSent(reason))


class Lane(Generic[Item, Request]):
    """Requests of one kind, in the order they came."""

    def __init__(
        self,
        action: Callable[[tuple[Item, ...]], L1Action],
        answers: Callable[[bytes, Sequence[Request], int], tuple[Answer, ...]],
        *,
        urgent: bool,
        expires: bool,
    ) -> None:
        self.action = action
        self.answers = answers
        self.urgent = urgent
        """Whether it may use what is kept for cancels and exits."""
        self.expires = expires
        """Whether it must not be carried out late."""
        self.task: asyncio.Task[None] | None = None
        self._waiting: deque[Waiting[Item, Request]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, item: Item, request: Request, now: int) -> Waiting[Item, Request]:
        """Wait in this lane."""
        waiting: Waiting[Item, Request] = Waiting(item, request, now)
        self._waiting.append(waiting)
        return waiting

    def next_batch(self, most: int) -> list[Waiting[Item, Request]]:
        """Those that leave together next; whoever waits no longer is left behind."""
        batch: list[Waiting[Item, Request]] = []
        while self._waiting and len(batch) < most:
            waiting = self._waiting.popleft()
            if not waiting.answer.done():
                batch.append(waiting)
        return batch

    def give_up(self, before_ns: int, reason: str) -> None:
        """Send those no more that have waited since before a time."""
        while self._waiting and self._waiting[0].since_ns <= before_ns:
            self._waiting.popleft().stay(reason)

    def give_up_all(self, reason: str) -> None:
        """Send nobody any more."""
        while self._waiting:
            self._waiting.popleft().stay(reason)

    def settle(
        self, batch: Sequence[Waiting[Item, Request]], reply: bytes, http_status: int
    ) -> None:
        """Give each its part of the venue's reply."""
        answers = self.answers(reply, [one.request for one in batch], http_status)
        for waiting, answer in zip(batch, answers, strict=True):
            waiting.settle(answer)


OrderLane = Lane[Order, OrderRequest]
CancelLane = Lane[Cancel, CancelRequest]
CloidLane = Lane[CancelByCloid, CancelRequest]


def order_lane(*, urgent: bool) -> OrderLane:
    """A lane of new orders; what waits too long for the venue must not be carried out late."""
    return Lane(OrderAction, _placed, urgent=urgent, expires=True)


def cancel_lane() -> CancelLane:
    """Cancels by the venue's ids."""
    return Lane(CancelAction, cancel_answers, urgent=True, expires=False)


def cloid_lane() -> CloidLane:
    """Cancels by our ids."""
    return Lane(CancelByCloidAction, cancel_answers, urgent=True, expires=False)


def _placed(
    reply: bytes, requests: Sequence[OrderRequest], http_status: int
) -> tuple[OrderResponse, ...]:
    return placement_answers(reply, len(requests), http_status)
