"""What those who start and stop an engine need of it, and nothing more."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId, ExchangeName
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.background import Alarm, Background
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.dead_man_switch import DeadManSwitch
from nimbus_tui.engine.emergency import Emergency
from nimbus_tui.engine.fee_prices import FeePrices
from nimbus_tui.engine.inbox import Market
from nimbus_tui.engine.markets import Markets
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.risk_desk import RiskDesk
from nimbus_tui.engine.settings import BotSpec
from nimbus_tui.engine.stopping import StopPolicy
from nimbus_tui.engine.streams import Streams
from nimbus_tui.engine.synchroniser import Synchroniser
from nimbus_tui.engine.venue_side import VenueSide
from nimbus_tui.engine.wake import WakeIndex
from nimbus_tui.exchanges.base import Exchange


class LifeSide(VenueSide, Protocol):
    """The engine as its start and its shutdown see it."""

    state: str
    exchanges: dict[ExchangeName, Exchange]
    specs: dict[BotId, BotSpec]
    bots: dict[BotId, Bot]
    refused: dict[BotId, str]
    watchers: dict[Market, list[BotId]]
    wakes: WakeIndex
    markets: Markets
    order_managers: dict[ExchangeName, OrderManager]
    synchronisers: dict[ExchangeName, Synchroniser]
    switches: list[DeadManSwitch]
    first_steps: list[asyncio.Future[None]]
    subscriptions: list[Callable[[], None]]
    prices: dict[Market, Quote]
    bus: EventBus
    fee_prices: FeePrices
    emergency: Emergency
    risk_desk: RiskDesk
    streams: Streams
    background: Background
    alarm: Alarm
    chance: Random
    ready: asyncio.Event
    lost_journal: JournalError | None

    def stop_policy(self, spec: BotSpec) -> StopPolicy:
        """What stopping means for a bot, in each of the ways there are."""
        ...

    def link_changed(self, exchange: ExchangeName, is_up: bool, reason: str) -> None:
        """A venue's data flows again or has ended."""
        ...
