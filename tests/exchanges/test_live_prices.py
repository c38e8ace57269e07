"""Live prices reach paper exchanges in time order, stop with the connection, and end cleanly."""

import asyncio
from collections.abc import AsyncGenerator
from decimal import Decimal

import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.market import Quote, Tick
from nimbus_tui.exchanges import live_prices
from nimbus_tui.exchanges.base import Link, LinkCallback, PriceCallback, Unsubscribe
from nimbus_tui.exchanges.live_prices import LivePrices, PriceFeed
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.paper.venues import PERPETUAL, SPOT, instrument, paper, request, tick

NOW = 1_000 * NS_PER_SECOND


class Public(PaperExchange):
    """A venue whose public side is a paper exchange; its line can be cut."""

    lines = 0
    """How often it was connected since it was last disconnected."""
    refusals = 0
    """How many of the next tries to connect fail."""

    async def connect(self) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ExchangeError("nobody answers")
        await super().connect()
        self.lines += 1

    async def disconnect(self) -> None:
        await super().disconnect()
        self.lines = 0

    listening = 0
    """How many subscriptions to prices and to the line are open."""

    def subscribe_price_updates(self, symbol: str, callback: PriceCallback) -> Unsubscribe:
        return self._counted(super().subscribe_price_updates(symbol, callback))

    def subscribe_link(self, callback: LinkCallback) -> Unsubscribe:
        return self._counted(super().subscribe_link(callback))

    def _counted(self, end: Unsubscribe) -> Unsubscribe:
        self.listening += 1

        def ended() -> None:
            self.listening -= 1
            end()

        return ended

    def repeats(self, quote: Quote) -> None:
        self._prices[quote.symbol].tell(quote)

    def cut(self, reason: str) -> None:
        self._links.tell(False, reason)

    def restore(self) -> None:
        self._links.tell(True, "")


class Stage:
    """A public venue, its feed, and a clock that stands."""

    def __init__(self) -> None:
        self.clock = SimulatedClock(NOW)
        made = paper(PERPETUAL, SPOT, clock=self.clock)
        made.__class__ = Public
        assert isinstance(made, Public)
        self.venue = made
        self.feed = PriceFeed(made)

    def source(self, *symbols: str) -> LivePrices:
        return LivePrices(self.feed, symbols or (PERPETUAL,), self.clock)

    def on_paper(self) -> PaperExchange:
        """A paper exchange at the venue's prices, wired as bootstrap does it."""
        source = self.source()
        exchange = paper(source=source, clock=self.clock)
        source.link_changed = exchange.prices_flow
        exchange.feed_status = source.status
        return exchange


async def turns(count: int = 20) -> None:
    """Let everything go on that can."""
    for _ in range(count):
        await asyncio.sleep(0)


class Reader:
    """Reads a source in the background."""

    def __init__(self, source: LivePrices) -> None:
        self.got: list[Tick] = []
        self._ticks = source.ticks("")
        self.task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for one in self._ticks:
            self.got.append(one)

    @property
    def prices(self) -> list[str]:
        return [str(one.price) for one in self.got]

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        assert isinstance(self._ticks, AsyncGenerator)
        await self._ticks.aclose()


async def test_every_price_of_its_symbols_comes_in_order_and_no_other() -> None:
    stage = Stage()
    reader = Reader(stage.source())
    await turns()
    stage.venue.deliver(tick("2400", NOW - 5))
    stage.venue.deliver(tick("99", NOW - 4, symbol=SPOT))
    stage.venue.deliver(tick("2401", NOW - 3))
    await turns()
    assert reader.prices == ["2400", "2401"]
    assert [one.ts for one in reader.got] == [NOW - 5, NOW - 3]
    await reader.end()


async def test_a_venue_whose_clock_is_ahead_holds_no_price_up() -> None:
    stage = Stage()
    reader = Reader(stage.source())
    await turns()
    stage.venue.deliver(tick("2400", NOW + 9 * NS_PER_SECOND))
    await turns()
    assert [one.ts for one in reader.got] == [NOW]
    await reader.end()


async def test_a_price_that_is_older_than_the_newest_is_none() -> None:
    stage = Stage()
    source = stage.source()
    reader = Reader(source)
    await turns()
    stage.venue.deliver(tick("2400", NOW - 5))
    stage.venue.repeats(Quote(PERPETUAL, Decimal(1), NOW - 6))
    stage.venue.deliver(tick("2401", NOW - 5))
    await turns()
    assert reader.prices == ["2400", "2401"]
    await reader.end()


async def test_the_times_never_go_backwards_between_symbols() -> None:
    stage = Stage()
    reader = Reader(stage.source(PERPETUAL, SPOT))
    await turns()
    stage.venue.deliver(tick("2400", NOW - 2))
    stage.venue.deliver(tick("2399", NOW - 8, symbol=SPOT))
    await turns()
    assert [one.ts for one in reader.got] == [NOW - 2, NOW - 2]
    await reader.end()


async def test_one_connection_serves_all_and_ends_with_the_last() -> None:
    stage = Stage()
    first, second = Reader(stage.source()), Reader(stage.source(SPOT))
    await turns()
    assert stage.venue.lines == 1
    await first.end()
    assert stage.venue.is_connected()
    stage.venue.deliver(tick("99", NOW, symbol=SPOT))
    await turns()
    assert second.prices == ["99"]
    await second.end()
    assert stage.venue.lines == 0
    assert not stage.venue.is_connected()


async def test_an_ended_source_listens_no_more_and_can_begin_again() -> None:
    stage = Stage()
    source = stage.source()
    reader = Reader(source)
    await turns()
    await reader.end()
    assert stage.venue.listening == 0
    again = Reader(source)
    await turns()
    stage.venue.deliver(tick("2402", NOW))
    await turns()
    assert again.prices == ["2402"]
    await again.end()


async def test_a_source_that_ends_while_it_tries_to_connect_leaves_nothing() -> None:
    stage = Stage()
    stage.venue.refusals = 1_000
    reader = Reader(stage.source())
    await turns()
    await reader.end()
    assert stage.venue.lines == 0
    assert stage.venue.listening == 0


async def test_of_too_many_waiting_prices_the_oldest_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_prices, "MOST_WAITING", 2)
    stage = Stage()
    source = stage.source()
    reader = Reader(source)
    await turns()
    for price in ("1", "2", "3"):
        stage.venue.deliver(tick(price, NOW))
    await turns()
    assert (reader.prices, source.left_out) == (["2", "3"], 1)
    await reader.end()


# on a paper exchange


async def test_a_live_price_fills_a_resting_paper_order() -> None:
    stage = Stage()
    exchange = stage.on_paper()
    await exchange.connect()
    await turns()
    stage.venue.deliver(tick("2400", NOW))
    await turns()
    await exchange.place_order(request("a", price="2388"))
    stage.venue.deliver(tick("2387", NOW))
    await turns()
    page = await exchange.fills_since("")
    assert [fill.price for fill in page.fills] == [Decimal(2388)]
    await exchange.disconnect()
    assert stage.venue.lines == 0


async def test_while_the_line_is_down_the_paper_exchange_is_away_and_says_why() -> None:
    stage = Stage()
    exchange = stage.on_paper()
    heard: list[tuple[bool, str]] = []
    exchange.subscribe_link(lambda is_up, reason: heard.append((is_up, reason)))
    await exchange.connect()
    await turns()
    stage.venue.cut("the socket broke")
    status = exchange.connection_status()
    assert (status.link, status.detail) == (
        Link.DISCONNECTED,
        "no prices of sim: the socket broke",
    )
    assert not exchange.is_connected()
    stage.venue.restore()
    assert exchange.connection_status().link is Link.CONNECTED
    assert heard == [(False, "no prices of sim: the socket broke"), (True, "")]
    stage.venue.deliver(tick("2400", NOW))
    await turns()
    assert (await exchange.mark_price(PERPETUAL)).price == Decimal(2400)
    await exchange.disconnect()


async def test_a_venue_that_is_not_there_at_the_start_is_tried_again() -> None:
    stage = Stage()
    stage.venue.refusals = 2
    exchange = stage.on_paper()
    heard: list[tuple[bool, str]] = []
    exchange.subscribe_link(lambda is_up, reason: heard.append((is_up, reason)))
    await exchange.connect()
    await turns()
    await stage.clock.advance_to(stage.clock.now() + 10 * NS_PER_SECOND, turns)
    assert stage.venue.lines == 1
    assert heard == [(False, "no prices of sim: nobody answers")] * 2 + [(True, "")]
    await exchange.disconnect()
    assert stage.venue.lines == 0


async def test_nothing_is_told_of_the_line_once_the_paper_exchange_is_closed() -> None:
    stage = Stage()
    exchange = stage.on_paper()
    heard: list[bool] = []
    exchange.subscribe_link(lambda is_up, _reason: heard.append(is_up))
    await exchange.connect()
    await turns()
    await exchange.disconnect()
    exchange.prices_flow(True, "")
    assert (heard, exchange.connection_status().link) == ([], Link.DISCONNECTED)


async def test_a_symbol_that_is_added_is_heard_from_then_on() -> None:
    stage = Stage()
    source = stage.source()
    reader = Reader(source)
    await turns()
    stage.venue.deliver(tick("99", NOW - 4, symbol=SPOT))
    source.add_market(instrument(SPOT))
    source.add_market(instrument(SPOT))
    stage.venue.deliver(tick("100", NOW - 3, symbol=SPOT))
    await turns()
    assert reader.prices == ["100"]
    assert source.symbols == (PERPETUAL, SPOT)
    await reader.end()
    assert stage.venue.listening == 0


async def test_a_symbol_that_is_added_before_the_begin_is_heard_once() -> None:
    stage = Stage()
    source = stage.source()
    source.add_market(instrument(SPOT))
    reader = Reader(source)
    await turns()
    stage.venue.deliver(tick("100", NOW - 3, symbol=SPOT))
    await turns()
    assert reader.prices == ["100"]
    await reader.end()
