"""The adapter keeps what every adapter promises, over real sockets against a venue of its own."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random

import pytest
import pytest_asyncio

from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid.adapter import HyperliquidExchange
from nimbus_tui.exchanges.hyperliquid.settings import HyperliquidSettings
from nimbus_tui.exchanges.hyperliquid.signing import Network
from nimbus_tui.exchanges.net.budget import Budgets
from tests.contracts.exchange import ExchangeContract
from tests.contracts.venue import Venue
from tests.exchanges.hyperliquid.server.sdk import MASTER, MASTER_KEY
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

HOUR_MS = 3_600_000
COINS = {"ETH/USDC:USDC": "ETH", "HYPE/USDC": "@1035"}


def adapter(
    server: HyperliquidServer, market: MarketType, *, account: str = MASTER, key: str = MASTER_KEY
) -> HyperliquidExchange:
    clock = LiveClock()
    settings = HyperliquidSettings(
        network=Network.TESTNET,
        market=market,
        account=account,
        rest_url=server.rest_url,
        ws_url=server.ws_url,
    )
    return HyperliquidExchange(
        ExchangeName("hl"),
        settings,
        clock=clock,
        budgets=Budgets(clock),
        chance=Random(1),
        private_key=lambda: key,
    )


async def caught_up(exchange: HyperliquidExchange) -> None:
    """Wait until everything that the venue has said so far was taken in: answers come in order."""
    answered = asyncio.Event()
    session = exchange.connection.session
    question = b'{"type":"exchangeStatus"}'
    _, text = session.post("info", question, lambda _: answered.set())
    await exchange.connection.link.send(text)
    await asyncio.wait_for(answered.wait(), 5)


class TestHyperliquid(ExchangeContract):
    @pytest_asyncio.fixture(params=list(COINS))
    async def venue(self, request: pytest.FixtureRequest) -> AsyncIterator[Venue]:
        symbol, coin = request.param, COINS[request.param]
        market = MarketType.PERPETUAL if ":" in symbol else MarketType.SPOT
        async with HyperliquidServer() as server:
            server.fund(MASTER, spot={"USDC": Decimal(10_000)})
            await server.move(coin, Decimal(2400))
            exchange = adapter(server, market)

            async def move(price: str) -> None:
                await server.move(coin, Decimal(price))
                await caught_up(exchange)

            async def fund() -> None:
                server.world.time.offset_ms += HOUR_MS
                await server.pay_funding(coin, Decimal("0.0001"))
                await caught_up(exchange)

            exchange.subscribe_price_updates(symbol, lambda _: None)
            await exchange.connect()
            await caught_up(exchange)
            yield Venue(exchange, symbol, move, fund if market is MarketType.PERPETUAL else None)
            await exchange.disconnect()
            assert not server.audit.violations
