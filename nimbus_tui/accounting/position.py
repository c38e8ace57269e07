"""A signed position and what it cost: exact sums, averages only where somebody looks."""

from decimal import Decimal

import msgspec

ZERO = Decimal(0)
_COST_GRAIN = Decimal("1e-12")
"""Costs taken out of a position are rounded to this, so that sums stay exact ever after."""


class Position(msgspec.Struct, frozen=True):
    """What is held and what was paid for it; all three carry the position's sign but the fees.

    `entry_value` is Σ price × quantity of what is still open, without fees; `entry_fees` are the
    fees paid for it, in quote.
    """

    quantity: Decimal = ZERO
    entry_value: Decimal = ZERO
    entry_fees: Decimal = ZERO

    @property
    def average_entry(self) -> Decimal | None:
        """Mean price of what is open, fees left out; None when flat."""
        return self.entry_value / self.quantity if self.quantity else None

    @property
    def average_cost(self) -> Decimal | None:
        """Mean price with fees in: what a long has paid, what a short has got, for one unit."""
        if not self.quantity:
            return None
        return (self.entry_value + self.entry_fees) / self.quantity

    def unrealized_pnl(self, mark_price: Decimal) -> Decimal:
        """Gain at a mark price against the entry value, fees left out."""
        return mark_price * self.quantity - self.entry_value


def trade(
    position: Position, quantity: Decimal, price: Decimal, fee: Decimal
) -> tuple[Position, Decimal]:
    """Apply a signed trade; returns the position afterwards and the PnL that it realised.

    `fee` is in quote. The realised PnL leaves it out; the part of it that belongs to what the
    trade opened becomes cost of the position. A trade through zero closes, then opens the rest.
    """
    if position.quantity * quantity >= 0:
        return _opened(position, quantity, price, fee), ZERO
    closing = -quantity if abs(quantity) <= abs(position.quantity) else position.quantity
    rest, realized = _closed(position, closing, price)
    opening = quantity + closing
    if not opening:
        return rest, realized
    return _opened(rest, opening, price, cost_share(fee, opening, quantity)), realized


def cost_share(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """What of a cost belongs to a part of what it was paid for, rounded to the cost grain."""
    if part == whole:
        return cost
    return (cost * part / whole).quantize(_COST_GRAIN)


def _opened(position: Position, quantity: Decimal, price: Decimal, fee: Decimal) -> Position:
    return Position(
        quantity=position.quantity + quantity,
        entry_value=position.entry_value + quantity * price,
        entry_fees=position.entry_fees + fee,
    )


def _closed(position: Position, closing: Decimal, price: Decimal) -> tuple[Position, Decimal]:
    """Take `closing` (signed like the position) out at a price, at average cost."""
    if closing == position.quantity:
        return Position(), closing * price - position.entry_value
    value = cost_share(position.entry_value, closing, position.quantity)
    fees = cost_share(position.entry_fees, closing, position.quantity)
    rest = Position(
        quantity=position.quantity - closing,
        entry_value=position.entry_value - value,
        entry_fees=position.entry_fees - fees,
    )
    return rest, closing * price - value
