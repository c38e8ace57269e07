"""Positions, margin, spot balances and what the venue does to them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.sdk import GTC, IOC, MASTER, Trader
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

DONE = {"status": "ok", "response": {"type": "default"}}


def err(words: str) -> dict[str, str]:
    return {"status": "err", "response": words}


def trigger(px: float, tpsl: str, *, market: bool = True) -> Any:
    return {"trigger": {"triggerPx": px, "isMarket": market, "tpsl": tpsl}}


async def position(sdk: Trader) -> Any:
    (held,) = (await sdk.info.user_state(MASTER))["assetPositions"]
    return held["position"]


async def statuses(sdk: Trader) -> list[str]:
    return [row["status"] for row in await sdk.info.historical_orders(MASTER)]


async def test_leverage_is_set_and_read_without_a_position(
    server: HyperliquidServer, sdk: Trader
) -> None:
    assert await sdk.exchange.update_leverage(5, "ETH") == DONE
    asked = {"type": "activeAssetData", "user": MASTER, "coin": "ETH"}
    told = await sdk.info.post("/info", asked)
    assert told["leverage"] == {"type": "cross", "value": 5}
    assert await sdk.exchange.update_leverage(26, "ETH") == err("Invalid leverage value")
    assert [violation.rule for violation in server.audit.violations] == [Rule.LEVERAGE]


async def test_the_kind_of_margin_stays_while_a_position_is_open(sdk: Trader) -> None:
    await sdk.order("ETH", True, 0.1, 2410.0, IOC)
    refused = err("Cannot switch leverage type with open position.")
    assert refused == await sdk.exchange.update_leverage(5, "ETH", False)
    refused = err("Position does not use isolated margin.")
    assert refused == await sdk.exchange.update_isolated_margin(10, "ETH")


async def test_an_isolated_position_has_margin_of_its_own(sdk: Trader) -> None:
    assert await sdk.exchange.update_leverage(10, "ETH", False) == DONE
    await sdk.order("ETH", True, 1, 2410.0, IOC)
    held = await position(sdk)
    assert held["leverage"]["type"] == "isolated"
    assert Decimal(held["leverage"]["rawUsd"]) == Decimal("240.01") - Decimal("2400.1")
    before = Decimal(held["marginUsed"])
    assert await sdk.exchange.update_isolated_margin(50, "ETH") == DONE
    assert Decimal((await position(sdk))["marginUsed"]) == before + 50
    total = (await sdk.info.user_state(MASTER))["marginSummary"]["accountValue"]
    assert Decimal(total) == 10_000 - Decimal("0.1") - Decimal("1.080045")


async def test_resting_orders_bind_margin(sdk: Trader) -> None:
    await sdk.exchange.update_leverage(1, "ETH")
    assert "resting" in await sdk.order("ETH", True, 3, 2390.0, GTC)
    refused = {"error": "Insufficient margin to place order. asset=4"}
    assert refused == await sdk.order("ETH", True, 2, 2390.0, GTC)
    assert "resting" in await sdk.order("ETH", False, 3, 2410.0, GTC)


async def test_a_resting_order_that_cannot_be_paid_any_more_vanishes(
    server: HyperliquidServer, sdk: Trader
) -> None:
    await sdk.exchange.update_leverage(1, "ETH")
    await sdk.order("ETH", True, 4, 2390.0, GTC)
    server.account(MASTER).usdc = Decimal(5000)
    await server.move("ETH", Decimal(2390))
    assert await statuses(sdk) == ["marginCanceled"]


async def test_a_reduce_only_order_shrinks_with_the_position_and_ends_with_it(
    server: HyperliquidServer, sdk: Trader
) -> None:
    await sdk.order("ETH", True, 0.02, 2410.0, IOC)
    placed = await sdk.order("ETH", False, 0.05, 2420.0, GTC, reduce_only=True)
    (row,) = await sdk.info.frontend_open_orders(MASTER)
    assert (row["sz"], row["origSz"], row["reduceOnly"]) == ("0.02", "0.05", True)
    await sdk.order("ETH", False, 0.01, 2390.0, IOC)
    (row,) = await sdk.info.frontend_open_orders(MASTER)
    assert (row["sz"], row["oid"]) == ("0.01", placed["resting"]["oid"])
    await sdk.order("ETH", False, 0.01, 2390.0, IOC)
    status = await sdk.info.query_order_by_oid(MASTER, row["oid"])
    assert status["order"]["status"] == "reduceOnlyCanceled"


async def test_older_reduce_only_orders_give_way(sdk: Trader) -> None:
    await sdk.order("ETH", True, 0.03, 2410.0, IOC)
    await sdk.order("ETH", False, 0.03, 2420.0, GTC, reduce_only=True)
    await sdk.order("ETH", False, 0.02, 2430.0, GTC, reduce_only=True)
    rows = await sdk.info.frontend_open_orders(MASTER)
    assert [(row["limitPx"], row["sz"]) for row in rows] == [("2420.0", "0.01"), ("2430.0", "0.02")]


async def test_a_whole_position_closes_under_the_minimum_and_a_part_does_not(sdk: Trader) -> None:
    await sdk.order("ETH", True, 0.0125, 2410.0, IOC)
    await sdk.order("ETH", False, 0.009, 2390.0, IOC)
    part = await sdk.order("ETH", False, 0.002, 2390.0, IOC, reduce_only=True)
    assert part == {"error": "Order must have minimum value of $10. asset=4"}
    assert "filled" in await sdk.order("ETH", False, 0.0035, 2390.0, IOC)


async def test_a_flip_is_one_fill(sdk: Trader) -> None:
    await sdk.order("ETH", True, 0.02, 2410.0, IOC)
    await sdk.order("ETH", False, 0.05, 2390.0, IOC)
    last, _ = await sdk.info.user_fills(MASTER)
    told = (last["dir"], last["startPosition"], last["sz"], last["closedPnl"])
    assert told == ("Long > Short", "0.02", "0.05", "-0.004")
    assert (await position(sdk))["szi"] == "-0.03"


async def test_a_stop_wakes_on_the_mark_price(server: HyperliquidServer, sdk: Trader) -> None:
    await sdk.order("ETH", True, 0.1, 2410.0, IOC)
    placed = await sdk.order("ETH", False, 0.1, 2200.0, trigger(2310, "sl"), reduce_only=True)
    (row,) = await sdk.info.frontend_open_orders(MASTER)
    assert (row["isTrigger"], row["triggerPx"]) == (True, "2310.0")
    assert row["triggerCondition"] == "Price below 2310"
    await server.move("ETH", Decimal(2305), mark=Decimal(2311))
    assert len(await sdk.info.open_orders(MASTER)) == 1
    await server.set_mark("ETH", Decimal(2310))
    status = await sdk.info.query_order_by_oid(MASTER, placed["resting"]["oid"])
    assert status["order"]["status"] == "filled"
    fill = (await sdk.info.user_fills(MASTER))[0]
    assert (fill["px"], fill["dir"]) == ("2304.9", "Close Long")


async def test_children_wait_for_their_parent_and_end_each_other(
    server: HyperliquidServer, sdk: Trader
) -> None:
    parent = {"coin": "ETH", "is_buy": True, "sz": 0.1, "limit_px": 2390.0, "order_type": GTC}
    parent["reduce_only"] = False
    child = parent | {"is_buy": False, "reduce_only": True}
    orders = [
        parent,
        child | {"limit_px": 2450.0, "order_type": trigger(2450, "tp")},
        child | {"limit_px": 2200.0, "order_type": trigger(2300, "sl")},
    ]
    reply = await sdk.exchange.bulk_orders(orders, grouping="normalTpsl")
    told = reply["response"]["data"]["statuses"]
    assert told[1:] == ["waitingForFill", "waitingForFill"]
    rows = await sdk.info.frontend_open_orders(MASTER)
    assert len(rows) == 3
    assert len(rows[0]["children"]) == 2
    await server.move("ETH", Decimal(2390))
    await server.move("ETH", Decimal(2460))
    assert sorted(await statuses(sdk)) == ["filled", "filled", "siblingFilledCanceled"]
    assert (await sdk.info.user_state(MASTER))["assetPositions"] == []


async def test_cancelling_a_parent_cancels_its_children(sdk: Trader) -> None:
    parent = {"coin": "ETH", "is_buy": True, "sz": 0.1, "limit_px": 2390.0, "order_type": GTC}
    parent["reduce_only"] = False
    stop = parent | {"is_buy": False, "reduce_only": True, "limit_px": 2200.0}
    stop["order_type"] = trigger(2300, "sl")
    reply = await sdk.exchange.bulk_orders([parent, stop], grouping="normalTpsl")
    oid = reply["response"]["data"]["statuses"][0]["resting"]["oid"]
    await sdk.exchange.cancel("ETH", oid)
    assert await statuses(sdk) == ["canceled", "canceled"]


async def test_longs_pay_a_positive_rate(server: HyperliquidServer, sdk: Trader) -> None:
    await sdk.order("ETH", True, 0.5, 2410.0, IOC)
    before = server.account(MASTER).usdc
    await server.pay_funding("ETH", Decimal("0.0001"))
    assert server.account(MASTER).usdc - before == -Decimal("0.12")
    (row,) = await sdk.info.user_funding_history(MASTER, 0)
    assert (row["delta"]["usdc"], row["delta"]["fundingRate"]) == ("-0.12", "0.0001")
    assert (await position(sdk))["cumFunding"]["sinceOpen"] == "0.12"


async def test_an_account_that_cannot_bear_a_move_is_liquidated(
    server: HyperliquidServer, sdk: Trader
) -> None:
    await sdk.order("ETH", True, 40, 2410.0, IOC)
    await sdk.order("ETH", True, 0.01, 2000.0, GTC)
    at = Decimal((await position(sdk))["liquidationPx"])
    await server.set_mark("ETH", (at + 1).quantize(Decimal("0.1")))
    assert (await position(sdk))["szi"] == "40.0"
    await server.set_mark("ETH", (at - 1).quantize(Decimal("0.1")))
    assert (await sdk.info.user_state(MASTER))["assetPositions"] == []
    fill = (await sdk.info.user_fills(MASTER))[0]
    assert fill["liquidation"]["liquidatedUser"] == MASTER
    assert fill["dir"].startswith("Liquidated")
    assert "liquidatedCanceled" in await statuses(sdk)


async def test_a_big_position_goes_in_fifths_with_a_pause(
    server: HyperliquidServer, sdk: Trader
) -> None:
    server.fund(MASTER, 90_000)
    await sdk.order("ETH", True, 500, 2410.0, IOC)
    at = Decimal((await position(sdk))["liquidationPx"])
    below = (at - 1).quantize(Decimal("0.1"))
    for left in ("400.0", "400.0"):
        await server.set_mark("ETH", below)
        assert (await position(sdk))["szi"] == left
    server.world.time.offset_ms = 31_000
    await server.set_mark("ETH", below - 10)
    assert (await position(sdk))["szi"] == "320.0"


async def test_auto_deleveraging_leaves_a_fill_without_an_order(
    server: HyperliquidServer, sdk: Trader
) -> None:
    await sdk.order("ETH", True, 1, 2410.0, IOC)
    await server.deleverage(MASTER, "ETH", Decimal("0.4"))
    fill = (await sdk.info.user_fills(MASTER))[0]
    assert (fill["dir"], fill["sz"], "cloid" in fill) == ("Auto-Deleveraging", "0.4", False)
    assert (await position(sdk))["szi"] == "0.6"


@pytest.mark.parametrize("name", ["HYPE/USDC", "PURR/USDC"])
async def test_spot_buys_pay_their_fee_in_the_coin(
    server: HyperliquidServer, sdk: Trader, name: str
) -> None:
    coin = name.partition("/")[0]
    px = 45.0 if coin == "HYPE" else 0.2
    server.fund(MASTER, 0, spot={"USDC": Decimal(1000)})
    taken = (await sdk.order(name, True, 100 if coin == "PURR" else 2, px, IOC))["filled"]
    state = await sdk.info.spot_user_state(MASTER)
    held = {row["coin"]: row for row in state["balances"]}
    size = Decimal(taken["totalSz"])
    assert Decimal(held[coin]["total"]) == size - size * Decimal("0.0007")
    assert Decimal(held["USDC"]["total"]) == 1000 - size * Decimal(taken["avgPx"])
    (fill,) = await sdk.info.user_fills(MASTER)
    assert (fill["dir"], fill["feeToken"]) == ("Buy", coin)
    await sdk.order(name, False, float(size), 1.5 * px, GTC)
    assert (await sdk.info.open_orders(MASTER)) == []
    sold = (size - 1).quantize(Decimal(1))
    await sdk.order(name, False, float(sold), 1.5 * px, GTC)
    state = await sdk.info.spot_user_state(MASTER)
    assert {row["coin"]: row["hold"] for row in state["balances"]}[coin] == f"{sold}.0"


async def test_spot_orders_are_refused_in_words_of_their_own(sdk: Trader) -> None:
    refused = {"error": "Order must have minimum value of 10 USDC. asset=11035"}
    assert refused == await sdk.order("HYPE/USDC", True, 0.1, 40.0, GTC)
    refused = {"error": "Insufficient spot balance asset=11035"}
    assert refused == await sdk.order("HYPE/USDC", True, 1, 40.0, GTC)


async def test_usdc_moves_between_the_sides(server: HyperliquidServer, sdk: Trader) -> None:
    assert await sdk.exchange.usd_class_transfer(250.5, to_perp=False) == DONE
    state = await sdk.info.spot_user_state(MASTER)
    assert state["balances"][0]["total"] == "250.5"
    assert await sdk.exchange.usd_class_transfer(1000, to_perp=True) == err(
        "Insufficient balance for withdrawal"
    )
    server.account(MASTER).abstraction = "unifiedAccount"
    refused = err("Action disabled when unified account is active")
    assert refused == await sdk.exchange.usd_class_transfer(1, to_perp=True)
