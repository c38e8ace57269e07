"""The official SDK as a client, its blocking calls in threads."""

import asyncio
import warnings
from collections.abc import Callable
from typing import Any

from tests.exchanges.hyperliquid.server.server import HyperliquidServer

with warnings.catch_warnings():
    # They use what newer Pythons and packages deprecate.
    warnings.simplefilter("ignore")
    from eth_account import Account
    from hyperliquid.exchange import Exchange

MASTER_KEY = "0x" + "42" * 32
AGENT_KEY = "0x" + "17" * 32
OTHER_KEY = "0x" + "23" * 32
GTC = {"limit": {"tif": "Gtc"}}
IOC = {"limit": {"tif": "Ioc"}}
ALO = {"limit": {"tif": "Alo"}}


def address_of(key: str) -> str:
    """The address of a key, in small letters."""
    return str(Account.from_key(key).address).lower()


MASTER = address_of(MASTER_KEY)
OTHER = address_of(OTHER_KEY)


class InThreads:
    """Any object, with its methods made awaitable."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.target, name)

        async def call(*args: Any, **named: Any) -> Any:
            return await asyncio.to_thread(method, *args, **named)

        return call


class Trader:
    """One SDK client of one key."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.exchange = InThreads(exchange)
        self.info = InThreads(exchange.info)

    def close(self) -> None:
        """Let go of the connections."""
        self._exchange.session.close()
        self._exchange.info.session.close()

    async def order(self, *args: Any, **named: Any) -> Any:
        """The status of one order."""
        reply = await self.exchange.order(*args, **named)
        return reply["response"]["data"]["statuses"][0]


async def trader(server: HyperliquidServer, key: str = MASTER_KEY, **named: Any) -> Trader:
    """A client of the server, with its lists read."""
    wallet = Account.from_key(key)
    return Trader(await asyncio.to_thread(Exchange, wallet, server.rest_url, **named))
