"""Martingale: a base order, then ever larger safety orders against it, closed at a small gain.

Base 100 at 150, multiplier 2, steps of 1.5 % that widen by 1.2: safety orders of 200 at 147.75
(1.5 % below), 400 at 145.05 (3.3 %) and 800 at 141.81 (5.46 %) rest at once. The take profit for
the whole position rests 1 % above its average cost and moves down with every safety order that
fills. Once it has filled, the other orders go, and after the cooldown a new cycle begins.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from nimbus_tui.core.events import MartingaleTriggered, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import DesiredOrder, Order, OrderType, Side
from nimbus_tui.core.panels import RowState, StepsPanel
from nimbus_tui.core.plan import Band, Plan, View, Wake
from nimbus_tui.core.preview import Preview
from nimbus_tui.strategies.base import BaseTradingStrategy, Problem, StatisticValue
from nimbus_tui.strategies.martingale_decisions import (
    absorbed,
    base_band,
    begun,
    closed,
    is_stuck,
    is_triggered,
    newly_done,
    next_parts,
    refreshed_base,
    with_steps,
    with_trigger,
    without_cycle,
)
from nimbus_tui.strategies.martingale_rows import (
    preview_of,
    rounded,
    step_rows,
    stop_price,
    unpriced_preview,
)
from nimbus_tui.strategies.martingale_state import (
    Leg,
    MartingaleState,
    cycle_of,
    exit_quantity,
    keys_ahead,
    lots_held,
    target_price,
)
from nimbus_tui.strategies.martingale_steps import (
    ZERO,
    MartingaleConfig,
    TriggerDirection,
    capital_needed,
    problems,
)


class MartingaleStrategy(BaseTradingStrategy[MartingaleConfig, MartingaleState]):
    """The martingale bot."""

    Config = MartingaleConfig
    State = MartingaleState
    risk_shorthands: ClassVar[frozenset[str]] = frozenset({"stop_loss", "stop_loss_price"})
    """Its `take_profit` is an order that rests, not the risk rule."""

    def initial_state(self) -> MartingaleState:
        """No cycle yet."""
        return MartingaleState()

    @classmethod
    def validate(
        cls, config: MartingaleConfig, instruments: Mapping[Symbol, Instrument]
    ) -> Sequence[Problem]:
        """What is wrong with the parameters."""
        return problems(config, instruments.get(config.symbol))

    @classmethod
    def required_capital(
        cls,
        config: MartingaleConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
    ) -> Decimal:
        """All steps with fees; sizes are in quote, so no price matters."""
        return capital_needed(config, instruments[config.symbol])

    @classmethod
    def preview(
        cls,
        config: MartingaleConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        """The whole ladder from the price of now; without a price only what it needs."""
        instrument = instruments[config.symbol]
        price = prices.get(config.symbol)
        if price is not None:
            return preview_of(config, instrument, price)
        return unpriced_preview(config, instrument)

    @property
    def instrument(self) -> Instrument:
        """The bot's one instrument."""
        return self.instruments[self.config.symbol]

    def start(self) -> None:
        """Begin a fresh cycle at once; a position that was kept goes with it."""
        self.state = without_cycle(self.state)
        self._change(next_cycle_at=0, trigger_direction=None)

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self.state = without_cycle(self.state)

    def handle_order_fill(self, fill: Fill) -> None:
        """Absorb a fill, and tell of each safety order that is done."""
        before = self.state
        self.state = absorbed(before, fill, self.config, self.instrument)
        self._announce_steps(before)

    def handle_order_end(self, order: Order) -> None:
        """Nothing to do here: the next plan sees which part has ended and asks for the next."""

    def likely_keys(self) -> Iterable[OrderKey]:
        """Every leg of the next cycles, in parts."""
        return keys_ahead(self.state, self.config.max_steps)

    def recall(self, key: OrderKey) -> None:
        """The cycle of a lost order is never begun again; what it bought joins the position."""
        if (cycle := cycle_of(key)) > self.state.cycle:
            self._change(lost_cycle=max(self.state.lost_cycle, cycle))

    def plan(self, view: View) -> Plan:
        """Keep the cycle's orders, or wait for the next cycle."""
        self._advance(view)
        others = view.live - {self.state.exit.key}
        if self.state.base is None and others:
            return Plan((), Wake(settled=True))
        if self.state.base is None and self._may_begin(view):
            self.state = begun(self.state, self.config, self.instrument, *self._means(view))
        orders = [self._entry(leg) for leg in self.state.legs if not leg.is_done]
        return Plan((*self._exit(), *orders), self._wake(view))

    def update_config(self, config: MartingaleConfig) -> None:
        """Go on; the take profit moves at once, new sizes and distances count from the next cycle.

        A new trigger is looked at afresh.
        """
        old, self.config = self.config, config
        if (old.trigger_price, old.trigger_direction) != (
            config.trigger_price,
            config.trigger_direction,
        ):
            self._change(trigger_direction=None)

    def get_state(self) -> StepsPanel:
        """The ladder of this cycle with its exits."""
        state, instrument = self.state, self.instrument
        wanted = exit_quantity(state, self.config, instrument)
        cost = state.position.average_cost if lots_held(state.position, instrument) else None
        return StepsPanel(
            rows=step_rows(state.legs, state.carried, self.config, state.side, instrument),
            side=state.side,
            cycle=state.cycle,
            entry_price=rounded(state.entry_price),
            average_cost=rounded(cost),
            target_price=target_price(state.priced, self.config, instrument) if wanted else None,
            target_quantity=wanted,
            target_key=state.exit.key if wanted else None,
            target_state=RowState.WANTED if wanted else RowState.EMPTY,
            stop_price=rounded(stop_price(self.config, cost, state.side)) if cost else None,
            capital=capital_needed(self.config, instrument),
            next_cycle=state.next_cycle_at or None if state.base is None else None,
            note=self._note(),
        )

    def get_statistics(self) -> Mapping[str, StatisticValue]:
        """Cycles and what they earned, how deep they went, what is in use."""
        state, instrument = self.state, self.instrument
        position = state.position
        held = lots_held(position, instrument)
        wanted = exit_quantity(state, self.config, instrument)
        return {
            "round_trips": state.cycles_won + state.cycles_lost,
            "cycle": state.cycle,
            "cycles_won": state.cycles_won,
            "cycles_lost": state.cycles_lost,
            "cycle_profit": state.cycle_profit,
            "last_cycle_profit": state.last_profit,
            "steps_used": state.steps_used,
            "max_steps_used": state.max_steps_used,
            "entry_price": rounded(state.entry_price),
            "take_profit_price": (
                target_price(state.priced, self.config, instrument) if wanted else None
            ),
            "capital_in_use": abs(position.entry_value) + position.entry_fees,
            "capital_needed": capital_needed(self.config, instrument),
            "dust": abs(position.quantity) - held,
        }

    # details

    def _change(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    def _means(self, view: View) -> tuple[Decimal, Decimal]:
        """The newest price, and the cash that is left."""
        return (
            view.prices[self.config.symbol],
            view.cash.get(self.instrument.quote, ZERO),
        )

    def _advance(self, view: View) -> None:
        """Bring the cycle to where it stands: parts, base order, steps, and its end."""
        before, instrument = self.state, self.instrument
        price, cash = self._means(view)
        state = next_parts(before, instrument, view.live, price)
        state = refreshed_base(state, self.config, instrument, price, cash, view.live)
        state = with_steps(state, self.config, instrument, cash)
        self.state = with_trigger(state, self.config, price)
        self._announce_steps(before)
        self._warn_of_missing_steps(before)
        if is_stuck(self.state, self.config, instrument, view.live):
            rest = lots_held(self.state.position, instrument)
            self.announce(
                Warning(
                    message=f"cycle {self.state.cycle} ends with {rest:f} {instrument.base} left: "
                    f"less than the least order of {instrument.min_notional:f} {instrument.quote}; "
                    "the next take profit sells it too"
                )
            )
            self.state = closed(self.state, view.now + self.config.cooldown_ns)

    def _announce_steps(self, before: MartingaleState) -> None:
        for leg in newly_done(before, self.state):
            self.announce(
                MartingaleTriggered(
                    symbol=self.config.symbol,
                    step=int(leg.name),
                    price=leg.value / leg.filled,
                    quantity=leg.filled,
                    average_cost=self.state.position.average_cost or ZERO,
                )
            )

    def _warn_of_missing_steps(self, before: MartingaleState) -> None:
        missing = self.config.max_steps - len(self.state.steps)
        if before.entry_price is None and self.state.entry_price is not None and missing:
            self.announce(
                Warning(
                    message=f"cycle {self.state.cycle} has {missing} safety orders less than "
                    f"max_steps = {self.config.max_steps}: the capital that is left is used up, or "
                    f"they are under the least order of {self.config.symbol}"
                )
            )

    def _may_begin(self, view: View) -> bool:
        price = view.prices[self.config.symbol]
        cooled = view.now >= self.state.next_cycle_at
        return cooled and is_triggered(self.state, self.config, price)

    def _entry(self, leg: Leg) -> DesiredOrder:
        at_market = leg is self.state.base and self.config.order_type is OrderType.MARKET
        return DesiredOrder(
            key=leg.key,
            symbol=self.config.symbol,
            side=self.state.side,
            type=OrderType.MARKET if at_market else OrderType.LIMIT,
            price=None if at_market else leg.price,
            quantity=leg.wanted,
        )

    def _exit(self) -> tuple[DesiredOrder, ...]:
        """The take profit, for the whole position; in every phase, while there is a position."""
        state = self.state
        quantity = exit_quantity(state, self.config, self.instrument)
        if not quantity:
            return ()
        order = DesiredOrder(
            key=state.exit.key,
            symbol=self.config.symbol,
            side=Side.SELL if state.position.quantity > ZERO else Side.BUY,
            price=target_price(state.priced, self.config, self.instrument),
            quantity=state.exit.part_filled + quantity,
            reduce_only=self.instrument.market is MarketType.PERPETUAL,
        )
        return (order,)

    def _wake(self, view: View) -> Wake:
        """Fills wake the bot by themselves; else only what it waits for to begin, or to follow."""
        state, config = self.state, self.config
        if state.base is None and view.now < state.next_cycle_at:
            return Wake(at=state.next_cycle_at)
        band: Band = (None, None)
        if state.base is None and not self._may_begin(view):
            above = state.trigger_direction is TriggerDirection.ABOVE
            band = (None, config.trigger_price) if above else (config.trigger_price, None)
        if state.base is not None and not state.base.is_done:
            band = base_band(state.base, config, state.side, view.live)
        return Wake({config.symbol: band})

    def _note(self) -> str:
        state, config = self.state, self.config
        if state.base is not None:
            return "" if state.entry_price is not None else "waits for the base order"
        if config.trigger_price is not None and state.trigger_direction is not None:
            where = state.trigger_direction.value
            return f"waits for the next cycle, at or {where} {config.trigger_price:f}"
        return "waits for the next cycle"
