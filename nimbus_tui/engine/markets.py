"""Which markets an engine hears of; more of them can be joined while it runs."""

from collections.abc import Callable, Iterable, Mapping

from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.engine.inbox import Inbox, Market
from nimbus_tui.engine.subscriptions import hear
from nimbus_tui.engine.wake import WakeIndex
from nimbus_tui.exchanges.base import Exchange, Extendable


class Markets:
    """Those of one engine."""

    def __init__(
        self,
        exchanges: Mapping[ExchangeName, Exchange],
        wakes: WakeIndex,
        inbox: Inbox,
        subscriptions: Callable[[], list[Callable[[], None]]],
    ) -> None:
        self._exchanges = exchanges
        self._wakes = wakes
        self._inbox = inbox
        self._subscriptions = subscriptions
        self._heard: set[Market] = set()

    def heard(self, markets: Iterable[Market]) -> None:
        """These are subscribed to since the start."""
        self._heard.update(markets)

    def obstacle(self, name: ExchangeName, instrument: Instrument) -> str:
        """Why a symbol can't be traded on a venue from now on; empty where it can."""
        exchange = self._exchanges[name]
        return exchange.obstacle(instrument) if isinstance(exchange, Extendable) else ""

    def join(self, name: ExchangeName, instrument: Instrument) -> None:
        """Hear of a symbol's prices from now on; harmless the second time."""
        market, exchange = (name, instrument.symbol), self._exchanges[name]
        if market in self._heard:
            return
        self._heard.add(market)
        if isinstance(exchange, Extendable):
            exchange.add_market(instrument)
        self._wakes.watch(market, instrument)
        self._subscriptions().append(hear(self._inbox, exchange, instrument.symbol))
