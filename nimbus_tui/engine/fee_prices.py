"""What fees in a third asset are worth: the newest price of FEE/QUOTE at the venue that took them.

Most often no bot trades that market, so its prices are asked for here, beside the engine's own.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.inbox import Market
from nimbus_tui.exchanges.base import Exchange


class FeePrices:
    """Newest prices of the assets that fees are paid in, by venue."""

    def __init__(self, traded: Mapping[Market, Quote]) -> None:
        self._traded = traded
        self._heard: dict[Market, Quote] = {}
        self._unsubscribe: dict[Market, Callable[[], None]] = {}

    def price(self, exchange: Exchange, asset: Asset, quote: Asset) -> Decimal | None:
        """What one of an asset costs in quote now; None where nobody has said.

        An asset that is asked for in vain is listened to from then on.
        """
        for symbol in markets_of(asset, quote):
            market = (exchange.name, symbol)
            newest = self._newest(market)
            if newest is not None:
                return newest.mark_price or newest.price
        self.listen(exchange, asset, quote)
        return None

    def listen(self, exchange: Exchange, asset: Asset, quote: Asset) -> None:
        """Hear of every new price of an asset from now on. Harmless the second time."""
        for symbol in markets_of(asset, quote):
            market = (exchange.name, symbol)
            if market not in self._unsubscribe:
                self._unsubscribe[market] = self._subscribed(exchange, symbol)

    async def learn(
        self, exchange: Exchange, assets: Iterable[Asset], quotes: Iterable[Asset]
    ) -> None:
        """Get the newest price of assets that the venue says it takes fees in."""
        wanted = [(asset, quote) for asset in assets for quote in quotes if asset != quote]
        for asset, quote in wanted:
            self.listen(exchange, asset, quote)
            for symbol in markets_of(asset, quote):
                if self._newest((exchange.name, symbol)) is None:
                    await self._ask(exchange, symbol)

    def stop(self) -> None:
        """Hear of no more prices."""
        for unsubscribe in self._unsubscribe.values():
            unsubscribe()
        self._unsubscribe.clear()

    async def _ask(self, exchange: Exchange, symbol: Symbol) -> None:
        try:
            self._heard[exchange.name, symbol] = await exchange.mark_price(symbol)
        except ExchangeError:
            return  # not every asset has both markets, nor a price at once; the next one is heard

    def _subscribed(self, exchange: Exchange, symbol: Symbol) -> Callable[[], None]:
        try:
            return exchange.subscribe_price_updates(symbol, self._hear((exchange.name, symbol)))
        except ExchangeError:
            return lambda: None  # there is no such market

    def _hear(self, market: Market) -> Callable[[Quote], None]:
        def heard(quote: Quote) -> None:
            self._heard[market] = quote

        return heard

    def _newest(self, market: Market) -> Quote | None:
        return self._traded.get(market) or self._heard.get(market)


def markets_of(asset: Asset, quote: Asset) -> tuple[Symbol, Symbol]:
    """Where an asset is priced: on spot, else on its perpetual."""
    return Symbol(f"{asset}/{quote}"), Symbol(f"{asset}/{quote}:{quote}")
