"""Whatever clients send, the server answers, and its state stays sound."""

import json
from random import Random
from typing import Any

from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.client import listening, post
from tests.exchanges.hyperliquid.server.sdk import GTC, MASTER
from tests.exchanges.hyperliquid.server.server import HyperliquidServer
from tests.exchanges.hyperliquid.server.universe import recorded_or_small

ODD: list[Any] = [None, True, -1, 2**70, 1.5, "", "0x", "x" * 50, "NaN", "1e999", [], {}, ["meta"]]
SIGNED = {"nonce": 1, "signature": {"r": "0x1", "s": "0x1", "v": 27}}
ORDER = {"a": 4, "b": True, "p": "2388.1", "s": "0.01", "r": False, "t": GTC}
BODIES: list[dict[str, Any]] = [
    {"action": {"type": "order", "orders": [ORDER], "grouping": "na"}, **SIGNED},
    {"action": {"type": "cancel", "cancels": [{"a": 4, "o": 1}]}, "vaultAddress": MASTER, **SIGNED},
    {
        "action": {
            "type": "approveAgent",
            "agentAddress": MASTER,
            "agentName": "n",
            "nonce": 1,
            "signatureChainId": "0x66eee",
            "hyperliquidChain": "Testnet",
        },
        **SIGNED,
    },
]
QUESTIONS: list[dict[str, Any]] = [
    {"type": "userFillsByTime", "user": MASTER, "startTime": 0},
    {"type": "orderStatus", "user": MASTER, "oid": 1},
    {"type": "candleSnapshot", "req": {"coin": "ETH", "interval": "1h", "startTime": 0}},
    {"type": "fundingHistory", "coin": "ETH", "startTime": 1_790_000_000_000},
]
MESSAGES: list[dict[str, Any]] = [
    {"method": "subscribe", "subscription": {"type": "userFills", "user": MASTER}},
    {"method": "post", "id": 1, "request": {"type": "info", "payload": QUESTIONS[0]}},
    {"method": "post", "id": 2, "request": {"type": "action", "payload": BODIES[0]}},
]
ROUNDS = 150


def garbled(value: Any, chance: Random) -> Any:
    """The same with one part of it replaced by something odd, or left out."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        return value | {key: garbled(value[key], chance)}
    if isinstance(value, list) and value:
        return [garbled(value[0], chance), *value[1:]]
    return chance.choice(ODD)


async def test_garbled_requests_are_answered_and_break_nothing(server: HyperliquidServer) -> None:
    server.fund(MASTER)
    server.world.readings.weight_per_minute = 1_000_000
    chance = Random(6)
    for _ in range(ROUNDS):
        for route, samples in (("exchange", BODIES), ("info", QUESTIONS)):
            body = garbled(chance.choice(samples), chance)
            status, _ = await post(f"{server.rest_url}/{route}", body)
            assert status in {200, 422}, body
    assert server.bugs == []
    assert server.account(MASTER).orders == []
    assert {violation.rule for violation in server.audit.violations} >= {Rule.UNREADABLE}


async def test_garbled_messages_are_answered_and_break_nothing(server: HyperliquidServer) -> None:
    server.world.readings.weight_per_minute = 1_000_000
    chance = Random(7)
    async with listening(server.ws_url) as listener:
        for _ in range(ROUNDS):
            await listener.say(garbled(chance.choice(MESSAGES), chance))
            await listener.socket.send_str(json.dumps(MESSAGES[0])[: chance.randrange(70)])
        await listener.pings()
    assert server.bugs == []


async def test_the_recorded_list_is_served_too() -> None:
    async with HyperliquidServer(recorded_or_small()) as server:
        _, text = await post(f"{server.rest_url}/info", {"type": "metaAndAssetCtxs"})
        meta, contexts = json.loads(text)
        assert len(meta["universe"]) == len(contexts) > 0
