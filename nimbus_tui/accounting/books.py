"""A bot's books: what it owns, what it earned, what that cost; exact to the last digit.

The identity that everything rests on, at every moment and for any marks:
`equity = capital + realized + unrealized − fees + funding`.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument

ZERO = Decimal(0)


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """Accounting of one bot in its quote asset; fees in the base are valued at the fill.

    `cash` is the capital plus all that selling brought, less what buying and fees cost.
    """

    capital: Decimal = ZERO
    cash: Decimal = ZERO
    positions: dict[Symbol, Position] = msgspec.field(default_factory=dict)
    realized_pnl: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    fills: int = 0

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


def absorb(books: Books, fill: Fill, instrument: Instrument) -> Books:
    """Enter one fill.

    A buy of Q with a fee f in the base asset is a buy of Q − f with a fee of f × price in quote:
    it leaves less to sell, and the identity holds exactly. A fee in any third asset must have been
    turned into quote before it comes here: nothing in a fill tells what it is worth.
    """
    base_fee = fill.fee if fill.fee_asset == instrument.base else ZERO
    fee_value = base_fee * fill.price if base_fee else fill.fee
    received = fill.signed_quantity - base_fee
    position, realized = trade(books.position(fill.symbol), received, fill.price, fee_value)
    return msgspec.structs.replace(
        books,
        cash=books.cash - received * fill.price - fee_value,
        positions={**books.positions, fill.symbol: position},
        realized_pnl=books.realized_pnl + realized,
        fees=books.fees + fee_value,
        fills=books.fills + 1,
    )


def claimed(books: Books, symbol: Symbol, quantity: Decimal, price: Decimal) -> Books:
    """Take over a holding that was there already, at a price; it counts as capital brought in.

    Against an open position of the other sign it closes, so it may realise a gain.
    """
    position, realized = trade(books.position(symbol), quantity, price, ZERO)
    return msgspec.structs.replace(
        books,
        capital=books.capital + quantity * price,
        positions={**books.positions, symbol: position},
        realized_pnl=books.realized_pnl + realized,
    )
