"""What every exchange adapter tells of its account: fills, funding, money, capabilities."""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.errors import ExchangeError, UnsupportedByExchange
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import (
    RefusalKind,
    Refused,
)
from tests.contracts.venue import Venue, buy, our


class ExchangeAccountContract:
    """The suite's part on the account; subclasses provide the `venue` fixture."""

    async def test_fills_told_are_the_fills_read_under_ids_of_their_own(self, venue: Venue) -> None:
        told: list[Any] = []
        venue.exchange.subscribe_order_fills(told.append)
        for number in range(4):
            await venue.exchange.place_order(buy(venue, our(number), price=f"23{number}0"))
        await venue.move("2300")
        page = await venue.exchange.fills_since("")
        assert list(page.fills) == told
        assert len({fill.trade_id for fill in told}) == 4
        assert not page.more

    async def test_a_cursor_continues_behind_the_fill_it_was_read_at(self, venue: Venue) -> None:
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        first = await venue.exchange.fills_since("")
        await venue.exchange.place_order(buy(venue, our(2), price="2300"))
        await venue.move("2300")
        second = await venue.exchange.fills_since(first.cursor)
        assert [fill.client_order_id for fill in second.fills] == [our(2)]

    async def test_a_cursor_of_somebody_else_is_an_error_in_words(self, venue: Venue) -> None:
        with pytest.raises(ExchangeError, match="cursor"):
            await venue.exchange.fills_since("not ours")
        with pytest.raises(ExchangeError, match="cursor"):
            await venue.exchange.funding_since("not ours")

    async def test_without_a_position_nothing_is_paid(self, venue: Venue) -> None:
        told: list[Any] = []
        leave = venue.exchange.subscribe_funding(told.append)
        if venue.fund is not None:
            await venue.fund()
        page = await venue.exchange.funding_since("")
        assert (page.payments, page.cursor, page.more, told) == ((), "", False, [])
        leave()
        leave()

    async def test_a_long_pays_funding_from_its_balance_and_is_told_once(
        self, venue: Venue
    ) -> None:
        told: list[Any] = []
        leave = venue.exchange.subscribe_funding(told.append)
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        await venue.move("2400")
        before = {one.asset: one.total for one in await venue.exchange.balances()}
        if venue.fund is None:
            assert not (await venue.exchange.funding_since("")).payments
            return
        await venue.fund()
        (payment,) = told
        assert (payment.symbol, payment.amount) == (venue.symbol, Decimal("-0.012"))
        assert payment.exchange == venue.exchange.name
        after = {one.asset: one.total for one in await venue.exchange.balances()}
        assert after[payment.asset] - before[payment.asset] == payment.amount
        leave()
        await venue.fund()
        assert told == [payment]

    async def test_payments_are_read_in_pages_behind_a_cursor_under_ids_of_their_own(
        self, venue: Venue
    ) -> None:
        if venue.fund is None:
            pytest.skip("nothing pays funding here")
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        await venue.fund()
        first = await venue.exchange.funding_since("")
        await venue.fund()
        second = await venue.exchange.funding_since(first.cursor)
        assert (len(first.payments), len(second.payments)) == (1, 1)
        assert first.payments[0].funding_id != second.payments[0].funding_id
        assert first.payments[0].ts < second.payments[0].ts
        everything = await venue.exchange.funding_since("")
        assert everything.payments == first.payments + second.payments
        last = await venue.exchange.funding_since(everything.cursor)
        assert (last.payments, last.cursor) == ((), everything.cursor)

    async def test_a_price_that_is_not_there_is_an_error_in_words(self, venue: Venue) -> None:
        with pytest.raises(ExchangeError, match="NONE/USDC"):
            await venue.exchange.mark_price("NONE/USDC")

    async def test_capabilities_are_honest(self, venue: Venue) -> None:
        exchange, can = venue.exchange, venue.exchange.capabilities
        if not can.leverage:
            with pytest.raises(UnsupportedByExchange, match="set_leverage") as raised:
                await exchange.set_leverage(venue.symbol, 3)
            assert raised.value.exchange == exchange.name
        if not can.dead_man_switch:
            with pytest.raises(UnsupportedByExchange, match="cancel_all_after"):
                await exchange.cancel_all_after(None)
        if not can.trigger_orders:
            stop = buy(venue, our(1), trigger_price=Decimal(2300))
            answer = await exchange.place_order(stop)
            assert isinstance(answer, Refused)
            assert answer.kind is RefusalKind.INVALID
        markets = {one.market for one in await exchange.instruments()}
        assert (MarketType.SPOT not in markets) or can.spot
        assert (MarketType.PERPETUAL not in markets) or can.perpetual

    async def test_a_resting_order_holds_money_back_and_a_fill_moves_it(self, venue: Venue) -> None:
        instrument = next(
            one for one in await venue.exchange.instruments() if one.symbol == venue.symbol
        )
        await venue.exchange.place_order(buy(venue, our(1)))
        before = {one.asset: one for one in await venue.exchange.balances()}
        if instrument.market is MarketType.SPOT:
            assert before[instrument.quote].locked >= Decimal("2388") * Decimal("0.05")
        await venue.move("2388")
        (fill,) = (await venue.exchange.fills_since("")).fills
        after = {one.asset: one for one in await venue.exchange.balances()}
        fee = fill.fee if fill.fee_asset == instrument.quote else 0
        paid = fee if instrument.market is MarketType.PERPETUAL else fill.notional + fee
        assert before[instrument.quote].total - paid == after[instrument.quote].total
        if instrument.market is MarketType.SPOT:
            assert not after[instrument.quote].locked
        positions = {one.symbol: one for one in await venue.exchange.positions()}
        if instrument.market is MarketType.PERPETUAL:
            held = positions[venue.symbol]
            assert (held.quantity, held.entry_price) == (fill.quantity, fill.price)
        else:
            assert not positions

    async def test_connecting_again_changes_nothing(self, venue: Venue) -> None:
        told: list[Any] = []
        venue.exchange.subscribe_order_fills(told.append)
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.exchange.connect()
        await venue.move("2388")
        assert len(told) == 1
        assert venue.exchange.is_connected()

    async def test_the_account_can_be_read(self, venue: Venue) -> None:
        assert (await venue.exchange.account_info()).account
        assert await venue.exchange.balances()
        symbols = [one.symbol for one in await venue.exchange.instruments()]
        assert venue.symbol in symbols
        assert venue.exchange.is_connected()
        await venue.exchange.disconnect()
        await venue.exchange.disconnect()
        assert not venue.exchange.is_connected()
