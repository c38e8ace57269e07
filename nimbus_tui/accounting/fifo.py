"""First in, first out: which purchase a sale disposes of, as tax offices ask for it.

Bought 1 at 100 and 1 at 120, sold 1.5 at 150: the sale takes the lot of 100 whole and half of that
of 120, gains 50 + 15 = 65, and 0.5 at 120 are left. By average cost (110) the same sale gains 60.
Shorts mirror: what was sold first is bought back first. A trade through zero closes all lots, then
opens one with the rest.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import ZERO, cost_share


class Lot(msgspec.Struct, frozen=True, array_like=True):
    """What is left of one entry; `quantity` carries the position's sign.

    `fee` is the part of the entry's fee, in quote, that belongs to what is left.
    """

    quantity: Decimal
    price: Decimal
    fee: Decimal
    opened_ns: int

    @property
    def entry_value(self) -> Decimal:
        """Price × quantity without fees; signed like the lot."""
        return self.quantity * self.price


class Disposal(msgspec.Struct, frozen=True, kw_only=True):
    """A lot, or a part of one, that a trade has closed; amounts in quote."""

    quantity: Decimal
    """Signed like the lot."""
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal
    """Of the entry and of the exit, as far as they belong to this part."""
    opened_ns: int
    closed_ns: int

    @property
    def realized_pnl(self) -> Decimal:
        """The gain without fees."""
        return (self.exit_price - self.entry_price) * self.quantity

    @property
    def gain(self) -> Decimal:
        """The gain net of both fees."""
        return self.realized_pnl - self.fees


Lots = tuple[Lot, ...]
"""The open lots of one symbol, oldest first, all of one sign."""


def trade(
    lots: Lots, quantity: Decimal, price: Decimal, fee: Decimal, ts: int
) -> tuple[Lots, tuple[Disposal, ...]]:
    """Apply a signed trade; returns the lots afterwards and what it disposed of, oldest first.

    Prices and quantities are never divided, so the realised PnL is exact. Fees are split in
    proportion, rounded to the cost grain, and add up.
    """
    left, fee_left = quantity, fee
    disposals = []
    at = 0
    while left and at < len(lots) and lots[at].quantity * left < 0:
        lot = lots[at]
        size = min(abs(left), abs(lot.quantity)).copy_sign(lot.quantity)
        entry_fee = cost_share(lot.fee, size, lot.quantity)
        exit_fee = cost_share(fee_left, size, -left)
        disposals.append(_disposal(lot, size, price, entry_fee + exit_fee, ts))
        left, fee_left = left + size, fee_left - exit_fee
        if size == lot.quantity:
            at += 1
        else:
            rest = Lot(lot.quantity - size, lot.price, lot.fee - entry_fee, lot.opened_ns)
            lots = (*lots[:at], rest, *lots[at + 1 :])
    opened = (Lot(left, price, fee_left, ts),) if left else ()
    return (*lots[at:], *opened), tuple(disposals)


def _disposal(lot: Lot, size: Decimal, price: Decimal, fees: Decimal, ts: int) -> Disposal:
    return Disposal(
        quantity=size,
        entry_price=lot.price,
        exit_price=price,
        fees=fees,
        opened_ns=lot.opened_ns,
        closed_ns=ts,
    )


def realized(disposals: tuple[Disposal, ...]) -> Decimal:
    """The realised PnL of some disposals, without fees."""
    return sum((disposal.realized_pnl for disposal in disposals), ZERO)


def remaining_cost(lots: Lots) -> Decimal:
    """What is still open was entered for, without fees; signed like the position."""
    return sum((lot.entry_value for lot in lots), ZERO)
