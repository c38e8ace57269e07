"""What is subscribed and when, whose price counts, and what is told of losses and gaps."""

from typing import Any

import msgspec
import pytest

from nimbus_tui.core.clock import NS_PER_MS, NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError, NotConnected
from nimbus_tui.core.ids import Symbol
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.hyperliquid import connection as connection_module
from nimbus_tui.exchanges.hyperliquid.sent_orders import SentOrders
from nimbus_tui.exchanges.hyperliquid.user_events import UserEvents
from tests.exchanges.hyperliquid.connections import BTC, LISTS, Line, line
from tests.exchanges.hyperliquid.samples import ADDRESS, FRAMES, REPLIES
from tests.exchanges.hyperliquid.streams import bbo

ETH = Symbol("ETH/USDC:USDC")
NEW = Symbol("NEW/USDC:USDC")
BTC_CHANNELS = [{"type": name, "coin": "BTC"} for name in ("bbo", "trades", "activeAssetCtx")]


def book(bid: str, ask: str) -> tuple[int, bytes]:
    sides = [[{"px": price, "sz": "1.0", "n": 1}] for price in (bid, ask)]
    return 200, msgspec.json.encode({"coin": "BTC", "time": 5_000, "levels": sides})


class SetAhead(LiveClock):
    """The machine's clock, set ahead."""

    ahead_ns = 0

    def now(self) -> int:
        return super().now() + self.ahead_ns


def with_users(way: Line) -> UserEvents:
    async def unread(_: object) -> Any:
        raise AssertionError

    users = UserEvents(
        way.connection.name,
        ADDRESS,
        way.connection.settings.market,
        clock=way.connection.clock,
        sent=SentOrders(),
        read_executed=unread,
    )
    way.connection.users = users
    return users


# what is subscribed


async def test_a_symbol_wanted_before_the_lists_are_known_is_asked_for_with_them() -> None:
    async with line() as way:
        way.connection.subscribe_prices(BTC, way.quotes.append)
        with pytest.raises(NotConnected, match="has not been asked yet"):
            _ = way.connection.known
        await way.learn()
        assert way.open() == BTC_CHANNELS
        way.say(*bbo())
        assert [one.symbol for one in way.quotes] == [BTC]


async def test_a_symbol_that_nobody_wants_any_more_is_not_asked_for() -> None:
    async with line() as way:
        leave = way.connection.subscribe_prices(BTC, way.quotes.append)
        leave()
        leave()
        await way.learn()
        assert way.open() == []


async def test_channels_stay_on_for_the_last_who_wants_them() -> None:
    async with line() as way:
        await way.learn()
        first = way.connection.subscribe_prices(BTC, lambda _: None)
        second = way.connection.subscribe_prices(BTC, way.quotes.append)
        first()
        first()
        assert way.open() == BTC_CHANNELS
        way.say(*bbo())
        assert len(way.quotes) == 1
        second()
        way.connection.session.closed("gone")
        assert way.open() == []


async def test_what_is_not_listed_is_never_asked_for_until_it_is() -> None:
    async with line() as way:
        way.connection.subscribe_prices(NEW, way.quotes.append)
        await way.learn()
        assert way.open() == []
        meta = msgspec.json.decode(REPLIES["meta"][1])
        meta["universe"].append({"szDecimals": 1, "name": "NEW", "maxLeverage": 3})
        replies = [msgspec.json.encode(meta), REPLIES["spotMeta"][1], REPLIES["userFees"][1]]
        way.venue.says(*((200, body) for body in replies))
        await way.connection._read_lists()
        way.connection.session.closed("gone")
        assert [one["coin"] for one in way.open()] == ["NEW"] * 3


# whose price counts


async def test_the_streams_price_is_not_asked_for_again() -> None:
    async with line() as way:
        await way.learn()
        way.connection.subscribe_prices(BTC, way.quotes.append)
        way.open()
        way.say(*bbo())
        way.venue.says(book("1.0", "3.0"))
        assert await way.connection.quote(BTC) == way.quotes[-1]
        assert way.venue.asked == []


async def test_a_price_that_no_stream_tells_is_asked_for_each_time() -> None:
    async with line() as way:
        await way.learn()
        way.open()
        way.venue.says(book("1.0", "3.0"), book("5.0", "7.0"))
        prices = [(await way.connection.quote(BTC)).price for _ in range(2)]
        assert prices == [2, 6]
        assert way.connection.newest(BTC) is None


async def test_after_a_loss_the_old_price_is_no_price() -> None:
    async with line() as way:
        await way.learn()
        way.connection.subscribe_prices(BTC, way.quotes.append)
        way.open()
        way.say(*bbo())
        way.connection.session.closed("gone")
        way.venue.says(book("1.0", "3.0"))
        assert (await way.connection.quote(BTC)).price == 2
        way.open()
        way.venue.says(book("5.0", "7.0"))
        assert (await way.connection.quote(BTC)).price == 6


async def test_a_book_with_one_side_and_a_symbol_that_is_not_listed_have_no_price() -> None:
    async with line() as way:
        await way.learn()
        bids = [{"px": "10.0", "sz": "1.0", "n": 1}]
        told = {"coin": "BTC", "time": 5_000, "levels": [bids, []]}
        way.venue.says((200, msgspec.json.encode(told)))
        with pytest.raises(ExchangeError, match="has no price of BTC"):
            await way.connection.quote(BTC)
        with pytest.raises(ExchangeError, match="does not trade NEW"):
            await way.connection.quote(NEW)


# what is told


async def test_each_loss_and_each_return_is_told_once() -> None:
    async with line() as way:
        await way.learn()
        for _ in range(2):
            way.connection.session.closed("refused")
        way.open()
        way.connection.subscribe_prices(ETH, lambda _: None)
        for one in BTC_CHANNELS:
            way.say(
                "subscriptionResponse",
                {"method": "subscribe", "subscription": {**one, "coin": "ETH"}},
            )
        assert way.connection.is_up
        for _ in range(2):
            way.connection.session.closed("dropped")
        assert way.links == [(True, ""), (False, "dropped")]


async def test_a_gap_asks_for_a_comparison_while_the_connection_stands() -> None:
    async with line() as way:
        await way.learn()
        way.hear(b"\xff")
        assert way.links == []
        way.open()
        way.hear(FRAMES["fill"][:-9])
        assert [is_up for is_up, _ in way.links] == [True, True]
        assert "unreadable" in way.links[1][1]


async def test_a_listener_that_fails_makes_a_gap_and_not_an_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with line() as way:
        users = with_users(way)
        heard: list[object] = []

        def fails(_: object) -> None:
            raise ValueError("mine")

        users.fills.add(fails)
        users.fills.add(heard.append)
        await way.learn()
        way.open()
        way.hear(FRAMES["no fills yet"])
        way.hear(FRAMES["fill"])
        assert len(heard) == 1
        assert way.links[1:] == [(True, "a message of the account was not taken in")]
        assert "ValueError: mine" in caplog.text


async def test_what_comes_before_the_lists_are_known_is_not_taken_in() -> None:
    async with line() as way:
        with_users(way)
        way.open()
        for name in sorted(FRAMES):
            way.hear(FRAMES[name])
        assert way.quotes == []


async def test_a_connection_that_does_not_come_up_says_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "READY_WITHIN_S", 0.05)
    async with line() as way:
        await way.learn()
        way.connection.link.start = lambda: None  # type: ignore[method-assign]
        way.connection.session.closed("nobody answers at wss://here")
        with pytest.raises(NotConnected, match="does not connect: nobody answers at wss://here"):
            await way.connection.open()


async def test_it_is_told_how_the_connection_is_doing() -> None:
    async with line() as way:
        await way.learn()
        way.connection.subscribe_prices(BTC, way.quotes.append)
        way.open()
        way.say(*bbo())
        way.say("surprise", {})
        way.hear(b'{"channel":"bbo","data":{}}')
        way.say("error", "Cannot subscribe to more than 1000 channels.")
        status = way.connection.status(is_post_only=True)
        assert status.data_age_ms is not None
        assert 0 <= status.data_age_ms * 1e6 < 60 * NS_PER_SECOND
        for part in (
            "post-only orders only",
            "1 messages could not be read",
            "unknown channels: surprise",
            "the venue says: Cannot subscribe",
        ):
            assert part in status.detail


# what time it is there


@pytest.mark.parametrize("ahead_s", [-3_600, 0, 3_600])
async def test_a_clock_that_is_set_ahead_makes_no_deadline_later(ahead_s: int) -> None:
    async with line() as way:
        clock = SetAhead()
        way.connection.clock = clock
        now_ms = clock.now() // NS_PER_MS
        stamped = msgspec.json.encode({"specialStatuses": None, "time": now_ms})
        replies = (REPLIES[name][1] for name in LISTS[1:])
        way.venue.says((200, stamped), *((200, body) for body in replies))
        await way.connection.learn()
        clock.ahead_ns = ahead_s * NS_PER_SECOND
        told_ms = way.connection.venue_now_ms() - min(0, ahead_s) * 1000
        assert now_ms - 1_000 <= told_ms <= clock.now() // NS_PER_MS - ahead_s * 1000
