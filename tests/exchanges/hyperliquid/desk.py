"""An order desk over a venue that answers as it is told to, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import msgspec

from nimbus_tui.core.errors import ExchangeError, NoAnswer
from nimbus_tui.core.ids import ClientOrderId, ExchangeOrderId, Symbol
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    OrderRequest,
    OrderResponse,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.hyperliquid.address_budget import AddressBudget
from nimbus_tui.exchanges.hyperliquid.cloids import cloid_of
from nimbus_tui.exchanges.hyperliquid.order_desk import OrderDesk
from nimbus_tui.exchanges.hyperliquid.wire_actions import (
    Cancel,
    CancelAction,
    CancelByCloid,
    CancelByCloidAction,
    Kind,
    L1Action,
    Limit,
    Order,
    OrderAction,
)
from nimbus_tui.exchanges.net.budget import Budget
from nimbus_tui.exchanges.net.http import HttpReply
from nimbus_tui.simulation.virtual_time import LoopClock

BTC = Symbol("BTC/USDC:USDC")


def identity(number: int) -> ClientOrderId:
    return ClientOrderId(f"nb{number:030x}")


def accepted(number: str) -> Accepted:
    return Accepted(ExchangeOrderId(number))


def request(number: int, *, post_only: bool = True, reduce_only: bool = False) -> OrderRequest:
    return OrderRequest(
        client_order_id=identity(number),
        symbol=BTC,
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal(100),
        time_in_force=TimeInForce.GTC if post_only else TimeInForce.IOC,
        post_only=post_only,
        reduce_only=reduce_only,
    )


def wire(asked: OrderRequest) -> Order:
    cloid = cloid_of(asked.client_order_id)
    assert cloid is not None
    tif = Limit("Alo" if asked.post_only else "Ioc")
    return Order(3, True, "100", "1", asked.reduce_only, Kind(limit=tif), cloid)


def items(action: L1Action) -> list[str]:
    """What an action asks for: the cloids of its orders, or what it cancels."""
    match action:
        case OrderAction(orders):
            return [str(order.c) for order in orders]
        case CancelAction(cancels):
            return [f"cancel {one.o}" for one in cancels]
        case CancelByCloidAction(by_cloid):
            return [f"cancel {one.cloid}" for one in by_cloid]
        case _:
            raise AssertionError(action)


def reply(*statuses: object, kind: str = "order") -> HttpReply:
    data = {"type": kind, "data": {"statuses": statuses}}
    return HttpReply(200, msgspec.json.encode({"status": "ok", "response": data}))


def all_well(action: L1Action) -> HttpReply:
    """Every order rests, every cancel succeeds."""
    asked = items(action)
    if isinstance(action, OrderAction):
        return reply(*({"resting": {"oid": number + 1}} for number in range(len(asked))))
    return reply(*(["success"] * len(asked)), kind="cancel")


class Venue:
    """Takes actions; what becomes of each is told by `answer`, after `takes_s` seconds."""

    def __init__(self, clock: LoopClock) -> None:
        self.clock = clock
        self.takes_s = 0.3
        self.answer: Callable[[L1Action], HttpReply | Exception] = all_well
        self.posts: list[tuple[float, L1Action, int | None]] = []
        self.stayed: list[L1Action] = []
        """Actions that certainly have not left."""

    async def post(self, action: L1Action, deadline_ms: int | None) -> HttpReply:
        self.posts.append((asyncio.get_running_loop().time(), action, deadline_ms))
        answer = self.answer(action)
        left = not isinstance(answer, ExchangeError) or (
            isinstance(answer, NoAnswer) and answer.may_have_arrived
        )
        if not left:
            self.stayed.append(action)
        await self.clock.sleep(self.takes_s)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def sent(self) -> list[list[str]]:
        return [items(action) for _, action, _ in self.posts]


class Desk:
    """A desk with its budgets."""

    def __init__(self, clock: LoopClock, per_minute: int = 1000) -> None:
        self.clock = clock
        self.venue = Venue(clock)
        self.budget = Budget(clock, per_minute=per_minute)
        self.address = AddressBudget(clock)
        self.desk = OrderDesk(
            self.venue.post,
            clock=clock,
            venue_now_ms=lambda: clock.now() // 1_000_000 + 7,
            budget=self.budget,
            address=self.address,
        )

    def place(
        self, number: int, *, post_only: bool = True, reduce_only: bool = False
    ) -> Awaitable[OrderResponse]:
        asked = request(number, post_only=post_only, reduce_only=reduce_only)
        return asyncio.ensure_future(self.desk.place(wire(asked), asked))

    def cancel(self, number: int, *, by_cloid: bool = False) -> Awaitable[OrderResponse]:
        known = None if by_cloid else ExchangeOrderId(str(number))
        asked = CancelRequest(client_order_id=identity(number), symbol=BTC, exchange_order_id=known)
        action: CancelAction | CancelByCloidAction = CancelAction((Cancel(3, number),))
        if by_cloid:
            action = CancelByCloidAction((CancelByCloid(3, str(cloid_of(identity(number)))),))
        return asyncio.ensure_future(self.desk.cancel(action, asked))
