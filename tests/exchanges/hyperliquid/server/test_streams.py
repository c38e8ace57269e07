"""What the sockets of the server tell, and what they refuse."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from hyperliquid.info import Info
from hyperliquid.utils.types import Cloid

from nimbus_tui.exchanges.hyperliquid import wire
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.client import listening
from tests.exchanges.hyperliquid.server.sdk import ALO, GTC, IOC, MASTER, Trader
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

CLOID = "0x1234567890abcdef1234567890abcdef"
OF_COIN = ("bbo", "l2Book", "trades", "activeAssetCtx")


async def test_a_socket_is_greeted_and_pinged_without_data(server: HyperliquidServer) -> None:
    async with listening(server.ws_url) as listener:
        assert listener.greeting == "Websocket connection established."
        await listener.say({"method": "ping"})
        assert (await listener.raw()).data == '{"channel":"pong"}'


async def test_an_echo_is_normalised(server: HyperliquidServer) -> None:
    async with listening(server.ws_url) as listener:
        user = MASTER.upper().replace("0X", "0x")
        echo = await listener.subscribe("userFills", user=user)
        assert echo == {"type": "userFills", "user": MASTER, "aggregateByTime": False}


async def test_a_second_subscription_of_the_same_is_an_error(server: HyperliquidServer) -> None:
    async with listening(server.ws_url) as listener:
        await listener.subscribe("bbo", coin="ETH")
        again = {"method": "subscribe", "subscription": {"type": "bbo", "coin": "ETH"}}
        await listener.say(again)
        assert "Already subscribed: " in (await listener.next("error"))["data"]
        await listener.say(again | {"method": "unsubscribe"})
        await listener.next("subscriptionResponse")
        await listener.say(again | {"method": "unsubscribe"})
        assert "Already unsubscribed: " in (await listener.next("error"))["data"]
    rules = [violation.rule for violation in server.audit.violations]
    assert rules == [Rule.SUBSCRIPTION, Rule.SUBSCRIPTION]


async def test_an_unknown_coin_ends_the_socket_without_a_frame(server: HyperliquidServer) -> None:
    async with listening(server.ws_url) as listener:
        await listener.say({"method": "subscribe", "subscription": {"type": "bbo", "coin": "ETHH"}})
        message = await listener.raw()
        assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE}
    assert [violation.rule for violation in server.audit.violations] == [Rule.COIN]


@pytest.mark.parametrize(
    ("subscription", "words"),
    [
        ({"type": "webData2", "user": MASTER}, "Error parsing JSON into valid websocket request"),
        ({"type": "bbo"}, "Error parsing JSON into valid websocket request"),
        ({"type": "candle", "coin": "ETH", "interval": "7m"}, "Invalid subscription"),
    ],
)
async def test_a_bad_subscription_is_an_error(
    server: HyperliquidServer, subscription: dict[str, Any], words: str
) -> None:
    async with listening(server.ws_url) as listener:
        await listener.say({"method": "subscribe", "subscription": subscription})
        assert words in (await listener.next("error"))["data"]


async def test_an_order_is_told_from_open_to_filled_and_its_fill_too(
    server: HyperliquidServer, sdk: Trader
) -> None:
    async with listening(server.ws_url) as listener:
        await listener.subscribe("orderUpdates", user=MASTER)
        await listener.subscribe("userFills", user=MASTER)
        snapshot = (await listener.next("userFills"))["data"]
        assert snapshot == {"isSnapshot": True, "user": MASTER, "fills": []}
        placed = await sdk.order("ETH", True, 0.02, 2399.0, ALO, cloid=Cloid(CLOID))
        (opened,) = (await listener.next("orderUpdates"))["data"]
        assert opened["order"]["oid"] == placed["resting"]["oid"]
        assert (opened["status"], opened["order"]["cloid"]) == ("open", CLOID)
        await server.move("ETH", Decimal(2399), volume=Decimal("0.015"))
        (fill,) = (await listener.next("userFills"))["data"]["fills"]
        assert (fill["sz"], fill["crossed"]) == ("0.015", False)
        status = await sdk.info.query_order_by_cloid(MASTER, Cloid(CLOID))
        assert status["order"]["order"]["sz"] == "0.02"
        (row,) = await sdk.info.frontend_open_orders(MASTER)
        assert row["sz"] == "0.005"
        await server.move("ETH", Decimal(2399))
        (filled,) = (await listener.next("orderUpdates"))["data"]
        assert (filled["status"], filled["order"]["sz"]) == ("filled", "0.0")


async def test_a_taker_is_told_open_and_filled_in_one_message(
    server: HyperliquidServer, sdk: Trader
) -> None:
    async with listening(server.ws_url) as listener:
        await listener.subscribe("orderUpdates", user=MASTER)
        await sdk.order("ETH", True, 0.02, 2405.0, IOC)
        updates = (await listener.next("orderUpdates"))["data"]
        assert [update["status"] for update in updates] == ["open", "filled"]
        await sdk.order("ETH", True, 0.02, 2405.0, ALO)
        (refused,) = (await listener.next("orderUpdates"))["data"]
        assert refused["status"] == "badAloPxRejected"


async def test_orders_are_not_replayed_and_fills_are(
    server: HyperliquidServer, sdk: Trader
) -> None:
    await sdk.order("ETH", True, 0.02, 2405.0, IOC)
    async with listening(server.ws_url) as listener:
        await listener.subscribe("orderUpdates", user=MASTER)
        await listener.subscribe("userFills", user=MASTER)
        assert len((await listener.next("userFills"))["data"]["fills"]) == 1
        assert await listener.pings() == []


async def test_trades_are_replayed_and_new_ones_come(server: HyperliquidServer) -> None:
    for px in range(2400, 2440):
        await server.move("ETH", Decimal(px))
    async with listening(server.ws_url) as listener:
        await listener.subscribe("trades", coin="ETH")
        replayed = (await listener.next("trades"))["data"]
        assert [trade["px"] for trade in replayed] == [f"{px}.0" for px in range(2410, 2440)]
        await server.move("ETH", Decimal(2500))
        (trade,) = (await listener.next("trades"))["data"]
        assert (trade["px"], trade["side"]) == ("2500.0", "B")


async def test_the_market_is_told_when_it_moves(server: HyperliquidServer) -> None:
    async with listening(server.ws_url) as listener:
        for kind in OF_COIN:
            await listener.subscribe(kind, coin="ETH")
        await listener.subscribe("allMids")
        await listener.subscribe("candle", coin="ETH", interval="1m")
        await listener.pings()
        await server.move("ETH", Decimal("2412.5"), mark=Decimal(2411))
        by_channel = {frame["channel"]: frame["data"] for frame in await listener.pings()}
        bid, ask = by_channel["bbo"]["bbo"]
        assert (bid["px"], ask["px"]) == ("2412.4", "2412.6")
        assert by_channel["activeAssetCtx"]["ctx"]["markPx"] == "2411.0"
        assert by_channel["allMids"]["mids"]["ETH"] == "2412.5"
        assert by_channel["candle"]["c"] == "2412.5"
        await listener.subscribe("activeAssetCtx", coin="@1035")
        assert (await listener.next("activeSpotAssetCtx"))["data"]["coin"] == "@1035"


async def test_every_frame_is_one_that_our_decoder_knows(
    server: HyperliquidServer, sdk: Trader
) -> None:
    async with listening(server.ws_url) as listener:
        for kind in OF_COIN:
            await listener.subscribe(kind, coin="ETH")
        await listener.subscribe("activeAssetCtx", coin="PURR/USDC")
        await listener.subscribe("candle", coin="ETH", interval="1m")
        await listener.subscribe("allMids")
        for kind in ("orderUpdates", "userFills", "userEvents", "userFundings"):
            await listener.subscribe(kind, user=MASTER)
        for kind in ("openOrders", "clearinghouseState"):
            await listener.subscribe(kind, user=MASTER)
        await sdk.order("ETH", True, 1, 2405.0, IOC)
        await sdk.order("ETH", True, 1, 2300.0, GTC)
        await server.pay_funding("ETH")
        await server.move("ETH", Decimal(2000))
        await server.deleverage(MASTER, "ETH", Decimal(1))
        await server.liquidate(MASTER, "ETH")
        frames = await listener.pings()
        seen = {type(wire.decode(json.dumps(frame).encode())) for frame in frames}
    assert seen >= {wire.OrderUpdates, wire.UserFills, wire.UserEvents, wire.UserFundings}
    assert seen.isdisjoint({wire.UnknownChannel, wire.Undecodable})
    kinds = [set(frame["data"]) for frame in frames if frame["channel"] == "user"]
    assert {frozenset(kind) for kind in kinds} >= {
        frozenset({"fills"}),
        frozenset({"funding"}),
        frozenset({"liquidation"}),
    }


async def test_more_than_ten_sockets_are_noted_and_not_served(server: HyperliquidServer) -> None:
    server.world.readings.connections = 1
    async with listening(server.ws_url), aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(server.ws_url)
    assert [violation.rule for violation in server.audit.violations] == [Rule.CONNECTIONS]


async def test_info_is_answered_over_the_socket(server: HyperliquidServer) -> None:
    async with listening(server.ws_url) as listener:
        told = await listener.post(123, "info", {"type": "l2Book", "coin": "ETH"})
        assert (told["id"], told["response"]["type"]) == (123, "info")
        payload = told["response"]["payload"]
        assert (payload["type"], payload["data"]["coin"]) == ("l2Book", "ETH")
        told = await listener.post(9, "info", {"type": "nonsense"})
        assert told["response"]["type"] == "error"
        assert told["response"]["payload"].startswith("422 ")


async def test_a_silent_socket_is_left_by_the_server() -> None:
    server = HyperliquidServer()
    server.world.readings.idle_s = 0.05
    async with server, listening(server.ws_url) as listener:
        assert (await listener.raw()).type is not aiohttp.WSMsgType.TEXT


async def test_the_sdks_own_socket_hears_prices_and_fills(
    server: HyperliquidServer, sdk: Trader
) -> None:
    heard: dict[str, list[Any]] = {"bbo": [], "userFills": [], "orderUpdates": []}
    filled = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear(message: Any) -> None:
        heard[message["channel"]].append(message["data"])
        if any(data["fills"] for data in heard["userFills"]):
            loop.call_soon_threadsafe(filled.set)

    info = await asyncio.to_thread(Info, server.rest_url, False)
    for subscription in (
        {"type": "bbo", "coin": "ETH"},
        {"type": "userFills", "user": MASTER},
        {"type": "orderUpdates", "user": MASTER},
    ):
        info.subscribe(subscription, hear)
    await sdk.order("ETH", True, 0.02, 2399.0, ALO)
    await server.move("ETH", Decimal(2399))
    async with asyncio.timeout(10):
        await filled.wait()
    await asyncio.to_thread(info.disconnect_websocket)
    assert heard["bbo"][0]["coin"] == "ETH"
    assert heard["userFills"][0]["user"] == MASTER
