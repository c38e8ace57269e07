"""Every fault does what it says, and is counted."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from eth_account import Account
from hyperliquid.utils.signing import sign_l1_action
from websockets.asyncio.client import connect

from nimbus_tui.engine.clock import LiveClock
from tests.exchanges.hyperliquid.server.client import Listener, listening, post
from tests.exchanges.hyperliquid.server.faults import BEFORE, Fault, Faults, SocketFault
from tests.exchanges.hyperliquid.server.sdk import GTC, MASTER, MASTER_KEY
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

ABNORMAL = 1006
HANGS = {Fault.HANG_BEFORE, Fault.HANG_AFTER}
CUTS = {Fault.CUT_BEFORE, Fault.CUT_AFTER}
SPOILT = {
    Fault.BUSY: (429, "null"),
    Fault.BUSY_AFTER: (429, "null"),
    Fault.ERROR: (500, "Internal Server Error"),
    Fault.NULL: (200, "null"),
}


@pytest_asyncio.fixture
async def venue(server: HyperliquidServer) -> HyperliquidServer:
    server.fund(MASTER)
    return server


@pytest_asyncio.fixture
async def listener(venue: HyperliquidServer) -> AsyncIterator[Listener]:
    async with listening(venue.ws_url) as socket:
        yield socket


def order(venue: HyperliquidServer) -> dict[str, Any]:
    wire = {"a": 4, "b": True, "p": "2388.1", "s": "0.01", "r": False, "t": GTC}
    action = {"type": "order", "orders": [wire], "grouping": "na"}
    nonce = venue.world.now()
    signed = sign_l1_action(Account.from_key(MASTER_KEY), action, None, nonce, None, False)
    return {"action": action, "nonce": nonce, "signature": signed}


async def send(venue: HyperliquidServer, body: Any) -> tuple[int, str]:
    return await post(f"{venue.rest_url}/exchange", body)


class HeldClock(LiveClock):
    """Whoever sleeps on it sleeps until it may go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.go_on.wait()


def resting(venue: HyperliquidServer) -> int:
    return len(venue.account(MASTER).open_orders)


@pytest.mark.parametrize("fault", sorted(Fault, key=str))
async def test_a_fault_executes_or_not_as_it_says_and_is_counted(
    venue: HyperliquidServer, fault: Fault
) -> None:
    venue.faults.script(fault, on="order", seconds=0.01)
    body = order(venue)
    if fault in HANGS:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send(venue, body), 0.5)
    elif fault in CUTS:
        with pytest.raises(aiohttp.ClientError):
            await send(venue, body)
    else:
        status, text = await send(venue, body)
        if fault in SPOILT:
            assert SPOILT[fault] == (status, text)
    assert resting(venue) == (0 if fault in BEFORE else 1)
    assert venue.faults.happened == {fault: 1}
    assert venue.audit.violations == []
    assert (await send(venue, order(venue)))[0] == 200


async def test_a_copy_is_answered_by_its_nonce(venue: HyperliquidServer) -> None:
    venue.faults.script(Fault.DUPLICATE_LAST)
    _, text = await send(venue, order(venue))
    assert "Invalid nonce: duplicate nonce" in json.loads(text)["response"]
    assert resting(venue) == 1


@pytest.mark.parametrize("fault", [Fault.HTML_BEFORE, Fault.GARBAGE, Fault.TRUNCATED])
async def test_some_answers_are_no_json(venue: HyperliquidServer, fault: Fault) -> None:
    venue.faults.script(fault)
    _, text = await send(venue, order(venue))
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)


async def test_an_event_comes_before_its_answer(
    venue: HyperliquidServer, listener: Listener
) -> None:
    await listener.subscribe("orderUpdates", user=MASTER)
    venue.faults.script(Fault.LATE)
    venue.world.time.clock = clock = HeldClock()
    sending = asyncio.ensure_future(send(venue, order(venue)))
    await listener.next("orderUpdates")
    assert not sending.done()
    clock.go_on.set()
    assert (await sending)[0] == 200


async def test_an_answer_comes_before_its_event(
    venue: HyperliquidServer, listener: Listener
) -> None:
    await listener.subscribe("orderUpdates", user=MASTER)
    venue.faults.script(Fault.LATE_EVENTS)
    venue.world.time.clock = clock = HeldClock()
    assert (await send(venue, order(venue)))[0] == 200
    assert await listener.pings() == []
    clock.go_on.set()
    assert len((await listener.next("orderUpdates"))["data"]) == 1


async def test_info_meets_faults_of_its_own(venue: HyperliquidServer) -> None:
    venue.faults.script(Fault.BUSY, on="meta")
    venue.faults.script(Fault.NULL, on="info")
    url = f"{venue.rest_url}/info"
    assert (await post(url, {"type": "allMids"})) == (200, "null")
    assert (await post(url, {"type": "meta"})) == (429, "null")
    assert (await send(venue, order(venue)))[0] == 200


async def test_a_post_over_the_socket_meets_them_too(
    venue: HyperliquidServer, listener: Listener
) -> None:
    told = await listener.post(1, "action", order(venue))
    assert told["response"]["payload"]["status"] == "ok"
    venue.faults.script(Fault.ERROR, on="post")
    told = await listener.post(2, "action", order(venue))
    assert told["response"] == {"type": "error", "payload": "500 Internal Server Error"}
    venue.faults.script(Fault.CUT_AFTER, on="post")
    with pytest.raises(AssertionError):
        await listener.post(3, "action", order(venue))
    assert resting(venue) == 2


def test_chance_is_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[Any]:
        faults = Faults()
        faults.by_chance(0.3, seed)
        return [faults.next("exchange", "order") for _ in range(100)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 15 < sum(met is not None for met in drawn(1)) < 45


async def test_a_dropped_socket_loses_what_happens_meanwhile(
    venue: HyperliquidServer, listener: Listener
) -> None:
    await listener.subscribe("orderUpdates", user=MASTER)
    venue.sockets.drop()
    assert (await listener.raw()).type is not aiohttp.WSMsgType.TEXT
    await send(venue, order(venue))
    async with listening(venue.ws_url) as later:
        await later.subscribe("orderUpdates", user=MASTER)
        assert await later.pings() == []
    assert venue.faults.happened == {SocketFault.DROP: 1}


async def test_a_socket_can_be_closed_properly(
    venue: HyperliquidServer, listener: Listener
) -> None:
    venue.sockets.drop(clean=True)
    message = await listener.raw()
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert venue.faults.happened == {SocketFault.CLOSE: 1}


async def test_a_dead_socket_says_nothing_not_even_pong_or_goodbye(
    venue: HyperliquidServer,
) -> None:
    async with connect(venue.ws_url, close_timeout=0.1) as socket:
        assert await socket.recv() == "Websocket connection established."
        await asyncio.wait_for(await socket.ping(), 5)
        venue.sockets.deaden()
        await socket.send('{"method":"ping"}')
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await socket.ping(), 0.1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.1)
        await socket.close()
        assert socket.close_code == ABNORMAL
    async with listening(venue.ws_url) as fresh:
        assert await fresh.pings() == []
    assert venue.faults.happened == {SocketFault.DEAD: 1}


@pytest.mark.parametrize(
    ("muted", "heard"),
    [(SocketFault.MUTE_USER, "bbo"), (SocketFault.MUTE_MARKET, "orderUpdates")],
)
async def test_one_kind_of_channel_falls_silent(
    venue: HyperliquidServer, listener: Listener, muted: SocketFault, heard: str
) -> None:
    await listener.subscribe("orderUpdates", user=MASTER)
    await listener.subscribe("bbo", coin="ETH")
    await listener.pings()
    venue.sockets.muted.add(muted)
    await send(venue, order(venue))
    await venue.move("ETH", Decimal(2500))
    frames = await listener.pings()
    assert {frame["channel"] for frame in frames} == {heard}
    assert venue.faults.happened[muted] > 0


async def test_a_single_channel_falls_silent(venue: HyperliquidServer, listener: Listener) -> None:
    await listener.subscribe("bbo", coin="ETH")
    await listener.subscribe("allMids")
    await listener.pings()
    venue.sockets.muted_channels.add("bbo")
    await venue.move("ETH", Decimal(2500))
    assert {frame["channel"] for frame in await listener.pings()} == {"allMids"}
    assert venue.faults.happened == {SocketFault.MUTE_CHANNEL: 1}


@pytest.mark.parametrize("fault", [SocketFault.GARBAGE, SocketFault.TRUNCATED])
async def test_a_frame_arrives_broken(
    venue: HyperliquidServer, listener: Listener, fault: SocketFault
) -> None:
    await listener.subscribe("trades", coin="ETH")
    await listener.next("trades")
    venue.sockets.break_frames(fault, 1)
    await venue.move("ETH", Decimal(2500))
    with pytest.raises(json.JSONDecodeError):
        json.loads((await listener.raw()).data)
    await venue.move("ETH", Decimal(2501))
    assert (await listener.next("trades"))["data"][0]["px"] == "2501.0"


async def test_a_frame_arrives_twice(venue: HyperliquidServer, listener: Listener) -> None:
    await listener.subscribe("trades", coin="ETH")
    await listener.next("trades")
    venue.sockets.break_frames(SocketFault.TWICE, 1)
    await venue.move("ETH", Decimal(2500))
    first, second = await listener.pings()
    assert first == second


async def test_new_sockets_are_refused(venue: HyperliquidServer) -> None:
    venue.sockets.refuses = True
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(venue.ws_url)
    assert venue.faults.happened == {SocketFault.REFUSE: 1}


async def test_the_venues_clock_can_differ(venue: HyperliquidServer) -> None:
    before = venue.world.now()
    venue.world.time.offset_ms = -3_600_000
    _, text = await post(f"{venue.rest_url}/info", {"type": "exchangeStatus"})
    assert json.loads(text)["time"] < before - 3_500_000
