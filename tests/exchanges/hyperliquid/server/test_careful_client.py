"""A client that looks every doubtful order up is neither doubled nor misled by any fault."""

import asyncio
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from eth_account import Account
from hyperliquid.utils.signing import sign_l1_action

from tests.exchanges.hyperliquid.server.client import post
from tests.exchanges.hyperliquid.server.faults import Fault
from tests.exchanges.hyperliquid.server.sdk import IOC, MASTER, MASTER_KEY
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

ORDERS = 40
TIMEOUT_S = 0.3
WALLET = Account.from_key(MASTER_KEY)


class CarefulClient:
    """Sends each order once; what it isn't told it asks."""

    def __init__(self, server: HyperliquidServer) -> None:
        self._url = server.rest_url
        self._nonce = server.world.now()
        self.bought = Decimal(0)

    async def buy(self, number: int) -> None:
        """One order of 0.01 ETH."""
        cloid = f"0x{number:032x}"
        wire = {"a": 4, "b": True, "p": "2500", "s": "0.01", "r": False, "t": IOC, "c": cloid}
        self._nonce += 1
        nonce = self._nonce
        action = {"type": "order", "orders": [wire], "grouping": "na"}
        told = await self._sent(action, nonce)
        if told is None or told["status"] == "err":
            told = await self._settled(nonce, cloid)
        self.bought += Decimal(told) if isinstance(told, str) else Decimal("0.01")

    async def _sent(self, action: Any, nonce: int) -> Any:
        signed = sign_l1_action(WALLET, action, None, nonce, None, False)
        body = {"action": action, "nonce": nonce, "signature": signed}
        with suppress(TimeoutError, aiohttp.ClientError, ValueError, TypeError):
            sending = post(f"{self._url}/exchange", body)
            status, text = await asyncio.wait_for(sending, TIMEOUT_S)
            reply = json.loads(text)
            return reply if status == 200 and reply["status"] else None
        return None

    async def _settled(self, nonce: int, cloid: str) -> str:
        """Burn the nonce, so that nothing can come any more; then ask what came."""
        for _ in range(20):
            told = await self._sent({"type": "noop"}, nonce)
            if told is not None:
                break
        asked = {"type": "orderStatus", "user": MASTER, "oid": cloid}
        _, text = await post(f"{self._url}/info", asked)
        return "0.01" if json.loads(text)["status"] == "order" else "0"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_fault_is_survived_by_looking_orders_up(
    server: HyperliquidServer, seed: int
) -> None:
    server.fund(MASTER, 100_000)
    server.faults.by_chance(0.5, seed, on=("exchange",), seconds=(0.0, 0.1))
    client = CarefulClient(server)
    for number in range(ORDERS):
        await client.buy(number)
    assert server.account(MASTER).position_size("ETH") == client.bought
    assert client.bought > 0
    assert server.audit.violations == []
    assert len(server.faults.happened) > len(Fault) // 2
