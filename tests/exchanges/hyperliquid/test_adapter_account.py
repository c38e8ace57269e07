"""What an account is set to and what happens to it: leverage, the switch, funding, liquidation."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import MarginMode
from nimbus_tui.core.order import Accepted, OrderState, OrderType, RefusalKind, Refused, Side
from tests.exchanges.hyperliquid.opened import COIN, ETH, Opened, buy, opened, until
from tests.exchanges.hyperliquid.server.accounts import Leverage
from tests.exchanges.hyperliquid.server.faults import Fault

XMR = Symbol("XMR/USDC:USDC")
HOUR_MS = 3_600_000
CROSS, ISOLATED = MarginMode.CROSS, MarginMode.ISOLATED


async def bought(both: Opened, quantity: str = "1") -> None:
    """Hold a position."""
    taker = buy(1, None, quantity=Decimal(quantity), post_only=False, type=OrderType.MARKET)
    assert isinstance(await both.exchange.place_order(taker), Accepted)
    await until(lambda: sum(fill.quantity for fill in both.fills) == Decimal(quantity))


# leverage


@pytest.mark.parametrize("mode", [CROSS, ISOLATED])
async def test_leverage_and_margin_mode_are_set_and_hold(mode: MarginMode) -> None:
    async with opened() as both:
        await both.exchange.set_leverage(ETH, 7, mode)
        assert both.account.leverage[COIN] == Leverage(mode is CROSS, 7)
        await both.exchange.set_leverage(ETH, 7, mode)
        assert both.server.audit.actions["updateLeverage"] == 1


async def test_a_coin_with_isolated_margin_only_says_so_before_anything_leaves() -> None:
    async with opened() as both:
        with pytest.raises(ExchangeError, match=r'isolated margin only; set margin = "isolated"'):
            await both.exchange.set_leverage(XMR, 2, CROSS)
        with pytest.raises(ExchangeError, match="a leverage from 1 to 3, not 5"):
            await both.exchange.set_leverage(XMR, 5, ISOLATED)
        assert not both.server.audit.actions
        await both.exchange.set_leverage(XMR, 2, ISOLATED)
        assert both.account.leverage["XMR"] == Leverage(False, 2)


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER, Fault.NULL, Fault.HTML_AFTER])
async def test_leverage_whose_answer_is_lost_is_read_back_and_holds(fault: Fault) -> None:
    async with opened() as both:
        both.server.faults.script(fault, on="updateLeverage")
        await both.exchange.set_leverage(ETH, 5, CROSS)
        assert both.account.leverage[COIN] == Leverage(True, 5)


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.ERROR])
async def test_leverage_that_does_not_hold_afterwards_is_an_error(fault: Fault) -> None:
    async with opened() as both:
        both.server.faults.script(fault, on="updateLeverage")
        with pytest.raises(ExchangeError, match="is 20× cross, though 5× cross was set"):
            await both.exchange.set_leverage(ETH, 5, CROSS)


async def test_the_margin_mode_of_an_open_position_is_refused_in_the_venues_words() -> None:
    async with opened() as both:
        await bought(both)
        with pytest.raises(ExchangeError, match="Cannot switch leverage type with open position"):
            await both.exchange.set_leverage(ETH, 20, ISOLATED)


# the dead man's switch


async def test_the_switch_is_refused_to_an_account_without_volume_and_taken_above() -> None:
    async with opened() as both:
        refused = await both.exchange.cancel_all_after(60)
        assert isinstance(refused, Refused)
        assert "until enough volume traded. Required: $1000000" in refused.reason
        assert both.account.cancel_at is None
        both.account.volume = Decimal(1_000_000)
        assert await both.exchange.cancel_all_after(60) is None
        assert both.account.cancel_at > both.server.world.now()
        assert await both.exchange.cancel_all_after(None) is None
        assert both.account.cancel_at is None
        too_soon = await both.exchange.cancel_all_after(3)
        assert isinstance(too_soon, Refused)
        assert too_soon.kind is RefusalKind.INVALID


async def test_the_switch_cancels_what_rests_once_nothing_more_is_heard() -> None:
    async with opened() as both:
        both.account.volume = Decimal(1_000_000)
        await both.exchange.place_order(buy(1))
        await both.exchange.place_order(buy(2, "2380"))
        assert await both.exchange.cancel_all_after(60) is None
        both.server.world.time.offset_ms += 59_000
        assert len(await both.exchange.open_orders()) == 2
        both.server.world.time.offset_ms += 2_000
        ended = (OrderState.CANCELLED, OrderState.CANCELLED)
        await until(lambda: tuple(one.state for one in both.reports[-2:]) == ended)
        assert not await both.exchange.open_orders()


# what the venue does by itself


async def test_funding_is_told_once_and_is_in_the_history() -> None:
    async with opened() as both:
        await bought(both)
        both.server.world.time.offset_ms += HOUR_MS
        await both.server.pay_funding(COIN, Decimal("0.0001"))
        await until(lambda: len(both.funding) == 1)
        both.server.sockets.drop()
        await until(lambda: len(both.links) == 3)
        await both.caught_up()
        (paid,) = both.funding
        assert paid.symbol == ETH
        assert abs(paid.amount) == Decimal("0.24")
        (page,) = [await both.exchange.funding_since("")]
        assert page.payments == (paid,)
        before = both.account.usdc
        await both.server.pay_funding(COIN, Decimal("-0.0001"))
        assert both.account.usdc == before + Decimal("0.24")


async def liquidated(both: Opened) -> None:
    await both.server.liquidate(both.account.address, COIN)


async def deleveraged(both: Opened) -> None:
    await both.server.deleverage(both.account.address, COIN, Decimal("0.4"))


@pytest.mark.parametrize(
    ("happens", "left"), [(liquidated, Decimal(0)), (deleveraged, Decimal("0.6"))]
)
async def test_what_the_venue_closes_by_itself_is_a_forced_fill(
    happens: Callable[[Opened], Awaitable[None]], left: Decimal
) -> None:
    async with opened() as both:
        await bought(both)
        both.fills.clear()
        await happens(both)
        await until(lambda: bool(both.fills))
        (fill,) = both.fills
        assert (fill.forced, fill.side, fill.quantity) == (True, Side.SELL, 1 - left)
        assert fill.client_order_id == ""
        listed = [one for one in (await both.exchange.fills_since("")).fills if one.forced]
        assert listed == [fill]
        assert sum(one.quantity for one in await both.exchange.positions()) == left
        assert await both.traded() == left


async def test_a_mark_that_ruins_the_account_ends_orders_and_position() -> None:
    async with opened() as both:
        await bought(both, "20")
        await both.exchange.place_order(buy(2, "1000"))
        both.fills.clear()
        await both.server.set_mark(COIN, Decimal(1900))
        await until(lambda: bool(both.fills) and both.reports[-1].state is OrderState.CANCELLED)
        assert all(fill.forced for fill in both.fills)
        assert not await both.exchange.positions()
        assert not await both.exchange.open_orders()


async def test_our_own_fills_are_not_forced() -> None:
    async with opened() as both:
        await bought(both)
        await both.exchange.place_order(buy(2))
        await both.move("2388")
        await until(lambda: len(both.fills) >= 2)
        assert not any(fill.forced for fill in both.fills)
