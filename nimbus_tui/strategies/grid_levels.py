"""A grid's parameters and its geometry: which price and size each level has."""

from decimal import Decimal
from enum import Enum
from functools import lru_cache

import msgspec

from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import Side
from nimbus_tui.strategies.base import Problem, StrategyConfig

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)


class GridMode(Enum):
    """Whether levels are equally far apart in quote or in percent."""

    ARITHMETIC = "arithmetic"
    GEOMETRIC = "geometric"


class GridSide(Enum):
    """Which positions the grid may hold."""

    NEUTRAL = "neutral"
    LONG = "long"
    SHORT = "short"


class Recenter(Enum):
    """What to do when the price leaves the grid."""

    FOLLOW = "follow"
    HOLD = "hold"
    UP = "up"


class InitialInventory(Enum):
    """Where the coins come from that the first sells need."""

    BUY = "buy"
    EXISTING = "existing"
    NONE = "none"


class GridConfig(StrategyConfig, frozen=True, kw_only=True):
    """Parameters of a grid bot: either `spacing` around a base, or a range `lower` to `upper`."""

    symbol: Symbol
    """What is traded, e.g. ETH/USDC or BTC/USDC:USDC."""
    levels: int
    """Levels on each side of the base; with a range, the number of prices including both ends."""
    spacing: Decimal | None = None
    """Distance between two levels, in percent of the base."""
    lower: Decimal | None = None
    """Lowest price of a fixed range."""
    upper: Decimal | None = None
    """Highest price of a fixed range."""
    mode: GridMode = GridMode.ARITHMETIC
    """Equal steps in quote (arithmetic) or in percent (geometric)."""
    quote_size: Decimal | None = None
    """Size of the innermost order, in quote."""
    base_size: Decimal | None = None
    """Size of the innermost order, in base."""
    size_scale: Decimal = ONE
    """Factor of the size from one level to the next one out; 1 = equal sizes."""
    side: GridSide = GridSide.NEUTRAL
    """Which positions are allowed; long and short need a perpetual, spot is always long."""
    initial_inventory: InitialInventory = InitialInventory.BUY
    """Where the coins for the first sells come from, on spot or with a one-sided grid."""
    post_only: bool = True
    """Whether orders must rest (maker); one that would cross waits."""
    reinvest: Decimal = ZERO
    """Share of the grid profit that is added to the size, 0 to 1."""
    base_price: Decimal | None = None
    """First base; without it the first price."""
    trigger_price: Decimal | None = None
    """The grid is placed only once the price has reached this."""
    recenter: Recenter | None = None
    """What to do beyond the last level: follow (default), hold (default of a range), or up."""
    recenter_cooldown: Decimal = ZERO
    """Seconds between two recentres at least."""
    stop_loss: Decimal | None = None
    """Shorthand for the risk key of that name: percent of loss against the average cost."""
    take_profit: Decimal | None = None
    """Shorthand for the risk key of that name: percent of gain against the average cost."""
    stop_loss_price: Decimal | None = None
    """Shorthand for the risk key of that name: mark price."""
    take_profit_price: Decimal | None = None
    """Shorthand for the risk key of that name: mark price."""

    @property
    def is_range(self) -> bool:
        """Whether the prices are fixed."""
        return self.lower is not None and self.upper is not None

    @property
    def policy(self) -> Recenter:
        """What to do beyond the last level; a range always holds."""
        if self.is_range:
            return Recenter.HOLD
        return self.recenter or Recenter.FOLLOW


class Grid(msgspec.Struct, frozen=True):
    """A placed grid: the base and, in a range, which of its prices is level 0."""

    base: Decimal
    lowest: int
    highest: int

    @property
    def levels(self) -> range:
        """All level numbers, lowest first."""
        return range(self.lowest, self.highest + 1)


def centred(config: GridConfig, price: Decimal) -> Grid:
    """The grid around a price; in a range level 0 is the price nearest to it (tie: lower)."""
    if not config.is_range:
        return Grid(price, -config.levels, config.levels)
    prices = range_prices(config)
    nearest = min(range(len(prices)), key=lambda i: (abs(prices[i] - price), i))
    return Grid(prices[nearest], -nearest, len(prices) - 1 - nearest)


@lru_cache(maxsize=64)
def range_prices(config: GridConfig) -> list[Decimal]:
    """The fixed prices of a range, unrounded, lowest first."""
    if config.lower is None or config.upper is None:
        return []
    gaps = config.levels - 1
    if config.mode is GridMode.GEOMETRIC:
        ratio = config.upper / config.lower
        return [config.lower * ratio ** (Decimal(i) / gaps) for i in range(config.levels)]
    return [config.lower + (config.upper - config.lower) * i / gaps for i in range(config.levels)]


def raw_price(config: GridConfig, grid: Grid, level: int) -> Decimal:
    """The unrounded price of a level: base + level × step, or base × (1 + s)^level."""
    if config.is_range:
        return range_prices(config)[level - grid.lowest]
    share = (config.spacing or ZERO) / HUNDRED
    if config.mode is GridMode.GEOMETRIC:
        return grid.base * (ONE + share) ** level
    return grid.base + grid.base * share * level


def level_price(
    config: GridConfig, grid: Grid, level: int, side: Side, instrument: Instrument
) -> Decimal:
    """The price of an order on a level: buys on the tick below, sells on the tick above."""
    return instrument.round_price(raw_price(config, grid, level), side)


def level_quantity(
    config: GridConfig, level: int, price: Decimal, instrument: Instrument
) -> Decimal:
    """The size of a fresh order in base: scaled outwards, rounded down to the lot."""
    scale = config.size_scale ** (abs(level) - 1)
    wanted = (
        config.base_size * scale
        if config.base_size is not None
        else (config.quote_size or ZERO) * scale / price
    )
    return instrument.round_quantity(wanted)


def owns_coins(config: GridConfig, instrument: Instrument) -> bool:
    """Whether sells are limited by what is held: on spot, and in a long grid."""
    return instrument.market is MarketType.SPOT or config.side is GridSide.LONG


def problems(config: GridConfig, instrument: Instrument | None) -> list[Problem]:
    """What is wrong with the parameters, one sentence each."""
    found = [*_shape_problems(config), *_number_problems(config)]
    if instrument is not None and not found:
        found += _instrument_problems(config, instrument)
    return found


def _shape_problems(config: GridConfig) -> list[Problem]:
    found = []
    ends = (config.lower is not None) + (config.upper is not None)
    if ends == 1:
        key = "upper" if config.upper is None else "lower"
        found.append(Problem(key, f"a range needs both ends; {key} is missing"))
    if ends and config.spacing is not None:
        found.append(Problem("spacing", "give either spacing or a range (lower, upper), not both"))
    if not ends and config.spacing is None:
        found.append(Problem("spacing", "give spacing (percent) or a range (lower and upper)"))
    if (config.quote_size is None) is (config.base_size is None):
        found.append(Problem("quote_size", "give exactly one of quote_size and base_size"))
    if config.is_range and config.recenter not in (None, Recenter.HOLD):
        found.append(Problem("recenter", "a fixed range always holds; leave recenter out"))
    if config.is_range and config.levels < 2:
        found.append(Problem("levels", "a range needs at least 2 prices, its two ends"))
    return found


_POSITIVE = (
    "spacing",
    "lower",
    "upper",
    "quote_size",
    "base_size",
    "size_scale",
    "base_price",
    "trigger_price",
    "stop_loss",
    "take_profit",
    "stop_loss_price",
    "take_profit_price",
)


def _number_problems(config: GridConfig) -> list[Problem]:
    found = [
        Problem(key, f"must be greater than 0, not {value}")
        for key in _POSITIVE
        if (value := getattr(config, key)) is not None and value <= ZERO
    ]
    if config.levels < 1:
        found.append(Problem("levels", f"must be at least 1, not {config.levels}"))
    if config.levels > 500:
        found.append(Problem("levels", f"must be at most 500, not {config.levels}"))
    if not ZERO <= config.reinvest <= ONE:
        found.append(Problem("reinvest", f"must be from 0 to 1, not {config.reinvest}"))
    if config.recenter_cooldown < ZERO:
        found.append(Problem("recenter_cooldown", "must be 0 seconds or more"))
    if config.is_range and config.lower and config.upper and config.lower >= config.upper:
        found.append(Problem("upper", f"must be above lower ({config.lower})"))
    reach = (config.spacing or ZERO) * config.levels
    if config.mode is GridMode.ARITHMETIC and reach >= HUNDRED:
        found.append(
            Problem("spacing", f"{config.levels} levels of {config.spacing} % reach below zero")
        )
    return found


def _instrument_problems(config: GridConfig, instrument: Instrument) -> list[Problem]:
    found = []
    if instrument.market is MarketType.SPOT and config.side is GridSide.SHORT:
        found.append(Problem("side", "short needs a perpetual symbol, like ETH/USDC:USDC"))
    known = config.base_price or config.trigger_price or config.lower
    if known is None:
        size = config.quote_size
        if size is not None and size < instrument.min_notional:
            found.append(_too_small("quote_size", size, instrument))
        return found
    grid = centred(config, known)
    tick = instrument.tick_at(known)
    if config.spacing is not None and known * config.spacing / HUNDRED < tick:
        found.append(
            Problem(
                "spacing",
                f"{config.spacing} % of {known} is less than one tick ({tick})",
            )
        )
    for level in grid.levels:
        side = Side.SELL if level > 0 else Side.BUY
        price = level_price(config, grid, level, side, instrument)
        if price <= ZERO or level == 0:
            continue
        quantity = level_quantity(config, level, price, instrument)
        if not instrument.sellable(quantity, price):
            key = "quote_size" if config.quote_size is not None else "base_size"
            return [*found, _too_small(key, quantity * price, instrument)]
    return found


def _too_small(key: str, notional: Decimal, instrument: Instrument) -> Problem:
    return Problem(
        key,
        f"an order of {notional:f} {instrument.quote} is under the least order of "
        f"{instrument.symbol}: {instrument.min_notional:f} {instrument.quote} "
        f"and {instrument.lot_size:f} {instrument.base}",
    )
