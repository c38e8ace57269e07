"""A bot as its rules see it, and what they are told from above."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from nimbus_tui.accounting.books import Books
from nimbus_tui.accounting.cycles import CycleLog
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Quote
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.ledger import Ledger
from nimbus_tui.engine.order_book_keeper import OrderBookKeeper
from nimbus_tui.engine.standing import Standing
from nimbus_tui.risk.allowances import Allowance
from nimbus_tui.risk.limits import RiskLimits


class Above(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules of the account and of the engine say to one bot."""

    step: RiskStep = RiskStep.NORMAL
    reason: str = ""
    allowances: tuple[Allowance, ...] = ()
    refusal: str = ""
    """Why no new order that adds may leave; empty while it may."""


class RuledBot(Protocol):
    """The bot as its rules see it."""

    instruments: Mapping[Symbol, Instrument]
    limits: RiskLimits
    prices: dict[Symbol, Quote]
    ledger: Ledger
    keeper: OrderBookKeeper
    standing: Standing

    @property
    def bot_id(self) -> BotId:
        """The bot's name."""
        ...

    @property
    def books(self) -> Books:
        """What it owns and has earned."""
        ...

    @property
    def cycles(self) -> CycleLog:
        """Its closed results."""
        ...

    @property
    def has_prices(self) -> bool:
        """Whether each of its symbols has a price."""
        ...

    def marks(self) -> dict[Symbol, Decimal]:
        """The newest prices."""
        ...

    def equity(self) -> Decimal:
        """What it is worth at the newest prices."""
        ...

    def publish(self, event: Event) -> None:
        """Tell the bus in its name."""
        ...
