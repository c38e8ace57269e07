"""What each fill did to its bot's holding, by average cost and by FIFO, for tax reports."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.accounting import fifo
from nimbus_tui.accounting.fees import fee_value, received
from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.journal.base import BotRecord
from nimbus_tui.journal.claims import Received, claims, kept, traded

ZERO = Decimal(0)


class Holding(msgspec.Struct, frozen=True):
    """What a bot holds of a symbol, by both ways of reckoning."""

    position: Position = Position()
    lots: fifo.Lots = ()


class CostedFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill, what it closed, and what is held after it; amounts in quote."""

    fill: Fill
    fee_value: Decimal | None
    """The fee in quote; None where nobody could say what it was worth."""
    holding: Holding = Holding()
    realized_average: Decimal = ZERO
    """The gain without fees, the average cost taken."""
    disposals: tuple[fifo.Disposal, ...] = ()
    """What it closed, oldest first."""


Holdings = dict[tuple[BotId, Symbol], Holding]


def claimed_at_first(bots: Iterable[BotRecord], received: Received) -> Holdings:
    """What bots were given at their start: it cost what it was worth then."""
    found: Holdings = {}
    for record in bots:
        state = kept(record)
        for symbol, quantity in claims(state, received.get(record.bot_id, {})).items():
            price = state.first_marks.get(symbol, ZERO)
            position, _ = trade(Position(), quantity, price, ZERO)
            lots, _ = fifo.trade((), quantity, price, ZERO, state.opened_ns)
            found[record.bot_id, symbol] = Holding(position, lots)
    return found


def costed(
    fills: Iterable[Fill], at_first: Mapping[tuple[BotId, Symbol], Holding]
) -> Iterator[CostedFill]:
    """Each fill in turn; one that no bot has claimed is passed on as it is."""
    holdings = dict(at_first)
    for fill in fills:
        instrument = traded(fill.symbol)
        worth = fee_value(fill, instrument)
        if fill.bot_id is None:
            yield CostedFill(fill=fill, fee_value=worth)
            continue
        before = holdings.get((fill.bot_id, fill.symbol), Holding())
        quantity, fee = received(fill, instrument), worth or ZERO
        position, realized = trade(before.position, quantity, fill.price, fee)
        lots, disposals = fifo.trade(before.lots, quantity, fill.price, fee, fill.ts)
        after = holdings[fill.bot_id, fill.symbol] = Holding(position, lots)
        yield CostedFill(
            fill=fill,
            fee_value=worth,
            holding=after,
            realized_average=realized,
            disposals=disposals,
        )
