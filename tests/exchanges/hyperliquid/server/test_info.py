"""Info replies have the reference's shapes, and our decoders read every one."""

import json
from typing import Any

import pytest

from nimbus_tui.exchanges.hyperliquid.wire_info import INFO_REPLIES, decode_reply
from tests.exchanges.hyperliquid.server.client import post
from tests.exchanges.hyperliquid.server.info import weight
from tests.exchanges.hyperliquid.server.sdk import GTC, IOC, MASTER, Trader
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

COIN = {"l2Book", "recentTrades", "fundingHistory", "activeAssetData"}
SPAN = {"userFillsByTime", "userFunding", "userNonFundingLedgerUpdates", "fundingHistory"}


async def ask(server: HyperliquidServer, **asked: Any) -> tuple[int, str]:
    return await post(f"{server.rest_url}/info", asked)


@pytest.mark.parametrize("kind", sorted(INFO_REPLIES))
async def test_every_reply_is_one_that_our_decoder_reads(
    server: HyperliquidServer, sdk: Trader, kind: str
) -> None:
    await sdk.order("ETH", True, 1, 2410.0, IOC)
    await sdk.order("ETH", True, 1, 2300.0, GTC)
    await server.pay_funding("ETH")
    now = server.world.now()
    asked: dict[str, Any] = {"user": MASTER, "oid": 1}
    asked |= {"coin": "ETH"} if kind in COIN else {}
    asked |= {"startTime": now - 36_000_000, "endTime": None} if kind in SPAN else {}
    asked["req"] = {"coin": "ETH", "interval": "1h", "startTime": now - 36_000_000}
    status, text = await ask(server, type=kind, **asked)
    assert status == 200
    reply = decode_reply(text.encode(), INFO_REPLIES[kind])
    assert reply or kind == "extraAgents"


async def test_a_coin_that_is_not_there_has_no_book(server: HyperliquidServer) -> None:
    assert await ask(server, type="l2Book", coin="ETHH") == (200, "null")


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "dance"},
        {},
        {"type": "userFills"},
        {"type": "userFills", "user": "0x12"},
        {"type": "orderStatus", "user": MASTER, "oid": "0x12"},
        {"type": ["meta"]},
        {"type": "candleSnapshot", "req": {"coin": "ETH", "interval": "7m"}},
    ],
)
async def test_a_question_that_cannot_be_read_is_422(
    server: HyperliquidServer, asked: dict[str, Any]
) -> None:
    told = (422, "Failed to deserialize the JSON body into the target type")
    assert told == await ask(server, **asked)


async def test_the_universe_keeps_what_is_delisted_in_its_place(server: HyperliquidServer) -> None:
    _, text = await ask(server, type="meta")
    names = [entry["name"] for entry in json.loads(text)["universe"]]
    delisted = [entry["name"] for entry in json.loads(text)["universe"] if "isDelisted" in entry]
    assert (names.index("ETH"), delisted) == (4, ["MATIC"])
    assert names[-1] != "MATIC"
    assert server.world.universe.markets["@1035"].asset == 11_035


async def test_candles_of_the_past_are_the_same_on_every_asking(server: HyperliquidServer) -> None:
    now = server.world.now() // 3_600_000 * 3_600_000
    req = {"coin": "ETH", "interval": "1h", "startTime": now - 36_000_000, "endTime": now - 1}
    (_, first), (_, again) = [await ask(server, type="candleSnapshot", req=req) for _ in range(2)]
    rows = json.loads(first)
    assert first == again
    assert [row["t"] for row in rows] == list(range(now - 36_000_000, now, 3_600_000))
    assert all(row["T"] == row["t"] + 3_599_999 for row in rows)
    closes = [row["c"] for row in rows]
    assert closes[:-1] == [row["o"] for row in rows][1:]


async def test_an_unknown_order_is_unknown(server: HyperliquidServer) -> None:
    told = (200, '{"status": "unknownOid"}')
    assert told == await ask(server, type="orderStatus", user=MASTER, oid=1)


@pytest.mark.parametrize(
    ("kind", "rows", "weighs"),
    [("allMids", 0, 2), ("userRole", 0, 60), ("userFills", 45, 22), ("candleSnapshot", 120, 22)],
)
def test_a_reply_weighs_by_its_rows(kind: str, rows: int, weighs: int) -> None:
    assert weight(kind, [{}] * rows) == weighs


async def test_a_book_can_be_told_in_wider_levels(server: HyperliquidServer) -> None:
    _, text = await ask(server, type="l2Book", coin="ETH", nSigFigs=4, mantissa=None)
    bids, asks = json.loads(text)["levels"]
    assert [level["px"] for level in bids] == ["2399.0", "2398.0"]
    assert [level["px"] for level in asks] == ["2401.0", "2402.0"]
    assert [level["n"] for level in bids] == [10, 10]
    assert (await ask(server, type="l2Book", coin="ETH", nSigFigs=4, mantissa=2))[0] == 422
