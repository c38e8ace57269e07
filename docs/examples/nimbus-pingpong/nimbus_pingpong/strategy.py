"""Ping-pong: buys a little under a moving mean of the price, and sells what it bought at the mean.

Mean 2000, band 1 %, profit 0.5 %: a buy over 100 USDC rests at 1980 (0.0505). It fills, and a sell
over 0.0505 rests at the mean, 2000, but never under 1980 × 1.005 = 1989.90 plus what the fees cost.
It fills: one round trip, and the next buy rests 1 % under the mean of that time.

It earns when prices come back, and holds a growing loss when they don't: give it a stop loss.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from nimbus_tui import (
    NS_PER_SECOND,
    BaseTradingStrategy,
    DesiredOrder,
    Fill,
    Instrument,
    LadderPanel,
    LadderRow,
    MarketType,
    Order,
    OrderKey,
    Plan,
    Preview,
    PreviewFigure,
    Problem,
    RowState,
    Side,
    StrategyConfig,
    StrategyState,
    Symbol,
    View,
    Wake,
)

ZERO = Decimal(0)
HUNDRED = Decimal(100)
MEAN_GRAIN = Decimal("1e-10")


class PingPongConfig(StrategyConfig, frozen=True, kw_only=True):
    """Buys under a moving mean and sells at it."""

    symbol: Symbol
    """What is traded, e.g. ETH/USDC or ETH/USDC:USDC."""
    quote_size: Decimal
    """Size of each buy, in quote."""
    band_percent: Decimal = Decimal(1)
    """How far under the mean it buys, in percent."""
    profit_percent: Decimal = Decimal("0.5")
    """What it sells for at least above its average cost, in percent."""
    sample_seconds: int = 60
    """How often the mean looks at the price."""
    samples: int = 60
    """How many looks the mean remembers: with more of them it follows the price more slowly."""
    follow_percent: Decimal = Decimal("0.05")
    """How far the mean may move before a resting order follows, in percent."""
    stop_loss: Decimal | None = None
    """Shorthand for the risk key of that name: percent of loss against the average cost."""


class PingPongState(StrategyState, frozen=True, kw_only=True):
    """What it remembers between two looks; the engine keeps it in the journal."""

    mean: Decimal | None = None
    sampled_at: int = 0
    """When the mean last looked at the price, ns."""
    side: Side = Side.BUY
    """Which order it wants now."""
    serial: int = 1
    """Number of that order's key; a key that has filled is never used again."""
    price: Decimal | None = None
    total: Decimal = ZERO
    """Quantity of that order, the filled part included."""
    filled: Decimal = ZERO
    """What of that order has filled."""
    held: Decimal = ZERO
    """What it owns, in base."""
    cost: Decimal = ZERO
    """What that cost, in quote, fees in."""
    round_trips: int = 0
    profit: Decimal = ZERO

    @property
    def key(self) -> OrderKey:
        """The key of the order that it wants now: says why the order exists."""
        return OrderKey(f"pingpong/{self.serial}/{self.side.value}")


# decisions, in the order of the story


def sampled(
    state: PingPongState, config: PingPongConfig, price: Decimal, now: int
) -> PingPongState:
    """Let the mean take the looks that have fallen due; the first price is the first mean."""
    if state.mean is None:
        return msgspec.structs.replace(state, mean=price, sampled_at=now)
    every = config.sample_seconds * NS_PER_SECOND
    looks = (now - state.sampled_at) // every
    if looks <= 0:
        return state
    kept = (1 - 1 / Decimal(config.samples)) ** looks
    mean = (price + (state.mean - price) * kept).quantize(MEAN_GRAIN)
    return msgspec.structs.replace(state, mean=mean, sampled_at=state.sampled_at + looks * every)


def turned(state: PingPongState, instrument: Instrument) -> PingPongState:
    """Sell as soon as there is something that can be sold, else buy."""
    price = sell_price(state, ZERO, instrument) if state.held > ZERO else ZERO
    can_sell = instrument.sellable(instrument.round_quantity(state.held), price)
    side = Side.SELL if can_sell else Side.BUY
    if side is state.side:
        return state
    trips = state.round_trips + (state.side is Side.SELL)
    return next_order(msgspec.structs.replace(state, side=side, round_trips=trips))


def next_order(state: PingPongState) -> PingPongState:
    """The same wish under a key that nobody has used."""
    return msgspec.structs.replace(state, serial=state.serial + 1, price=None, filled=ZERO)


def sell_price(state: PingPongState, profit_percent: Decimal, instrument: Instrument) -> Decimal:
    """The mean, but no less than the average cost and the profit."""
    least = state.cost / state.held * (1 + profit_percent / HUNDRED)
    return instrument.round_price(max(state.mean or ZERO, least), Side.SELL)


def buy_price(state: PingPongState, band_percent: Decimal, instrument: Instrument) -> Decimal:
    """The band under the mean."""
    return instrument.round_price((state.mean or ZERO) * (1 - band_percent / HUNDRED), Side.BUY)


def quoted(state: PingPongState, config: PingPongConfig, instrument: Instrument) -> PingPongState:
    """Put a price and a quantity on the wish; a price that is near enough stays."""
    if state.side is Side.SELL:
        wanted = sell_price(state, config.profit_percent, instrument)
    else:
        wanted = buy_price(state, config.band_percent, instrument)
    far = state.price is None or (
        abs(wanted - state.price) * HUNDRED > state.price * config.follow_percent
    )
    price = wanted if state.price is None or far else state.price
    total = state.total
    if state.side is Side.SELL:
        total = state.filled + instrument.round_quantity(state.held)
    elif not state.filled and price > ZERO and far:
        total = instrument.round_quantity(config.quote_size / price)
    return msgspec.structs.replace(state, price=price, total=total)


def absorbed(state: PingPongState, fill: Fill, instrument: Instrument) -> PingPongState:
    """Enter a fill: what is held, what it cost, and what a sale has earned."""
    filled = state.filled + (fill.quantity if fill.key == state.key else ZERO)
    in_base = fill.fee if fill.fee_asset == instrument.base else ZERO
    in_quote = fill.fee if fill.fee_asset == instrument.quote else ZERO
    if fill.side is Side.BUY:
        return msgspec.structs.replace(
            state,
            filled=filled,
            held=state.held + fill.quantity - in_base,
            cost=state.cost + fill.notional + in_quote,
        )
    share = min(Decimal(1), fill.quantity / state.held) if state.held else Decimal(1)
    spent = state.cost * share
    return msgspec.structs.replace(
        state,
        filled=filled,
        held=max(ZERO, state.held - fill.quantity - in_base),
        cost=state.cost - spent,
        profit=state.profit + fill.notional - in_quote - spent,
    )


def problems(config: PingPongConfig, instrument: Instrument | None) -> list[Problem]:
    """What is wrong with the parameters, beyond their types."""
    found = [
        Problem(key, f"must be greater than 0, not {getattr(config, key)}")
        for key in ("quote_size", "band_percent", "sample_seconds", "samples")
        if getattr(config, key) <= 0
    ]
    if config.band_percent >= HUNDRED:
        found.append(Problem("band_percent", "must be less than 100"))
    if config.follow_percent < ZERO:
        found.append(Problem("follow_percent", "must be at least 0"))
    if instrument is None:
        return found
    if config.quote_size < instrument.min_notional:
        text = f"must be at least {instrument.min_notional}, the least order of {config.symbol}"
        found.append(Problem("quote_size", text))
    fee = max(instrument.maker_fee, instrument.taker_fee) * HUNDRED
    if config.profit_percent <= fee:
        # The average cost has the buy's fee in it already.
        text = f"must be above the fee of the sale, {fee.normalize():f} %, or every trip is a loss"
        found.append(Problem("profit_percent", text))
    return found


# the strategy


class PingPongStrategy(BaseTradingStrategy[PingPongConfig, PingPongState]):
    """One order at a time: a buy under the mean, then a sell at it."""

    interface = 1
    Config = PingPongConfig
    State = PingPongState

    @property
    def instrument(self) -> Instrument:
        """Its one instrument."""
        return self.instruments[self.config.symbol]

    def initial_state(self) -> PingPongState:
        """Nothing seen, nothing held."""
        return PingPongState()

    @classmethod
    def validate(
        cls, config: PingPongConfig, instruments: Mapping[Symbol, Instrument]
    ) -> Sequence[Problem]:
        """What is wrong with the parameters."""
        return problems(config, instruments.get(config.symbol))

    @classmethod
    def required_capital(
        cls,
        config: PingPongConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
    ) -> Decimal:
        """One buy with its fee."""
        return config.quote_size * (1 + instruments[config.symbol].taker_fee)

    @classmethod
    def preview(
        cls,
        config: PingPongConfig,
        instruments: Mapping[Symbol, Instrument],
        prices: Mapping[Symbol, Decimal],
        now: int,
        capital: Decimal | None = None,
    ) -> Preview:
        """The first buy, and what it would earn."""
        instrument = instruments[config.symbol]
        fresh = sampled(PingPongState(), config, prices[config.symbol], now)
        first = quoted(fresh, config, instrument)
        return Preview(
            panel=panel_of(first, instrument),
            figures=(
                PreviewFigure("first buy at", first.price, instrument.quote),
                PreviewFigure("quantity", first.total, instrument.base),
                PreviewFigure("least profit a trip", config.profit_percent, "%"),
            ),
        )

    def start(self) -> None:
        """Forget the mean; what is held stays."""
        self.state = msgspec.structs.replace(next_order(self.state), mean=None)

    def handle_order_fill(self, fill: Fill) -> None:
        """Absorb a fill."""
        self.state = absorbed(self.state, fill, self.instrument)

    def handle_order_end(self, order: Order) -> None:
        """A part-filled order has ended: its key is spent, what is still wanted gets the next."""
        if order.key == self.state.key:
            self.state = next_order(self.state)

    def update_config(self, config: PingPongConfig) -> None:
        """Quote anew."""
        super().update_config(config)
        self.state = msgspec.structs.replace(self.state, price=None)

    def plan(self, view: View) -> Plan:
        """Its one order; it is asked again at the next look, or when the order fills."""
        state = sampled(self.state, self.config, view.prices[self.config.symbol], view.now)
        state = turned(state, self.instrument)
        self.state = state = quoted(state, self.config, self.instrument)
        if view.live - {state.key}:
            # The former order is still being cancelled, and may fill yet.
            return Plan((), Wake(settled=True))
        next_look = state.sampled_at + self.config.sample_seconds * NS_PER_SECOND
        return Plan((self._order(state),), Wake(at=next_look))

    def _order(self, state: PingPongState) -> DesiredOrder:
        perpetual = self.instrument.market is MarketType.PERPETUAL
        return DesiredOrder(
            key=state.key,
            symbol=self.config.symbol,
            side=state.side,
            price=state.price,
            quantity=state.total,
            reduce_only=perpetual and state.side is Side.SELL,
        )

    def get_state(self) -> LadderPanel:
        """Mean and order as a ladder."""
        return panel_of(self.state, self.instrument)

    def get_statistics(self) -> dict[str, Any]:
        """Round trips, their profit net of fees, the mean, and what is held."""
        state = self.state
        return {
            "round_trips": state.round_trips,
            "profit": state.profit,
            "mean": state.mean,
            "held": state.held,
        }


def panel_of(state: PingPongState, instrument: Instrument) -> LadderPanel:
    """The mean as level 0, the order above or below it."""
    if state.mean is None or state.price is None:
        return LadderPanel(note="waits for the first price")
    mean = instrument.round_price(state.mean, Side.BUY)
    order = LadderRow(
        level=state.side.opposite.sign,
        price=state.price,
        offset_percent=((state.price / state.mean - 1) * HUNDRED).quantize(Decimal("0.01")),
        side=state.side,
        quantity=state.total,
        filled=state.filled,
        key=state.key,
        state=RowState.WANTED,
    )
    rows = (order, LadderRow(level=0, price=mean, offset_percent=ZERO))
    return LadderPanel(rows=tuple(sorted(rows, key=lambda row: -row.price)), base=mean)
