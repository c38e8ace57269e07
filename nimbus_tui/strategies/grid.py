"""Grid: buy a little lower, sell a little higher, again and again.

Base 2400, spacing 0.5 % (= 12), 3 levels a side: sells rest at 2412, 2424 and 2436, buys at 2388,
2376 and 2364. The buy at 2388 fills → a sell at 2400, one level above it; the sell at 2412 fills
→ a buy at 2400, one level below. Once the price is more than 3 × 12 away from 2400, all orders are
cancelled, and when that is final the newest price is the new base of a fresh grid.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.events import GridRebalanced
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import DesiredOrder, Order, OrderType, Side
from nimbus_tui.core.panels import LadderPanel
from nimbus_tui.core.plan import Band, Plan, View, Wake
from nimbus_tui.core.preview import Preview
from nimbus_tui.strategies.base import (
    BaseTradingStrategy,
    Problem,
    StatisticValue,
)
from nimbus_tui.strategies.grid_decisions import (
    INVENTORY,
    INVENTORY_MARGIN,
    GridOrder,
    GridState,
    absorb_fill,
    asked_again,
    cooled_down,
    cycle_of,
    fresh_orders,
    inventory_key,
    is_beyond,
    order_key,
    placed,
    recentre_limits,
    round_trip,
    seen,
    within_reach,
    would_cross,
)
from nimbus_tui.strategies.grid_fees import fee_problems
from nimbus_tui.strategies.grid_levels import (
    HUNDRED,
    ZERO,
    GridConfig,
    GridSide,
    InitialInventory,
    centred,
    level_price,
    owns_coins,
    problems,
    raw_price,
)
from nimbus_tui.strategies.grid_panel import ladder
from nimbus_tui.strategies.grid_preview import Opening, previewed

CYCLES_RECALLED = 64
"""How many cycles a power cut may have taken from the journal."""
_DAY_NS = 86_400 * NS_PER_SECOND


class GridStrategy(BaseTradingStrategy[GridConfig, GridState]):
    """The grid bot."""

    Config = GridConfig
    State = GridState
    own_cycles = True

    def initial_state(self) -> GridState:
        """Nothing placed yet."""
        self._waiting: set[OrderKey] = set()
        return GridState()

    @classmethod
    def validate(
        cls, config: GridConfig, instruments: Mapping[Symbol, Instrument]
    ) -> Sequence[Problem]:
        """What is wrong with the parameters."""
        instrument = instruments.get(config.symbol)
        return [*problems(config, instrument), *fee_problems(config, instrument)]

    @classmethod
    def required_capital(
        cls,
        config: GridConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
    ) -> Decimal:
        """Cost of all buys, and of what the sells need: both on spot, the larger on a perpetual."""
        instrument = instruments[config.symbol]
        price = config.base_price or prices[config.symbol]
        grid = centred(config, price)
        costs = {Side.BUY: ZERO, Side.SELL: ZERO}
        for order in fresh_orders(config, grid, instrument, 0):
            at = level_price(config, grid, order.level, order.side, instrument)
            costs[order.side] += order.quantity * (at if order.side is Side.BUY else price)
        fees = 1 + instrument.taker_fee
        if owns_coins(config, instrument):
            return (costs[Side.BUY] + costs[Side.SELL] * INVENTORY_MARGIN) * fees
        return max(costs.values()) * fees

    @classmethod
    def preview(
        cls,
        config: GridConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        """The ladder that it would place, what a round trip earns, what it needs and may lose."""
        instrument = instruments[config.symbol]
        capital = cls.required_capital(config, instruments, prices)
        price = config.trigger_price or prices[config.symbol]
        bot = cls(BotId("preview"), config, instruments)
        bot.plan(
            View(
                now=now,
                prices={config.symbol: price},
                live=frozenset(),
                positions={},
                cash={instrument.quote: capital},
            )
        )
        opening = Opening(
            price=price,
            newest=prices[config.symbol],
            capital=capital,
            state=bot.state,
            panel=bot.get_state(),
        )
        return previewed(opening, config, instrument)

    @property
    def instrument(self) -> Instrument:
        """The grid's one instrument."""
        return self.instruments[self.config.symbol]

    def wanted_claim(self, view: View) -> Mapping[Symbol, Decimal]:
        """With `initial_inventory = "existing"`: what the sells need of the unowned coins."""
        if self.config.initial_inventory is not InitialInventory.EXISTING:
            return {}
        price = view.prices[self.config.symbol]
        grid = centred(self.config, self.config.base_price or price)
        orders = fresh_orders(self.config, grid, self.instrument, 0)
        needed = sum((o.quantity for o in orders if o.side is Side.SELL), ZERO)
        return {self.config.symbol: min(needed, view.unowned.get(self.instrument.base, ZERO))}

    def start(self) -> None:
        """Forget the base: the next price makes a fresh grid."""
        self._change(grid=None, orders=(), recentring=False, armed=False, first_price=None)

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._change(orders=(), recentring=False)

    def handle_order_fill(self, fill: Fill) -> None:
        """Absorb a fill."""
        before = self.state
        self.state = absorb_fill(before, fill, self.config, self.instrument)
        closed = round_trip(before, self.state, fill)
        if closed is not None:
            self.close_cycle(closed)

    def handle_order_end(self, order: Order) -> None:
        """Ask again for what a part-filled order left."""
        if order.key.startswith(INVENTORY):
            self._change(inventory_part=self.state.inventory_part + 1, inventory_filled=ZERO)
        else:
            self.state = asked_again(self.state, order, self.instrument)

    def likely_keys(self) -> Iterable[OrderKey]:
        """What is wanted but may wait, then every level under the next cycles."""
        yield from (order.key for order in self.state.orders)
        levels = range(-self.config.levels, self.config.levels + 1)
        first = self.state.cycle + 1
        for cycle in range(first, first + CYCLES_RECALLED):
            yield from (order_key(level, cycle) for level in levels)

    def recall(self, key: OrderKey) -> None:
        """Cycles up to that of a lost order are never used again."""
        self._change(cycle=max(self.state.cycle, cycle_of(key)))

    def handle_price_update(self, price: Quote) -> None:
        """Look whether the price has left the range or reached the recentre limit."""
        if self.state.grid is None:
            return
        self._count_time(price)
        limits = recentre_limits(self.config, self.state.grid)
        if is_beyond(limits, price.price) and cooled_down(self.state, self.config, price.ts):
            self._change(recentring=True)

    def plan(self, view: View) -> Plan:
        """Place, follow or keep the grid."""
        price = view.prices[self.config.symbol]
        if not self._is_armed(price):
            return Plan((), Wake({self.config.symbol: self._trigger_band()}))
        if self.state.recentring and view.live:
            return Plan((), Wake(settled=True))
        if self.state.grid is None or self.state.recentring:
            self._place(view, price)
        wishes = self._wishes(view, price)
        return Plan(wishes, Wake({self.config.symbol: self._band(price)}))

    def update_config(self, config: GridConfig) -> None:
        """Go on; when the levels or sizes change, cancel all and place a fresh grid."""
        kept = {"stop_loss", "take_profit", "stop_loss_price", "take_profit_price", "reinvest"}
        changed = {
            f for f in config.__struct_fields__ if getattr(config, f) != getattr(self.config, f)
        }
        self.config = config
        if changed - kept - {"recenter_cooldown", "recenter"} and self.state.grid is not None:
            self._change(recentring=True)

    def get_state(self) -> LadderPanel:
        """The ladder, highest level first."""
        return ladder(self.state, self.config, self.instrument, self._waiting)

    def get_statistics(self) -> Mapping[str, StatisticValue]:
        """Round trips, grid profit, profit per day, APR, time in range, inventory."""
        state = self.state
        lived = state.seen_at - state.started_at
        per_day = state.grid_profit * _DAY_NS / lived if lived >= NS_PER_SECOND * 60 else None
        apr = None
        if per_day is not None and state.grid is not None:
            capital = self.required_capital(
                self.config, self.instruments, {self.config.symbol: state.grid.base}
            )
            apr = per_day * 365 * HUNDRED / capital if capital else None
        return {
            "round_trips": state.round_trips,
            "grid_profit": state.grid_profit,
            "profit_per_day": _rounded(per_day),
            "apr_percent": _rounded(apr),
            "time_in_range": _rounded(Decimal(state.in_range_ns) / lived) if lived > 0 else None,
            "inventory": state.inventory,
            "base_price": state.grid.base if state.grid else None,
            "dust": state.dust_bought - state.dust_sold,
        }

    # details

    def _change(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    def _is_armed(self, price: Decimal) -> bool:
        """Without a trigger at once, else once the price has come to it from where it was first."""
        state, trigger = self.state, self.config.trigger_price
        if state.armed or trigger is None:
            if not state.armed:
                self._change(armed=True)
            return True
        first = state.first_price if state.first_price is not None else price
        reached = price >= trigger if first <= trigger else price <= trigger
        if reached and state.first_price is None and price != trigger:
            reached = False
        self._change(armed=reached, first_price=first)
        return reached

    def _trigger_band(self) -> Band:
        trigger, first = self.config.trigger_price, self.state.first_price
        if trigger is None or first is None:
            return (None, None)
        return (None, trigger) if first <= trigger else (trigger, None)

    def _place(self, view: View, price: Decimal) -> None:
        """Centre the grid; the very first time also ask for the inventory that the sells need."""
        old = self.state.grid
        first = old is None
        base = self.config.base_price if first and self.config.base_price is not None else price
        self.state = placed(self.state, self.config, self.instrument, base, view.now)
        grid = self.state.grid
        if old is not None and grid is not None:
            moved = GridRebalanced(symbol=self.config.symbol, old_base=old.base, new_base=grid.base)
            self.announce(moved)
        if first:
            wanted = self._inventory_needed(view)
            part = self.state.inventory_part + bool(wanted)
            self._change(inventory_wanted=wanted, inventory_part=part, inventory_filled=ZERO)

    def _inventory_needed(self, view: View) -> Decimal:
        """What the exits of a one-sided grid need beyond what is held, in base, rounded up."""
        exits = Side.BUY if self.config.side is GridSide.SHORT else Side.SELL
        one_sided = self.config.side is GridSide.SHORT or owns_coins(self.config, self.instrument)
        if self.config.initial_inventory is not InitialInventory.BUY or not one_sided:
            return ZERO
        needed = sum((o.quantity for o in self.state.orders if o.side is exits), ZERO)
        missing = needed - abs(view.positions.get(self.config.symbol, ZERO))
        return self.instrument.round_quantity_up(max(ZERO, missing))

    def _wishes(self, view: View, price: Decimal) -> tuple[DesiredOrder, ...]:
        """Every order of the grid but those that would cross or that nothing is there for."""
        wishes = [self._wish(order, view, price) for order in self._nearest_first(price)]
        reached = self._reached(view, wishes)
        crossing = {
            order.key
            for order in self.state.orders
            if self.config.post_only
            and order.key not in view.live
            and would_cross(order, self._price(order), price)
        }
        rest = [wish for wish in wishes if wish.key in reached and wish.key not in crossing]
        self._waiting = {wish.key for wish in wishes} - {wish.key for wish in rest}
        first = self._inventory_wish()
        return (first, *rest) if first is not None else tuple(rest)

    def _reached(self, view: View, wishes: Sequence[DesiredOrder]) -> set[OrderKey]:
        filled = {order.key: order.filled for order in self.state.orders}
        held = view.positions.get(self.config.symbol, ZERO)
        cash = view.cash.get(self.instrument.quote, ZERO)
        if self.config.side is GridSide.SHORT:
            mirrored = [wish for wish in wishes if wish.side is Side.BUY]
            left, covered = -held, set()
            for wish in mirrored:
                left -= wish.quantity - filled[wish.key]
                if left >= ZERO:
                    covered.add(wish.key)
            return covered | {wish.key for wish in wishes if wish.side is Side.SELL}
        if not owns_coins(self.config, self.instrument):
            return {wish.key for wish in wishes}
        return within_reach(wishes, filled, held, cash, self.instrument.taker_fee)

    def _nearest_first(self, price: Decimal) -> list[GridOrder]:
        return sorted(self.state.orders, key=lambda order: abs(self._price(order) - price))

    def _wish(self, order: GridOrder, view: View, price: Decimal) -> DesiredOrder:
        exits = Side.BUY if self.config.side is GridSide.SHORT else Side.SELL
        one_sided = self.config.side is not GridSide.NEUTRAL
        perpetual = self.instrument.market is MarketType.PERPETUAL
        return DesiredOrder(
            key=order.key,
            symbol=self.config.symbol,
            side=order.side,
            price=self._price(order),
            quantity=order.quantity,
            post_only=self.config.post_only,
            reduce_only=one_sided and perpetual and order.side is exits,
        )

    def _price(self, order: GridOrder) -> Decimal:
        if self.state.grid is None:
            return ZERO
        return level_price(self.config, self.state.grid, order.level, order.side, self.instrument)

    def _inventory_wish(self) -> DesiredOrder | None:
        quantity = self.instrument.round_quantity(self.state.inventory_wanted)
        if not quantity:
            return None
        short = self.config.side is GridSide.SHORT
        return DesiredOrder(
            key=inventory_key(self.state.inventory_part),
            symbol=self.config.symbol,
            side=Side.SELL if short else Side.BUY,
            quantity=quantity + self.state.inventory_filled,
            type=OrderType.MARKET,
        )

    def _band(self, price: Decimal) -> Band:
        """The nearest prices at which there is something to decide."""
        grid = self.state.grid
        if grid is None:
            return (None, None)
        limits = recentre_limits(self.config, grid)
        if is_beyond(limits, price):
            return (price, price)
        below, above = [limits[0]], [limits[1]]
        for edge in (
            raw_price(self.config, grid, grid.lowest),
            raw_price(self.config, grid, grid.highest),
        ):
            (below if edge < price else above).append(edge)
        for order in self.state.orders:
            if order.key in self._waiting and would_cross(order, self._price(order), price):
                (above if order.side is Side.BUY else below).append(self._price(order))
        return (
            max((edge for edge in below if edge is not None), default=None),
            min((edge for edge in above if edge is not None), default=None),
        )

    def _count_time(self, quote: Quote) -> None:
        grid = self.state.grid
        if grid is None:
            return
        low = raw_price(self.config, grid, grid.lowest)
        high = raw_price(self.config, grid, grid.highest)
        self.state = seen(self.state, quote.ts)
        self._change(in_range=low <= quote.price <= high)


def _rounded(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(Decimal("0.0001"))
