"""Sends orders and cancels: together where they wait together, within the budgets, each once.

Source: the protocol reference, "Nonces and expiresAfter" and "Reconnect, ambiguity,
reconciliation". Nothing is ever sent again here: an answer that is lost is Unknown, and the order
is looked up. Orders carry a deadline, so that a look-up after it is proof.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.core.order import (
    CancelRequest,
    CancelResponse,
    OrderRequest,
    OrderResponse,
    Refused,
    Unknown,
)
from nimbus_tui.exchanges.hyperliquid.address_budget import AddressBudget
from nimbus_tui.exchanges.hyperliquid.lanes import (
    MOST_TOGETHER,
    Lane,
    NotSent,
    Waiting,
    cancel_lane,
    cloid_lane,
    order_lane,
)
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    CancelAction,
    CancelByCloidAction,
    L1Action,
    Order,
)
from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.http import HttpReply

EXPIRES_AFTER_S = 15
"""How long after its leaving the venue may still carry an order out."""
PATIENCE_NS = 5 * NS_PER_SECOND
"""How long an order waits for the budget before it is refused for now."""
LOOK_AGAIN_S = 0.2
TAKERS_WAIT_NS = 15 * NS_PER_SECOND
"""How long orders that take stay at home after the venue took post-only orders only."""
EXITS_WAIT_NS = 3 * NS_PER_SECOND
"""How long those among them that close something do."""
POST_ONLY_TEXT = "only post-only orders allowed"
OVER_BUDGET = "the budget of requests is used up for the moment"
TAKERS_WAIT = "the venue takes post-only orders only for the moment"

PostAction = Callable[[L1Action, int | None], Awaitable[HttpReply]]
"""Signs and posts an action once, with a deadline (ms by the venue's clock) or none.

Raises NoAnswer or ExchangeError; only the former may have arrived.
"""


class OrderDesk:
    """All actions of an account that have parts: placements and cancels."""

    def __init__(
        self,
        post: PostAction,
        *,
        clock: Clock,
        venue_now_ms: Callable[[], int],
        budget: Budget,
        address: AddressBudget,
    ) -> None:
        self._post = post
        self._clock = clock
        self._venue_now_ms = venue_now_ms
        self._budget = budget
        self._address = address
        self._makers = order_lane(urgent=False)
        self._takers = order_lane(urgent=False)
        self._maker_exits = order_lane(urgent=True)
        self._taker_exits = order_lane(urgent=True)
        self._cancels = cancel_lane()
        self._cloid_cancels = cloid_lane()
        self._lanes: tuple[Lane[Any, Any], ...] = (
            self._makers,
            self._takers,
            self._maker_exits,
            self._taker_exits,
            self._cancels,
            self._cloid_cancels,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._post_only_since: int | None = None

    @property
    def is_post_only(self) -> bool:
        """Whether the venue has just said that it takes post-only orders only."""
        return self._refused_within(TAKERS_WAIT_NS)

    def _refused_within(self, wait_ns: int) -> bool:
        since = self._post_only_since
        # A clock that was set back must not keep exits at home until it has caught up.
        return since is not None and 0 <= self._clock.now() - since < wait_ns

    async def place(self, order: Order, request: OrderRequest) -> OrderResponse:
        """Send an order with others of its kind.

        Raises:
            NotSent: it has not left, for want of budget, of a connection, or by the venue's state.
        """
        wait_ns = EXITS_WAIT_NS if request.reduce_only else TAKERS_WAIT_NS
        if not request.post_only and self._refused_within(wait_ns):
            raise NotSent(TAKERS_WAIT)
        if request.reduce_only:
            lane = self._maker_exits if request.post_only else self._taker_exits
        else:
            lane = self._makers if request.post_only else self._takers
        waiting = lane.join(order, request, self._clock.now())
        self._move(lane)
        answer = await waiting.answer
        if isinstance(answer, Refused) and POST_ONLY_TEXT in answer.reason.lower():
            self._post_only_since = self._clock.now()
        return answer

    async def cancel(
        self, action: CancelAction | CancelByCloidAction, request: CancelRequest
    ) -> CancelResponse:
        """Send the one cancel of an action with others; raises NotSent like `place`."""
        now = self._clock.now()
        if isinstance(action, CancelAction):
            by_oid = self._cancels.join(action.cancels[0], request, now)
            self._move(self._cancels)
            return await by_oid.answer
        by_cloid = self._cloid_cancels.join(action.cancels[0], request, now)
        self._move(self._cloid_cancels)
        return await by_cloid.answer

    async def close(self) -> None:
        """Give up what is under way: what may have left is unknown, what waits does not leave."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for lane in self._lanes:
            lane.give_up_all("the connection was closed before it left")

    def _move(self, lane: Lane[Any, Any]) -> None:
        """Let a lane's next batch leave once all that is asked for in this moment has joined."""
        if lane.task is None or lane.task.done():
            lane.task = self._spawn(self._empty(lane))

    async def _empty(self, lane: Lane[Any, Any]) -> None:
        while len(lane):
            batch = lane.next_batch(self._room(lane))
            if batch:
                # Now, not once it is on its way: the next batch asks for room before that.
                self._address.count(len(batch))
                carrying = self._spawn(self._carry(lane, batch))
                carrying.add_done_callback(partial(_answer_all, batch))
            elif len(lane):
                await self._clock.sleep(LOOK_AGAIN_S)
                lane.give_up(self._clock.now() - PATIENCE_NS, OVER_BUDGET)

    def _room(self, lane: Lane[Any, Any]) -> int:
        """How many of a lane may leave together now; their weight is spent then."""
        is_cancel = not lane.expires
        for count in (min(len(lane), MOST_TOGETHER), 1):
            if not self._address.allows(count, urgent=lane.urgent, cancel=is_cancel):
                continue
            if self._budget.try_take(1, lane.urgent):
                return count
        return 0

    async def _carry(self, lane: Lane[Any, Any], batch: list[Waiting[Any, Any]]) -> None:
        action = lane.action(tuple(one.item for one in batch))
        deadline = self._venue_now_ms() + EXPIRES_AFTER_S * 1000 if lane.expires else None
        try:
            reply = await self._post(action, deadline)
        except ExchangeError as error:
            if isinstance(error, NoAnswer) and error.may_have_arrived:
                for waiting in batch:
                    waiting.settle(Unknown(str(error)))
                return
            self._address.give_back(len(batch))
            for waiting in batch:
                waiting.stay(str(error))
        else:
            lane.settle(batch, reply.body, reply.status)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _answer_all(batch: list[Waiting[Any, Any]], _: "asyncio.Task[None]") -> None:
    """Whatever has ended a batch's journey, nobody waits for ever."""
    for waiting in batch:
        waiting.settle(Unknown("it was given up while it was under way"))
