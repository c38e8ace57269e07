"""What a bot was given at its start beside what it bought: told from its books and its fills."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.books import Books
from nimbus_tui.accounting.fees import received
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.journal.base import BotRecord

ZERO = Decimal(0)
_ANY_GRAIN = Decimal(1)

Received = Mapping[BotId, Mapping[Symbol, Decimal]]
"""By bot and symbol, what all fills did to the position."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Of what a bot keeps beside its strategy's state, the part that its history must explain."""

    books: Books = Books()
    absorbed: int = 0
    opened_ns: int = 0
    first_marks: dict[Symbol, Decimal] = msgspec.field(default_factory=dict)


def kept(record: BotRecord) -> Kept:
    """What a bot's record holds; raises `msgspec.DecodeError` for what is none."""
    return Kept() if record.books is None else msgspec.json.decode(record.books, type=Kept)


def traded(symbol: Symbol) -> Instrument:
    """An instrument that knows its assets and its market, which is all that history needs."""
    return Instrument(symbol=symbol, tick_size=_ANY_GRAIN, lot_size=_ANY_GRAIN)


def received_in_all(fills: Iterable[Fill]) -> dict[BotId, dict[Symbol, Decimal]]:
    """What the fills did to each bot's positions; those of no bot do nothing."""
    sums: dict[BotId, dict[Symbol, Decimal]] = defaultdict(dict)
    for fill in fills:
        if fill.bot_id is not None:
            own = sums[fill.bot_id]
            own[fill.symbol] = own.get(fill.symbol, ZERO) + received(fill, traded(fill.symbol))
    return sums


def claims(state: Kept, own: Mapping[Symbol, Decimal]) -> dict[Symbol, Decimal]:
    """By symbol, what the position holds beyond the fills; empty where these explain it all."""
    symbols = {**state.books.positions, **own}
    beyond = {
        symbol: state.books.position(symbol).quantity - own.get(symbol, ZERO) for symbol in symbols
    }
    return {symbol: quantity for symbol, quantity in beyond.items() if quantity}


def are_paid_for(record: BotRecord, state: Kept, found: Mapping[Symbol, Decimal]) -> bool:
    """Whether claims account for the capital that they brought in, to the last digit.

    A claim is entered at the first price and raises the capital by its worth: so a position that
    fills don't explain is a claim only if the capital says so.
    """
    brought = state.books.capital - record.capital
    worth = sum((q * state.first_marks.get(s, ZERO) for s, q in found.items()), ZERO)
    return brought == worth and bool(brought) == bool(found)
