"""What the parts of a bot that wake its strategy and keep it alive need of it, and nothing more."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.plan import Plan, View
from nimbus_tui.engine.bot_risk import BotRisk
from nimbus_tui.engine.ledger import Ledger
from nimbus_tui.engine.order_book_keeper import OrderBookKeeper
from nimbus_tui.engine.standing import Standing
from nimbus_tui.engine.strategy_guard import AnyStrategy, StrategyGuard


class BotSide(Protocol):
    """The bot as its parts see it."""

    instruments: Mapping[Symbol, Instrument]
    strategy: AnyStrategy
    guard: StrategyGuard
    ledger: Ledger
    keeper: OrderBookKeeper
    standing: Standing
    risk: BotRisk
    plan: Plan

    @property
    def has_prices(self) -> bool:
        """Whether each of its symbols has a price."""
        ...

    @property
    def has_position(self) -> bool:
        """Whether it holds anything."""
        ...

    def marks(self) -> dict[Symbol, Decimal]:
        """The newest prices."""
        ...

    def view(self) -> View:
        """What the strategy may look at."""
        ...

    def announce(self) -> None:
        """Tell what the strategy has to tell."""
        ...

    def publish(self, event: Event) -> None:
        """Tell the bus in the bot's name."""
        ...
