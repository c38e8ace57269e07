"""Sockets that break, fall silent, or garble: told once, healed by itself, nothing lost."""

import asyncio
import logging
from decimal import Decimal

import pytest

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.order import Accepted, OrderReport, OrderState, OrderType, Unknown
from nimbus_tui.exchanges.base import Link
from nimbus_tui.exchanges.hyperliquid import connection, stream, trading
from nimbus_tui.exchanges.net import websocket
from tests.exchanges.hyperliquid.opened import (
    ETH,
    PATIENCE_S,
    Opened,
    buy,
    cancel_of,
    opened,
    our,
    until,
)
from tests.exchanges.hyperliquid.server.faults import Fault, SocketFault

QUANTITY = Decimal("0.05")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silence that takes half a minute to be noticed takes a moment here."""
    monkeypatch.setattr(websocket, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(stream, "PING_EVERY_NS", 100 * NS_PER_MS)
    for name in ("PONG_WITHIN_NS", "ACK_WITHIN_NS", "PROBE_AFTER_NS", "PROBE_WITHIN_NS"):
        monkeypatch.setattr(stream, name, 300 * NS_PER_MS)
    monkeypatch.setattr(trading, "TOLD_WITHIN_MS", 100)


async def goes_on(both: Opened, number: int, price: str) -> None:
    """Prices flow, an order is taken, and its fill is told once."""
    await until(both.exchange.is_connected)
    told = len(both.fills)
    assert isinstance(await both.exchange.place_order(buy(number, price)), Accepted)
    seen = len(both.quotes)
    await both.move(price)
    await until(lambda: len(both.fills) == told + 1 and len(both.quotes) > seen)
    await both.caught_up()
    assert both.fills[-1].client_order_id == our(number)
    assert len({fill.trade_id for fill in both.fills}) == len(both.fills)


async def nothing_is_lost(both: Opened, orders: int) -> None:
    """What the venue says was traded is what the stream told, and what the history tells."""
    assert both.account.position_size("ETH") == QUANTITY * orders == await both.traded()
    assert sum(fill.signed_quantity for fill in both.fills) == QUANTITY * orders


@pytest.mark.parametrize("fault", [SocketFault.DROP, SocketFault.CLOSE], ids=lambda f: f.value)
async def test_a_broken_connection_is_told_once_each_way_and_what_was_missed_comes_after(
    fault: SocketFault,
) -> None:
    async with opened() as both:
        await goes_on(both, 1, "2388")
        await both.exchange.place_order(buy(2, "2380"))
        both.server.sockets.drop(clean=fault is SocketFault.CLOSE)
        await both.move("2380")
        await until(lambda: len(both.links) == 3)
        assert [is_up for is_up, _ in both.links] == [True, False, True]
        assert both.links[1][1]
        assert both.exchange.connection_status().reconnects == 1
        await until(lambda: len(both.fills) == 2)
        await goes_on(both, 3, "2370")
        await nothing_is_lost(both, 3)
        assert len(both.links) == 3


async def test_a_connection_that_breaks_in_the_middle_of_a_post_leaves_the_order_unknown() -> None:
    async with opened() as both:
        both.server.faults.script(Fault.LATE, on="order", seconds=30)
        placing = asyncio.ensure_future(both.exchange.place_order(buy()))
        await until(lambda: len(both.account.orders) == 1)
        both.server.sockets.drop()
        answer = await placing
        assert isinstance(answer, Unknown)
        assert "connection was lost" in answer.cause
        found = await both.exchange.order_status(our(1), ETH)
        assert isinstance(found, OrderReport)
        assert found.state is OrderState.OPEN
        await goes_on(both, 2, "2390")
        assert len(both.account.orders) == 2


async def test_without_a_socket_orders_leave_by_rest_and_prices_are_old() -> None:
    async with opened() as both:
        both.server.sockets.refuses = True
        both.server.sockets.drop()
        await until(lambda: len(both.links) == 2)
        status = both.exchange.connection_status()
        assert (status.link, both.exchange.is_connected()) == (Link.CONNECTING, False)
        assert status.detail
        assert isinstance(await both.exchange.place_order(buy()), Accepted)
        assert isinstance(await both.exchange.cancel_order(cancel_of()), Accepted)
        assert isinstance(await both.exchange.place_order(buy(2)), Accepted)
        await both.move("2388")
        assert await both.traded() == QUANTITY
        # The book is asked, since nobody knows whether the last price still holds.
        assert (await both.exchange.mark_price(ETH)).price < Decimal(2389)
        await until(lambda: both.server.faults.happened[SocketFault.REFUSE] >= 2)
        assert "503" in both.exchange.connection_status().detail
        both.server.sockets.refuses = False
        await until(lambda: len(both.links) == 3)
        await until(lambda: len(both.fills) == 1)
        await goes_on(both, 3, "2370")
        await nothing_is_lost(both, 2)
        assert [is_up for is_up, _ in both.links] == [True, False, True]


@pytest.mark.usefixtures("impatient")
async def test_a_connection_that_is_open_and_dead_is_given_up_and_made_anew() -> None:
    async with opened() as both:
        await both.exchange.place_order(buy())
        both.server.sockets.deaden()
        await both.move("2388")
        await until(lambda: len(both.links) == 3)
        assert [is_up for is_up, _ in both.links] == [True, False, True]
        assert "no answer to a ping" in both.links[1][1]
        await until(lambda: len(both.fills) == 1)
        await goes_on(both, 2, "2370")
        await nothing_is_lost(both, 2)


@pytest.mark.usefixtures("impatient")
async def test_new_connections_that_are_dead_too_are_tried_until_one_lives() -> None:
    async with opened() as both:
        both.server.sockets.deaden(new_ones=True)
        await until(lambda: both.exchange.connection_status().reconnects >= 2)
        assert "does not turn" in both.exchange.connection_status().detail
        assert [is_up for is_up, _ in both.links] == [True, False]
        assert not both.exchange.is_connected()
        both.server.sockets.deaf = False
        both.server.sockets.drop()
        await until(lambda: len(both.links) == 3)
        await goes_on(both, 1, "2370")


@pytest.mark.usefixtures("impatient")
async def test_a_market_that_says_nothing_is_asked_anew_and_stays_known() -> None:
    async with opened() as both:
        both.server.sockets.muted.add(SocketFault.MUTE_MARKET)
        # What begins a subscription still comes: as long as it does the price is known.
        await both.move("2410")
        await until(lambda: both.quotes[-1].price > 2405)
        await both.move("2420")
        await until(lambda: both.quotes[-1].price > 2415)
        both.server.sockets.muted.clear()
        await goes_on(both, 1, "2370")
        assert [is_up for is_up, _ in both.links] == [True]


@pytest.mark.usefixtures("impatient")
async def test_fills_that_the_stream_keeps_back_are_found_and_end_the_stream() -> None:
    async with opened() as both:
        both.server.sockets.muted.add(SocketFault.MUTE_USER)
        assert isinstance(await both.exchange.place_order(buy()), Accepted)
        await both.move("2388")
        cursor = ""
        async with asyncio.timeout(PATIENCE_S):
            while len(both.links) < 3:
                # The first look comes too early to blame the stream, a later one does.
                cursor = (await both.exchange.fills_since(cursor)).cursor
                await asyncio.sleep(0.02)
        both.server.sockets.muted.clear()
        assert [is_up for is_up, _ in both.links] == [True, False, True]
        assert "does not tell the account's fills" in both.links[1][1]
        await until(lambda: len(both.fills) == 1)
        await goes_on(both, 2, "2370")
        await nothing_is_lost(both, 2)


@pytest.mark.parametrize(
    "fault", [SocketFault.GARBAGE, SocketFault.TRUNCATED], ids=lambda fault: fault.value
)
async def test_frames_that_cannot_be_read_are_counted_logged_once_and_shown(
    fault: SocketFault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with opened() as both:
        await both.exchange.place_order(buy())
        await both.caught_up()
        both.server.sockets.break_frames(fault, 8)
        await both.move("2388")
        await both.move("2380")
        await both.caught_up()
        assert both.server.faults.happened[fault] == 8
        assert both.exchange.connection.session.frames.undecodable == 8
        assert "8 messages could not be read" in both.exchange.connection_status().detail
        assert len([one for one in caplog.records if "unreadable" in one.getMessage()]) == 1
        assert await both.traded() == QUANTITY
        await goes_on(both, 2, "2370")
        assert both.exchange.is_connected()


async def test_frames_that_come_twice_tell_nothing_twice() -> None:
    async with opened() as both:
        both.server.sockets.break_frames(SocketFault.TWICE, 50)
        await goes_on(both, 1, "2388")
        taker = buy(2, None, post_only=False, type=OrderType.MARKET)
        assert isinstance(await both.exchange.place_order(taker), Accepted)
        await until(lambda: len(both.fills) == 2)
        await both.caught_up()
        await nothing_is_lost(both, 2)
        assert both.server.faults.happened[SocketFault.TWICE] >= 10


async def test_a_venue_that_lets_nobody_in_is_an_error_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "READY_WITHIN_S", 0.5)

    async def closed(server: object) -> None:
        server.sockets.refuses = True  # type: ignore[attr-defined]

    with pytest.raises(ExchangeError, match=r"hl does not connect: .*503"):
        async with opened(closed):
            pass
