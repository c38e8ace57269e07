"""The official SDK trades perpetuals on the server."""

from decimal import Decimal
from typing import Any

import pytest
from hyperliquid.utils.types import Cloid

from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.sdk import (
    ALO,
    GTC,
    IOC,
    MASTER,
    OTHER,
    OTHER_KEY,
    Trader,
    trader,
)
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

ETH = 4
CLOID = "0x1234567890abcdef1234567890abcdef"


async def test_a_resting_order_is_seen_filled_by_a_move_and_gone(
    server: HyperliquidServer, sdk: Trader
) -> None:
    placed = await sdk.order("ETH", True, 0.0125, 2388.1, ALO, cloid=Cloid(CLOID))
    oid = placed["resting"]["oid"]
    assert {"resting": {"oid": oid, "cloid": CLOID}} == placed
    (row,) = await sdk.info.frontend_open_orders(MASTER)
    assert (row["sz"], row["origSz"], row["limitPx"]) == ("0.0125", "0.0125", "2388.1")
    await server.move("ETH", Decimal("2388.1"))
    assert await sdk.info.open_orders(MASTER) == []
    status = await sdk.info.query_order_by_cloid(MASTER, Cloid(CLOID))
    assert (status["order"]["status"], status["order"]["order"]["sz"]) == ("filled", "0.0")
    (fill,) = await sdk.info.user_fills(MASTER)
    expected = {
        "coin": "ETH",
        "px": "2388.1",
        "sz": "0.0125",
        "side": "B",
        "startPosition": "0.0",
        "dir": "Open Long",
        "closedPnl": "0.0",
        "oid": oid,
        "crossed": False,
        "fee": "0.004477",
        "cloid": CLOID,
        "feeToken": "USDC",
    }
    assert expected == {name: fill[name] for name in expected}
    assert server.audit.violations == []


async def test_a_taker_pays_the_ask_and_sees_its_position(
    server: HyperliquidServer, sdk: Trader
) -> None:
    taken = await sdk.order("ETH", True, 0.5, 2410.0, IOC)
    assert (taken["filled"]["totalSz"], taken["filled"]["avgPx"]) == ("0.5", "2400.1")
    state = await sdk.info.user_state(MASTER)
    (held,) = state["assetPositions"]
    assert (held["position"]["szi"], held["position"]["entryPx"]) == ("0.5", "2400.1")
    assert held["position"]["leverage"] == {"type": "cross", "value": 20}
    await server.move("ETH", Decimal(2500))
    state = await sdk.info.user_state(MASTER)
    assert state["assetPositions"][0]["position"]["unrealizedPnl"] == "49.95"
    fee = Decimal("2400.1") * Decimal("0.5") * Decimal("0.00045")
    equity = Decimal(state["marginSummary"]["accountValue"])
    assert abs(equity - (10_000 + Decimal("49.95") - fee)) < Decimal("0.00001")


@pytest.mark.parametrize(
    ("order", "words", "rule"),
    [
        (("ETH", True, 0.0125, 2388.15, GTC), "Price must be divisible by tick size.", Rule.TICK),
        (("ETH", True, 0.01255, 2388.1, GTC), "Order has invalid size.", Rule.LOT),
        (("SOL", True, 1, 12.34567, GTC), "Order has invalid price.", Rule.TICK),
        (("ETH", True, 0.004, 2388.1, GTC), "Order must have minimum value of $10.", Rule.NOTIONAL),
        (("ETH", True, 0, 2388.1, GTC), "Order has zero size.", Rule.LOT),
        (
            ("ETH", True, 1, 100.0, GTC),
            "Order price cannot be more than 95% away from the reference price",
            Rule.FAR_PRICE,
        ),
        (
            ("ETH", True, 0.01, 2400.1, ALO),
            "Post only order would have immediately matched, bbo was 2399.9@2400.1.",
            None,
        ),
        (
            ("ETH", True, 0.01, 2400.0, IOC),
            "Order could not immediately match against any resting orders.",
            None,
        ),
        (("ETH", True, 1000, 2388.1, GTC), "Insufficient margin to place order.", None),
        (
            ("ETH", True, 0.01, 2388.1, GTC, True),
            "Reduce only order would increase position.",
            None,
        ),
    ],
)
async def test_an_order_is_refused_in_the_venues_words(
    server: HyperliquidServer, sdk: Trader, order: Any, words: str, rule: Rule | None
) -> None:
    asset = server.world.universe.markets[order[0]].asset
    assert {"error": f"{words} asset={asset}"} == await sdk.order(*order)
    assert [rule] if rule else [broken.rule for broken in server.audit.violations] == []
    assert server.account(MASTER).open_orders == []


async def test_a_payload_error_refuses_the_whole_batch_with_one_status(
    server: HyperliquidServer, sdk: Trader
) -> None:
    good = {"coin": "ETH", "is_buy": True, "sz": 0.01, "limit_px": 2388.1, "order_type": GTC}
    good["reduce_only"] = False
    reply = await sdk.exchange.bulk_orders([good, good | {"sz": 0.01255}])
    assert reply["response"]["data"]["statuses"] == [{"error": "Order has invalid size. asset=4"}]
    reply = await sdk.exchange.bulk_orders([good, good | {"limit_px": 2388.15}])
    resting, refused = reply["response"]["data"]["statuses"]
    assert (list(resting), list(refused)) == (["resting"], ["error"])


async def test_an_order_is_cancelled_by_number_and_by_client_id_once(sdk: Trader) -> None:
    first = await sdk.order("ETH", True, 0.01, 2388.1, GTC)
    await sdk.order("ETH", True, 0.01, 2388.2, GTC, cloid=Cloid(CLOID))
    reply = await sdk.exchange.cancel("ETH", first["resting"]["oid"])
    assert reply["response"]["data"]["statuses"] == ["success"]
    reply = await sdk.exchange.cancel_by_cloid("ETH", Cloid(CLOID))
    assert reply["response"]["data"]["statuses"] == ["success"]
    reply = await sdk.exchange.cancel_by_cloid("ETH", Cloid(CLOID))
    missing = "Order was never placed, already canceled, or filled. asset=4"
    assert reply["response"]["data"]["statuses"] == [{"error": missing}]


async def test_a_modified_order_has_a_new_number_and_keeps_its_client_id(
    server: HyperliquidServer, sdk: Trader
) -> None:
    first = await sdk.order("ETH", True, 0.01, 2388.1, GTC, cloid=Cloid(CLOID))
    oid = first["resting"]["oid"]
    reply = await sdk.exchange.modify_order(
        Cloid(CLOID), "ETH", True, 0.01, 2389.0, GTC, cloid=Cloid(CLOID)
    )
    (moved,) = reply["response"]["data"]["statuses"]
    assert (moved["resting"]["cloid"], moved["resting"]["oid"] > oid) == (CLOID, True)
    reply = await sdk.exchange.modify_order(oid, "ETH", True, 0.01, 2390.0, GTC)
    refused = {"error": "Cannot modify canceled or filled order asset=4"}
    assert reply["response"]["data"]["statuses"] == [refused]
    assert server.audit.violations == []


async def test_a_client_id_used_again_is_noted(server: HyperliquidServer, sdk: Trader) -> None:
    for px in (2388.1, 2388.2):
        assert "resting" in await sdk.order("ETH", True, 0.01, px, GTC, cloid=Cloid(CLOID))
    assert [violation.rule for violation in server.audit.violations] == [Rule.CLOID]


async def test_own_orders_never_meet_and_strangers_do(
    server: HyperliquidServer, sdk: Trader
) -> None:
    server.fund(OTHER)
    other = await trader(server, OTHER_KEY)
    mine = await sdk.order("ETH", False, 0.02, 2400.0, GTC)
    theirs = await other.order("ETH", False, 0.01, 2400.0, GTC)
    taken = await sdk.order("ETH", True, 0.01, 2400.0, IOC)
    assert taken["filled"]["avgPx"] == "2400.0"
    ended = {
        "mine": await sdk.info.query_order_by_oid(MASTER, mine["resting"]["oid"]),
        "theirs": await other.info.query_order_by_oid(OTHER, theirs["resting"]["oid"]),
    }
    told = {name: found["order"]["status"] for name, found in ended.items()}
    assert told == {"mine": "selfTradeCanceled", "theirs": "filled"}
    other.close()
