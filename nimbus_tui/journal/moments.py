"""Past moments as the journal keeps them: bots after each event, and prices beside them.

A row covers the events of one commit, `first_seq` to `seq`: they have one state after them. A
bot's row is its JSON, compressed with an earlier row as the dictionary, since little changes.
"""

import zlib
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.market import Quote

ROWS_PER_BASE = 64
"""How many rows of a bot share the one that they are compressed with."""
TRIM_AT_ONCE = 500
"""How many rows one trim removes at most: the engine waits meanwhile."""
_LEVEL = 6


class Span(msgspec.Struct, frozen=True):
    """The events of one commit: the state after it is the state after each of them."""

    first_seq: int
    seq: int
    ts: int


class BotMoment(msgspec.Struct, frozen=True):
    """A bot as it was; `body` is whatever the engine shows of it."""

    bot_id: BotId
    life: int
    """Number of the newest event when that life of the engine began."""
    body: bytes


class PastPrice(msgspec.Struct, frozen=True):
    """The newest price of a market at a moment."""

    exchange: ExchangeName
    quote: Quote


class Packed(msgspec.Struct, frozen=True):
    """A body, compressed by itself or against a base."""

    base: int | None
    body: bytes


def packed(body: bytes, base: tuple[int, bytes] | None) -> Packed:
    """Compress a body; `base` is the number and body of the row to compare with."""
    if base is None:
        return Packed(None, zlib.compress(body, _LEVEL))
    squeezer = zlib.compressobj(_LEVEL, zdict=base[1])
    return Packed(base[0], squeezer.compress(body) + squeezer.flush())


def unpacked(body: bytes, base: bytes | None) -> bytes:
    """The body again."""
    if base is None:
        return zlib.decompress(body)
    return zlib.decompressobj(zdict=base).decompress(body)


def quote_of(row: Iterable[str | int | None]) -> PastPrice:
    """A row of the price table."""
    exchange, symbol, price, price_ts, mark = row
    quote = Quote(
        symbol,  # type: ignore[arg-type]
        Decimal(str(price)),
        int(price_ts or 0),
        None if mark is None else Decimal(str(mark)),
    )
    return PastPrice(ExchangeName(str(exchange)), quote)
