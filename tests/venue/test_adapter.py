"""The socket adapter against the venue server on a real socket: the contract, and every fault."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pytest

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import Accepted, OrderReport, OrderRequest, RefusalKind, Refused, Unknown
from nimbus_tui.engine.clock import LiveClock
from nimbus_tui.exchanges.paper.adapter import PaperExchange, PaperSettings
from nimbus_tui.exchanges.paper.funding import FundingSchedule
from nimbus_tui.exchanges.paper.store import PaperStore
from tests.contracts.exchange import ExchangeContract
from tests.contracts.venue import Venue, buy
from tests.simulation.worlds import instrument
from tests.venue.adapter import SocketExchange
from tests.venue.arrivals import Arrivals
from tests.venue.protocol import Fault, Scripted
from tests.venue.server import Faults, VenueServer

SYMBOL = "ETH/USDC"


class Open(NamedTuple):
    """A server, and a client that is connected to it."""

    server: VenueServer
    client: SocketExchange
    arrivals: Arrivals
    port: int

    async def move(self, symbol: str, price: str) -> None:
        """Make a trade happen."""
        await self.client.ask("tick", Tick(1, symbol, Decimal(price), Decimal(0)))

    async def close(self) -> None:
        """Close both ends."""
        await self.client.disconnect()
        await self.server.close()


async def opened(symbol: str) -> Open:
    """A server with one market at 2400 and a client."""
    exchange = PaperExchange(
        "venue",
        instruments=[instrument(symbol)],
        balances={"USDC": Decimal(10_000)},
        clock=LiveClock(),
        store=PaperStore(":memory:"),
        settings=PaperSettings(funding=FundingSchedule(rate=Decimal("0.0001"))),
    )
    arrivals = Arrivals(":memory:")
    server = VenueServer(exchange, arrivals, Faults(0.0, Random(1)), LiveClock())
    port = await server.open()
    client = SocketExchange("venue", port, LiveClock())
    await client.connect()
    both = Open(server, client, arrivals, port)
    await both.move(symbol, "2400")
    return both


class TestSocketExchange(ExchangeContract):
    @pytest.fixture(params=["ETH/USDC", "ETH/USDC:USDC"])
    async def venue(self, request: pytest.FixtureRequest) -> AsyncIterator[Venue]:
        both = await opened(request.param)

        async def move(price: str) -> None:
            await both.move(request.param, price)

        async def fund() -> None:
            await both.client.ask("fund", request.param)

        pays = request.param.endswith(":USDC")
        yield Venue(both.client, request.param, move, fund if pays else None)
        await both.close()


@pytest.fixture
async def both() -> AsyncIterator[Open]:
    """A spot venue and its client."""
    both = await opened(SYMBOL)
    yield both
    await both.close()


def order(identity: str = "nb1") -> OrderRequest:
    """A buy that rests."""
    return buy(Venue(None, SYMBOL, None), identity)  # type: ignore[arg-type]


async def link_is(client: SocketExchange, is_up: bool) -> str:
    """Wait for the connection to be lost, or back; returns the reason."""
    change: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def heard(now_up: bool, reason: str) -> None:
        if now_up is is_up and not change.done():
            change.set_result(reason)

    leave = client.subscribe_link(heard)
    try:
        return await asyncio.wait_for(change, 10)
    finally:
        leave()


@pytest.mark.parametrize("fault", [Fault.SWALLOW, Fault.DROP, Fault.DELAY])
async def test_an_order_whose_answer_is_lost_is_unknown_and_found_by_its_id(
    both: Open, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.venue.adapter.TIME_OUT_S", 0.15)
    await both.client.ask("fault", Scripted(fault))
    back = asyncio.ensure_future(link_is(both.client, True))
    assert isinstance(await both.client.place_order(order()), Unknown)
    if fault is Fault.DROP:
        await back
        assert both.client.connection_status().reconnects == 1
    else:
        back.cancel()
        monkeypatch.setattr("tests.venue.adapter.TIME_OUT_S", 5.0)
    found = await both.client.order_status("nb1", SYMBOL)
    assert isinstance(found, OrderReport)
    assert both.arrivals.faults() == {f"{fault.value} place": 1}


@pytest.mark.parametrize(
    ("fault", "kind"), [(Fault.BUSY, RefusalKind.BUSY), (Fault.REFUSE, RefusalKind.INVALID)]
)
async def test_an_order_that_the_venue_turns_away_is_not_there(
    both: Open, fault: Fault, kind: RefusalKind
) -> None:
    await both.client.ask("fault", Scripted(fault))
    answer = await both.client.place_order(order())
    assert isinstance(answer, Refused)
    assert answer.kind is kind
    assert not await both.client.open_orders()
    assert both.arrivals.total() == 0


async def test_reading_that_the_venue_turns_away_is_an_error(both: Open) -> None:
    await both.client.ask("fault", Scripted(Fault.BUSY, "fills_since"))
    with pytest.raises(ExchangeError, match="429"):
        await both.client.fills_since("")
    assert not (await both.client.fills_since("")).fills


async def test_an_order_that_arrives_after_its_deadline_is_refused(
    both: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.venue.adapter.DEADLINE_S", 0.0)
    monkeypatch.setattr("tests.venue.server.HOLD_S", (0.02, 0.03))
    await both.client.ask("fault", Scripted(Fault.HOLD))
    answer = await both.client.place_order(order())
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.BUSY
    assert both.arrivals.total() == 0


async def test_what_was_sent_before_the_connection_broke_is_carried_out(
    both: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.venue.server.HOLD_S", (0.1, 0.1))
    await both.client.ask("fault", Scripted(Fault.HOLD))
    sending = asyncio.ensure_future(both.client.place_order(order()))
    await asyncio.sleep(0)
    assert not await both.client.open_orders()  # and behind it the order has arrived
    await both.client.disconnect()
    assert isinstance(await sending, Unknown)
    await both.client.connect()
    deadline = LiveClock().now() + 5 * NS_PER_SECOND
    while not await both.client.open_orders():
        assert LiveClock().now() < deadline


async def test_the_venue_counts_an_order_that_is_sent_again_under_its_id(both: Open) -> None:
    assert isinstance(await both.client.place_order(order()), Accepted)
    assert both.arrivals.repeated() == []
    await both.client.place_order(order())
    assert both.arrivals.repeated() == ["nb1"]


async def test_a_client_comes_back_to_a_venue_that_was_gone(both: Open) -> None:
    lost = asyncio.ensure_future(link_is(both.client, False))
    await both.server.close()
    assert await lost
    assert not both.client.is_connected()
    assert isinstance(await both.client.place_order(order()), Unknown)
    back = asyncio.ensure_future(link_is(both.client, True))
    assert await both.server.open(both.port) == both.port
    await back
    assert not await both.client.open_orders()


async def test_a_venue_that_is_not_there_is_an_error_in_words() -> None:
    client = SocketExchange("venue", 1, LiveClock())
    with pytest.raises(ExchangeError, match="can't be reached"):
        await client.connect()
    assert not client.is_connected()
