"""The figures that every bot has, from its books; worked out when somebody looks, not on a tick."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from nimbus_tui.accounting.books import Books
from nimbus_tui.accounting.performance import buy_and_hold
from nimbus_tui.control.snapshots import Statistic
from nimbus_tui.core.codec import plain
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.engine.bot import Bot

_SHARE = Decimal("0.0001")
_COST = Decimal("1e-10")


def statistics_of(bot: Bot, now: int) -> dict[str, Statistic]:
    """The strategy's own figures, then those of the books and of the closed cycles."""
    books, cycles = bot.books, bot.cycles
    held = buy_and_hold(books.capital, bot.saved.first_marks, bot.marks())
    figures: dict[str, object] = {
        **bot.guard.statistics(),
        "rebalances": bot.saved.rebalances,
        "realized_pnl_fifo": books.realized_fifo,
        "funding": books.funding,
        "cycles": cycles.count,
        "win_rate": cycles.win_rate,
        "profit_factor": cycles.profit_factor,
        "losses_in_a_row": cycles.losses_in_a_row,
        "time_in_market": _time_in_market(bot, now),
        "buy_and_hold": held,
        "versus_buy_and_hold": None if held is None else bot.equity() - held,
    }
    if len(bot.instruments) > 1:
        figures["assets"] = assets(bot.instruments, books, figures.get("assets"), bot.marks())
    left = dust(bot)
    if left:
        figures["dust"] = _amounts(left)
    if books.fees_by_asset.keys() - {bot.quote}:
        figures["fees_paid"] = _amounts(books.fees_by_asset)
    if books.unvalued_fees:
        figures["fees_unvalued"] = _amounts(books.unvalued_fees)
    return {name: _statistic(value) for name, value in figures.items()}


def dust(bot: Bot) -> dict[Asset, Decimal]:
    """What of its positions no order of the bot can bring away, by asset; it stays in the books."""
    found: dict[Asset, Decimal] = {}
    for symbol, instrument in bot.instruments.items():
        quote, held = bot.prices.get(symbol), abs(bot.position(symbol))
        if quote is not None and (left := instrument.dust(held, quote.price)):
            found[instrument.base] = found.get(instrument.base, Decimal(0)) + left
    return found


def assets(
    symbols: Iterable[Symbol],
    books: Books,
    told: object = None,
    marks: Mapping[Symbol, Decimal] | None = None,
) -> list[dict[str, object]]:
    """What a bot of several symbols holds of each, with what its strategy tells of it besides."""
    rows = told if isinstance(told, list | tuple) else ()
    by_symbol = {row.get("symbol"): dict(row) for row in rows if isinstance(row, Mapping)}
    found = []
    for symbol in symbols:
        position = books.position(symbol)
        cost = position.average_cost
        held: dict[str, object] = {
            "symbol": symbol,
            "price": (marks or {}).get(symbol),
            "position": position.quantity,
            "average_cost": None if cost is None else cost.quantize(_COST),
        }
        found.append(held | by_symbol.pop(symbol, {}))
    return [*found, *by_symbol.values()]


def _time_in_market(bot: Bot, now: int) -> Decimal | None:
    """Share of the bot's life in which it held a position."""
    lived = now - bot.saved.opened_ns
    if not bot.saved.opened or lived <= 0:
        return None
    return (Decimal(bot.books.held.total(now)) / lived).quantize(_SHARE)


def _amounts(amounts: Mapping[Asset, Decimal]) -> str:
    return ", ".join(f"{plain(amount)} {asset}" for asset, amount in sorted(amounts.items()))


def _statistic(value: object) -> Statistic:
    """A figure, or a list or table of figures, in what JSON can say."""
    match value:
        case Decimal():
            return plain(value)
        case str() | int() | float():
            return value
        case Mapping():
            return {str(name): _statistic(part) for name, part in value.items()}
        case Sequence():
            return [_statistic(part) for part in value]
        case _:
            return None
