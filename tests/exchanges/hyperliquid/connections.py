"""A connection without a socket: its stream is spoken to directly, its REST answers a script."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import msgspec

from nimbus_tui.core.ids import ExchangeName, Symbol
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.market import Quote
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid.connection import Connection
from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
from nimbus_tui.exchanges.hyperliquid.signing import Network
from nimbus_tui.exchanges.net.budget import Budgets
from tests.exchanges.hyperliquid.rest_venue import ScriptedVenue, connected
from tests.exchanges.hyperliquid.samples import ADDRESS, REPLIES
from tests.exchanges.hyperliquid.streams import ack, framed

BTC = Symbol("BTC/USDC:USDC")
LISTS = ("exchangeStatus", "meta", "spotMeta", "userFees", "userRateLimit")


class Line:
    """A connection, the venue behind its REST, and what it told."""

    def __init__(self, connection: Connection, venue: ScriptedVenue) -> None:
        self.connection = connection
        self.venue = venue
        self.links: list[tuple[bool, str]] = []
        self.quotes: list[Quote] = []
        connection.links.add(lambda is_up, reason: self.links.append((is_up, reason)))

    async def learn(self) -> None:
        """Read the lists."""
        self.venue.says(*((200, REPLIES[name][1]) for name in LISTS))
        await self.connection.learn()

    def open(self) -> list[dict[str, Any]]:
        """A connection stands and all is acknowledged; what was asked for."""
        session, now = self.connection.session, self.connection.clock.now()
        asked = [msgspec.json.decode(text) for text in session.opened(now)]
        for one in asked:
            self.hear(ack(one["subscription"]))
        return [one["subscription"] for one in asked]

    def hear(self, frame: bytes) -> None:
        self.connection.session.received(frame, self.connection.clock.now())

    def say(self, channel: str, data: Any) -> None:
        self.hear(framed(channel, data))


@asynccontextmanager
async def line(account: str = ADDRESS) -> AsyncIterator[Line]:
    clock = LiveClock()
    settings = HyperliquidSettings(
        network=Network.TESTNET, market=MarketType.PERPETUAL, account=account
    )
    async with connected() as rest:
        connection = Connection(
            ExchangeName("hl"), settings, clock=clock, budgets=Budgets(clock), chance=Random(1)
        )
        connection.rest = rest.rest
        try:
            yield Line(connection, rest.venue)
        finally:
            await connection.close()
