"""What a grid decides: pure functions in the order of the story, and the state they pass on."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.accounting.cycles import Cycle
from nimbus_tui.accounting.fees import fee_value, received
from nimbus_tui.accounting.position import cost_share
from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import DesiredOrder, Order, Side
from nimbus_tui.core.plan import Band
from nimbus_tui.strategies.base import (
    StrategyState,
)
from nimbus_tui.strategies.grid_levels import (
    ZERO,
    Grid,
    GridConfig,
    Recenter,
    centred,
    level_price,
    level_quantity,
    owns_coins,
    raw_price,
)

INVENTORY = "grid/inventory"
INVENTORY_MARGIN = Decimal("1.01")
"""The first purchase happens at the next price, not at this one: keep so much more cash for it."""


def order_key(level: int, cycle: int) -> OrderKey:
    """Why an order exists: its level, and a number that no other order of the bot ever has."""
    sign = f"{level:+d}" if level else "0"
    return OrderKey(f"grid/{sign}/c{cycle}")


def cycle_of(key: OrderKey) -> int:
    """The cycle in a level order's key; 0 in any other key."""
    number = key.rpartition("/c")[2]
    return int(number) if number.isdecimal() else 0


class GridOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order that the grid wants on a level; `quantity` includes what has filled."""

    level: int
    side: Side
    cycle: int
    quantity: Decimal
    filled: Decimal = ZERO
    uncountered: Decimal = ZERO
    """What has filled and got no counter order yet, since it is too small for one."""

    @property
    def key(self) -> OrderKey:
        """E.g. `grid/+2/c7`."""
        return order_key(self.level, self.cycle)


class Lot(msgspec.Struct, frozen=True):
    """An entry since the (re)centre that no exit has matched yet; quantity is signed."""

    quantity: Decimal
    price: Decimal
    fee: Decimal
    """In quote, for the whole lot."""
    opened_ns: int = 0


class GridState(StrategyState, frozen=True, kw_only=True):
    """What a grid remembers."""

    grid: Grid | None = None
    armed: bool = False
    """Whether the trigger price has been reached (or there is none)."""
    first_price: Decimal | None = None
    cycle: int = 0
    first_cycle: int = 0
    """The cycle of the grid that is placed now; older fills get no counter order."""
    orders: tuple[GridOrder, ...] = ()
    recentring: bool = False
    centred_at: int = 0
    lots: tuple[Lot, ...] = ()
    dust_bought: Decimal = ZERO
    """Bought in pieces too small to sell on their own; goes with the next counter sell."""
    dust_sold: Decimal = ZERO
    reinvestable: Decimal = ZERO
    inventory_wanted: Decimal = ZERO
    """Of the first purchase (or, short, sale): what is still to be filled."""
    inventory_part: int = 0
    inventory_filled: Decimal = ZERO
    """Of its newest part: what is filled, since a key's quantity includes that."""
    round_trips: int = 0
    grid_profit: Decimal = ZERO
    level_fills: dict[int, int] = msgspec.field(default_factory=dict)
    level_profit: dict[int, Decimal] = msgspec.field(default_factory=dict)
    started_at: int = 0
    seen_at: int = 0
    in_range: bool = True
    in_range_ns: int = 0

    @property
    def inventory(self) -> Decimal:
        """Net bought since the (re)centre."""
        return sum((lot.quantity for lot in self.lots), ZERO)


# decisions, in the order of the story


def seen(state: GridState, ts: int) -> GridState:
    """Count the time since the last look as in or out of the range."""
    passed = max(0, ts - state.seen_at) if state.seen_at else 0
    return msgspec.structs.replace(
        state,
        seen_at=max(state.seen_at, ts),
        in_range_ns=state.in_range_ns + (passed if state.in_range else 0),
    )


def placed(
    state: GridState, config: GridConfig, instrument: Instrument, price: Decimal, now: int
) -> GridState:
    """A fresh grid around a price; inventory counts from here, running totals go on."""
    grid = centred(config, price)
    cycle = state.cycle + 1
    return msgspec.structs.replace(
        state,
        grid=grid,
        cycle=cycle,
        first_cycle=cycle,
        orders=fresh_orders(config, grid, instrument, cycle),
        recentring=False,
        centred_at=now,
        lots=(),
        level_fills={},
        level_profit={},
        started_at=state.started_at or now,
        seen_at=max(state.seen_at, now),
        in_range=True,
    )


def fresh_orders(
    config: GridConfig, grid: Grid, instrument: Instrument, cycle: int
) -> tuple[GridOrder, ...]:
    """Sells above and buys below level 0, each of its size; what is too small is left out."""
    orders = []
    for level in grid.levels:
        side = Side.SELL if level > 0 else Side.BUY
        price = level_price(config, grid, level, side, instrument)
        if level == 0 or price <= ZERO:
            continue
        quantity = level_quantity(config, level, price, instrument)
        if instrument.sellable(quantity, price):
            orders.append(GridOrder(level=level, side=side, cycle=cycle, quantity=quantity))
    return tuple(orders)


def counter_level(order: GridOrder) -> int:
    """A bought level is sold one level higher, a sold level bought back one level lower."""
    return order.level + order.side.sign


def inventory_key(part: int) -> OrderKey:
    """The key of a part of the first purchase."""
    return OrderKey(INVENTORY if part == 1 else f"{INVENTORY}/p{part}")


def absorb_fill(
    state: GridState, fill: Fill, config: GridConfig, instrument: Instrument
) -> GridState:
    """Take in a fill: inventory, profit, and the counter order if the grid still stands."""
    state = seen(state, fill.ts)
    if fill.key is not None and fill.key.startswith(INVENTORY):
        left = max(ZERO, state.inventory_wanted - fill.quantity)
        own = fill.key == inventory_key(state.inventory_part)
        filled = state.inventory_filled + (fill.quantity if own else ZERO)
        return msgspec.structs.replace(state, inventory_wanted=left, inventory_filled=filled)
    quantity, fee = received(fill, instrument), fee_value(fill, instrument) or ZERO
    order = next((order for order in state.orders if order.key == fill.key), None)
    current = order is not None and order.cycle >= state.first_cycle
    lots, profit, closed = matched(state.lots, Lot(quantity, fill.price, fee, fill.ts))
    state = msgspec.structs.replace(
        state,
        lots=lots,
        round_trips=state.round_trips + closed,
        grid_profit=state.grid_profit + profit,
        reinvestable=state.reinvestable + max(ZERO, profit) * config.reinvest,
    )
    if order is None or not current:
        return state
    state = _with_level_figures(state, order.level, profit)
    return _with_counter(state, order, fill.quantity, abs(quantity), config, instrument)


def matched(lots: tuple[Lot, ...], trade: Lot) -> tuple[tuple[Lot, ...], Decimal, bool]:
    """Match a fill with the newest opposite lots; what matches none is a lot of its own.

    Returns the lots afterwards, the profit net of both fees, and whether the fill brought the
    inventory back towards zero: a round trip.
    """
    left, rest_fee, profit = trade.quantity, trade.fee, ZERO
    open_lots = list(lots)
    closed = False
    while left and open_lots and open_lots[-1].quantity * left < 0:
        lot = open_lots.pop()
        size = min(abs(left), abs(lot.quantity)).copy_sign(lot.quantity)
        entry_fee = cost_share(lot.fee, size, lot.quantity)
        exit_fee = cost_share(rest_fee, size, -left)
        profit += (trade.price - lot.price) * size - entry_fee - exit_fee
        closed = True
        if size != lot.quantity:
            rest = lot.quantity - size
            open_lots.append(Lot(rest, lot.price, lot.fee - entry_fee, lot.opened_ns))
        left += size
        rest_fee -= exit_fee
    if left:
        open_lots.append(Lot(left, trade.price, rest_fee, trade.opened_ns))
    return tuple(open_lots), profit, closed


def round_trip(before: GridState, after: GridState, fill: Fill) -> Cycle | None:
    """What a fill has closed, from the earliest of the lots that it was matched with."""
    if after.round_trips == before.round_trips:
        return None
    kept = sum(old is new for old, new in zip(before.lots, after.lots, strict=False))
    result = after.grid_profit - before.grid_profit
    return Cycle(fill.symbol, before.lots[kept].opened_ns, fill.ts, result)


def _with_level_figures(state: GridState, level: int, profit: Decimal) -> GridState:
    fills = {**state.level_fills, level: state.level_fills.get(level, 0) + 1}
    profits = {**state.level_profit, level: state.level_profit.get(level, ZERO) + profit}
    return msgspec.structs.replace(state, level_fills=fills, level_profit=profits)


def _with_counter(
    state: GridState,
    order: GridOrder,
    filled: Decimal,
    received: Decimal,
    config: GridConfig,
    instrument: Instrument,
) -> GridState:
    """Count the fill on its order; what is large enough gets a counter order, the rest waits."""
    if state.grid is None:
        return state
    bought = order.side is Side.BUY
    dust = state.dust_bought if bought else state.dust_sold
    due = order.uncountered + received + dust
    level, side = counter_level(order), order.side.opposite
    price = level_price(config, state.grid, level, side, instrument)
    grown = state.reinvestable / price if _may_grow(config, instrument, side) else ZERO
    quantity = instrument.round_quantity(due + grown)
    done = order.filled + filled >= order.quantity
    others = tuple(other for other in state.orders if other.key != order.key)
    if instrument.sellable(quantity, price):
        counter = GridOrder(level=level, side=side, cycle=state.cycle + 1, quantity=quantity)
        others = (*others, counter)
        spent = max(ZERO, quantity - due) * price
        kept = max(ZERO, due - quantity)
        state = msgspec.structs.replace(
            state, cycle=state.cycle + 1, reinvestable=state.reinvestable - spent
        )
        waiting = ZERO
    else:
        waiting, kept = (ZERO, due) if done else (due - dust, dust)
    if not done:
        left = msgspec.structs.replace(order, filled=order.filled + filled, uncountered=waiting)
        others = (*others, left)
    dusty = {"dust_bought" if bought else "dust_sold": kept}
    return msgspec.structs.replace(state, orders=others, **dusty)


def _may_grow(config: GridConfig, instrument: Instrument, side: Side) -> bool:
    """Profit is in quote: where coins must be owned it can only grow what is bought."""
    return bool(config.reinvest) and (side is Side.BUY or not owns_coins(config, instrument))


def asked_again(state: GridState, order: Order, instrument: Instrument) -> GridState:
    """An order ended with a part filled: ask for the rest under a new cycle."""
    ended = next((known for known in state.orders if known.key == order.key), None)
    if ended is None:
        return state
    others = tuple(other for other in state.orders if other is not ended)
    rest = instrument.round_quantity(max(ZERO, ended.quantity - ended.filled))
    if order.price is None or not instrument.sellable(rest, order.price):
        bought = ended.side is Side.BUY
        name, dust = (
            ("dust_bought", state.dust_bought) if bought else ("dust_sold", state.dust_sold)
        )
        return msgspec.structs.replace(state, orders=others, **{name: dust + ended.uncountered})
    again = msgspec.structs.replace(ended, cycle=state.cycle + 1, quantity=rest, filled=ZERO)
    return msgspec.structs.replace(state, cycle=state.cycle + 1, orders=(*others, again))


def recentre_limits(config: GridConfig, grid: Grid) -> Band:
    """The unrounded prices of the outermost levels, on the sides where the grid may move."""
    if config.policy is Recenter.HOLD:
        return (None, None)
    above = raw_price(config, grid, grid.highest)
    below = raw_price(config, grid, grid.lowest)
    return (below if config.policy is Recenter.FOLLOW else None, above)


def is_beyond(limits: Band, price: Decimal) -> bool:
    """Whether a price is strictly outside the recentre limits."""
    below, above = limits
    return (below is not None and price < below) or (above is not None and price > above)


def cooled_down(state: GridState, config: GridConfig, now: int) -> bool:
    """Whether the last (re)centre is long enough ago for another."""
    return now - state.centred_at >= config.recenter_cooldown * NS_PER_SECOND


def would_cross(order: GridOrder, price: Decimal, newest: Decimal) -> bool:
    """Whether an order would take instead of rest."""
    return price >= newest if order.side is Side.BUY else price <= newest


def within_reach(
    wishes: Sequence[DesiredOrder],
    filled: Mapping[OrderKey, Decimal],
    held: Decimal,
    cash: Decimal,
    fee: Decimal,
) -> set[OrderKey]:
    """Which orders the coins held and the cash cover, nearest first on each side."""
    reached = set()
    for wish in wishes:
        left = wish.quantity - filled.get(wish.key, ZERO)
        price = wish.price or ZERO
        if wish.side is Side.SELL:
            held -= left
            if held >= ZERO:
                reached.add(wish.key)
        else:
            cash -= left * price * (1 + fee)
            if cash >= ZERO:
                reached.add(wish.key)
    return reached
