"""The limits that a bot trades under; percentages are of what the rule's name says."""

from decimal import Decimal

import msgspec


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one bot. A rule without a limit is off, but for the price collar."""

    stop_loss: Decimal | None = None
    """Loss against the average cost, in percent, at which the position is closed."""
    take_profit: Decimal | None = None
    """Gain against the average cost, in percent, at which the position is closed."""
    stop_loss_price: Decimal | None = None
    """Mark price at which the position is closed at a loss; instead of `stop_loss`."""
    take_profit_price: Decimal | None = None
    """Mark price at which the position is closed at a gain; instead of `take_profit`."""
    collar: Decimal = Decimal(10)
    """Percent that a buy may be priced above the mark, or a sell below it."""
    repeat_refusals: int = 5
    """Refusals in a row, of one key for one reason, that pause the bot."""
