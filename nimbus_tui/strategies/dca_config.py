"""A DCA bot's parameters, and what is wrong with them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import partial

from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.strategies.base import Problem, StrategyConfig
from nimbus_tui.strategies.dca_schedule import Schedule, instant, schedule_of, time_zone

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)


class Missed(Enum):
    """What becomes of slots that fell due while the bot could not act."""

    SKIP = "skip"
    BUY_ONCE = "buy_once"
    CATCH_UP = "catch_up"


class DcaConfig(StrategyConfig, frozen=True, kw_only=True):
    """Parameters of a DCA bot; `max_orders`, `max_quote` or both say where it ends."""

    symbol: Symbol
    """What is traded, e.g. BTC/USDC or BTC/USDC:USDC."""
    side: Side = Side.BUY
    """Whether it buys or sells."""
    order_quote: Decimal
    """Size of each order, in quote."""
    interval: str
    """Time between two orders (24h), or a cron expression ("0 9 * * mon")."""
    timezone: str = "UTC"
    """Time zone of a cron expression, and of a start_at without one."""
    start_at: datetime | None = None
    """From when slots are counted; without it from the bot's first start."""
    max_orders: int | None = None
    """So many orders, then it is done."""
    max_quote: Decimal | None = None
    """So much quote in all, then it is done; the last order is cut to fit."""
    max_position: Decimal | None = None
    """Most that the bot may hold, in base; an order is cut to fit."""
    missed: Missed = Missed.BUY_ONCE
    """Slots that fell due while paused, stopped or down: none, the latest, or all of them."""
    order_type: OrderType = OrderType.MARKET
    """Whether orders take at once (market) or wait at a limit."""
    offset_percent: Decimal = ZERO
    """How far a limit lies below the price, or above it when selling, in percent."""
    reprice_after: str | None = None
    """How long a limit order rests before it moves after the price, e.g. 10m."""
    fallback_after: str | None = None
    """How long a slot tries a limit before it takes at market, e.g. 1h."""
    price_floor: Decimal | None = None
    """Below this price a slot is skipped."""
    price_ceiling: Decimal | None = None
    """Above this price a slot is skipped."""
    dip_scale: tuple[tuple[Decimal, Decimal], ...] = ()
    """Larger orders in a dip: [[-5, 1.5]] buys 1.5 times as much 5 % under the average cost."""
    stop_loss: Decimal | None = None
    """Shorthand for the risk key of that name: percent of loss against the average cost."""
    take_profit: Decimal | None = None
    """Shorthand for the risk key of that name: percent of gain against the average cost."""
    stop_loss_price: Decimal | None = None
    """Shorthand for the risk key of that name: mark price."""
    take_profit_price: Decimal | None = None
    """Shorthand for the risk key of that name: mark price."""

    @property
    def reprice_ns(self) -> int | None:
        """`reprice_after` in ns."""
        return None if self.reprice_after is None else parse_duration(self.reprice_after)

    @property
    def fallback_ns(self) -> int | None:
        """`fallback_after` in ns."""
        return None if self.fallback_after is None else parse_duration(self.fallback_after)

    def schedule(self, first_start: int) -> Schedule:
        """The due times; `first_start` (ns) counts where `start_at` isn't given."""
        start = first_start
        if self.start_at is not None:
            start = instant(self.start_at, self.timezone)
        return schedule_of(self.interval, self.timezone, start)

    @property
    def largest_factor(self) -> Decimal:
        """The most that a dip may multiply an order by, 1 where none does."""
        return max((factor for _, factor in self.dip_scale), default=ONE)

    @property
    def smallest_factor(self) -> Decimal:
        """The least that a dip may multiply an order by, 1 where none makes it smaller."""
        return min([ONE, *(factor for _, factor in self.dip_scale)])

    @property
    def most_quote(self) -> Decimal:
        """The most quote that all its orders come to, fees left out."""
        limits = []
        if self.max_quote is not None:
            limits.append(self.max_quote)
        if self.max_orders is not None:
            limits.append(self.order_quote * max(ONE, self.largest_factor) * self.max_orders)
        return min(limits, default=ZERO)


def sells_coins(config: DcaConfig, instrument: Instrument) -> bool:
    """Whether it can only sell coins that it owns."""
    return config.side is Side.SELL and instrument.market is MarketType.SPOT


def problems(config: DcaConfig, instrument: Instrument | None) -> list[Problem]:
    """What is wrong with the parameters, as far as it shows without a price."""
    found = [
        *_time_problems(config),
        *_size_problems(config),
        *_limit_problems(config),
        *_price_problems(config),
        *_dip_problems(config),
    ]
    if instrument is not None and not found:
        found += _instrument_problems(config, instrument)
    return found


def _said(key: str, look: Callable[[], object]) -> list[Problem]:
    try:
        look()
    except ConfigError as error:
        return [Problem(key, str(error))]
    return []


def _time_problems(config: DcaConfig) -> list[Problem]:
    found = _said("timezone", lambda: time_zone(config.timezone))
    if not found:
        found += _said("interval", lambda: config.schedule(0))
    for key in ("reprice_after", "fallback_after"):
        text = getattr(config, key)
        if text is None:
            continue
        wrong = _said(key, partial(parse_duration, text))
        if not wrong and not found:
            every = config.schedule(0).every
            if every is not None and parse_duration(text) >= every:
                wrong = [Problem(key, f"must be shorter than the interval ({config.interval})")]
        found += wrong
    return found


def _size_problems(config: DcaConfig) -> list[Problem]:
    found = [
        Problem(key, f"must be greater than 0, not {value}")
        for key in ("order_quote", "max_quote", "max_position", "price_floor", "price_ceiling")
        if (value := getattr(config, key)) is not None and value <= ZERO
    ]
    if config.max_orders is None and config.max_quote is None:
        found.append(
            Problem("max_orders", "give max_orders or max_quote, so that it has an end and a cost")
        )
    if config.max_orders is not None and config.max_orders < 1:
        found.append(Problem("max_orders", f"must be at least 1, not {config.max_orders}"))
    if config.max_quote is not None and ZERO < config.max_quote < config.order_quote:
        found.append(
            Problem("max_quote", f"must be at least one order_quote ({config.order_quote})")
        )
    return found


def _limit_problems(config: DcaConfig) -> list[Problem]:
    found = []
    if not ZERO <= config.offset_percent < HUNDRED:
        found.append(
            Problem(
                "offset_percent", f"must be from 0 to less than 100, not {config.offset_percent}"
            )
        )
    if config.order_type is OrderType.MARKET:
        found += [
            Problem(key, 'is for limit orders: set order_type = "limit", or leave it out')
            for key in ("offset_percent", "reprice_after", "fallback_after")
            if getattr(config, key)
        ]
    return found


def _price_problems(config: DcaConfig) -> list[Problem]:
    floor, ceiling = config.price_floor, config.price_ceiling
    if floor is not None and ceiling is not None and floor >= ceiling:
        return [Problem("price_ceiling", f"must be above price_floor ({floor})")]
    return []


def _dip_problems(config: DcaConfig) -> list[Problem]:
    if config.dip_scale and config.side is Side.SELL:
        return [Problem("dip_scale", 'is for buying; leave it out with side = "sell"')]
    last = ZERO
    for percent, factor in config.dip_scale:
        if not -HUNDRED < percent < ZERO:
            return [Problem("dip_scale", f"a dip is between -100 and 0 percent, not {percent}")]
        if percent >= last and last:
            return [Problem("dip_scale", f"deeper dips come later: {percent} stands after {last}")]
        if factor <= ZERO:
            return [Problem("dip_scale", f"a factor must be greater than 0, not {factor}")]
        last = percent
    return []


def _instrument_problems(config: DcaConfig, instrument: Instrument) -> list[Problem]:
    least = config.order_quote * config.smallest_factor
    if least < instrument.min_notional:
        return [Problem("order_quote", too_small(least, instrument))]
    floor = config.price_floor
    if floor is not None and least / floor < instrument.lot_size:
        # No price is lower than the floor, so no order is larger than this one.
        return [Problem("order_quote", too_small(least, instrument, at=floor))]
    return []


def too_small(quote: Decimal, instrument: Instrument, at: Decimal | None = None) -> str:
    """Why an order can't be sent, with both numbers."""
    price = "" if at is None else f" at {at:f}"
    return (
        f"an order of {quote:f} {instrument.quote}{price} is under the least order of "
        f"{instrument.symbol}: {instrument.min_notional:f} {instrument.quote} "
        f"and {instrument.lot_size:f} {instrument.base}"
    )
