"""A bot's books: what it owns, what it earned, what that cost; exact to the last digit.

The identity that everything rests on, at every moment and for any marks:
`equity = capital + realized + unrealized − fees + funding`.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.accounting import fifo
from nimbus_tui.accounting.cycles import CycleLog, OpenCycle, Step, accrued, followed, recorded
from nimbus_tui.accounting.fees import fee_value, received
from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import Instrument

ZERO = Decimal(0)
ONE = Decimal(1)


class TimeHeld(msgspec.Struct, frozen=True):
    """How long a bot has held a position of at least a lot in any symbol; ns."""

    until_flat: int = 0
    """Of all spans that have ended."""
    since: int | None = None
    """When the span began that goes on; None while flat."""

    def total(self, now: int) -> int:
        """All spans up to now."""
        return self.until_flat + (max(0, now - self.since) if self.since is not None else 0)


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Accounting of one bot in its quote asset; fees are valued when they are paid.

    `cash` is the capital plus all that selling and funding brought, less what buying and fees cost.
    """

    capital: Decimal = ZERO
    cash: Decimal = ZERO
    positions: dict[Symbol, Position] = msgspec.field(default_factory=dict)
    realized_pnl: Decimal = ZERO
    """By average cost."""
    fees: Decimal = ZERO
    """In quote."""
    funding: Decimal = ZERO
    """What funding brought, less what it cost."""
    fills: int = 0
    lots: dict[Symbol, fifo.Lots] = msgspec.field(default_factory=dict)
    realized_fifo: Decimal = ZERO
    """The realised PnL where what was bought first is sold first."""
    fees_by_asset: dict[Asset, Decimal] = msgspec.field(default_factory=dict)
    """All fees in the assets that they were paid in."""
    unvalued_fees: dict[Asset, Decimal] = msgspec.field(default_factory=dict)
    """Those of them that no price could tell the worth of: `fees` does not hold them."""
    open_cycles: dict[Symbol, OpenCycle] = msgspec.field(default_factory=dict)
    cycles: CycleLog = CycleLog()
    """From flat to flat, each symbol for itself."""
    held: TimeHeld = TimeHeld()

    def position(self, symbol: Symbol) -> Position:
        """The position in a symbol, flat where there was none."""
        return self.positions.get(symbol, Position())

    def unrealized_pnl(self, marks: Mapping[Symbol, Decimal]) -> Decimal:
        """Sum over the open positions; one without a mark counts at its entry."""
        return sum(
            (
                position.unrealized_pnl(marks[symbol])
                for symbol, position in self.positions.items()
                if symbol in marks
            ),
            ZERO,
        )

    def equity(self, marks: Mapping[Symbol, Decimal]) -> Decimal:
        """What the bot is worth at these marks."""
        gains = self.realized_pnl + self.unrealized_pnl(marks)
        return self.capital + gains - self.fees + self.funding


def opened(capital: Decimal) -> Books:
    """The books of a bot that has done nothing yet."""
    return Books(capital=capital, cash=capital)


def with_lots(books: Books) -> Books:
    """Books of an earlier version, which kept no lots: what is open becomes one at its average."""
    missing = {
        symbol: (fifo.Lot(held.quantity, held.average_entry or ZERO, held.entry_fees, 0),)
        for symbol, held in books.positions.items()
        if held.quantity and symbol not in books.lots
    }
    return msgspec.structs.replace(books, lots={**books.lots, **missing}) if missing else books


class _Trade(msgspec.Struct, frozen=True):
    """What changes hands: a signed quantity at a price, and a fee in quote."""

    symbol: Symbol
    quantity: Decimal
    price: Decimal
    fee: Decimal
    ts: int


def absorb(books: Books, fill: Fill, instrument: Instrument) -> Books:
    """Enter one fill.

    A spot buy of Q with a fee f in the base asset is a buy of Q − f with a fee of f × price in
    quote: it leaves less to sell, and the identity holds exactly. A fee in a third asset costs what
    the fill says that it was worth; where it doesn't, the fee is kept as unvalued.
    """
    worth = fee_value(fill, instrument)
    fee = worth if worth is not None else ZERO
    change = _Trade(fill.symbol, received(fill, instrument), fill.price, fee, fill.ts)
    unvalued = books.unvalued_fees
    return msgspec.structs.replace(
        _traded(books, change, instrument.lot_size),
        cash=books.cash - change.quantity * fill.price - fee,
        fees=books.fees + fee,
        fills=books.fills + 1,
        fees_by_asset=_with_fee(books.fees_by_asset, fill),
        unvalued_fees=_with_fee(unvalued, fill) if worth is None else unvalued,
    )


def claimed(books: Books, symbol: Symbol, quantity: Decimal, price: Decimal, ts: int = 0) -> Books:
    """Take over a holding that was there already, at a price; it counts as capital brought in.

    Against an open position of the other sign it closes, so it may realise a gain.
    """
    rest = books.position(symbol).quantity + quantity
    change = _Trade(symbol, quantity, price, ZERO, ts)
    # Whatever is taken over is held, be it less than a lot.
    return msgspec.structs.replace(
        _traded(books, change, abs(rest) or ONE), capital=books.capital + quantity * price
    )


def funded(books: Books, payment: FundingPayment) -> Books:
    """Enter one funding payment, in quote."""
    cycle = books.open_cycles.get(payment.symbol, OpenCycle())
    return msgspec.structs.replace(
        books,
        cash=books.cash + payment.amount,
        funding=books.funding + payment.amount,
        open_cycles={**books.open_cycles, payment.symbol: accrued(cycle, payment.amount)},
    )


def _traded(books: Books, change: _Trade, lot_size: Decimal) -> Books:
    """Position, lots and cycle after a trade; the money is the caller's."""
    symbol, before = change.symbol, books.position(change.symbol)
    position, realized = trade(before, change.quantity, change.price, change.fee)
    lots, disposals = fifo.trade(
        books.lots.get(symbol, ()), change.quantity, change.price, change.fee, change.ts
    )
    step = Step(
        symbol=symbol,
        before=before.quantity,
        after=position.quantity,
        realized_pnl=realized,
        fee=change.fee,
        ts=change.ts,
    )
    cycle, closed = followed(books.open_cycles.get(symbol, OpenCycle()), step, lot_size)
    open_cycles = {**books.open_cycles, symbol: cycle}
    return msgspec.structs.replace(
        books,
        positions={**books.positions, symbol: position},
        realized_pnl=books.realized_pnl + realized,
        lots={**books.lots, symbol: lots},
        realized_fifo=books.realized_fifo + fifo.realized(disposals),
        open_cycles=open_cycles,
        cycles=books.cycles if closed is None else recorded(books.cycles, closed),
        held=_held(books.held, open_cycles, change.ts),
    )


def _with_fee(fees: dict[Asset, Decimal], fill: Fill) -> dict[Asset, Decimal]:
    return {**fees, fill.fee_asset: fees.get(fill.fee_asset, ZERO) + fill.fee}


def _held(held: TimeHeld, open_cycles: Mapping[Symbol, OpenCycle], ts: int) -> TimeHeld:
    """A span lasts as long as any symbol is in a cycle."""
    holding = any(cycle.opened_ns is not None for cycle in open_cycles.values())
    if holding == (held.since is not None):
        return held
    return TimeHeld(held.total(ts), ts if holding else None)
