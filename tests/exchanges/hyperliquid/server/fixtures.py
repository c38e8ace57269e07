"""Fixtures for tests that need a venue; a conftest imports them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.exchanges.hyperliquid.server.sdk import MASTER, Trader, trader
from tests.exchanges.hyperliquid.server.server import HyperliquidServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[HyperliquidServer]:
    """A venue of its own for the test."""
    async with HyperliquidServer() as running:
        yield running


@pytest_asyncio.fixture
async def sdk(server: HyperliquidServer) -> AsyncIterator[Trader]:
    """The official SDK with a funded account on that venue."""
    server.fund(MASTER)
    client = await trader(server)
    yield client
    client.close()
