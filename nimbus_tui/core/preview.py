"""What a config means before a bot runs it: the same rows as its panel, figures, and doubts."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.panels import Panel
from nimbus_tui.core.problems import ConfigProblem


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


class PriceOrigin(Enum):
    """Where the price of a preview comes from, the most wanted first."""

    GIVEN = "given"
    """By whoever asks."""
    ENGINE = "engine"
    """The newest that a running engine has seen."""
    PAPER_FILE = "paper file"
    """The newest in the file that a paper exchange keeps."""
    SYNTHETIC_START = "synthetic start"
    """Where the made-up market begins."""
    FIRST_RECORDED = "first recorded"
    """The first of a replay's files."""


class PreviewPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A price that a preview was made at."""

    exchange: ExchangeName
    symbol: Symbol
    price: Decimal
    origin: PriceOrigin
    ts: int | None = None
    """When it was traded, ns; None where nobody traded at it."""


class ConfigPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole config means: what is wrong with it, else what each of its bots would do."""

    errors: tuple[ConfigProblem, ...] = ()
    previews: Mapping[BotId, Preview] = msgspec.field(default_factory=dict)
    """By bot, in the order of the file; without those that `errors` has something about."""
    prices: tuple[PreviewPrice, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the engine would run it and no bot is refused."""
        return not self.errors and not any(bot.refusals for bot in self.previews.values())
