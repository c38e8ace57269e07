"""What a grid's round trips cost in fees, and whether its spacing pays for them."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise

import msgspec

from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import Side
from nimbus_tui.strategies.base import Problem
from nimbus_tui.strategies.grid_levels import (
    HUNDRED,
    ZERO,
    GridConfig,
    GridMode,
    centred,
    level_price,
    raw_price,
)

_FOUR_PLACES = Decimal("0.0001")


class TripFees(msgspec.Struct, frozen=True):
    """What fees do to a round trip of one unit of base: it costs and brings so much more or less.

    At 0.02 % a side, buying at 2388 costs 2388 × 1.0002 and selling at 2400 brings 2400 × 0.9998.
    Where a buy pays its fee in the coin, it costs 2388 and brings 2400 × 0.9998 × 0.9998: there is
    less to sell.
    """

    cost: Decimal
    proceeds: Decimal

    def profit(self, bought_at: Decimal, sold_at: Decimal) -> Decimal:
        """What is left of the difference once the fees are paid, in quote per unit of base."""
        return sold_at * self.proceeds - bought_at * self.cost

    def fee(self, bought_at: Decimal, sold_at: Decimal) -> Decimal:
        """What the fees take of the difference, in quote per unit of base."""
        return sold_at - bought_at - self.profit(bought_at, sold_at)


def trip_fees(instrument: Instrument, rate: Decimal) -> TripFees:
    """The fees of a round trip that pays the same rate on both sides."""
    if instrument.buy_fee_in_base:
        return TripFees(Decimal(1), (1 - rate) ** 2)
    return TripFees(1 + rate, 1 - rate)


class Gap(msgspec.Struct, frozen=True):
    """Two neighbouring levels; prices in quote, or in percent of the base while there is none."""

    below: int
    """The level that is bought; the one above it is sold."""
    bought_at: Decimal
    sold_at: Decimal


def fee_problems(config: GridConfig, instrument: Instrument | None) -> list[Problem]:
    """Whether a round trip between two levels would lose money on every single turn.

    Known without a price: a spacing and the fees are both shares of it, and a range has prices of
    its own. Rounding only widens a gap (buys down, sells up), so that no price makes it worse.
    """
    if instrument is None or not _has_shape(config):
        return []
    fees = trip_fees(instrument, instrument.maker_fee)
    gaps = _range_gaps(config, instrument) if config.is_range else _spacing_gaps(config)
    losing = [gap for gap in gaps if fees.profit(gap.bought_at, gap.sold_at) <= ZERO]
    if not losing:
        return []
    if config.is_range:
        worst = min(losing, key=lambda gap: fees.profit(gap.bought_at, gap.sold_at) / gap.bought_at)
        return [Problem("levels", _range_message(config, worst, fees, instrument))]
    return [Problem("spacing", _spacing_message(config, losing[0], fees, instrument))]


def percent_text(share: Decimal) -> str:
    """A share in percent, plain and without idle zeros: 0.0002 → 0.02."""
    text = f"{share * HUNDRED:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _has_shape(config: GridConfig) -> bool:
    """Whether the levels can be worked out; if not, that is told as a problem of its own."""
    if not 1 <= config.levels <= 500:
        return False
    if config.is_range:
        ends = (config.lower or ZERO, config.upper or ZERO)
        return ZERO < ends[0] < ends[1] and config.levels >= 2 and config.spacing is None
    if config.spacing is None or config.spacing <= ZERO:
        return False
    return config.mode is GridMode.GEOMETRIC or config.spacing * config.levels < HUNDRED


def _spacing_gaps(config: GridConfig) -> Iterable[Gap]:
    """The innermost gap and the highest, on a base of 100; the others lie between them.

    Equal steps in quote are the smaller, in percent, the higher they lie.
    """
    grid = centred(config, HUNDRED)
    for below in dict.fromkeys((0, config.levels - 1)):
        prices = (raw_price(config, grid, level) for level in (below, below + 1))
        yield Gap(below, *prices)


def _range_gaps(config: GridConfig, instrument: Instrument) -> Iterable[Gap]:
    grid = centred(config, config.lower or ZERO)
    for below, above in pairwise(grid.levels):
        bought_at = level_price(config, grid, below, Side.BUY, instrument)
        if bought_at > ZERO:
            yield Gap(below, bought_at, level_price(config, grid, above, Side.SELL, instrument))


def _spacing_message(config: GridConfig, gap: Gap, fees: TripFees, instrument: Instrument) -> str:
    fee = fees.fee(gap.bought_at, gap.sold_at)
    loss = -fees.profit(gap.bought_at, gap.sold_at)
    where = f" between levels {gap.below:+d} and {gap.below + 1:+d}" if gap.below else ""
    size = ""
    if config.quote_size is not None:
        each = config.quote_size * loss / HUNDRED
        size = f", {_digits(each)} {instrument.quote} at {config.quote_size:f} {instrument.quote}"
    return (
        f"{config.spacing:f} % does not pay the fees of a round trip{where}, {_digits(fee)} % "
        f"({_rates(instrument)}): each would lose {_digits(loss)} %{size}; {_remedy(config, fees)}"
    )


def _range_message(config: GridConfig, gap: Gap, fees: TripFees, instrument: Instrument) -> str:
    fee = fees.fee(gap.bought_at, gap.sold_at) / gap.bought_at * HUNDRED
    loss = -fees.profit(gap.bought_at, gap.sold_at) / gap.bought_at * HUNDRED
    spacing = (gap.sold_at - gap.bought_at) / gap.bought_at * HUNDRED
    return (
        f"{config.levels} prices are {_digits(spacing)} % apart between {gap.bought_at:f} and "
        f"{gap.sold_at:f}, which does not pay the fees of a round trip, {_digits(fee)} % "
        f"({_rates(instrument)}): each would lose {_digits(loss)} %; take fewer levels or a "
        "wider range"
    )


def _rates(instrument: Instrument) -> str:
    coin = f", the buy's in {instrument.base}" if instrument.buy_fee_in_base else ""
    return f"maker {percent_text(instrument.maker_fee)} % on each side{coin}"


def _remedy(config: GridConfig, fees: TripFees) -> str:
    """The spacing from which on the worst gap pays: s × (p × (k + 1) − c × k) > c − p."""
    below = config.levels - 1 if config.mode is GridMode.ARITHMETIC else 0
    room = fees.proceeds * (below + 1) - fees.cost * below
    if room <= ZERO:
        return 'take fewer levels, or mode = "geometric"'
    least = (fees.cost - fees.proceeds) / room * HUNDRED
    return f"take more than {least.quantize(_FOUR_PLACES, ROUND_CEILING):f} %"


def _digits(number: Decimal) -> str:
    """Three digits that count, plain."""
    return f"{Decimal(f'{number:.3g}'):f}"
