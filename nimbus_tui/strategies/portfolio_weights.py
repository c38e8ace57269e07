"""A portfolio's parameters and its weights: what each asset should be, is, and may drift to."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Asset, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.core.plan import Band, View
from nimbus_tui.strategies.base import Problem, StrategyConfig

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
MOST_PASSES = 20
_ASSET = re.compile(r"[A-Z0-9]{1,20}")
_INWARDS = ONE - Decimal("1e-9")
"""A band is drawn this much tighter than it is worked out: a rounded root must not make it late."""
_ROOM = Decimal(2)
"""A capital that nobody has given lets the smallest order be so many times the least one."""

Weights = dict[Asset, Decimal]
"""Percent of the portfolio's value by asset; drifts are in the same unit, percentage points."""


class ThresholdMode(Enum):
    """Whether a threshold is in percentage points or a share of each target."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"


class Trigger(Enum):
    """What starts a rebalance."""

    THRESHOLD = "threshold"
    INTERVAL = "interval"
    BOTH = "both"


class Initial(Enum):
    """What the portfolio begins with."""

    BUY = "buy"
    CLAIM = "claim"


class PortfolioConfig(StrategyConfig, frozen=True, kw_only=True):
    """Parameters of a portfolio bot."""

    quote: Asset
    """What everything is bought with and measured in, e.g. USDC; it may have a target itself."""
    targets: dict[Asset, Decimal]
    """Percent of the value by asset, e.g. { BTC = 60, ETH = 40 }; together 100."""
    trigger: Trigger = Trigger.THRESHOLD
    """What starts a rebalance: drift (threshold), time (interval), or either (both)."""
    threshold: Decimal = Decimal(5)
    """Drift of any asset that starts a rebalance: points, or percent of its target."""
    threshold_mode: ThresholdMode = ThresholdMode.ABSOLUTE
    """Whether the threshold is in percentage points or in percent of each target (relative)."""
    interval: str | None = None
    """Time between two rebalances that need no drift, like 7d."""
    min_interval: str = "1h"
    """Time between two rebalances at least."""
    min_trade: Decimal = ZERO
    """Least size of an order in quote; never below the venue's own minimum."""
    tolerance: Decimal = ONE
    """Points that an asset may be off its target after a rebalance without another pass."""
    max_passes: int = 3
    """Passes of one rebalance at most, before the drift that is left is only reported."""
    max_slippage: Decimal = Decimal("0.5")
    """Percent that the market may run against an order before it is planned anew."""
    order_type: OrderType = OrderType.MARKET
    """Market orders, or limit orders at the newest price that follow it."""
    reprice_after: str = "1m"
    """Time after which a limit order that has not filled follows the price."""
    initial: Initial = Initial.BUY
    """Begin with cash (buy), or with the account's coins that no bot owns (claim)."""

    @property
    def coins(self) -> tuple[Asset, ...]:
        """The assets that are bought and sold."""
        return tuple(asset for asset in self.targets if asset != self.quote)

    @property
    def assets(self) -> tuple[Asset, ...]:
        """Every asset of the portfolio, the quote among them."""
        return (*self.targets, *(() if self.quote in self.targets else (self.quote,)))

    @property
    def watches_drift(self) -> bool:
        """Whether drift starts a rebalance."""
        return self.trigger is not Trigger.INTERVAL

    @property
    def min_interval_ns(self) -> int:
        """Time between two rebalances at least, in ns."""
        return parse_duration(self.min_interval)

    @property
    def reprice_after_ns(self) -> int:
        """How long a limit order keeps its price, in ns."""
        return parse_duration(self.reprice_after)

    @property
    def interval_ns(self) -> int | None:
        """Time after which a rebalance needs no drift, in ns."""
        if self.trigger is Trigger.THRESHOLD or self.interval is None:
            return None
        return parse_duration(self.interval)

    def symbol(self, coin: Asset) -> Symbol:
        """Where a coin is traded."""
        return Symbol(f"{coin}/{self.quote}")

    def target(self, asset: Asset) -> Decimal:
        """Percent of the value that an asset should be."""
        return self.targets.get(asset, ZERO)

    def limit(self, asset: Asset) -> Decimal:
        """Drift in points of an asset with a target that starts a rebalance."""
        if self.threshold_mode is ThresholdMode.RELATIVE:
            return self.targets[asset] * self.threshold / HUNDRED
        return self.threshold


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """What the portfolio owns: cash in quote, and coins with their prices."""

    quote: Asset
    cash: Decimal
    quantities: Mapping[Asset, Decimal]
    prices: Mapping[Asset, Decimal]

    def value(self, asset: Asset) -> Decimal:
        """What is held of an asset, in quote."""
        if asset == self.quote:
            return self.cash
        return self.quantities[asset] * self.prices[asset]

    @property
    def coins_value(self) -> Decimal:
        """What all coins are worth, in quote."""
        return sum((self.value(coin) for coin in self.quantities), ZERO)

    @property
    def total(self) -> Decimal:
        """What the portfolio is worth, in quote."""
        return self.cash + self.coins_value

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but cash."""
        return not any(self.quantities.values())

    def weight(self, asset: Asset) -> Decimal:
        """Percent of the value that an asset is; 0 while there is no value."""
        return self.value(asset) * HUNDRED / self.total if self.total > ZERO else ZERO


def holdings(config: PortfolioConfig, view: View) -> Holdings:
    """What the bot owns as it sees it now."""
    return Holdings(
        quote=config.quote,
        cash=view.cash.get(config.quote, ZERO),
        quantities={c: view.positions.get(config.symbol(c), ZERO) for c in config.coins},
        prices={c: view.prices[config.symbol(c)] for c in config.coins},
    )


def weights(config: PortfolioConfig, held: Holdings) -> Weights:
    """Every asset's weight, to four digits."""
    return {a: held.weight(a).quantize(Decimal("1e-4")) for a in config.assets}


def drifts(config: PortfolioConfig, held: Holdings) -> Weights:
    """How far each asset with a target is above (> 0) or below it."""
    return {asset: held.weight(asset) - config.target(asset) for asset in config.targets}


def reach(config: PortfolioConfig, remained: Weights, asset: Asset) -> tuple[Decimal, Decimal]:
    """The weights at which an asset starts a rebalance.

    What a finished rebalance could not mend counts on top of the threshold, on its own side.
    """
    target, limit, left = config.target(asset), config.limit(asset), remained.get(asset, ZERO)
    return target - limit + min(left, ZERO), target + limit + max(left, ZERO)


def is_beyond(config: PortfolioConfig, held: Holdings, remained: Weights) -> bool:
    """Whether any asset's drift has reached its threshold."""
    for asset in config.targets:
        low, high = reach(config, remained, asset)
        weight, left = held.weight(asset), remained.get(asset, ZERO)
        if weight < low or (weight == low and not left < ZERO):
            return True
        if weight > high or (weight == high and not left > ZERO):
            return True
    return False


def off_target(config: PortfolioConfig, held: Holdings) -> Weights:
    """Drifts that are larger than the tolerance, and than any threshold that is smaller."""
    found: Weights = {}
    if held.total <= ZERO:
        return found
    for asset, drift in drifts(config, held).items():
        if abs(drift) > min(config.tolerance, config.limit(asset)):
            found[asset] = drift
    return found


# when to look again


def quiet_bands(
    config: PortfolioConfig,
    held: Holdings,
    remained: Weights,
    instruments: Mapping[Symbol, Instrument],
) -> dict[Symbol, Band]:
    """Prices between which no asset can reach its threshold, however they move together.

    One factor u for all: an asset's weight is largest where its own price has risen by u and all
    others have fallen by it, and smallest the other way round. The largest u that leaves every
    weight inside is found exactly; each price may move by it in either direction.
    """
    factors = [u for asset in config.targets for u in _factors(config, held, remained, asset)]
    if not factors:
        return {}
    factor = ONE + (max(ONE, min(factors)) - ONE) * _INWARDS
    bands: dict[Symbol, Band] = {}
    for coin, price in held.prices.items():
        instrument = instruments[config.symbol(coin)]
        below = instrument.round_price(price / factor, Side.SELL)
        bands[config.symbol(coin)] = (below, instrument.round_price(price * factor, Side.BUY))
    return bands


def _factors(
    config: PortfolioConfig, held: Holdings, remained: Weights, asset: Asset
) -> Iterator[Decimal]:
    """The factors at which an asset's weight can be as high and as low as it may."""
    own, cash = held.value(asset), held.cash
    low, high = reach(config, remained, asset)
    if asset == held.quote:
        coins = held.coins_value
        if cash > ZERO and high < HUNDRED:
            yield high * coins / (cash * (HUNDRED - high))
        if low > ZERO and coins:
            yield max(ZERO, cash) * (HUNDRED - low) / (low * coins)
        return
    others = held.coins_value - own
    if own and high < HUNDRED:
        # own·u ÷ (own·u + cash + others ÷ u) = high
        yield _root((HUNDRED - high) * own, high * cash, high * others)
    if own and low > ZERO and (others or cash > ZERO):
        # own ÷ u ÷ (own ÷ u + cash + others·u) = low
        yield _root(low * others, -low * cash, (HUNDRED - low) * own)


def _root(a: Decimal, b: Decimal, c: Decimal) -> Decimal:
    """The positive solution of a·u² − b·u − c = 0, for a ≥ 0 and c ≥ 0."""
    if not a:
        return c / -b
    return (b + (b * b + 4 * a * c).sqrt()) / (2 * a)


# what may be asked for


def least_order(config: PortfolioConfig, instrument: Instrument) -> Decimal:
    """The least size of an order, in quote."""
    return max(config.min_trade, instrument.min_notional)


def least_value(config: PortfolioConfig, instruments: Mapping[Symbol, Instrument]) -> Decimal:
    """The least value at which every first order and every drift at its threshold can be traded."""
    needed = ZERO
    for coin in config.coins:
        instrument = instruments[config.symbol(coin)]
        smallest = min(config.target(coin), config.limit(coin))
        least = least_order(config, instrument) * (1 + instrument.taker_fee)
        needed = max(needed, _ROOM * least * HUNDRED / smallest)
    return needed.quantize(Decimal("0.01"))


def problems(config: PortfolioConfig) -> list[Problem]:
    """Everything that is wrong with the parameters."""
    return [*_target_problems(config), *_number_problems(config), *_time_problems(config)]


def _target_problems(config: PortfolioConfig) -> Iterator[Problem]:
    if not _ASSET.fullmatch(config.quote):
        yield Problem("quote", f"{config.quote!r} is no asset; write capitals, like USDC")
    for asset, target in config.targets.items():
        if target <= ZERO:
            yield Problem("targets", f"{asset} must be greater than 0, not {target}; or left out")
    if not config.coins:
        yield Problem("targets", f"name at least one asset besides {config.quote} with its percent")
    total = sum(config.targets.values(), ZERO)
    if config.targets and total != HUNDRED:
        off = abs(HUNDRED - total)
        yield Problem(
            "targets",
            f"they must add up to 100 percent, but add up to {total.normalize():f}: "
            f"{off.normalize():f} {'missing' if total < HUNDRED else 'too much'}",
        )


def _number_problems(config: PortfolioConfig) -> Iterator[Problem]:
    for key in ("threshold", "tolerance", "max_slippage"):
        value = getattr(config, key)
        if not ZERO < value < HUNDRED:
            yield Problem(key, f"must be above 0 and below 100, not {value}")
    if config.min_trade < ZERO:
        yield Problem("min_trade", f"must be at least 0, not {config.min_trade}")
    if not 1 <= config.max_passes <= MOST_PASSES:
        yield Problem("max_passes", f"must be 1 to {MOST_PASSES}, not {config.max_passes}")


def _time_problems(config: PortfolioConfig) -> Iterator[Problem]:
    lengths = {}
    for key in ("interval", "min_interval", "reprice_after"):
        text = getattr(config, key)
        try:
            lengths[key] = parse_duration(text) if text is not None else None
        except ConfigError as error:
            yield Problem(key, str(error))
    timed = config.trigger is not Trigger.THRESHOLD
    if timed and config.interval is None:
        yield Problem("interval", f'trigger = "{config.trigger.value}" needs one, like "7d"')
    if not timed and config.interval is not None:
        yield Problem("interval", 'it counts only with trigger = "interval" or "both"')
    longest, least = lengths.get("interval"), lengths.get("min_interval")
    if longest is not None and least is not None and longest < least:
        yield Problem(
            "interval",
            f"{config.interval} is less than min_interval, {config.min_interval}; lower that too",
        )
