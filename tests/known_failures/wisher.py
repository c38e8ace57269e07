"""A bot that wishes whatever a test has it wish."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import DesiredOrder, Order, Side
from nimbus_tui.core.plan import Plan, View, Wake
from nimbus_tui.strategies.base import BaseTradingStrategy, StrategyConfig, StrategyState
from tests.known_failures.stories import BOT


class WisherConfig(StrategyConfig, frozen=True, kw_only=True):
    symbol: str


class WisherState(StrategyState, frozen=True, kw_only=True):
    filled: dict[OrderKey, Decimal] = {}
    ended: tuple[OrderKey, ...] = ()
    """Keys that ended with a part filled."""


Wishes = Callable[[View, WisherState], tuple[DesiredOrder, ...]]


class Wisher(BaseTradingStrategy[WisherConfig, WisherState]):
    """Asked at every price; `wishes` answers."""

    Config = WisherConfig
    State = WisherState
    wishes: Wishes

    def initial_state(self) -> WisherState:
        return WisherState()

    def plan(self, view: View) -> Plan:
        price = view.prices[self.config.symbol]
        return Plan(self.wishes(view, self.state), Wake({self.config.symbol: (price, price)}))

    def handle_order_fill(self, fill: Fill) -> None:
        total = self.state.filled.get(fill.key, Decimal(0)) + fill.quantity
        self.state = msgspec.structs.replace(
            self.state, filled={**self.state.filled, fill.key: total}
        )

    def handle_order_end(self, order: Order) -> None:
        self.state = msgspec.structs.replace(self.state, ended=(*self.state.ended, order.key))


def wishing(wishes: Wishes) -> Callable[[Instrument], Wisher]:
    """Makes such a bot for each life."""

    def make(traded: Instrument) -> Wisher:
        bot = Wisher(BOT, WisherConfig(symbol=traded.symbol), {traded.symbol: traded})
        bot.wishes = wishes
        return bot

    return make


def wish(key: str, price: str | None, quantity: str, side: Side = Side.BUY) -> DesiredOrder:
    """A limit order of ETH."""
    return DesiredOrder(
        key=OrderKey(key),
        symbol="ETH/USDC:USDC",
        side=side,
        price=None if price is None else Decimal(price),
        quantity=Decimal(quantity),
    )
