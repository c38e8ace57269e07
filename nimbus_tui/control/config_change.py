"""A config as clients read it, what saving another text would do, and what a venue offers."""

import hashlib
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import DesiredOrder, Order
from nimbus_tui.core.problems import ConfigProblem


def text_hash(text: str) -> str:
    """What tells one text of a config from another: SHA-256 of its UTF-8 form, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


class ConfigText(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's config file as it is on the disk now."""

    text: str
    path: str
    """Where it is; empty where the engine has no file, and nothing can be saved."""
    hash: str
    """`text_hash` of the text: whoever saves says which one was edited."""
    running_hash: str
    """That of the text which the engine runs by; another one where the file was edited since."""
    trouble: str = ""
    """Why the file can't be read; the text is then the one that the engine runs by."""


class BotChangeKind(Enum):
    """What saving would do to one bot."""

    UNCHANGED = "unchanged"
    HOT = "applied at once"
    """It goes on with what it holds, under the new parameters."""
    ADDED = "added"
    """A new bot, which starts at once."""
    REMOVED = "removed"
    NEXT_START = "at the next start"
    """The file is saved, and the running engine can't follow it."""
    REFUSED = "refused"


class BotChange(msgspec.Struct, frozen=True, kw_only=True):
    """What saving would do to one bot, at the newest prices."""

    bot_id: BotId
    kind: BotChangeKind
    keys: tuple[str, ...] = ()
    """The keys of its table that differ, e.g. `spacing` or `risk.drawdown`."""
    message: str = ""
    """A sentence: what happens, or why it is refused and what can be done."""
    cancels: tuple[Order, ...] = ()
    """Live orders that will be cancelled."""
    places: tuple[DesiredOrder, ...] = ()
    """Orders that will be placed once those are cancelled, while the price stays."""


class ConfigChange(msgspec.Struct, frozen=True, kw_only=True):
    """What `save_config` would do now."""

    problems: tuple[ConfigProblem, ...] = ()
    """What is wrong with the text, with places; then there is nothing else here."""
    refusal: str = ""
    """Why it would not be saved: edited meanwhile, or a bot that can't follow; else empty."""
    bots: tuple[BotChange, ...] = ()
    """Every bot of both texts: those of the new one in its order, then the removed ones."""
    engine: tuple[str, ...] = ()
    """What changes beside the bots, in sentences: applied at once, or at the next start."""

    @property
    def ok(self) -> bool:
        """Whether `save_config` would save it."""
        return not self.problems and not self.refusal


class InstrumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be traded at an exchange."""

    exchange: ExchangeName
    symbol: Symbol
    market: MarketType
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal
    """In quote."""
    maker_fee: Decimal
    """A share of the notional; 0.0002 is 0.02 %."""
    taker_fee: Decimal
    price: Decimal | None = None
    """The newest that the engine has seen."""


class InstrumentList(msgspec.Struct, frozen=True):
    """What an exchange offers, by symbol; `trouble` says why there is nothing."""

    rows: tuple[InstrumentRow, ...]
    trouble: str = ""
