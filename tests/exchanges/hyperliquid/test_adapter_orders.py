"""Orders that the venue cuts, takes in part, or does not take for a while; budgets that end."""

import asyncio
from decimal import Decimal

import pytest

from nimbus_tui.core.clock import NS_PER_MS
from nimbus_tui.core.order import (
    Accepted,
    OrderReport,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.hyperliquid import order_desk
from tests.exchanges.hyperliquid.opened import (
    COIN,
    ETH,
    Opened,
    buy,
    cancel_of,
    opened,
    our,
    until,
)
from tests.exchanges.hyperliquid.server.audit import Rule
from tests.exchanges.hyperliquid.server.server import HyperliquidServer

MARKET = {"price": None, "post_only": False, "type": OrderType.MARKET}


async def bought(both: Opened, number: int, quantity: str) -> None:
    """Hold a position."""
    taker = buy(number, quantity=Decimal(quantity), **MARKET)
    before = len(both.fills)
    assert isinstance(await both.exchange.place_order(taker), Accepted)
    await until(lambda: len(both.fills) > before)


def ends(both: Opened, number: int) -> list[OrderReport]:
    """What was told of the end of an order."""
    return [
        one for one in both.reports if one.client_order_id == our(number) and one.state.is_final
    ]


async def looked_up(both: Opened, number: int) -> OrderReport:
    found = await both.exchange.order_status(our(number), ETH)
    assert isinstance(found, OrderReport)
    return found


async def test_a_reduce_only_order_is_cut_to_the_position_and_claims_only_what_it_filled() -> None:
    async with opened() as both:
        await bought(both, 1, "0.05")
        out = buy(2, "2412", side=Side.SELL, quantity=Decimal("0.08"), reduce_only=True)
        assert isinstance(await both.exchange.place_order(out), Accepted)
        await both.move("2412")
        await until(lambda: bool(ends(both, 2)) and len(both.fills) == 2)
        assert [report.filled for report in ends(both, 2)] == [Decimal("0.05")]
        assert both.fills[-1].quantity == Decimal("0.05")
        assert (await looked_up(both, 2)).filled == Decimal("0.05")
        assert not await both.exchange.positions()
        assert await both.traded() == 0


async def test_a_reduce_only_order_with_nothing_to_reduce_is_refused() -> None:
    async with opened() as both:
        out = buy(1, "2412", side=Side.SELL, reduce_only=True)
        answer = await both.exchange.place_order(out)
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.REDUCE_ONLY


async def test_an_order_that_takes_what_is_there_ends_with_a_part_filled() -> None:
    async with opened() as both:
        both.server.set_liquidity(COIN, Decimal("0.02"))
        best = both.server.world.books[COIN].best(buy=False)
        assert best is not None
        taker = buy(1, str(best), post_only=False, time_in_force=TimeInForce.IOC)
        assert isinstance(await both.exchange.place_order(taker), Accepted)
        await until(lambda: bool(ends(both, 1)))
        (end,) = ends(both, 1)
        assert (end.state, end.filled) == (OrderState.CANCELLED, Decimal("0.02"))
        assert [fill.quantity for fill in both.fills] == [Decimal("0.02")]
        found = await looked_up(both, 1)
        assert (found.state, found.filled) == (OrderState.CANCELLED, Decimal("0.02"))
        assert not await both.exchange.open_orders()


async def test_an_order_that_takes_where_nothing_is_offered_is_refused_and_may_come_again() -> None:
    async with opened() as both:
        both.server.set_liquidity(COIN, Decimal(0))
        answer = await both.exchange.place_order(
            buy(1, "2401", post_only=False, time_in_force=TimeInForce.IOC)
        )
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.BUSY
        assert both.account.position_size(COIN) == 0


async def test_while_the_venue_takes_post_only_orders_only_makers_go_on_and_takers_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with opened() as both:
        both.server.world.post_only = True
        answer = await both.exchange.place_order(buy(1, **MARKET))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.BUSY
        assert "post-only orders only" in both.exchange.connection_status().detail
        sent = both.server.audit.actions["order"]
        again = await both.exchange.place_order(buy(2, **MARKET))
        assert isinstance(again, Refused)
        assert again.kind is RefusalKind.BUSY
        assert both.server.audit.actions["order"] == sent  # it has stayed at home
        assert isinstance(await both.exchange.place_order(buy(3)), Accepted)
        assert isinstance(await both.exchange.cancel_order(cancel_of(3)), Accepted)
        monkeypatch.setattr(order_desk, "TAKERS_WAIT_NS", 0)
        third = await both.exchange.place_order(buy(4, **MARKET))
        assert isinstance(third, Refused)  # tried anew once the wait is over
        assert both.server.audit.actions["order"] == sent + 2
        both.server.world.post_only = False
        # What never left may leave under its own id; what was refused needs a new one.
        assert isinstance(await both.exchange.place_order(buy(2, **MARKET)), Accepted)
        assert await both.exchange.place_order(buy(1, **MARKET)) == answer
        await until(lambda: len(both.fills) == 1)
        assert both.exchange.connection_status().detail == ""


async def test_an_address_whose_budget_ends_keeps_cancels_and_exits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order_desk, "PATIENCE_NS", 300 * NS_PER_MS)

    async def prepare(server: HyperliquidServer) -> None:
        server.account(next(iter(server.world.accounts))).free_requests = 106

    async with opened(prepare) as both:
        await bought(both, 100, "0.05")
        for number in range(5):
            placed = await both.exchange.place_order(buy(number, str(2380 - number)))
            assert isinstance(placed, Accepted), number
        answer = await both.exchange.place_order(buy(50))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.BUSY
        assert "budget of requests is used up" in answer.reason
        waiting = asyncio.ensure_future(both.exchange.place_order(buy(51)))
        for number in range(5):
            assert isinstance(await both.exchange.cancel_order(cancel_of(number)), Accepted)
        out = buy(60, side=Side.SELL, reduce_only=True, **MARKET)
        assert isinstance(await both.exchange.place_order(out), Accepted)
        assert isinstance(await waiting, Refused)
        assert not await both.exchange.positions()
        assert both.exchange.connection_status().rate_used > 0.1
        # What waited in vain has not left and may leave another time.
        assert both.server.audit.actions["order"] == 7


async def test_a_budget_that_others_have_used_up_is_said_by_the_venue_and_hurts_no_cancel() -> None:
    async with opened() as both:
        await both.exchange.place_order(buy(1))
        both.account.requests = both.account.request_cap
        both.account.last_beyond = both.server.world.now()
        answer = await both.exchange.place_order(buy(2))
        assert isinstance(answer, Refused)
        assert (answer.kind, "Too many cumulative" in answer.reason) == (RefusalKind.BUSY, True)
        assert isinstance(await both.exchange.cancel_order(cancel_of(1)), Accepted)
        assert len(both.server.audit.of(Rule.BUDGET)) == 1
        both.server.audit.violations.clear()
