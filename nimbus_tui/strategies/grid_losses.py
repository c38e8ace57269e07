"""How much a grid can lose: the price runs one way and every order on that side fills."""

from decimal import Decimal

import msgspec

from nimbus_tui.strategies.grid_levels import HUNDRED, ZERO, GridConfig

MAINTENANCE_MARGIN = Decimal("0.02")
"""Share of a perpetual position's notional below which a venue closes it; assumed, on the careful
side of what venues ask of the large coins."""


class Entry(msgspec.Struct, frozen=True):
    """One fill on the way, and the rate of its fee."""

    price: Decimal
    quantity: Decimal
    fee_rate: Decimal


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The price runs against a grid: `sign` is +1 for a falling price that it buys into, else −1.

    `entries`, at least one, are in the order of their fills; `end` is the unrounded price of the
    last level.
    """

    sign: int
    entries: tuple[Entry, ...]
    end: Decimal


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """What a run costs at most, in quote."""

    amount: Decimal
    price: Decimal
    """Where it is that much."""
    fills: int
    """How many entries have filled by then."""
    stopped: bool
    """Whether the stop loss ended it, else the grid's end."""


class Position(msgspec.Struct, frozen=True):
    """What some entries add up to; `average_cost` has the fees in."""

    quantity: Decimal
    average_cost: Decimal


def positions(run: Run) -> list[Position]:
    """The position after each entry."""
    found, quantity, cost = [], ZERO, ZERO
    for entry in run.entries:
        quantity += entry.quantity
        cost += entry.quantity * entry.price * (1 + run.sign * entry.fee_rate)
        found.append(Position(quantity, cost / quantity))
    return found


def worst_loss(run: Run, config: GridConfig, taker_fee: Decimal) -> Loss:
    """The loss at the stop, else at the last level; the price is taken to move without gaps.

    Entries fill one after the other and move the average cost, and with it a stop in percent: as
    soon as the stop is nearer than the next entry, nothing more is bought. A level that lies on
    the stop fills first.
    """
    reached = positions(run)
    for fills, (entry, position) in enumerate(zip(run.entries, reached, strict=True), 1):
        stop = _stop_price(position, config, run.sign)
        is_last = fills == len(run.entries)
        if stop is None or not (is_last or (stop - run.entries[fills].price) * run.sign > ZERO):
            continue
        # A stop on the wrong side of its entry trips there and then.
        at = min(stop, entry.price) if run.sign > 0 else max(stop, entry.price)
        amount = _lost(position, at, run.sign) + at * position.quantity * taker_fee
        return Loss(amount=max(ZERO, amount), price=at, fills=fills, stopped=True)
    amount = _lost(reached[-1], run.end, run.sign)
    return Loss(amount=max(ZERO, amount), price=run.end, fills=len(reached), stopped=False)


def liquidation_price(run: Run, capital: Decimal) -> Decimal | None:
    """Where a venue would close the largest position; None where it never would.

    Nothing but the bot's capital backs it: capital + sign × quantity × (price − average cost) is
    what is left, and it must not fall below quantity × price × `MAINTENANCE_MARGIN`. Solved for the
    price: (average cost − sign × capital ÷ quantity) ÷ (1 − sign × `MAINTENANCE_MARGIN`).
    """
    position = positions(run)[-1]
    free = position.average_cost - run.sign * capital / position.quantity
    price = free / (1 - run.sign * MAINTENANCE_MARGIN)
    return price if price > ZERO else None


def _lost(position: Position, price: Decimal, sign: int) -> Decimal:
    return sign * (position.average_cost - price) * position.quantity


def _stop_price(position: Position, config: GridConfig, sign: int) -> Decimal | None:
    if config.stop_loss_price is not None:
        return config.stop_loss_price
    if config.stop_loss is None:
        return None
    return position.average_cost * (1 - sign * config.stop_loss / HUNDRED)
