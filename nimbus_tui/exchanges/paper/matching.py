"""The pure fill model of the paper exchange: which resting orders a tick fills, and at what price.

Resting orders fill at their limit as maker when a trade touches it (`touch`) or goes beyond it
(`through`). Market and crossing orders fill on the next tick at its price as taker. No order ever
fills on the tick that caused it. Comparisons run on integer ticks.
"""

from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import ClientOrderId, ExchangeOrderId
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderRequest, OrderState, OrderType, Side, TimeInForce
from nimbus_tui.core.plan import Band

ZERO = Decimal(0)
HUNDRED = Decimal(100)
NO_BAND: Band = (ZERO, ZERO)
"""The band that holds no price: every tick has to be delivered."""


class FillModel(Enum):
    """When a resting order counts as filled."""

    TOUCH = "touch"
    THROUGH = "through"


class PaperOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the paper venue keeps it; times in ns."""

    request: OrderRequest
    exchange_order_id: ExchangeOrderId
    number: int
    """Order of arrival."""
    filled: Decimal = ZERO
    state: OrderState = OrderState.OPEN
    taker: bool = False
    """Whether it takes at the next tick instead of resting."""
    updated_ns: int = 0
    reason: str = ""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet."""
        return self.request.quantity - self.filled


class Execution(msgspec.Struct, frozen=True):
    """One order (part) to be filled at a price; a quantity of 0 is a taker that came too late."""

    order: PaperOrder
    price: Decimal
    quantity: Decimal
    maker: bool


class Book:
    """All live orders of one symbol at the paper venue."""

    def __init__(
        self, instrument: Instrument, fill_model: FillModel, slippage_percent: Decimal
    ) -> None:
        self.instrument = instrument
        self.last_price: Decimal | None = None
        self._through = fill_model is FillModel.THROUGH
        self._slippage = slippage_percent / HUNDRED
        self._resting: dict[ClientOrderId, PaperOrder] = {}
        self._ticks: dict[ClientOrderId, int] = {}
        self._takers: dict[ClientOrderId, PaperOrder] = {}
        self._best: tuple[int | None, int | None] | None = None

    def crosses(self, request: OrderRequest) -> bool:
        """Whether an order would take on arrival, judged against the newest tick."""
        if request.type is OrderType.MARKET:
            return True
        return self.last_price is not None and reaches(request, self.last_price)

    def add(self, order: PaperOrder) -> None:
        """Take an order in: it rests, or waits to take at the next tick."""
        identity = order.request.client_order_id
        self.remove(identity)
        if order.taker:
            self._takers[identity] = order
        elif order.request.price is not None:
            self._resting[identity] = order
            self._ticks[identity] = self.instrument.ticks_below(order.request.price)
            self._best = None

    def remove(self, identity: ClientOrderId) -> None:
        """Forget an order that has ended."""
        self._takers.pop(identity, None)
        if self._resting.pop(identity, None) is not None:
            del self._ticks[identity]
            self._best = None

    def quiet_band(self) -> Band:
        """Strictly between these prices no tick fills anything; `NO_BAND` while a taker waits."""
        if self._takers:
            return NO_BAND
        buy, sell = self._best_ticks()
        tick = self.instrument.tick_size
        return (None if buy is None else buy * tick, None if sell is None else sell * tick)

    def _best_ticks(self) -> tuple[int | None, int | None]:
        if self._best is None:
            sides = {
                side: [
                    self._ticks[identity]
                    for identity, order in self._resting.items()
                    if order.request.side is side
                ]
                for side in Side
            }
            self._best = (
                max(sides[Side.BUY], default=None),
                min(sides[Side.SELL], default=None),
            )
        return self._best

    def touched(self, tick: Tick) -> list[Execution]:
        """What a tick fills: takers first, then buys from the top down, sells from the bottom up.

        The caller books each execution, trimmed to what the tick's volume and reduce-only allow.
        """
        executions = [self._taken(order, tick) for order in self._by_arrival(self._takers)]
        low = self.instrument.ticks_below(tick.price)
        high = self.instrument.ticks_above(tick.price)
        buy, sell = self._best_ticks()
        if (buy is not None and buy >= high) or (sell is not None and sell <= low):
            executions += self._makers(low, high)
        return executions

    def _taken(self, order: PaperOrder, tick: Tick) -> Execution:
        """A taker pays the tick's price and slippage, but never more than its limit."""
        request = order.request
        if request.type is OrderType.LIMIT and not reaches(request, tick.price):
            return Execution(order, tick.price, ZERO, maker=False)
        price = tick.price
        if self._slippage:
            price *= 1 + self._slippage * request.side.sign
            # Rounded against us: a small slippage must not vanish in the grain.
            price = self.instrument.round_price(price, request.side.opposite)
        if request.price is not None:
            better = min if request.side is Side.BUY else max
            price = better(price, request.price)
        return Execution(order, price, order.remaining, maker=False)

    def _makers(self, low: int, high: int) -> list[Execution]:
        hit = [
            (identity, order)
            for identity, order in self._resting.items()
            if self._is_hit(order.request.side, self._ticks[identity], low, high)
        ]
        buys = [pair for pair in hit if pair[1].request.side is Side.BUY]
        sells = [pair for pair in hit if pair[1].request.side is Side.SELL]
        buys.sort(key=lambda pair: (-self._ticks[pair[0]], pair[1].number))
        sells.sort(key=lambda pair: (self._ticks[pair[0]], pair[1].number))
        return [
            Execution(order, order.request.price or ZERO, order.remaining, maker=True)
            for _, order in [*buys, *sells]
        ]

    def _is_hit(self, side: Side, ticks: int, low: int, high: int) -> bool:
        """Whether a trade between `low` and `high` (the same tick, or next ones) fills a limit."""
        if side is Side.BUY:
            return ticks > low if self._through else ticks >= high
        return ticks < high if self._through else ticks <= low

    @staticmethod
    def _by_arrival(orders: dict[ClientOrderId, PaperOrder]) -> list[PaperOrder]:
        return sorted(orders.values(), key=lambda order: order.number)


def reaches(request: OrderRequest, price: Decimal) -> bool:
    """Whether an order's limit is at a price or beyond it."""
    if request.price is None:
        return False
    return request.price >= price if request.side is Side.BUY else request.price <= price


def after(order: PaperOrder, execution: Execution, room: Decimal, tick: Tick) -> PaperOrder:
    """An order after a tick executed part of it, all of it or nothing.

    `execution.quantity` is what was really filled, `room` what reduce-only or the balance allowed.
    A crossing limit order goes on taking while it crosses, else it rests; a market order keeps
    waiting only while the tick's volume left nothing for it.
    """
    request = order.request
    order = msgspec.structs.replace(order, filled=order.filled + execution.quantity)
    if not order.remaining:
        return _moved(order, OrderState.FILLED, tick.ts)
    if room < execution.order.remaining and execution.quantity == room:
        why = "nothing left to reduce" if request.reduce_only else "the balance is used up"
        return _moved(order, OrderState.CANCELLED, tick.ts, why)
    if order.taker:
        took = execution.quantity > ZERO
        if request.time_in_force is TimeInForce.IOC or (request.type is OrderType.MARKET and took):
            return _moved(order, OrderState.CANCELLED, tick.ts, "nothing left to take")
        taker = request.type is OrderType.MARKET or reaches(request, tick.price)
        order = msgspec.structs.replace(order, taker=taker)
    state = OrderState.PARTIALLY_FILLED if order.filled else OrderState.OPEN
    return _moved(order, state, tick.ts) if execution.quantity else order


def _moved(order: PaperOrder, state: OrderState, ts: int, reason: str = "") -> PaperOrder:
    return msgspec.structs.replace(order, state=state, updated_ns=ts, reason=reason)
