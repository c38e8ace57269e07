"""The paper exchange: the contract of every venue, and what is its own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderReport, OrderRequest, OrderState, OrderType, Side
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.matching import FillModel
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.simulation.clock import SimulatedClock
from tests.contracts.exchange import ExchangeContract
from tests.contracts.venue import Venue, buy
from tests.simulation.worlds import instrument


def paper(
    store: PaperStore | None = None, symbol: str = "ETH/USDC:USDC", **settings: object
) -> PaperExchange:
    return PaperExchange(
        "sim",
        instruments=[instrument(symbol)],
        balances={"USDC": Decimal(10_000)},
        clock=SimulatedClock(0),
        store=store or PaperStore(":memory:"),
        settings=PaperSettings(**settings),  # type: ignore[arg-type]
    )


def venue_of(exchange: PaperExchange, symbol: str) -> Venue:
    async def move(price: str, size: str = "0") -> None:
        last = max(exchange._venue.state.times.values(), default=1)
        exchange.deliver(Tick(last, symbol, Decimal(price), Decimal(size)))

    return Venue(exchange, symbol, move)


class TestPaper(ExchangeContract):
    @pytest.fixture(params=["ETH/USDC", "ETH/USDC:USDC"])
    async def venue(self, request: pytest.FixtureRequest) -> AsyncIterator[Venue]:
        exchange = paper(symbol=request.param, funding=FundingSchedule(rate=Decimal("0.0001")))
        await exchange.connect()
        venue = venue_of(exchange, request.param)
        await venue.move("2400")
        if request.param.endswith(":USDC"):
            venue = venue._replace(fund=funding_times(exchange))
        yield venue
        await exchange.disconnect()


def funding_times(exchange: PaperExchange) -> Callable[[], Awaitable[None]]:
    """Makes a trade at the last price happen at the next funding time."""

    async def fund() -> None:
        at = exchange.next_funding()
        assert at is not None
        last = await exchange.mark_price("ETH/USDC:USDC")
        exchange.deliver(Tick(at, last.symbol, last.price, Decimal(0)))

    return fund


async def started(**settings: object) -> Venue:
    venue = venue_of(paper(**settings), "ETH/USDC:USDC")  # type: ignore[arg-type]
    await venue.exchange.connect()
    await venue.move("2400")
    return venue


async def test_through_needs_a_price_beyond_the_limit() -> None:
    venue = await started(fill_model=FillModel.THROUGH)
    await venue.exchange.place_order(buy(venue, "nb1"))
    await venue.move("2388")
    assert len(await venue.exchange.open_orders()) == 1
    await venue.move("2387.99")
    assert not await venue.exchange.open_orders()


async def test_a_market_order_takes_the_next_tick_with_slippage_and_taker_fee() -> None:
    venue = await started(slippage_percent=Decimal("0.1"))
    request = OrderRequest(
        client_order_id="nb1",
        symbol=venue.symbol,
        side=Side.BUY,
        quantity=Decimal(1),
        type=OrderType.MARKET,
    )
    await venue.exchange.place_order(request)
    await venue.move("2500")
    fill = (await venue.exchange.fills_since("")).fills[0]
    assert (fill.price, fill.maker) == (Decimal("2502.50"), False)
    assert fill.fee == fill.price * Decimal("0.0005")


async def test_a_tick_fills_no_more_than_its_own_size() -> None:
    exchange = paper(partial_fills=True)
    await exchange.connect()
    symbol = "ETH/USDC:USDC"
    exchange.deliver(Tick(1, symbol, Decimal(2400), Decimal(1)))
    venue = venue_of(exchange, symbol)
    for number in range(2):
        await exchange.place_order(buy(venue, f"nb{number}"))
    exchange.deliver(Tick(2, symbol, Decimal(2388), Decimal("0.07")))
    fills = (await exchange.fills_since("")).fills
    assert [fill.quantity for fill in fills] == [Decimal("0.05"), Decimal("0.02")]


async def test_one_tick_over_several_levels_fills_each_of_them_whole() -> None:
    venue = await started()
    for number, price in enumerate(("2380", "2388", "2364")):
        await venue.exchange.place_order(buy(venue, f"nb{number}", price=price))
    await venue.move("2360")
    fills = (await venue.exchange.fills_since("")).fills
    assert [(f.price, f.quantity) for f in fills] == [
        (Decimal(price), Decimal("0.05")) for price in ("2388", "2380", "2364")
    ]


async def test_it_survives_its_engine_with_orders_balances_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = venue_of(paper(PaperStore(path)), "ETH/USDC:USDC")
    await first.exchange.connect()
    await first.move("2400")
    await first.exchange.place_order(buy(first, "nb1"))
    await first.exchange.place_order(buy(first, "nb2", price="2376"))
    await first.move("2388")
    second = venue_of(paper(PaperStore(path)), "ETH/USDC:USDC")
    await second.exchange.connect()
    assert [o.client_order_id for o in await second.exchange.open_orders()] == ["nb2"]
    done = await second.exchange.order_status("nb1", "ETH/USDC:USDC")
    assert isinstance(done, OrderReport)
    assert done.state is OrderState.FILLED
    assert (await second.exchange.positions())[0].quantity == Decimal("0.05")
    assert await second.exchange.balances() == await first.exchange.balances()
    await second.move("2376")
    fills = (await second.exchange.fills_since("")).fills
    assert len({fill.trade_id for fill in fills}) == 2
