"""A martingale's parameters and its geometry: price and size of each step, and what all need."""

from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument, MarketType
from nimbus_tui.core.order import OrderType, Side
from nimbus_tui.strategies.base import Problem, StrategyConfig

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
BASE_MARGIN = Decimal("1.01")
"""The base order fills at the next price, not at this one: keep so much more capital for it."""
MOST_STEPS = 50
_TOO_LONG = Decimal("1e15")


class MartingaleSide(Enum):
    """Which way the position goes."""

    LONG = "long"
    SHORT = "short"

    @property
    def entry(self) -> Side:
        """The side of the base order and the safety orders."""
        return Side.BUY if self is MartingaleSide.LONG else Side.SELL


class TriggerDirection(Enum):
    """On which side of the trigger price a cycle may begin; the trigger itself counts as there."""

    ABOVE = "above"
    BELOW = "below"


class MartingaleConfig(StrategyConfig, frozen=True, kw_only=True):
    """Parameters of a martingale: a base order, then ever larger safety orders against it."""

    symbol: Symbol
    """What is traded, e.g. ETH/USDC or SOL/USDC:USDC."""
    base_quote: Decimal
    """Size of the base order, in quote."""
    max_steps: int
    """Number of safety orders after the base order."""
    step_percent: Decimal
    """Distance of the first safety order from the entry, in percent."""
    take_profit: Decimal
    """Gain of the whole position against its average cost, in percent, at which it is closed."""
    side: MartingaleSide = MartingaleSide.LONG
    """Long buys into a fall, short sells into a rise; short needs a perpetual."""
    multiplier: Decimal = Decimal(2)
    """Factor of the size from one step to the next; 1 = equal sizes."""
    step_scale: Decimal = ONE
    """Factor of the distance from one step to the next; 1 = equal distances."""
    order_type: OrderType = OrderType.MARKET
    """How the base order is placed; a limit one follows the price when it runs away."""
    cooldown: int | str = 0
    """Pause between a closed position and the next cycle: "15m", or whole seconds."""
    trigger_price: Decimal | None = None
    """Cycles begin only with the price at this or beyond it."""
    trigger_direction: TriggerDirection | None = None
    """On which side of the trigger cycles may begin; default: the one away from the first price."""
    max_capital: Decimal | None = None
    """The most quote that all steps may need together; a config that needs more is refused."""
    stop_loss: Decimal | None = None
    """Shorthand for the risk key of that name: percent of loss against the average cost."""
    stop_loss_price: Decimal | None = None
    """Shorthand for the risk key of that name: mark price."""

    @property
    def cooldown_ns(self) -> int:
        """The pause between two cycles in ns.

        Raises:
            ConfigError: it is text, but no length of time.
        """
        if isinstance(self.cooldown, int):
            return self.cooldown * NS_PER_SECOND
        return parse_duration(self.cooldown)


class PlannedStep(msgspec.Struct, frozen=True):
    """Where a step rests and how much it trades; step 0 is the base order."""

    step: int
    price: Decimal
    quantity: Decimal


# geometry


def deviation_percent(config: MartingaleConfig, step: int) -> Decimal:
    """Distance of a step from the entry: step_percent × (1 + scale + … + scale^(step−1))."""
    return sum((config.step_percent * config.step_scale**earlier for earlier in range(step)), ZERO)


def step_quote(config: MartingaleConfig, step: int) -> Decimal:
    """Size of a step in quote: base_quote × multiplier^step."""
    return config.base_quote * config.multiplier**step


def step_price(
    config: MartingaleConfig, side: Side, step: int, entry: Decimal, instrument: Instrument
) -> Decimal:
    """The price of a step: below the entry for a long, above it for a short, on the tick."""
    away = deviation_percent(config, step) / HUNDRED * side.sign
    return instrument.round_price(max(ZERO, entry * (ONE - away)), side)


def fee_share(instrument: Instrument | None) -> Decimal:
    """What an entry may cost in fees at most, as a share of its notional."""
    return max(ZERO, instrument.taker_fee, instrument.maker_fee) if instrument else ZERO


def ladder_quote(config: MartingaleConfig) -> Decimal:
    """Sum of all steps in quote, the base order included, without fees."""
    return sum((step_quote(config, step) for step in range(config.max_steps + 1)), ZERO)


def capital_needed(config: MartingaleConfig, instrument: Instrument | None) -> Decimal:
    """The most that a cycle commits: all steps, fees, and room for the base order's price."""
    spare = config.base_quote * (BASE_MARGIN - ONE)
    return (ladder_quote(config) + spare) * (ONE + fee_share(instrument))


def base_quantity(
    config: MartingaleConfig, price: Decimal, instrument: Instrument, room: Decimal
) -> Decimal:
    """Size of the base order in base at a price, as far as the capital left has room for it."""
    affordable = max(ZERO, room) / (BASE_MARGIN * (ONE + fee_share(instrument)))
    return instrument.round_quantity(min(config.base_quote, affordable) / price)


def sized_steps(
    config: MartingaleConfig, side: Side, entry: Decimal, instrument: Instrument, room: Decimal
) -> tuple[PlannedStep, ...]:
    """The safety orders below (short: above) an entry, nearest first.

    Each has its quote ÷ its price, rounded down, but all together never more than `room`: what
    is left of the capital. A step that gets less than the venue takes is left out.
    """
    steps = []
    fees = ONE + fee_share(instrument)
    for step in range(1, config.max_steps + 1):
        price = step_price(config, side, step, entry, instrument)
        if price <= ZERO:
            break
        quote = min(step_quote(config, step), max(ZERO, room) / fees)
        quantity = instrument.round_quantity(quote / price)
        if instrument.sellable(quantity, price):
            steps.append(PlannedStep(step, price, quantity))
            room -= quantity * price * fees
    return tuple(steps)


# validation


def problems(config: MartingaleConfig, instrument: Instrument | None) -> list[Problem]:
    """What is wrong with the parameters, one sentence each."""
    found = _number_problems(config)
    if found:
        return found
    found = _shape_problems(config)
    if instrument is not None:
        found += _instrument_problems(config, instrument)
    return found + _capital_problems(config, instrument)


_POSITIVE = (
    "base_quote",
    "step_percent",
    "take_profit",
    "multiplier",
    "step_scale",
    "trigger_price",
    "max_capital",
    "stop_loss",
    "stop_loss_price",
)


def _number_problems(config: MartingaleConfig) -> list[Problem]:
    found = [
        Problem(key, f"must be greater than 0, not {value}")
        for key in _POSITIVE
        if (value := getattr(config, key)) is not None and value <= ZERO
    ]
    if not 1 <= config.max_steps <= MOST_STEPS:
        found.append(
            Problem("max_steps", f"must be from 1 to {MOST_STEPS}, not {config.max_steps}")
        )
    try:
        if config.cooldown_ns < 0:
            found.append(Problem("cooldown", f"must be 0 seconds or more, not {config.cooldown}"))
    except ConfigError as error:
        found.append(Problem("cooldown", f"{error}; or a number of whole seconds, 0 for none"))
    return found


def _shape_problems(config: MartingaleConfig) -> list[Problem]:
    found = []
    deepest = deviation_percent(config, config.max_steps)
    long = config.side is MartingaleSide.LONG
    if long and deepest >= HUNDRED:
        first = next(
            step
            for step in range(1, config.max_steps + 1)
            if deviation_percent(config, step) >= HUNDRED
        )
        found.append(
            Problem(
                "max_steps",
                f"step {first} of {config.max_steps} lies {short(deviation_percent(config, first))}"
                " % below the entry, at a price of 0 or less; lower max_steps, step_percent or "
                "step_scale",
            )
        )
    if long and config.stop_loss is not None and config.stop_loss >= HUNDRED:
        found.append(Problem("stop_loss", f"must be less than 100, not {config.stop_loss}"))
    if not long and config.take_profit >= HUNDRED:
        found.append(
            Problem("take_profit", f"must be less than 100 for a short, not {config.take_profit}")
        )
    if config.trigger_direction is not None and config.trigger_price is None:
        found.append(Problem("trigger_direction", "needs a trigger_price"))
    return found


def _instrument_problems(config: MartingaleConfig, instrument: Instrument) -> list[Problem]:
    found = []
    if instrument.market is MarketType.SPOT and config.side is MartingaleSide.SHORT:
        found.append(Problem("side", "short needs a perpetual symbol, like ETH/USDC:USDC"))
    for step in range(config.max_steps + 1):
        quote = step_quote(config, step)
        if quote < instrument.min_notional:
            name = f"step {step}" if step else "the base order"
            found.append(
                Problem(
                    "multiplier" if step else "base_quote",
                    f"{name} of {short(quote)} {instrument.quote} is under the least order of "
                    f"{instrument.symbol}: {instrument.min_notional:f} {instrument.quote}",
                )
            )
            break
    return found


def _capital_problems(config: MartingaleConfig, instrument: Instrument | None) -> list[Problem]:
    if config.max_capital is None:
        return []
    needed = capital_needed(config, instrument)
    if needed <= config.max_capital:
        return []
    quote = instrument.quote if instrument is not None else "in quote"
    sizes = [short(step_quote(config, step)) for step in range(config.max_steps + 1)]
    return [
        Problem(
            "max_capital",
            f"all {len(sizes)} orders need {short(needed)} {quote} with fees and 1 % of the base "
            f"order to spare ({' + '.join(sizes)}), more than max_capital = "
            f"{short(config.max_capital)}; lower max_steps, multiplier or base_quote, or raise it",
        )
    ]


def short(number: Decimal) -> str:
    """A number for a sentence: at most four digits behind the point."""
    if abs(number) >= _TOO_LONG:
        return f"{number:.3e}"
    return f"{number:,.4f}".rstrip("0").rstrip(".")
