"""What a martingale decides: pure functions from one state to the next, in the story's order."""

from collections.abc import Set
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.fees import fee_value, received
from nimbus_tui.accounting.position import trade
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.strategies.martingale_state import (
    BASE,
    EXIT,
    Leg,
    MartingaleState,
    exit_quantity,
    lots_held,
    room_left,
)
from nimbus_tui.strategies.martingale_steps import (
    HUNDRED,
    ZERO,
    MartingaleConfig,
    TriggerDirection,
    base_quantity,
    sized_steps,
)


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
    cycle = max(state.cycle, state.lost_cycle) + 1
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
    if not waits and not has_run_away(base, config, state.side, price):
        return state
    quantity = base.quantity
    if not base.filled:
        room = room_left(state, config, instrument, cash)
        quantity = base_quantity(config, price, instrument, room)
    changed = msgspec.structs.replace(
        base, quantity=quantity, price=instrument.round_price(price, state.side)
    )
    return msgspec.structs.replace(state, base=changed)


def base_band(
    base: Leg, config: MartingaleConfig, side: Side, live: Set[OrderKey]
) -> tuple[Decimal | None, Decimal | None]:
    """Where the price has left a base order behind: one step_percent from its own price.

    A limit one that rests is left behind on one side only; one that doesn't rest, since it is held
    back or refused, is sized anew on both.
    """
    away = base.price * config.step_percent / HUNDRED
    below, above = base.price - away, base.price + away
    if base.key not in live:
        return (below, above)
    if config.order_type is not OrderType.LIMIT:
        return (None, None)
    return (None, above) if side is Side.BUY else (below, None)


def has_run_away(base: Leg, config: MartingaleConfig, side: Side, price: Decimal) -> bool:
    """Whether the price has left a limit base order that rests behind."""
    if config.order_type is not OrderType.LIMIT:
        return False
    gone = (price - base.price) * side.sign
    return gone >= base.price * config.step_percent / HUNDRED


def absorbed(
    state: MartingaleState, fill: Fill, config: MartingaleConfig, instrument: Instrument
) -> MartingaleState:
    """Take in a fill: position, result, the leg that it belongs to, and the end of the deal."""
    fee = fee_value(fill, instrument) or ZERO
    coins = received(fill, instrument)
    before = state.position
    position, realized = trade(before, coins, fill.price, fee)
    added = before.quantity * coins >= ZERO
    state = msgspec.structs.replace(
        state,
        position=position,
        priced=position if added else state.priced,
        result=state.result + realized - (before.entry_fees + fee - position.entry_fees),
    )
    state = _booked(state, fill, coins, coins * fill.price + fee)
    if lots_held(before, instrument) and not added and not lots_held(position, instrument):
        return closed(state, fill.ts + config.cooldown_ns)
    return state


def _booked(state: MartingaleState, fill: Fill, coins: Decimal, cost: Decimal) -> MartingaleState:
    leg = next((leg for leg in (*state.legs, state.exit) if _is_part(leg, fill.key)), None)
    if leg is None:
        return state
    newest = fill.key == leg.key
    leg = msgspec.structs.replace(
        leg,
        filled=leg.filled + fill.quantity,
        value=leg.value + fill.notional,
        received=leg.received + coins,
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
    if base is None or state.entry_price is not None or not base.is_done:
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
    known = {leg.name for leg in before.steps if leg.is_done}
    return tuple(leg for leg in after.steps if leg.is_done and leg.name not in known)
