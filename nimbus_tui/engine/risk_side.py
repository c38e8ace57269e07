"""What the rules over several bots need of the engine, and nothing more."""

from typing import Protocol

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.market import Quote
from nimbus_tui.core.risk import RiskReading
from nimbus_tui.engine.accounts import Accounts
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.fee_prices import FeePrices
from nimbus_tui.engine.inbox import Inbox, Market
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.settings import EngineSettings
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.engine.wake import WakeIndex
from nimbus_tui.exchanges.base import Exchange
from nimbus_tui.journal.base import Journal


class Shutter(Protocol):
    """The emergency as the rules see it."""

    reason: str

    @property
    def latched(self) -> bool:
        """Whether an emergency holds."""
        ...

    def trip_soon(self, reason: str, reading: RiskReading | None = None) -> None:
        """Shut everything down once the turn is over."""
        ...


class Listener(Protocol):
    """Who hears every price."""

    def last_heard(self, market: Market) -> int | None:
        """When a price came last, ns; None: never since the start."""
        ...


class GapNoter(Protocol):
    """Who notes that a stream was silent."""

    def resumed(self, market: Market, silent_ns: int) -> None:
        """A price has come after so long."""
        ...


class RiskSide(Protocol):
    """The engine as its rules see it."""

    settings: EngineSettings
    started_ns: int
    clock: Clock
    journal: Journal
    inbox: Inbox
    bus: EventBus
    accounts: Accounts
    fee_prices: FeePrices
    prices: dict[Market, Quote]
    watchers: dict[Market, list[BotId]]
    wakes: WakeIndex
    exchanges: dict[ExchangeName, Exchange]
    order_managers: dict[ExchangeName, OrderManager]
    synchronisers: dict[ExchangeName, Synchroniser]
    bots: dict[BotId, Bot]

    @property
    def risk_desk(self) -> Listener:
        """Who hears every price."""
        ...

    @property
    def streams(self) -> GapNoter:
        """Who notes that a stream was silent."""
        ...

    @property
    def emergency(self) -> Shutter:
        """The last step."""
        ...
