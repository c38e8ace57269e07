"""The limits of bots, accounts and the engine; percentages are of what the rule's name says."""

from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Annotated

import msgspec

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.duration import parse_duration
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.risk.thresholds import Thresholds

Positive = Annotated[Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0})]
Percent = Annotated[
    Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0, "maximum": 100})
]
Share = Annotated[Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0, "maximum": 1})]

_duration_ns = lru_cache(maxsize=256)(parse_duration)


class OnTakeProfit(Enum):
    """What a bot does when its take profit has closed the position."""

    STOP = "stop"
    RESTART = "restart"


class SharedLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits that one bot can have, or all bots that set none of their own."""

    position_size: Positive | None = None
    """Most quote that a position is worth, with all orders that would add to it."""
    position_age: str | None = None
    """How long a position may be open before it is paused for a review, like 12h."""
    close_old_position: bool = False
    """Whether a position that is too old is closed, and the bot stopped, instead of paused."""
    daily_loss: Percent | None = None
    """Percent of its equity that a bot may lose in a day, and in any 24 hours."""
    day_start: str = "00:00"
    """When the day of the daily loss begins, as HH:MM in UTC."""
    drawdown: Percent | None = None
    """Percent that a bot's equity may fall from its highest."""
    consecutive_losses: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    """Cycles in a row with a loss that pause a bot for `cooldown`."""
    cooldown: str = "1h"
    """How long a losing streak pauses a bot, like 30m."""
    order_rate: Positive = Decimal(120)
    """Orders and cancels a minute of one bot; a plan of more than three times that pauses it."""
    throttle_rate: Positive = Decimal(6)
    """Adding orders a minute while a bot is throttled."""
    connection: Positive = Decimal(30)
    """Seconds without data on a stream that a bot needs, before it is paused."""
    collar: Positive = Decimal(10)
    """Percent that a buy may be priced above the mark, or a sell below it."""
    repeat_refusals: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 5
    """Refusals in a row, of one key for one reason, that pause a bot."""
    hold: str = "10m"
    """How long it must have been calm before a step of the ladder is taken back."""
    steps: dict[str, Thresholds] = msgspec.field(default_factory=dict)
    """Steps of a rule in percent of its limit, by the rule's name, where they are to differ."""
    others: dict[str, Positive] = msgspec.field(default_factory=dict)
    """Limits of rules from other packages, by the rule's name."""

    @property
    def position_age_s(self) -> Decimal | None:
        """`position_age` in seconds."""
        if self.position_age is None:
            return None
        return Decimal(_duration_ns(self.position_age)) / NS_PER_SECOND

    @property
    def cooldown_ns(self) -> int:
        """`cooldown` in ns."""
        return _duration_ns(self.cooldown)

    @property
    def hold_ns(self) -> int:
        """`hold` in ns."""
        return _duration_ns(self.hold)

    @property
    def day_start_ns(self) -> int:
        """`day_start` in ns after midnight UTC."""
        return time_of_day_ns(self.day_start)


class RiskLimits(SharedLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one bot. A rule without a limit is off; some have one by default."""

    stop_loss: Positive | None = None
    """Loss against the average cost, in percent, at which the position is closed."""
    take_profit: Positive | None = None
    """Gain against the average cost, in percent, at which the position is closed."""
    stop_loss_price: Positive | None = None
    """Mark price at which the position is closed at a loss; instead of `stop_loss`."""
    take_profit_price: Positive | None = None
    """Mark price at which the position is closed at a gain; instead of `take_profit`."""
    confirm_seconds: Positive | None = None
    """Seconds that the loss must stay beyond the stop loss before it closes."""
    confirm_percent: Positive | None = None
    """Percent beyond the stop loss at which it closes without waiting."""
    on_take_profit: OnTakeProfit = OnTakeProfit.STOP
    """Whether the bot stops after a take profit, or starts a new cycle."""


class AccountLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one account at a venue."""

    leverage: Positive | None = None
    """Most notional of all perpetuals, as a multiple of the margin equity."""
    api_rate: Percent = Decimal(80)
    """Percent of the venue's request budgets that may be used."""
    hold: str = "10m"
    """How long it must have been calm before a step of the ladder is taken back."""
    steps: dict[str, Thresholds] = msgspec.field(default_factory=dict)
    """Steps of a rule in percent of its limit, by the rule's name, where they are to differ."""

    @property
    def hold_ns(self) -> int:
        """`hold` in ns."""
        return _duration_ns(self.hold)


class EngineLimits(SharedLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits over all bots and accounts, and those of each bot that doesn't set its own."""

    total_exposure: Positive | None = None
    """Most notional of everything together, as a multiple of the equity."""
    correlation: Positive | None = None
    """The same for assets that move together."""
    correlated_from: Share = Decimal("0.7")
    """Correlation of two assets' hourly returns, of either sign, from which they move together."""
    asset_allocation: Percent | None = None
    """Most percent of the total exposure that one asset may have."""
    equity_floor: Positive | None = None
    """Equity in the engine's currency at which everything is shut down."""
    clock_offset: Positive | None = None
    """Seconds that the machine's clock may differ from a venue's before everything is shut down."""
    rejects: Positive | None = None
    """Orders refused in a minute, by all venues, at which everything is shut down."""


@lru_cache(maxsize=64)
def time_of_day_ns(text: str) -> int:
    """A time of day in ns after midnight.

    Raises:
        ConfigError: it isn't HH:MM.
    """
    hours, colon, minutes = text.partition(":")
    digits = hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()
    if not (colon and digits and len(minutes) == 2 and int(hours) < 24 and int(minutes) < 60):
        raise ConfigError(f"{text!r} is not a time of day; write HH:MM, like 00:00")
    return (int(hours) * 60 + int(minutes)) * 60 * NS_PER_SECOND
