"""Orders and cancels on their way to the paper venue, which take its latency to arrive."""

import asyncio
from decimal import Decimal

from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    OrderState,
    RefusalKind,
)
from nimbus_tui.exchanges.paper.matching import NO_BAND
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.paper.venues import (
    MS,
    PERPETUAL,
    SPOT,
    fills,
    kind,
    paper,
    request,
    state,
    tick,
    travel,
)


async def test_an_order_is_live_from_its_arrival_and_judged_by_the_last_tick_before_it() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1", post_only=True)))
    await travel(clock, 5 * MS)
    exchange.deliver(tick("2380", 5 * MS))
    assert not placing.done()
    assert await exchange.open_orders() == []
    exchange.deliver(tick("2395", 6 * MS))
    await travel(clock, 10 * MS)
    assert isinstance(placing.result(), Accepted)
    assert await fills(exchange) == []
    exchange.deliver(tick("2388", 11 * MS))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]


async def test_a_tick_at_the_arrival_takes_the_order_in_before_it_matches() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 0)
    exchange.deliver(tick("2388", 10 * MS))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]
    await travel(clock, 10 * MS)
    assert isinstance(placing.result(), Accepted)


async def test_post_only_is_judged_on_arrival() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1", post_only=True)))
    await travel(clock, 0)
    exchange.deliver(tick("2380", 5 * MS))
    await travel(clock, 10 * MS)
    assert kind(placing.result()) is RefusalKind.POST_ONLY_WOULD_CROSS
    assert not await exchange.open_orders()


async def test_the_same_request_twice_on_its_way_is_one_order() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    first = asyncio.create_task(exchange.place_order(request("nb1")))
    second = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 0)
    assert kind(await exchange.place_order(request("nb1", price="2300"))) is RefusalKind.DUPLICATE
    await travel(clock, 20 * MS)
    assert first.result() == second.result()
    assert isinstance(first.result(), Accepted)
    assert len(await exchange.open_orders()) == 1


async def test_two_orders_on_their_way_cannot_spend_the_same_money() -> None:
    clock = SimulatedClock(0)
    exchange = paper(SPOT, clock=clock, latency_ms=10, balances={"USDC": "3000"})
    exchange.deliver(tick("2400", 0, symbol=SPOT))
    placing = [
        asyncio.create_task(exchange.place_order(request(identity, symbol=SPOT)))
        for identity in ("nb1", "nb2")
    ]
    await travel(clock, 20 * MS)
    assert [kind(one.result()) for one in placing] == [None, RefusalKind.INSUFFICIENT_BALANCE]


class EarlyClock(SimulatedClock):
    """A clock whose sleeper wakes a little before its time, as the machine's sometimes does."""

    async def sleep_until(self, ts: int) -> None:
        await super().sleep_until(ts - 1 if self.now() < ts - 1 else ts)


async def test_a_sleeper_that_wakes_too_early_does_not_make_a_refusal() -> None:
    clock = EarlyClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 10 * MS - 1)
    assert not placing.done()
    await travel(clock, 10 * MS)
    assert isinstance(placing.result(), Accepted)


async def test_a_cancel_takes_its_time_and_may_come_too_late() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 10 * MS)
    assert placing.done()
    cancel = CancelRequest(client_order_id="nb1", symbol=PERPETUAL)
    cancelling = asyncio.create_task(exchange.cancel_order(cancel))
    await travel(clock, 15 * MS)
    exchange.deliver(tick("2388", 15 * MS))
    await travel(clock, 20 * MS)
    assert kind(cancelling.result()) is RefusalKind.NOT_FOUND
    assert await state(exchange, "nb1") is OrderState.FILLED


async def test_an_order_is_not_cancelled_under_another_symbol() -> None:
    exchange = paper(PERPETUAL, SPOT)
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1"))
    answer = await exchange.cancel_order(CancelRequest(client_order_id="nb1", symbol=SPOT))
    assert kind(answer) is RefusalKind.NOT_FOUND
    assert len(await exchange.open_orders()) == 1


async def test_the_quiet_band_holds_nothing_while_an_order_travels_or_waits_to_take() -> None:
    clock = SimulatedClock(0)
    exchange = paper(PERPETUAL, SPOT, clock=clock, latency_ms=10)
    exchange.deliver(tick("2400", 0))
    placing = asyncio.create_task(exchange.place_order(request("nb1")))
    await travel(clock, 0)
    assert exchange.quiet_band(PERPETUAL) == NO_BAND
    assert exchange.quiet_band(SPOT) == (None, None)
    await travel(clock, 10 * MS)
    assert placing.done()
    assert exchange.quiet_band(PERPETUAL) == (Decimal(2388), None)


async def test_a_noted_tick_is_the_newest_price_and_its_time() -> None:
    exchange = paper()
    exchange.deliver(tick("2400", 1))
    exchange.note(tick("2401.5", 99))
    quote = await exchange.mark_price(PERPETUAL)
    assert (quote.price, quote.ts) == (Decimal("2401.5"), 99)
    answer = await exchange.place_order(request("nb1", price="2401.5", post_only=True))
    assert kind(answer) is RefusalKind.POST_ONLY_WOULD_CROSS
