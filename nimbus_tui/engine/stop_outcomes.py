"""What a stop would do to a bot now: the orders that go, and what happens to the position."""

from collections.abc import Mapping
from decimal import Decimal

from nimbus_tui.core.ids import Symbol
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.closing import closable, is_closing_key
from nimbus_tui.engine.stopping import StopOutcome, StopWay, described


def what_stopping_does(bot: Bot, way: StopWay = StopWay.OPERATOR) -> str:
    """The outcome of a stop in a sentence, for the line that is confirmed."""
    return described(outcome_of_stopping(bot, way), bot.instruments)


def outcome_of_stopping(bot: Bot, way: StopWay, *, asked: bool | None = None) -> StopOutcome:
    """What stopping a bot in some way does; `asked` is what a shutdown was told of its orders."""
    closes = bot.standing.would_close(way)
    cancels = bot.standing.policy.cancels(way, asked)
    # An order that closes the position already is what a stop with close is about: it stays.
    keys = tuple(key for key in bot.keeper.live if not (closes and is_closing_key(key)))
    held = {symbol: held for symbol in bot.instruments if (held := bot.position(symbol))}
    closing = {symbol: _closable(bot, symbol, held[symbol]) for symbol in held if closes}
    return StopOutcome(
        bot_id=bot.bot_id,
        cancels=keys if cancels else (),
        stays=() if cancels else keys,
        closes=_without_zeros(closing),
        keeps={} if closes else held,
        dust=_without_zeros({symbol: held[symbol] - closing[symbol] for symbol in closing}),
    )


def _closable(bot: Bot, symbol: Symbol, held: Decimal) -> Decimal:
    """What will be closed once all other orders are gone; no dust."""
    quote = bot.prices.get(symbol)
    return closable(bot.instruments[symbol], held, None if quote is None else quote.price)


def _without_zeros(quantities: Mapping[Symbol, Decimal]) -> dict[Symbol, Decimal]:
    return {symbol: quantity for symbol, quantity in quantities.items() if quantity}
