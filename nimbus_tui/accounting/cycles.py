"""Closed results: a deal from flat to flat, or a grid's round trip, net of fees and funding.

Bought 1 at 100 and 1 at 90, sold 1 at 95 and 1 at 110, 1 of fees in all: one cycle of +14. The
first sale closes a part; its gain or loss counts to the cycle, which ends when the position is
flat. Less than one lot is flat: what a venue can't sell stays as dust for the next cycle. A trade
through zero ends one cycle and begins the next, and its fee is split by quantity.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import ZERO, cost_share
from nimbus_tui.core.ids import Symbol

KEPT = 50
"""How many closed cycles a log remembers one by one; its sums go over all that ever closed."""


class Cycle(msgspec.Struct, frozen=True, array_like=True):
    """One closed result in quote; times in ns."""

    symbol: Symbol
    opened_ns: int
    closed_ns: int
    result: Decimal


class CycleLog(msgspec.Struct, frozen=True, kw_only=True):
    """The cycles of one bot: sums over all of them, and the newest one by one."""

    count: int = 0
    wins: int = 0
    """How many closed at a gain; a result of 0 is neither gain nor loss."""
    gains: Decimal = ZERO
    losses: Decimal = ZERO
    """Sum of the losses, ≥ 0."""
    losses_in_a_row: int = 0
    """How many in a row, up to the newest, closed at a loss."""
    recent: tuple[Cycle, ...] = ()

    @property
    def win_rate(self) -> Decimal | None:
        """Share of the cycles that closed at a gain; None while none has closed."""
        return (Decimal(self.wins) / self.count).quantize(_SHARE) if self.count else None

    @property
    def profit_factor(self) -> Decimal | None:
        """Sum of the gains over the sum of the losses; None while there is no loss."""
        return (self.gains / self.losses).quantize(_SHARE) if self.losses else None


_SHARE = Decimal("0.0001")


def recorded(log: CycleLog, cycle: Cycle) -> CycleLog:
    """The log with one more closed cycle."""
    result = cycle.result
    return CycleLog(
        count=log.count + 1,
        wins=log.wins + (result > ZERO),
        gains=log.gains + max(result, ZERO),
        losses=log.losses + max(-result, ZERO),
        losses_in_a_row=log.losses_in_a_row + 1 if result < ZERO else 0,
        recent=(*log.recent, cycle)[-KEPT:],
    )


class OpenCycle(msgspec.Struct, frozen=True, array_like=True):
    """What one symbol has earned since it was flat last; `opened_ns` is None while it is flat."""

    opened_ns: int | None = None
    result: Decimal = ZERO


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one fill did to a position; money in quote."""

    symbol: Symbol
    before: Decimal
    after: Decimal
    realized_pnl: Decimal
    fee: Decimal
    ts: int


def followed(cycle: OpenCycle, step: Step, lot_size: Decimal) -> tuple[OpenCycle, Cycle | None]:
    """The symbol's cycle after a fill, and the cycle that the fill has closed, if it has."""
    held = abs(step.after) >= lot_size
    turned = held and step.before * step.after < ZERO
    next_fee = ZERO
    if turned:
        next_fee = cost_share(step.fee, step.after, step.after - step.before)
    result = cycle.result + step.realized_pnl - (step.fee - next_fee)
    if cycle.opened_ns is None:
        # Dust may turn its sign: that closes nothing, since nothing was open.
        opened = step.ts if held else None
        return OpenCycle(opened, result - next_fee), None
    if held and not turned:
        return OpenCycle(cycle.opened_ns, result), None
    closed = Cycle(step.symbol, cycle.opened_ns, step.ts, result)
    return OpenCycle(step.ts if turned else None, -next_fee), closed


def accrued(cycle: OpenCycle, amount: Decimal) -> OpenCycle:
    """The symbol's cycle after a funding payment."""
    return OpenCycle(cycle.opened_ns, cycle.result + amount)
