"""Portfolio: keep several assets at fixed shares of one value.

Targets BTC 40 %, ETH 30 %, SOL 20 %, MATIC 10 %; value 10,000; threshold 5 points. At 45/28/18/9
BTC's drift of +5 reaches the threshold, and then every asset goes to its target: sell BTC for 500,
and when the proceeds are there buy ETH for 200, SOL for 200, MATIC for 100. Then the balances are
read again; what is still off its target by more than the tolerance gets another pass.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import DesiredOrder, Order, OrderType, Side
from nimbus_tui.core.panels import DriftPanel
from nimbus_tui.core.plan import Band, Plan, View, Wake
from nimbus_tui.core.preview import Preview
from nimbus_tui.strategies import portfolio_panel
from nimbus_tui.strategies.base import BaseTradingStrategy, Problem, StatisticValue
from nimbus_tui.strategies.portfolio_decisions import decide, earliest, has_run, next_by_time
from nimbus_tui.strategies.portfolio_orders import (
    Desk,
    Leg,
    PortfolioState,
    Round,
    absorb_fill,
    keys_ahead,
    order_ended,
    recalled,
)
from nimbus_tui.strategies.portfolio_weights import (
    HUNDRED,
    ONE,
    ZERO,
    Initial,
    PortfolioConfig,
    holdings,
    least_value,
    problems,
    quiet_bands,
)

LOOK_AGAIN_NS = 60 * NS_PER_SECOND
"""While a rebalance is under way it is looked at at least this often."""


class PortfolioStrategy(BaseTradingStrategy[PortfolioConfig, PortfolioState]):
    """The portfolio bot."""

    Config = PortfolioConfig
    State = PortfolioState
    symbols_key = "targets"

    def initial_state(self) -> PortfolioState:
        """Nothing bought yet."""
        self._seen: View | None = None
        return PortfolioState()

    @classmethod
    def symbols(cls, config: PortfolioConfig) -> tuple[Symbol, ...]:
        """Each coin on spot against the quote."""
        return tuple(config.symbol(coin) for coin in config.coins)

    @classmethod
    def validate(
        cls, config: PortfolioConfig, instruments: Mapping[Symbol, Instrument]
    ) -> Sequence[Problem]:
        """What is wrong with the parameters."""
        return problems(config)

    @classmethod
    def required_capital(
        cls,
        config: PortfolioConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
    ) -> Decimal:
        """The least cash with which it works; none where it begins with claimed coins."""
        return ZERO if config.initial is Initial.CLAIM else least_value(config, instruments)

    @classmethod
    def preview(
        cls,
        config: PortfolioConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        """The first rebalance with this much cash, or the least that makes sense."""
        return portfolio_panel.preview(Desk(config, instruments), prices, now, capital)

    @property
    def desk(self) -> Desk:
        """What the decisions need beside the state."""
        return Desk(self.config, self.instruments)

    def wanted_claim(self, view: View) -> Mapping[Symbol, Decimal]:
        """With `initial = "claim"`: all coins of the targets that no bot owns."""
        if self.config.initial is not Initial.CLAIM:
            return {}
        unowned = {coin: view.unowned.get(coin, ZERO) for coin in self.config.coins}
        return {self.config.symbol(coin): held for coin, held in unowned.items() if held > ZERO}

    def start(self) -> None:
        """Give up a rebalance under way and what was waited for; numbers and sums go on."""
        self._change(round=None, finished_at=None, remained={}, warned="")

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._change(round=None)

    def update_config(self, config: PortfolioConfig) -> None:
        """Go on; a rebalance under way is given up and the targets are looked at afresh."""
        self.start()
        self.config = config

    def handle_order_fill(self, fill: Fill) -> None:
        """Absorb a fill."""
        self.state = absorb_fill(self.state, fill, self.instruments[fill.symbol])

    def handle_order_end(self, order: Order) -> None:
        """Ask again for what a part-filled order left."""
        self.state = order_ended(self.state, order)

    def likely_keys(self) -> Iterable[OrderKey]:
        """Every coin in this round and the next ones."""
        return keys_ahead(self.state, self.config)

    def recall(self, key: OrderKey) -> None:
        """The round of a lost order is never begun again."""
        self.state = recalled(self.state, key)

    def plan(self, view: View) -> Plan:
        """Begin, go on with or finish a rebalance, or wait."""
        self._seen = view
        outcome = decide(self.desk, self.state, view)
        self.state = outcome.state
        for event in outcome.events:
            self.announce(event)
        if self.state.round is None:
            return Plan((), self._idle(view))
        return Plan(self._wishes(self.state.round, view), self._busy(self.state.round, view))

    def look(self, view: View) -> None:
        """Remember how things stand, to show it."""
        self._seen = view

    def get_state(self) -> DriftPanel:
        """Every asset against its target."""
        return portfolio_panel.panel(self.desk, self.state, self._seen)

    def get_statistics(self) -> Mapping[str, StatisticValue]:
        """Rounds, value, turnover, fees, and every asset."""
        return portfolio_panel.statistics(self.desk, self.state, self._seen)

    # details

    def _change(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    def _wishes(self, current: Round, view: View) -> tuple[DesiredOrder, ...]:
        """The orders of this phase; buys wait while the bot is paused."""
        return tuple(
            DesiredOrder(
                key=current.key(leg),
                symbol=self.config.symbol(leg.asset),
                side=leg.side,
                quantity=leg.quantity - leg.spent,
                type=self.config.order_type,
                price=leg.limit_price,
            )
            for leg in current.working
            if view.may_add or leg.side is Side.SELL
        )

    def _idle(self, view: View) -> Wake:
        """Until the rest after a rebalance is over by time; then by drift, by time, or both."""
        if not view.may_add or view.live:
            return Wake(settled=bool(view.live))
        held = holdings(self.config, view)
        if held.total <= ZERO:
            return Wake()
        rest_over = earliest(self.config, self.state)
        if view.now < rest_over:
            return Wake(at=rest_over)
        bands: dict[Symbol, Band] = {}
        if self.config.watches_drift:
            bands = quiet_bands(self.config, held, self.state.remained, self.instruments)
        return Wake(bands, at=next_by_time(self.config, self.state))

    def _busy(self, current: Round, view: View) -> Wake:
        """Fills wake by themselves; else when the market runs away or a limit has had its time."""
        if not current.working:
            return Wake(settled=bool(view.live))
        at = view.now + LOOK_AGAIN_NS
        if self.config.order_type is OrderType.LIMIT:
            pegged = [leg.pegged_at + self.config.reprice_after_ns for leg in current.working]
            at = min(at, *pegged)
        bands = {
            self.config.symbol(leg.asset): self._slippage_band(leg)
            for leg in current.working
            if not has_run(self.config, leg, view.prices[self.config.symbol(leg.asset)])
        }
        return Wake(bands, at=at)

    def _slippage_band(self, leg: Leg) -> Band:
        share = leg.side.sign * self.config.max_slippage / HUNDRED
        edge = leg.price * (ONE + share)
        return (None, edge) if leg.side is Side.BUY else (edge, None)
