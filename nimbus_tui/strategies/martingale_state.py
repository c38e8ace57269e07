"""What a martingale remembers, and how things stand with it.

A *leg* is one thing that is to be traded: the base order, a safety step, the take profit. An order
that ends with a part filled spends its key, and the leg goes on under the next part.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import Position
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import Side
from nimbus_tui.strategies.base import StrategyState
from nimbus_tui.strategies.martingale_steps import (
    HUNDRED,
    ONE,
    ZERO,
    MartingaleConfig,
    TriggerDirection,
    capital_needed,
)

PREFIX = "martingale"
BASE = "base"
EXIT = "tp"
CYCLES_RECALLED = 16
"""How many cycles a power cut may have taken from the journal."""
PARTS_RECALLED = range(1, 9)
"""Which parts of each leg are looked for afterwards."""


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is to be traded, over all orders that it takes; quantities in base."""

    name: str
    """`base`, the number of a step, or `tp`; the last but one word of its keys."""
    cycle: int
    quantity: Decimal = ZERO
    """What is wanted in all; the take profit's follows the position instead."""
    price: Decimal = ZERO
    """Where it rests; for a base order at market the price that it was sized at."""
    filled: Decimal = ZERO
    value: Decimal = ZERO
    """Σ price × quantity of its fills, in quote."""
    received: Decimal = ZERO
    """What its fills did to the position: signed, after fees in the coin."""
    cost: Decimal = ZERO
    """What they did to the position's cost: signed like it, fees in, in quote."""
    part: int = 1
    part_filled: Decimal = ZERO
    """What the order of this part has filled."""

    @property
    def key(self) -> OrderKey:
        """E.g. `martingale/3/base`, and `martingale/3/tp/p2` for the second part."""
        return self.key_of(self.part)

    def key_of(self, part: int) -> OrderKey:
        """The key of one part."""
        first = f"{PREFIX}/{self.cycle}/{self.name}"
        return OrderKey(first if part == 1 else f"{first}/p{part}")

    @property
    def rest(self) -> Decimal:
        """What is still to be filled."""
        return max(ZERO, self.quantity - self.filled)

    @property
    def is_done(self) -> bool:
        """Whether all that was wanted has filled."""
        return ZERO < self.filled >= self.quantity

    @property
    def wanted(self) -> Decimal:
        """Quantity of the order of this part, its filled part included."""
        return self.part_filled + self.rest


def cycle_of(key: OrderKey) -> int:
    """The cycle in a leg's key; 0 in any other key."""
    words = key.split("/")
    return int(words[1]) if len(words) > 2 and words[0] == PREFIX and words[1].isdecimal() else 0


def keys_ahead(state: "MartingaleState", steps: int) -> Iterator[OrderKey]:
    """The keys of the next cycles, which a power cut may have taken.

    Those of a cycle that goes on are not among them: it comes to them again by itself, and the
    orders are found when they are asked for.
    """
    names = (BASE, EXIT, *(str(step) for step in range(1, steps + 1)))
    for cycle in range(state.cycle + 1, state.cycle + 1 + CYCLES_RECALLED):
        for name in names:
            yield from (Leg(name=name, cycle=cycle).key_of(part) for part in PARTS_RECALLED)


class MartingaleState(StrategyState, frozen=True, kw_only=True):
    """What a martingale remembers."""

    cycle: int = 0
    """Number of the newest cycle; never used twice."""
    lost_cycle: int = 0
    """The newest cycle that the journal had lost: its orders exist, so its number is used up."""
    side: Side = Side.BUY
    """Side of this cycle's entries."""
    base: Leg | None = None
    """The base order of the cycle that goes on; None between two cycles."""
    entry_price: Decimal | None = None
    """Average price of the base order once it is done; the steps count from it."""
    steps: tuple[Leg, ...] = ()
    exit: Leg = Leg(name=EXIT, cycle=0)
    position: Position = Position()
    """What all fills of the bot add up to."""
    carried: Position = Position()
    """What of it was there when the cycle began: dust, or a position kept at a stop."""
    priced: Position = Position()
    """The position after the last fill that added to it; the take profit is priced from it."""
    next_cycle_at: int = 0
    """When the cooldown ends, ns."""
    trigger_direction: TriggerDirection | None = None
    """On which side of the trigger price cycles begin, once that is known."""
    result: Decimal = ZERO
    """What the deal that goes on has realised so far, net of fees."""
    steps_used: int = 0
    """Number of the deepest step that this cycle has filled."""
    max_steps_used: int = 0
    cycles_won: int = 0
    cycles_lost: int = 0
    cycle_profit: Decimal = ZERO
    """Of all finished cycles, net of fees."""
    last_profit: Decimal | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The entries of this cycle: the base order, then the steps."""
        return (self.base, *self.steps) if self.base is not None else ()


# how things stand


def lots_held(position: Position, instrument: Instrument) -> Decimal:
    """What of the position can be traded at all, in whole lots; always ≥ 0."""
    return instrument.round_quantity(abs(position.quantity))


def target_price(
    position: Position, config: MartingaleConfig, instrument: Instrument
) -> Decimal | None:
    """Take-profit price: the average cost × (1 + take_profit %), for a short × (1 −).

    Divided last, so that a price that lies exactly on a tick stays on it.
    """
    if not position.quantity:
        return None
    side = Side.SELL if position.quantity > ZERO else Side.BUY
    gain = ONE - side.sign * config.take_profit / HUNDRED
    cost = (position.entry_value + position.entry_fees) * gain / position.quantity
    return instrument.round_price(max(ZERO, cost), side)


def exit_quantity(
    state: MartingaleState, config: MartingaleConfig, instrument: Instrument
) -> Decimal:
    """What the take profit is for: the whole position in lots, nothing if that is too small.

    The rest of an order that has filled in part rests on, however small it is.
    """
    lots = lots_held(state.position, instrument)
    price = target_price(state.priced, config, instrument)
    if not lots or price is None:
        return ZERO
    reduces = instrument.market is MarketType.PERPETUAL
    takes = reduces or state.exit.part_filled or instrument.sellable(lots, price)
    return lots if takes else ZERO


def room_left(
    state: MartingaleState, config: MartingaleConfig, instrument: Instrument, cash: Decimal
) -> Decimal:
    """What may still be committed: the capital less what the position has cost; on spot the cash.

    Without it a base order that filled far from its price, or a position that was kept at a stop,
    would make the bot commit more than all steps were said to need.
    """
    spent = abs(state.position.entry_value) + state.position.entry_fees
    room = capital_needed(config, instrument) - spent
    return min(room, cash) if instrument.market is MarketType.SPOT else room
