"""Who hears of the paper venue's prices, fills, funding, orders and link."""

from collections import defaultdict

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import OrderReport
from nimbus_tui.exchanges.base import (
    FillCallback,
    FundingCallback,
    LinkCallback,
    OrderCallback,
    PriceCallback,
    Unsubscribe,
)
from nimbus_tui.exchanges.listeners import Listeners


class PaperSubscriptions:
    """The part of the interface of every venue that is about being told."""

    def __init__(self) -> None:
        self._prices: dict[Symbol, Listeners[[Quote]]] = defaultdict(Listeners)
        self._fills: Listeners[[Fill]] = Listeners()
        self._orders: Listeners[[OrderReport]] = Listeners()
        self._links: Listeners[[bool, str]] = Listeners()
        self._funding: Listeners[[FundingPayment]] = Listeners()

    def subscribe_price_updates(self, symbol: Symbol, callback: PriceCallback) -> Unsubscribe:
        """Call back on every price of a symbol."""
        return self._prices[symbol].add(callback)

    def subscribe_order_fills(self, callback: FillCallback) -> Unsubscribe:
        """Call back on every execution of ours."""
        return self._fills.add(callback)

    def subscribe_funding(self, callback: FundingCallback) -> Unsubscribe:
        """Call back on every funding payment."""
        return self._funding.add(callback)

    def subscribe_order_updates(self, callback: OrderCallback) -> Unsubscribe:
        """Call back when an order of ours changes state."""
        return self._orders.add(callback)

    def subscribe_link(self, callback: LinkCallback) -> Unsubscribe:
        """Call back when the price source has ended; the venue itself is always there."""
        return self._links.add(callback)

    def _tell(self, report: OrderReport, fill: Fill | None) -> None:
        if fill is not None:
            self._fills.tell(fill)
        self._orders.tell(report)
