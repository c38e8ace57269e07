"""Puts what the venues tell into the inbox: prices, fills, funding, orders."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.facts import FillArrived, FundingArrived, OrderReported
from nimbus_tui.engine.inbox import Inbox, Market
from nimbus_tui.exchanges.base import Exchange, Unsubscribe

OnLink = Callable[[ExchangeName, bool, str], None]
"""Takes a venue, whether its data flows, and why it doesn't."""


def subscribe(
    inbox: Inbox,
    exchanges: Mapping[ExchangeName, Exchange],
    markets: Iterable[Market],
    on_link: OnLink,
) -> list[Unsubscribe]:
    """Hear of everything at all venues, and of the prices of some markets."""
    subscribed = [leave for one in exchanges.values() for leave in _account(inbox, one)]
    subscribed += [one.subscribe_link(partial(on_link, one.name)) for one in exchanges.values()]
    for name, symbol in markets:
        subscribed.append(hear(inbox, exchanges[name], symbol))
    return subscribed


def hear(inbox: Inbox, exchange: Exchange, symbol: Symbol) -> Unsubscribe:
    """Hear of one symbol's prices."""
    return exchange.subscribe_price_updates(symbol, _on_price(inbox, exchange.name))


def _account(inbox: Inbox, exchange: Exchange) -> list[Unsubscribe]:
    name = exchange.name
    return [
        exchange.subscribe_order_fills(lambda fill: inbox.put(FillArrived(name, fill))),
        exchange.subscribe_funding(lambda paid: inbox.put(FundingArrived(name, paid))),
        exchange.subscribe_order_updates(lambda report: inbox.put(OrderReported(name, report))),
    ]


def _on_price(inbox: Inbox, name: ExchangeName) -> Callable[[Quote], None]:
    return lambda quote: inbox.put_price(name, quote)
