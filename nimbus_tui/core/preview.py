"""What a config means before a bot runs it: the same rows as its panel, figures, and doubts."""

from decimal import Decimal

import msgspec

from nimbus_tui.core.panels import Panel


class PreviewFigure(msgspec.Struct, frozen=True):
    """One figure with its unit, e.g. `capital needed` 6,300 USDC."""

    name: str
    value: Decimal | int | str | None
    unit: str = ""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a bot would do at given prices."""

    panel: Panel | None = None
    """What its panel would show right after the start."""
    figures: tuple[PreviewFigure, ...] = ()
    warnings: tuple[str, ...] = ()
    """What a careful person would want to know; the bot may start all the same."""
    refusals: tuple[str, ...] = ()
    """Why it may not start at these prices, with the numbers."""
