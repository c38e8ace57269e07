"""Who may act for whom, nonces, budgets and the other limits."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hyperliquid.utils.signing import sign_l1_action

from tests.exchanges.hyperliquid.server.accounts import KEPT_NONCES
from tests.exchanges.hyperliquid.server.actions import Body, Signature, read_action
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.client import listening, post
from tests.exchanges.hyperliquid.server.sdk import (
    ALO,
    GTC,
    IOC,
    MASTER,
    MASTER_KEY,
    OTHER,
    OTHER_KEY,
    Trader,
    address_of,
    trader,
)
from tests.exchanges.hyperliquid.server.server import HyperliquidServer
from tests.exchanges.hyperliquid.server.signatures import l1_signer, user_signer

VECTORS = json.loads(Path(__file__).parents[1].joinpath("signing_vectors.json").read_text())
NOT_TAKEN = {"dummy, vault"}
SUB = "0x" + "ab" * 20
DONE = {"status": "ok", "response": {"type": "default"}}


def err(words: str) -> dict[str, str]:
    return {"status": "err", "response": words}


def rules(server: HyperliquidServer) -> list[Rule]:
    return [violation.rule for violation in server.audit.violations]


def noop(nonce: int, key: str = MASTER_KEY, expires: int | None = None) -> dict[str, Any]:
    action = {"type": "noop"}
    signed = sign_l1_action(Account.from_key(key), action, None, nonce, expires, False)
    return {"action": action, "nonce": nonce, "signature": signed, "expiresAfter": expires}


async def send(server: HyperliquidServer, body: Any) -> Any:
    status, text = await post(f"{server.rest_url}/exchange", body)
    return json.loads(text) if status == 200 else (status, text)


@pytest.mark.parametrize("network", ["mainnet", "testnet"])
@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["name"] not in NOT_TAKEN], ids=lambda v: v["name"]
)
def test_the_signer_of_every_vector_is_found(vector: dict[str, Any], network: str) -> None:
    if network not in vector["signatures"]:
        pytest.skip("not signed for this network")
    named = {"vaultAddress": vector.get("vaultAddress"), "expiresAfter": vector.get("expiresAfter")}
    action, nonce = vector["action"], vector.get("nonce", 0)
    signature = Signature(**vector["signatures"][network])
    if vector["kind"] == "l1":
        body = Body(action, nonce, signature, **named)
        signer = l1_signer(read_action(action), body, mainnet=network == "mainnet")
    else:
        chain = {"signatureChainId": "0x66eee", "hyperliquidChain": network.capitalize()}
        signer = user_signer(Body(action | chain, nonce, signature))
    assert signer == address_of(vector["key"])


async def test_a_key_that_nobody_knows_is_named(server: HyperliquidServer) -> None:
    stranger = await trader(server, OTHER_KEY)
    reply = await stranger.exchange.cancel("ETH", 1)
    assert reply == err(f"User or API Wallet {OTHER} does not exist.")
    assert rules(server) == [Rule.SIGNATURE]
    stranger.close()


async def test_a_number_with_zeros_at_its_end_is_a_wrong_signature(
    server: HyperliquidServer, sdk: Trader
) -> None:
    order = {"a": 4, "b": True, "p": "2388.10", "s": "0.01", "r": False, "t": GTC}
    action = {"type": "order", "orders": [order], "grouping": "na"}
    nonce = server.world.now()
    signed = sign_l1_action(Account.from_key(MASTER_KEY), action, None, nonce, None, False)
    reply = await send(server, {"action": action, "nonce": nonce, "signature": signed})
    assert reply["response"].startswith("User or API Wallet 0x")
    assert MASTER not in reply["response"]


async def test_a_signature_of_the_other_network_is_a_strangers() -> None:
    async with HyperliquidServer(mainnet=True) as server:
        server.fund(MASTER)
        reply = await send(server, noop(server.world.now()))
        assert reply["response"].endswith("does not exist.")


async def test_an_agent_trades_for_its_master_until_it_is_removed(
    server: HyperliquidServer, sdk: Trader
) -> None:
    reply, key = await sdk.exchange.approve_agent("nimbus")
    assert reply == DONE
    (told,) = await sdk.info.extra_agents(MASTER)
    assert (told["name"], told["address"]) == ("nimbus", address_of(key))
    agent = await trader(server, key, account_address=MASTER)
    assert "resting" in await agent.order("ETH", True, 0.01, 2388.1, GTC)
    assert len(await sdk.info.open_orders(MASTER)) == 1
    assert await sdk.info.open_orders(address_of(key)) == []
    role = await sdk.info.user_role(address_of(key))
    assert role == {"role": "agent", "data": {"user": MASTER}}
    refused = await agent.exchange.usd_class_transfer(1, True)
    assert refused == err(f"Must deposit before performing actions. User: {address_of(key)}")
    await sdk.exchange.approve_agent("nimbus")
    reply = await agent.exchange.cancel("ETH", 1)
    assert reply == err(f"User or API Wallet {address_of(key)} does not exist.")
    agent.close()


async def test_a_sub_account_and_a_vault_are_traded_by_their_owner(
    server: HyperliquidServer, sdk: Trader
) -> None:
    vault = "0x" + "cd" * 20
    server.fund(SUB, role="subAccount", owner=MASTER)
    server.fund(vault, role="vault", owner=MASTER)
    told = {"role": "subAccount", "data": {"master": MASTER}}
    assert await sdk.info.user_role(SUB) == told
    assert await sdk.info.user_role(vault) == {"role": "vault"}
    assert await sdk.info.user_role(OTHER) == {"role": "missing"}
    for address in (SUB, vault):
        client = await trader(server, vault_address=address)
        assert "resting" in await client.order("ETH", True, 0.01, 2388.1, GTC)
        assert len(await client.info.open_orders(address)) == 1
        client.close()
    assert await sdk.info.open_orders(MASTER) == []
    stranger = await trader(server, vault_address=OTHER)
    reply = await stranger.exchange.cancel("ETH", 1)
    assert reply == err(f"Vault not registered: {OTHER}")
    stranger.close()


async def test_a_nonce_is_used_once_and_a_noop_settles_what_was_sent(
    server: HyperliquidServer, sdk: Trader
) -> None:
    nonce = server.world.now()
    assert await send(server, noop(nonce)) == DONE
    assert await send(server, noop(nonce)) == err(f"Invalid nonce: duplicate nonce {nonce}")
    cancel = {"type": "cancel", "cancels": [{"a": 4, "o": 1}]}
    signed = sign_l1_action(Account.from_key(MASTER_KEY), cancel, None, nonce, None, False)
    reply = await send(server, {"action": cancel, "nonce": nonce, "signature": signed})
    assert reply == err(f"Invalid nonce: duplicate nonce {nonce}")
    assert rules(server) == []


async def test_two_actions_with_one_nonce_are_noted(server: HyperliquidServer, sdk: Trader) -> None:
    action = {"type": "updateLeverage", "asset": 4, "isCross": True, "leverage": 5}
    nonce = server.world.now()
    signed = sign_l1_action(Account.from_key(MASTER_KEY), action, None, nonce, None, False)
    body = {"action": action, "nonce": nonce, "signature": signed}
    assert await send(server, body) == DONE
    assert await send(server, body) == err(f"Invalid nonce: duplicate nonce {nonce}")
    assert rules(server) == [Rule.NONCE]


async def test_nonces_come_in_any_order_within_the_hundred_highest(
    server: HyperliquidServer, sdk: Trader
) -> None:
    now = server.world.now()
    for number in range(KEPT_NONCES):
        assert await send(server, noop(now - 2 * number)) == DONE
    lowest = now - 2 * (KEPT_NONCES - 1)
    assert await send(server, noop(now - 1)) == DONE
    refused = err(f"Invalid nonce: nonce too low {lowest} < {lowest + 2}")
    assert refused == await send(server, noop(lowest))


@pytest.mark.parametrize("days", [-3, 2])
async def test_a_nonce_far_from_the_venues_time_is_refused(
    server: HyperliquidServer, sdk: Trader, days: int
) -> None:
    reply = await send(server, noop(server.world.now() + days * 86_400_000))
    assert f"nonce too {'low' if days < 0 else 'high'}" in reply["response"]


async def test_what_has_expired_is_refused_and_costs_more(
    server: HyperliquidServer, sdk: Trader
) -> None:
    now = server.world.now()
    assert await send(server, noop(now, expires=now + 60_000)) == DONE
    used = server.account(MASTER).requests
    assert await send(server, noop(now + 1, expires=now - 1)) == err("Action already expired")
    assert server.account(MASTER).requests == used + 5


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        {"action": {"type": "noop"}},
        {"action": {"type": "dance"}, "nonce": 1, "signature": {"r": "0x1", "s": "0x1", "v": 27}},
        {
            "action": {"type": "cancel", "cancels": [{"a": "4", "o": 1}]},
            "nonce": 1,
            "signature": {"r": "0x1", "s": "0x1", "v": 27},
        },
    ],
)
async def test_a_body_that_cannot_be_read_is_422(server: HyperliquidServer, body: Any) -> None:
    told = (422, "Failed to deserialize the JSON body into the target type")
    assert told == await send(server, body)
    assert rules(server) == [Rule.UNREADABLE]


async def test_a_malformed_signature_is_no_signer(server: HyperliquidServer) -> None:
    server.fund(MASTER)
    body = noop(server.world.now()) | {"signature": {"r": "0x0", "s": "0x0", "v": 27}}
    assert await send(server, body) == err("Unable to recover signer.")


async def test_a_batch_of_more_than_200_is_refused(sdk: Trader) -> None:
    cancels = [{"coin": "ETH", "oid": number} for number in range(201)]
    reply = await sdk.exchange.bulk_cancel(cancels)
    assert reply == err("Signed action over weight limit of 200.")


async def test_an_address_beyond_its_budget_may_act_now_and_then(
    server: HyperliquidServer, sdk: Trader
) -> None:
    server.account(MASTER).free_requests = 3
    for px in (2388.1, 2388.2, 2388.3, 2388.4):
        assert "resting" in await sdk.order("ETH", True, 0.01, px, GTC)
    limit = await sdk.info.user_rate_limit(MASTER)
    assert (limit["nRequestsUsed"], limit["nRequestsCap"]) == (4, 3)
    reply = await sdk.exchange.order("ETH", True, 0.01, 2388.5, GTC)
    assert reply["response"].startswith("Too many cumulative requests sent (4 > 3) for cumulative")
    assert rules(server) == [Rule.BUDGET]
    (row, *_) = await sdk.info.open_orders(MASTER)
    reply = await sdk.exchange.cancel("ETH", row["oid"])
    assert reply["response"]["data"]["statuses"] == ["success"]


async def test_too_much_weight_is_429_with_null(server: HyperliquidServer) -> None:
    server.world.readings.weight_per_minute = 30
    asked = {"type": "meta"}
    assert (await post(f"{server.rest_url}/info", asked))[0] == 200
    assert await post(f"{server.rest_url}/info", asked) == (429, "null")
    assert rules(server) == [Rule.WEIGHT]
    assert server.meter.used == 20


async def test_the_dead_mans_switch_needs_volume(server: HyperliquidServer, sdk: Trader) -> None:
    reply = await sdk.exchange.schedule_cancel(None)
    assert reply == err(
        "Cannot set scheduled cancel time until enough volume traded. "
        "Required: $1000000. Traded: $0.00."
    )
    server.account(MASTER).volume = Decimal(1_000_000)
    reply = await sdk.exchange.schedule_cancel(server.world.now() + 4000)
    assert reply["status"] == "err"
    await sdk.order("ETH", True, 0.01, 2388.1, GTC)
    assert await sdk.exchange.schedule_cancel(server.world.now() + 6000) == DONE
    async with listening(server.ws_url) as listener:
        await listener.subscribe("orderUpdates", user=MASTER)
        server.world.time.offset_ms = 7000
        (ended,) = (await listener.next("orderUpdates"))["data"]
    assert ended["status"] == "scheduledCancel"
    assert await sdk.info.open_orders(MASTER) == []


async def test_after_an_upgrade_only_post_only_orders_are_taken(
    server: HyperliquidServer, sdk: Trader
) -> None:
    server.world.post_only = True
    words = "Only post-only orders allowed immediately after a network upgrade asset=4"
    assert await sdk.order("ETH", True, 0.01, 2388.1, GTC) == {"error": words}
    assert await sdk.order("ETH", True, 0.01, 2410.0, IOC) == {"error": words}
    assert "resting" in await sdk.order("ETH", True, 0.01, 2388.1, ALO)


async def test_money_never_leaves_unnoticed(server: HyperliquidServer, sdk: Trader) -> None:
    reply = await sdk.exchange.usd_transfer(10, OTHER)
    assert reply["status"] == "err"
    assert rules(server) == [Rule.FORBIDDEN]
