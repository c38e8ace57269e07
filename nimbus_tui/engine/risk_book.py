"""What all bots hold together, kept up to date bot by bot: no look has to visit them all."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import parse_symbol
from nimbus_tui.engine.inbox import Market
from nimbus_tui.risk.states import Holding, Input, worst_quantity

ZERO = Decimal(0)
EVERYBODY = BotId("")
"""The holder of what several bots hold of one symbol."""


class Held(msgspec.Struct, frozen=True):
    """What of one symbol is held; a sum over bots is one too."""

    net: Decimal = ZERO
    """Signed."""
    gross: Decimal = ZERO
    """Sum of the absolute positions."""
    worst: Decimal = ZERO
    """Sum of the largest positions that the resting orders can lead to."""

    def plus(self, other: "Held") -> "Held":
        """Both together."""
        return Held(self.net + other.net, self.gross + other.gross, self.worst + other.worst)

    def minus(self, other: "Held") -> "Held":
        """Without the other."""
        return Held(self.net - other.net, self.gross - other.gross, self.worst - other.worst)


class Share(msgspec.Struct, frozen=True):
    """One bot's part of the book."""

    exchange: ExchangeName
    quote: Asset
    fixed: Decimal
    """What it would have earned at prices of 0: earnings are linear in price."""
    held: Mapping[Symbol, Held]


def held_of(quantity: Decimal, buys: Decimal, sells: Decimal) -> Held:
    """What one bot holds of a symbol, with what rests."""
    return Held(quantity, abs(quantity), worst_quantity(quantity, buys, sells))


class RiskBook:
    """Sums over all bots by market."""

    def __init__(self) -> None:
        self._shares: dict[BotId, Share] = {}
        self._held: dict[Market, Held] = {}
        self._fixed: dict[tuple[ExchangeName, Asset], Decimal] = defaultdict(Decimal)

    def note(self, bot_id: BotId, share: Share) -> bool:
        """Replace a bot's part; returns whether it has changed."""
        before = self._shares.get(bot_id)
        if before == share:
            return False
        if before is not None:
            self._add(before, -1)
        self._shares[bot_id] = share
        self._add(share, 1)
        return True

    def drop(self, bot_id: BotId) -> None:
        """Take a bot's part out."""
        before = self._shares.pop(bot_id, None)
        if before is not None:
            self._add(before, -1)

    def _add(self, share: Share, sign: int) -> None:
        self._fixed[share.exchange, share.quote] += sign * share.fixed
        for symbol, held in share.held.items():
            market = (share.exchange, symbol)
            known = self._held.get(market, Held())
            self._held[market] = known.plus(held) if sign > 0 else known.minus(held)

    def holdings(
        self, mark: Callable[[Market], Input], exchange: ExchangeName
    ) -> tuple[Holding, ...]:
        """What is held of each symbol on one venue, all bots together."""
        return tuple(
            Holding(
                bot_id=EVERYBODY,
                symbol=market[1],
                quantity=held.gross,
                buys=held.worst - held.gross,
                mark=mark(market),
            )
            for market, held in self._held.items()
            if exchange == market[0]
        )

    def earned(
        self,
        exchange: ExchangeName,
        price: Callable[[Market], Decimal | None],
        worth: Callable[[ExchangeName, Asset], Decimal | None],
    ) -> Decimal | None:
        """What all bots of a venue have earned; None where a price is missing that counts."""
        total = ZERO
        for amount, quote in self._amounts(exchange, price):
            rate = worth(exchange, quote) if amount != ZERO else ZERO
            if amount is None or rate is None:
                return None
            total += amount * rate
        return total

    def _amounts(
        self, exchange: ExchangeName, price: Callable[[Market], Decimal | None]
    ) -> Iterator[tuple[Decimal | None, Asset]]:
        for (venue, quote), fixed in self._fixed.items():
            if venue == exchange:
                yield fixed, quote
        for market, held in self._held.items():
            if market[0] == exchange and held.net:
                newest = price(market)
                amount = None if newest is None else held.net * newest
                yield amount, parse_symbol(market[1]).quote
