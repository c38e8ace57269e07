"""Closes what a stopped bot is to be rid of: one market order a symbol, until only dust is left."""

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from nimbus_tui.core.events import Warning
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import DesiredOrder, Order, OrderType, Side

if TYPE_CHECKING:
    from nimbus_tui.engine.bot import Bot

ZERO = Decimal(0)
_PREFIX = "close/"


class Closings(msgspec.Struct, frozen=True):
    """The closing orders so far; each has a number, which makes its key."""

    count: int = 0
    under_way: dict[Symbol, int] = msgspec.field(default_factory=dict)
    """The number of each symbol's closing order that has not filled yet."""


class Closer:
    """What it asks for is worked out anew before each try, from what is held at that moment."""

    def __init__(self, bot: "Bot") -> None:
        self._bot = bot
        self._dust_told: set[Symbol] = set()

    def orders(self) -> tuple[DesiredOrder, ...]:
        """The orders that close what is left, one for each symbol that can be closed now."""
        wanted = (self._order(symbol) for symbol in self._bot.instruments)
        return tuple(order for order in wanted if order is not None)

    def is_done(self) -> bool:
        """Whether nothing is left but dust."""
        return not any(self._closable(symbol) for symbol in self._bot.instruments)

    def order_ended(self, order: Order) -> None:
        """A closing order that filled, whole or in part, makes room for one over what is left."""
        closings = self._bot.saved.closings
        if order.filled and order.key == _key(closings.under_way.get(order.symbol)):
            rest = {s: n for s, n in closings.under_way.items() if s != order.symbol}
            self._bot.change_saved(closings=Closings(closings.count, rest))

    def _order(self, symbol: Symbol) -> DesiredOrder | None:
        bot = self._bot
        key = _key(bot.saved.closings.under_way.get(symbol))
        if key in bot.keeper.refusals.waiting():
            return None
        live = bot.keeper.live.get(key)
        if live is None and self._is_spot(symbol) and symbol not in bot.prices:
            return None  # whether it is more than dust shows at the first price
        quantity = live.quantity if live is not None else self._closable(symbol)
        if not quantity:
            self._tell_dust(symbol)
            return None
        side = live.side if live is not None else _against(bot.position(symbol))
        return DesiredOrder(
            key=key or self._next_key(symbol),
            symbol=symbol,
            side=side,
            quantity=quantity,
            type=OrderType.MARKET,
            reduce_only=not self._is_spot(symbol),
        )

    def _closable(self, symbol: Symbol) -> Decimal:
        """What one order can close now: not what resting orders hold back, and no dust."""
        bot, instrument = self._bot, self._bot.instruments[symbol]
        free = abs(bot.position(symbol)) - self._held_back(symbol)
        quote = bot.prices.get(symbol)
        return closable(instrument, max(ZERO, free), None if quote is None else quote.price)

    def _held_back(self, symbol: Symbol) -> Decimal:
        """On spot a resting sell keeps its coins until its cancel is final."""
        if not self._is_spot(symbol):
            return ZERO
        side = _against(self._bot.position(symbol))
        return sum(
            (
                order.remaining
                for order in self._bot.keeper.live.values()
                if order.symbol == symbol and order.side is side
            ),
            ZERO,
        )

    def _next_key(self, symbol: Symbol) -> OrderKey:
        closings = self._bot.saved.closings
        count = closings.count + 1
        under_way = {**closings.under_way, symbol: count}
        self._bot.change_saved(closings=Closings(count, under_way))
        return _key(count)

    def _is_spot(self, symbol: Symbol) -> bool:
        return self._bot.instruments[symbol].market is MarketType.SPOT

    def _tell_dust(self, symbol: Symbol) -> None:
        left, instrument = self._bot.position(symbol), self._bot.instruments[symbol]
        if left and not self._held_back(symbol) and symbol not in self._dust_told:
            self._dust_told.add(symbol)
            message = f"{left:f} {instrument.base} stay: they are under the venue's least order"
            self._bot.publish(Warning(message=message))


def closable(instrument: Instrument, held: Decimal, price: Decimal | None) -> Decimal:
    """What of a (signed) position orders can close; without a price all whole lots of it."""
    size = abs(held)
    if price is None:
        return instrument.round_quantity(size).copy_sign(held)
    return (size - instrument.dust(size, price)).copy_sign(held)


def is_closing_key(key: OrderKey) -> bool:
    """Whether an order is there to close a position."""
    return key.startswith(_PREFIX)


def _key(number: int | None) -> OrderKey:
    return OrderKey("" if number is None else f"{_PREFIX}{number}")


def _against(position: Decimal) -> Side:
    return Side.SELL if position > ZERO else Side.BUY
