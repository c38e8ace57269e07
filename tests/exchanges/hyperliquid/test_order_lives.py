"""Whatever arrives in whatever order, no order is dead for us before all of its fills are in."""

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ExchangeName, OrderKey, Symbol
from nimbus_tui.core.order import Order, OrderReport, OrderState, Side
from nimbus_tui.exchanges.hyperliquid import translate
from nimbus_tui.exchanges.hyperliquid.cloids import client_id_of
from nimbus_tui.exchanges.hyperliquid.instruments import universe
from nimbus_tui.exchanges.hyperliquid.wire_info import Meta, PerpAsset, SpotMeta
from nimbus_tui.exchanges.hyperliquid.wire_records import BasicOrder, OrderUpdate, UserFill
from nimbus_tui.orders import lifecycle

UNIVERSE = universe(Meta((PerpAsset("ETH", 0),)), SpotMeta((), ()))
CLOID = "0x6e" + "0" * 30
ZERO = Decimal(0)
HL = ExchangeName("hl")


class Life(msgspec.Struct, frozen=True):
    """What really happens to an order at the venue."""

    quantity: int
    room: int
    """What a reduce-only order is cut down to; else the quantity."""
    parts: tuple[int, ...]
    reduce_only: bool

    @property
    def filled(self) -> int:
        return sum(self.parts)

    def update(self, status: str, left: int, at: int) -> OrderUpdate:
        order = BasicOrder(
            coin="ETH",
            side="B",
            limitPx=Decimal(2000),
            sz=Decimal(left),
            oid=1,
            timestamp=1,
            origSz=Decimal(self.quantity),
            cloid=CLOID,
            reduceOnly=self.reduce_only,
        )
        return OrderUpdate(order, status, at)

    def end(self) -> OrderUpdate:
        left = self.room - self.filled
        return self.update("canceled" if left else "filled", left, 9)

    def fill(self, number: int) -> Fill:
        wire = UserFill(
            coin="ETH",
            px=Decimal(2000),
            sz=Decimal(self.parts[number]),
            side="B",
            time=2 + number,
            startPosition=ZERO,
            dir="Open Long",
            closedPnl=ZERO,
            oid=1,
            crossed=False,
            fee=ZERO,
            tid=number + 1,
            cloid=CLOID,
        )
        return translate.fill(wire, UNIVERSE, HL, "0x00")


@st.composite
def lives(draw: st.DrawFn) -> Life:
    reduce_only = draw(st.booleans())
    quantity = draw(st.integers(1, 9))
    room = draw(st.integers(1, quantity)) if reduce_only else quantity
    parts: list[int] = []
    while sum(parts) < room and draw(st.booleans()):
        parts.append(draw(st.integers(1, room - sum(parts))))
    return Life(quantity, room, tuple(parts), reduce_only)


def absorbed(order: Order, message: Fill | OrderReport, seen: set[str]) -> Order:
    """What the engine does: every fill once, reports by the table."""
    if isinstance(message, OrderReport):
        return lifecycle.reported(order, message, 0).order
    if message.trade_id in seen:
        return order
    seen.add(message.trade_id)
    return lifecycle.filled(order, message, 0)


@settings(max_examples=400, deadline=None)
@given(lives(), st.data())
def test_no_order_is_dead_before_its_fills_are_in(life: Life, data: st.DataObject) -> None:
    order = Order(
        bot_id=BotId("b"),
        key=OrderKey("k"),
        generation=0,
        client_order_id=client_id_of(CLOID),
        symbol=Symbol("ETH/USDC:USDC"),
        side=Side.BUY,
        quantity=Decimal(life.quantity),
        price=Decimal(2000),
        reduce_only=life.reduce_only,
    )
    opened = translate.order_report(life.update("open", life.room, 1), UNIVERSE)
    ended = translate.order_report(life.end(), UNIVERSE)
    messages = [opened, ended, *(life.fill(number) for number in range(len(life.parts)))]
    seen: set[str] = set()
    for message in data.draw(st.permutations(messages * 2)):
        order = absorbed(order, message, seen)
        assert not order.state.is_final or order.filled == life.filled
    executed = Decimal(life.filled)
    final = translate.order_report(life.end(), UNIVERSE, executed=executed)
    order = absorbed(order, final, seen)
    assert order.state.is_final
    assert order.filled == executed
    assert (order.state is OrderState.FILLED) is (life.filled == life.quantity)
