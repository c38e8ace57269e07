"""A paper venue on its source of prices, and on the file behind it."""

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nimbus_tui.core.errors import DataError, ExchangeError
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    NotFound,
    Unknown,
)
from nimbus_tui.exchanges.base import Link
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.simulation.clock import SimulatedClock
from tests.exchanges.paper.venues import (
    MS,
    PERPETUAL,
    ScriptedSource,
    fills,
    paper,
    request,
    tick,
    totals,
    travel,
)


async def pumped(exchange: PaperExchange) -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_pump_waits_for_the_clock_and_for_all_to_settle_after_each_tick() -> None:
    clock = SimulatedClock(0)
    source = ScriptedSource([tick("2400", 0), tick("2401", MS), tick("2402", 2 * MS)])
    exchange = paper(clock=clock, source=source)
    happened: list[str] = []
    exchange.subscribe_price_updates(PERPETUAL, lambda quote: happened.append(str(quote.price)))

    async def settle() -> None:
        happened.append("settling")
        await asyncio.sleep(0)
        happened.append("settled")

    exchange.settle = settle
    await exchange.connect()
    await pumped(exchange)
    assert happened == ["2400", "settling", "settled"]
    await travel(clock, 2 * MS)
    await pumped(exchange)
    assert happened == [
        "2400", "settling", "settled", "2401", "settling", "settled", "2402", "settling", "settled",
    ]  # fmt: skip
    await exchange.disconnect()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (None, "the price source has ended"),
        (DataError("prices.csv, row 3: broken"), "prices.csv, row 3: broken"),
        (RuntimeError("boom"), "the price source failed: RuntimeError: boom"),
    ],
)
async def test_a_source_that_ends_or_fails_is_shown_and_told(
    fault: Exception | None, reason: str
) -> None:
    told: list[tuple[bool, str]] = []
    source = ScriptedSource([tick("2400", 0)], fault)
    exchange = paper(source=source)
    exchange.subscribe_link(lambda is_up, why: told.append((is_up, why)))
    await exchange.connect()
    assert exchange.is_connected()
    await pumped(exchange)
    status = exchange.connection_status()
    assert (status.link, status.detail) == (Link.DISCONNECTED, reason)
    assert told == [(False, reason)]
    await exchange.disconnect()


async def test_connecting_again_after_the_end_asks_the_source_for_what_comes_next() -> None:
    source = ScriptedSource([tick("2400", 0), tick("2401", 0)])
    exchange = paper(source=source)
    await exchange.connect()
    await pumped(exchange)
    await exchange.connect()
    await pumped(exchange)
    assert source.begun_at == ["", "2"]
    assert not exchange.is_connected()
    await exchange.disconnect()


async def test_the_age_of_the_data_is_that_of_the_newest_price() -> None:
    clock = SimulatedClock(0)
    exchange = paper(clock=clock)
    assert exchange.connection_status().data_age_ms is None
    exchange.deliver(tick("2400", 0))
    await travel(clock, 1500 * MS)
    assert exchange.connection_status().data_age_ms == 1500


async def test_a_restart_goes_on_behind_the_last_tick_with_the_same_books_and_new_ids(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.db"
    script = [tick("2400", 0), tick("2388", 0), tick("2376", 0), tick("2400", 0)]
    first = paper(store=PaperStore(path), source=ScriptedSource(script[:1]))
    await first.connect()
    await pumped(first)
    placed = [await first.place_order(request(f"nb{n}", price=f"23{n}6")) for n in (7, 8)]
    await first.disconnect()

    source = ScriptedSource(script)
    second = paper(store=PaperStore(path), source=source, balances={"USDC": "1"})
    assert [o.client_order_id for o in await second.open_orders()] == ["nb7", "nb8"]
    assert await totals(second) == {"USDC": Decimal(10000)}
    assert [await second.place_order(request(f"nb{n}", price=f"23{n}6")) for n in (7, 8)] == placed
    await second.connect()
    await pumped(second)
    assert source.begun_at == ["1"]
    assert [fill[0] for fill in await fills(second)] == ["nb8", "nb7"]
    new = await second.place_order(request("nb9", price="2300"))
    ids = {one.exchange_order_id for one in [*placed, new] if isinstance(one, Accepted)}
    assert len(ids) == 3
    await second.disconnect()


async def test_what_cannot_be_written_has_not_happened(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    exchange = paper(store=PaperStore(path))
    exchange.deliver(tick("2400"))
    await exchange.place_order(request("nb1"))
    before = await totals(exchange)
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER full BEFORE INSERT ON venue BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        other.execute(
            "CREATE TRIGGER f2 BEFORE INSERT ON orders BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        other.commit()
        told: list[Any] = []
        exchange.subscribe_order_fills(told.append)
        with pytest.raises(ExchangeError, match="full"):
            exchange.deliver(tick("2388", 2))
        placing = await exchange.place_order(request("nb2", price="2300"))
        cancelling = await exchange.cancel_order(
            CancelRequest(client_order_id="nb1", symbol=PERPETUAL)
        )
        assert isinstance(placing, Unknown)
        assert isinstance(cancelling, Unknown)
        assert told == []
        assert await totals(exchange) == before
        assert [o.client_order_id for o in await exchange.open_orders()] == ["nb1"]
        assert await exchange.order_status("nb2", PERPETUAL) == NotFound()
        other.execute("DROP TRIGGER full")
        other.execute("DROP TRIGGER f2")
        other.commit()
    exchange.deliver(tick("2388", 3))
    assert await fills(exchange) == [("nb1", "2388", "1", True)]
    assert not await exchange.open_orders()  # the request that was lost stays lost


async def test_orders_of_a_symbol_that_left_the_config_can_still_be_seen_and_cancelled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "paper.db"
    first = paper(store=PaperStore(path))
    first.deliver(tick("2400"))
    await first.place_order(request("nb1"))
    second = paper("BTC/USDC:USDC", store=PaperStore(path))
    assert [o.client_order_id for o in await second.open_orders()] == ["nb1"]
    answer = await second.cancel_order(CancelRequest(client_order_id="nb1", symbol=PERPETUAL))
    assert isinstance(answer, Accepted)


async def test_a_held_symbol_that_nobody_knows_any_more_is_named(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = paper("ODD/USDC:USDC", store=PaperStore(path))
    first.deliver(tick("2400", symbol="ODD/USDC:USDC"))
    await first.place_order(request("nb1", symbol="ODD/USDC:USDC"))
    with pytest.raises(ExchangeError, match="ODD/USDC:USDC"):
        paper(store=PaperStore(path))
