"""The newest price of each coin, put together from best prices, trades and mark prices.

A quote's price is that of the last trade as long as it lies between bid and ask; else the nearer of
the two, since nobody could trade at the old one any more.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.exchanges.hyperliquid.instruments import Universe
from nimbus_tui.exchanges.hyperliquid.wire_records import AssetCtx, Bbo, Trade

REPEAT_AFTER_NS = NS_PER_SECOND
"""An unchanged price is told again after so long, so that nobody takes it for an old one."""


class _Coin(msgspec.Struct):
    """What is known of a coin; times in ms by the venue."""

    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    traded_ms: int = 0
    traded_id: int = 0
    time_ms: int = 0
    mark_price: Decimal | None = None
    told: Quote | None = None
    told_ns: int = 0


class PriceBoard:
    """All coins. Each method takes a message in and gives the quote that is worth telling."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self._coins: dict[str, _Coin] = {}

    def bbo(self, bbo: Bbo, now: int) -> Quote | None:
        """Best prices; either side may be empty."""
        coin = self._of(bbo.coin)
        bid, ask = bbo.bbo
        coin.bid = None if bid is None else bid.px
        coin.ask = None if ask is None else ask.px
        coin.time_ms = max(coin.time_ms, bbo.time)
        return self._changed(bbo.coin, coin, now)

    def trades(self, trades: Sequence[Trade], now: int) -> Quote | None:
        """Public trades of one coin; those that were seen before change nothing."""
        newest = max(trades, key=lambda trade: (trade.time, trade.tid), default=None)
        if newest is None:
            return None
        coin = self._of(newest.coin)
        if (newest.time, newest.tid) <= (coin.traded_ms, coin.traded_id):
            return None
        coin.last, coin.traded_ms, coin.traded_id = newest.px, newest.time, newest.tid
        coin.time_ms = max(coin.time_ms, newest.time)
        return self._changed(newest.coin, coin, now)

    def context(self, name: str, context: AssetCtx, now: int) -> Quote | None:
        """The mark price of a perpetual; the context of a spot pair says nothing new."""
        listing = self.universe.of_coin(name)
        if listing is None or listing.instrument.market is not MarketType.PERPETUAL:
            return None
        coin = self._of(name)
        coin.mark_price = context.markPx
        return self._changed(name, coin, now)

    def newest(self, symbol: Symbol) -> Quote | None:
        """The newest quote of a symbol; None if there is none yet."""
        listing = self.universe.listing(symbol)
        coin = None if listing is None else self._coins.get(listing.coin)
        return None if listing is None or coin is None else self._quote(symbol, coin)

    def clear(self) -> None:
        """Forget what stands: the connection is gone. What was traded last stays known."""
        for coin in self._coins.values():
            coin.bid = coin.ask = coin.told = None

    def _of(self, name: str) -> _Coin:
        return self._coins.setdefault(name, _Coin())

    def _changed(self, name: str, coin: _Coin, now: int) -> Quote | None:
        quote = self._quote(self.universe.symbol_of(name), coin)
        if quote is None:
            return None
        told = coin.told
        is_same = (
            told is not None
            and told.price == quote.price
            and told.mark_price == quote.mark_price
            and 0 <= now - coin.told_ns < REPEAT_AFTER_NS
        )
        if is_same:
            return None
        coin.told, coin.told_ns = quote, now
        return quote

    def _quote(self, symbol: Symbol, coin: _Coin) -> Quote | None:
        price = _price(coin)
        if price is None:
            return None
        return Quote(symbol, price, coin.time_ms * NS_PER_MS, coin.mark_price)


def _price(coin: _Coin) -> Decimal | None:
    """The last trade's price, moved into the spread; without best prices nobody knows."""
    bid, ask = coin.bid, coin.ask
    if coin.last is None:
        return None if bid is None or ask is None else (bid + ask) / 2
    if bid is None and ask is None:
        return None
    price = coin.last if bid is None else max(coin.last, bid)
    return price if ask is None else min(price, ask)
