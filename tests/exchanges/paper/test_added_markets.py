"""A paper exchange that is told of one more symbol while it runs."""

import asyncio
from decimal import Decimal

from nimbus_tui.core.order import Accepted, Refused
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.simulation.clock import SimulatedClock
from nimbus_tui.simulation.replay import ReplaySource
from nimbus_tui.simulation.synthetic import SyntheticMarket, SyntheticSource
from tests.exchanges.paper.venues import PERPETUAL, SPOT, instrument, paper, request, tick

SECOND = 1_000_000_000


async def test_an_added_symbol_is_traded_like_any_other() -> None:
    venue = paper(PERPETUAL)
    await venue.connect()
    assert isinstance(await venue.place_order(request("a", symbol=SPOT)), Refused)
    assert venue.obstacle(instrument(SPOT)) == ""
    venue.add_market(instrument(SPOT))
    venue.add_market(instrument(SPOT))
    heard: list[str] = []
    venue.subscribe_price_updates(SPOT, lambda quote: heard.append(str(quote.price)))
    venue.deliver(tick("2400", 1, symbol=SPOT))
    answer = await venue.place_order(request("b", symbol=SPOT, price="2390"))
    assert isinstance(answer, Accepted)
    venue.deliver(tick("2389", 2, symbol=SPOT))
    assert heard == ["2400", "2389"]
    assert [fill.symbol for fill in (await venue.fills_since("")).fills] == [SPOT]
    assert [one.symbol for one in await venue.instruments()] == [PERPETUAL, SPOT]


async def test_a_quote_that_comes_into_use_later_has_its_opening_balance_once() -> None:
    store = PaperStore(":memory:")

    def venue(*symbols: str) -> PaperExchange:
        return PaperExchange(
            "sim",
            instruments=[instrument(symbol) for symbol in symbols],
            balances={},
            clock=SimulatedClock(0),
            store=store,
            opening=Decimal(10_000),
        )

    first = venue()
    assert list(await first.balances()) == []
    first.add_market(instrument(SPOT))
    assert [(one.asset, one.total) for one in await first.balances()] == [("USDC", 10_000)]
    first.transfer("USDC", Decimal(-10_000))
    first.add_market(instrument(PERPETUAL))
    again = venue(SPOT, "ETH/USDT")
    assert [(one.asset, one.total) for one in await again.balances()] == [("USDT", 10_000)]


async def test_another_grain_of_a_symbol_waits_for_the_next_start() -> None:
    venue = paper(PERPETUAL)
    assert venue.obstacle(instrument()) == ""
    assert "another grain or fee" in venue.obstacle(instrument(tick_size=Decimal(1)))


async def test_a_spot_buy_pays_its_fee_in_coins_where_the_symbol_says_so() -> None:
    venue = paper(PERPETUAL)
    await venue.connect()
    venue.add_market(instrument(SPOT, buy_fee_in_base=True))
    venue.deliver(tick("2400", 1, symbol=SPOT))
    await venue.place_order(request("b", symbol=SPOT, price="2390"))
    venue.deliver(tick("2389", 2, symbol=SPOT))
    (fill,) = (await venue.fills_since("")).fills
    assert fill.fee_asset == "ETH"


async def test_a_replay_has_no_prices_of_what_it_has_no_file_of() -> None:
    clock = SimulatedClock(0)
    venue = paper(PERPETUAL, source=ReplaySource({}, clock, Decimal(1)))
    assert "has no prices of ETH/USDC before the next start" in venue.obstacle(instrument(SPOT))


Prices = dict[str, list[str]]


async def prices(source: SyntheticSource, clock: SimulatedClock, count: int) -> Prices:
    found: Prices = {}
    async for one in source.ticks(""):
        found.setdefault(one.symbol, []).append(str(one.price))
        clock.jump(one.ts)
        if sum(map(len, found.values())) >= count:
            return found
    return found


async def test_one_more_made_up_market_leaves_the_walks_of_the_others() -> None:
    def market(symbol: str) -> SyntheticMarket:
        return SyntheticMarket(symbol=symbol, tick_size=Decimal("0.01"), start_price=Decimal(2400))

    clock = SimulatedClock(0)
    single = SyntheticSource((market(PERPETUAL),), clock=clock, interval_ms=0)
    alone = await prices(single, clock, 5)
    source = SyntheticSource((market(PERPETUAL),), clock=clock, interval_ms=0)
    source.add_market(instrument(SPOT))
    source.add_market(instrument(SPOT))
    both = await prices(source, clock, 10)
    assert both[PERPETUAL] == alone[PERPETUAL]
    assert len(both[SPOT]) == 5
    assert source.symbols == (PERPETUAL, SPOT)
    later = SyntheticSource((market(PERPETUAL), market(SPOT)), clock=clock)
    assert later.symbols == source.symbols


async def test_a_made_up_market_may_begin_with_its_first_symbol() -> None:
    clock = SimulatedClock(0)
    source = SyntheticSource((), clock=clock, interval_ms=0)
    waiting = asyncio.ensure_future(prices(source, clock, 3))
    await asyncio.sleep(0)
    source.add_market(instrument())
    assert len((await waiting)[PERPETUAL]) == 3


async def test_what_was_added_is_found_again_after_a_restart() -> None:
    store = PaperStore(":memory:")
    venue = paper(PERPETUAL, store=store)
    await venue.connect()
    venue.add_market(instrument(SPOT))
    venue.deliver(tick("2400", 1, symbol=SPOT))
    await venue.place_order(request("b", symbol=SPOT, price="2300"))
    again = paper(PERPETUAL, SPOT, store=store)
    assert [one.client_order_id for one in await again.open_orders()] == ["b"]
    assert (await again.mark_price(SPOT)).price == 2400
