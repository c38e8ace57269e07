"""DCA: buy (or sell) for the same sum at fixed times, whatever the price.

$50 at 40,000 buys 0.00125000, $50 at 41,000 buys 0.00121951, $50 at 38,000 buys 0.00131578. The
mean price of the three orders is 39,666.67, but what a coin cost on average is 39,626.96: the same
sum buys more when it is cheap. Slot n is due at start_at + n × interval, and its key is its due
time, so that no restart can trade a slot twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from nimbus_tui.core.events import DcaOrderExecuted, Warning
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Order
from nimbus_tui.core.panels import SlotState, TimelinePanel
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.core.preview import Preview
from nimbus_tui.strategies.base import BaseTradingStrategy, Problem, StatisticValue
from nimbus_tui.strategies.dca_config import ZERO, DcaConfig, problems, sells_coins
from nimbus_tui.strategies.dca_decisions import advanced, schedule_in, wake, wish
from nimbus_tui.strategies.dca_orders import Moment
from nimbus_tui.strategies.dca_schedule import PREFIX, slot_key, whole_second
from nimbus_tui.strategies.dca_state import (
    PARTS_RECALLED,
    SLOTS_RECALLED,
    DcaState,
    absorb_fill,
    at_hand,
    at_rest,
    part_ended,
    recalled,
)
from nimbus_tui.strategies.dca_timeline import capital_needed, preview, statistics, timeline


class DcaStrategy(BaseTradingStrategy[DcaConfig, DcaState]):
    """The DCA bot."""

    Config = DcaConfig
    State = DcaState

    def initial_state(self) -> DcaState:
        """Nothing begun yet."""
        return DcaState(side=self.config.side)

    def initialize(self, saved_state: bytes | None) -> None:
        """Take up the state; what fell due meanwhile is missed."""
        super().initialize(saved_state)
        self._listening_since = None

    _listening_since: int | None = None
    """From when on slots are on time. Not journalled: after a restart the bot was not there."""

    @classmethod
    def validate(
        cls, config: DcaConfig, instruments: Mapping[Symbol, Instrument]
    ) -> Sequence[Problem]:
        """What is wrong with the parameters."""
        return problems(config, instruments.get(config.symbol))

    @classmethod
    def required_capital(
        cls,
        config: DcaConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
    ) -> Decimal:
        """What all orders cost, each at the largest dip factor, with fees."""
        return capital_needed(config, instruments[config.symbol])

    @classmethod
    def preview(
        cls,
        config: DcaConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        """The next ten slots and what they come to."""
        return preview(config, instruments[config.symbol], prices.get(config.symbol), now)

    @property
    def instrument(self) -> Instrument:
        """The bot's one instrument."""
        return self.instruments[self.config.symbol]

    def wanted_claim(self, view: View) -> Mapping[Symbol, Decimal]:
        """Selling coins: what all sales at this price need of those that no bot owns."""
        if not sells_coins(self.config, self.instrument):
            return {}
        needed = self.config.most_quote / view.prices[self.config.symbol]
        unowned = view.unowned.get(self.instrument.base, ZERO)
        return {self.config.symbol: min(self.instrument.round_quantity_up(needed), unowned)}

    def start(self) -> None:
        """Begin the schedule anew; sums and dealt-with due times stay."""
        self._become(msgspec.structs.replace(at_rest(self.state), fresh=True))
        self._listening_since = None

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._become(at_rest(self.state))

    def handle_order_fill(self, fill: Fill) -> None:
        """Absorb a fill."""
        self._become(absorb_fill(self.state, fill, self.instrument))

    def handle_order_end(self, order: Order) -> None:
        """Ask for what a part-filled order left under the next part's key."""
        self._become(part_ended(self.state, order.key))

    def likely_keys(self) -> Iterable[OrderKey]:
        """The slot at hand, which may be over before it is asked for, and the next, in parts."""
        if self.state.fresh:
            return ()
        following = schedule_in(self.state, self.config).after(self.state.last_due, SLOTS_RECALLED)
        slots = (*at_hand(self.state), *following)
        return [slot_key(due, part) for due in slots for part in PARTS_RECALLED]

    def recall(self, key: OrderKey) -> None:
        """A slot whose order exists is never opened again, and a part never asked for again."""
        self._become(recalled(self.state, key))

    def plan(self, view: View) -> Plan:
        """The order of the slot that is open, and when to look again."""
        if not view.may_add:
            self._listening_since = None
        elif self._listening_since is None:
            self._listening_since = whole_second(view.now)
        moment = self._moment(view)
        self._become(advanced(self.state, self.config, self.instrument, moment))
        wanted = wish(self.state, self.config)
        return Plan(() if wanted is None else (wanted,), wake(self.state, self.config, moment))

    def update_config(self, config: DcaConfig) -> None:
        """Go on: only later due times count, and those that have passed by now are missed."""
        super().update_config(config)
        self._listening_since = None

    def get_state(self) -> TimelinePanel:
        """The timeline, oldest slot first."""
        return timeline(self.state, self.config, self.instrument)

    def get_statistics(self) -> Mapping[str, StatisticValue]:
        """Orders, sums, averages, what was left out, what comes next."""
        return statistics(self.state, self.config)

    # details

    def _moment(self, view: View) -> Moment:
        return Moment(
            now=view.now,
            price=view.prices[self.config.symbol],
            resting=any(key.startswith(PREFIX) for key in view.live),
            held=view.positions.get(self.config.symbol, ZERO),
            cash=view.cash.get(self.instrument.quote, ZERO) + self._raised(),
            listening_since=self._listening_since,
        )

    def _raised(self) -> Decimal:
        """What an edit of the limits has added to what the capital was made for."""
        if self.state.start_at is None:
            return ZERO
        more = self.config.most_quote - self.state.planned_quote
        return max(ZERO, more) * (1 + self.instrument.taker_fee)

    def _become(self, state: DcaState) -> None:
        """Take a new state and tell what is new about it."""
        before, self.state = self.state, state
        if state.past is before.past:
            return
        known = {row.due for row in before.past if row.state is SlotState.DONE}
        for row in state.past:
            if row.state is SlotState.DONE and row.due not in known and row.key and row.price:
                self.announce(
                    DcaOrderExecuted(
                        key=row.key,
                        symbol=self.config.symbol,
                        price=row.price,
                        quantity=row.quantity,
                        invested=row.invested,
                        average_cost=row.average_cost or row.price,
                    )
                )
        if state.warning and not before.warning:
            self.announce(Warning(message=state.warning))
