"""What a martingale decides: pure functions in the order of the story, and the state they pass on.

A *leg* is one thing that is to be traded: the base order, a safety step, the take profit. An order
that ends with a part filled spends its key, and the leg goes on under the next part.
"""

from collections.abc import Set
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.position import Position, trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.strategies.base import StrategyState
from nimbus_tui.strategies.martingale_steps import (
    HUNDRED,
    ONE,
    ZERO,
    MartingaleConfig,
    TriggerDirection,
    base_quantity,
    capital_needed,
    sized_steps,
)

PREFIX = "martingale"
BASE = "base"
EXIT = "tp"


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
        return self.filled >= self.quantity

    @property
    def wanted(self) -> Decimal:
        """Quantity of the order of this part, its filled part included."""
        return self.part_filled + self.rest


class MartingaleState(StrategyState, frozen=True, kw_only=True):
    """What a martingale remembers."""

    cycle: int = 0
    """Number of the newest cycle; never used twice."""
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


# decisions, in the order of the story


def with_trigger(
    state: MartingaleState, config: MartingaleConfig, price: Decimal
) -> MartingaleState:
    """Settle on which side of the trigger cycles begin: the side that the price is not on yet."""
    if config.trigger_price is None or state.trigger_direction is not None:
        return state
    above = price < config.trigger_price
    away = TriggerDirection.ABOVE if above else TriggerDirection.BELOW
    return msgspec.structs.replace(state, trigger_direction=config.trigger_direction or away)


def is_triggered(state: MartingaleState, config: MartingaleConfig, price: Decimal) -> bool:
    """Whether the price is where cycles may begin."""
    if config.trigger_price is None:
        return True
    if state.trigger_direction is TriggerDirection.ABOVE:
        return price >= config.trigger_price
    return price <= config.trigger_price


def begun(
    state: MartingaleState,
    config: MartingaleConfig,
    instrument: Instrument,
    price: Decimal,
    cash: Decimal,
) -> MartingaleState:
    """A new cycle: its base order, sized at this price.

    Nothing begins while a position of the other side is held, or one that leaves no capital; that
    is exited first.
    """
    side = config.side.entry
    quantity = base_quantity(config, price, instrument, room_left(state, config, instrument, cash))
    held = exit_quantity(state, config, instrument)
    opposite = state.position.quantity * side.sign < ZERO
    if held and (opposite or not instrument.sellable(quantity, price)):
        return state
    cycle = state.cycle + 1
    return msgspec.structs.replace(
        state,
        cycle=cycle,
        side=side,
        base=Leg(
            name=BASE,
            cycle=cycle,
            quantity=quantity,
            price=instrument.round_price(price, side),
        ),
        exit=state.exit if held else Leg(name=EXIT, cycle=cycle),
        carried=state.position,
        entry_price=None,
        steps=(),
        steps_used=0,
    )


def refreshed_base(
    state: MartingaleState,
    config: MartingaleConfig,
    instrument: Instrument,
    price: Decimal,
    cash: Decimal,
    live: Set[OrderKey],
) -> MartingaleState:
    """Size a base order that has not left yet at the newest price; let a limit one follow it."""
    base = state.base
    if base is None or base.is_done:
        return state
    waits = base.key not in live
    runs = config.order_type is OrderType.LIMIT and has_run_away(base, config, state.side, price)
    if not waits and not runs:
        return state
    quantity = base.quantity
    if not base.filled:
        room = room_left(state, config, instrument, cash)
        quantity = base_quantity(config, price, instrument, room)
    changed = msgspec.structs.replace(
        base, quantity=quantity, price=instrument.round_price(price, state.side)
    )
    return msgspec.structs.replace(state, base=changed)


def run_away_price(base: Leg, config: MartingaleConfig, side: Side) -> Decimal:
    """Where a limit base order gives up its price: one step_percent away from it."""
    return base.price * (ONE + side.sign * config.step_percent / HUNDRED)


def has_run_away(base: Leg, config: MartingaleConfig, side: Side, price: Decimal) -> bool:
    """Whether the price has left a limit base order behind."""
    return (price - run_away_price(base, config, side)) * side.sign >= ZERO


def absorbed(
    state: MartingaleState, fill: Fill, config: MartingaleConfig, instrument: Instrument
) -> MartingaleState:
    """Take in a fill: position, result, the leg that it belongs to, and the end of the deal."""
    base_fee = fill.fee if fill.fee_asset == instrument.base else ZERO
    fee = base_fee * fill.price if base_fee else fill.fee
    received = fill.signed_quantity - base_fee
    before = state.position
    position, realized = trade(before, received, fill.price, fee)
    added = before.quantity * received >= ZERO
    state = msgspec.structs.replace(
        state,
        position=position,
        priced=position if added else state.priced,
        result=state.result + realized - (before.entry_fees + fee - position.entry_fees),
    )
    state = _booked(state, fill, received, received * fill.price + fee)
    if lots_held(before, instrument) and not added and not lots_held(position, instrument):
        return closed(state, fill.ts + config.cooldown_ns)
    return state


def _booked(
    state: MartingaleState, fill: Fill, received: Decimal, cost: Decimal
) -> MartingaleState:
    leg = next((leg for leg in (*state.legs, state.exit) if _is_part(leg, fill.key)), None)
    if leg is None:
        return state
    newest = fill.key == leg.key
    leg = msgspec.structs.replace(
        leg,
        filled=leg.filled + fill.quantity,
        value=leg.value + fill.notional,
        received=leg.received + received,
        cost=leg.cost + cost,
        part_filled=leg.part_filled + (fill.quantity if newest else ZERO),
    )
    return with_leg(state, leg)


def _is_part(leg: Leg, key: OrderKey | None) -> bool:
    first = leg.key_of(1)
    return key is not None and (key == first or key.startswith(f"{first}/p"))


def with_leg(state: MartingaleState, leg: Leg) -> MartingaleState:
    """The state with one leg replaced."""
    if leg.name == EXIT:
        return msgspec.structs.replace(state, exit=leg)
    if leg.name == BASE:
        return msgspec.structs.replace(state, base=leg)
    used = max(state.steps_used, int(leg.name))
    return msgspec.structs.replace(
        state,
        steps=tuple(leg if known.name == leg.name else known for known in state.steps),
        steps_used=used if leg.filled else state.steps_used,
        max_steps_used=max(state.max_steps_used, used if leg.filled else 0),
    )


def with_steps(
    state: MartingaleState, config: MartingaleConfig, instrument: Instrument, cash: Decimal
) -> MartingaleState:
    """Once the base order is done its average price is the entry; it fixes all safety orders."""
    base = state.base
    if base is None or state.entry_price is not None or not base.filled or not base.is_done:
        return state
    entry = base.value / base.filled
    room = room_left(state, config, instrument, cash)
    planned = sized_steps(config, state.side, entry, instrument, room)
    return msgspec.structs.replace(
        state,
        entry_price=entry,
        steps=tuple(
            Leg(name=str(step.step), cycle=state.cycle, quantity=step.quantity, price=step.price)
            for step in planned
        ),
    )


def next_parts(
    state: MartingaleState, instrument: Instrument, live: Set[OrderKey], price: Decimal
) -> MartingaleState:
    """A leg whose order ended with a part filled goes on under the next part of its key.

    What is left of an entry but too small to be an order is given up; the take profit's size
    follows the position.
    """
    for leg in (*state.legs, state.exit):
        if not leg.part_filled or leg.key in live or (leg.name != EXIT and leg.is_done):
            continue
        at_market = leg.name == BASE
        if leg.name == EXIT or instrument.sellable(leg.rest, price if at_market else leg.price):
            leg = msgspec.structs.replace(leg, part=leg.part + 1, part_filled=ZERO)
        else:
            leg = msgspec.structs.replace(leg, quantity=leg.filled)
        state = with_leg(state, leg)
    return state


def is_stuck(
    state: MartingaleState,
    config: MartingaleConfig,
    instrument: Instrument,
    live: Set[OrderKey],
) -> bool:
    """Whether the take profit has sold all but a rest that the venue takes no order for."""
    return (
        state.entry_price is not None
        and state.exit.filled > ZERO
        and state.exit.key not in live
        and not exit_quantity(state, config, instrument)
    )


def closed(state: MartingaleState, next_cycle_at: int) -> MartingaleState:
    """The position is closed: count the cycle; its other orders are wanted no more."""
    won = state.result > ZERO
    return msgspec.structs.replace(
        without_cycle(state),
        next_cycle_at=next_cycle_at,
        cycles_won=state.cycles_won + won,
        cycles_lost=state.cycles_lost + (not won),
        cycle_profit=state.cycle_profit + state.result,
        last_profit=state.result,
        result=ZERO,
    )


def without_cycle(state: MartingaleState) -> MartingaleState:
    """No entry is wanted any more; the position and the take profit stay as they are."""
    return msgspec.structs.replace(state, base=None, entry_price=None, steps=())


def newly_done(before: MartingaleState, after: MartingaleState) -> tuple[Leg, ...]:
    """The safety steps that have filled between two states of one cycle, nearest first."""
    known = {leg.name for leg in before.steps if leg.is_done and leg.filled}
    return tuple(leg for leg in after.steps if leg.is_done and leg.filled and leg.name not in known)
