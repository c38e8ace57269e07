"""What every exchange adapter must do; a venue's tests subclass this.

`venue` gives a connected exchange that trades `symbol` with a last price of 2400 and money for
some orders, `move(price)` makes a public trade at a price happen there, `fund()` a funding time.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from nimbus_tui.core.errors import ExchangeError, UnsupportedByExchange
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    NotFound,
    OrderReport,
    OrderRequest,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    TimeInForce,
)
from nimbus_tui.exchanges.base import Exchange


class Venue(NamedTuple):
    """A connected adapter and the means to move its market."""

    exchange: Exchange
    symbol: str
    move: Callable[[str], Awaitable[None]]
    fund: Callable[[], Awaitable[None]] | None = None
    """Makes the next funding time come, at a rate of 0.0001; None where nothing pays funding."""


def our(number: int) -> ClientOrderId:
    """An id as this program makes them."""
    return ClientOrderId(f"nb{number:030x}")


def buy(
    venue: Venue, identity: str, price: str | Decimal | None = "2388", **changes: Any
) -> OrderRequest:
    """A small post-only buy."""
    terms: dict[str, Any] = {
        "client_order_id": identity,
        "symbol": venue.symbol,
        "side": Side.BUY,
        "price": None if price is None else Decimal(price),
        "quantity": Decimal("0.05"),
        "post_only": True,
    }
    return OrderRequest(**(terms | changes))


class ExchangeContract:
    """The suite; subclasses provide the `venue` fixture."""

    async def test_an_accepted_order_rests_and_is_found_by_our_id(self, venue: Venue) -> None:
        answer = await venue.exchange.place_order(buy(venue, our(1)))
        assert isinstance(answer, Accepted)
        open_orders = await venue.exchange.open_orders()
        assert [order.client_order_id for order in open_orders] == [our(1)]
        report = await venue.exchange.order_status(our(1), venue.symbol)
        assert isinstance(report, OrderReport)
        assert (report.state, report.exchange_order_id) == (
            OrderState.OPEN,
            answer.exchange_order_id,
        )

    async def test_the_same_request_twice_is_one_order(self, venue: Venue) -> None:
        first = await venue.exchange.place_order(buy(venue, our(1)))
        second = await venue.exchange.place_order(buy(venue, our(1)))
        assert first == second
        assert len(await venue.exchange.open_orders()) == 1

    async def test_another_order_under_a_used_id_is_refused(self, venue: Venue) -> None:
        await venue.exchange.place_order(buy(venue, our(1)))
        answer = await venue.exchange.place_order(buy(venue, our(1), price="2300"))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.DUPLICATE

    async def test_a_touched_order_fills_at_its_price_and_tells_the_subscribers(
        self, venue: Venue
    ) -> None:
        told: list[Any] = []
        venue.exchange.subscribe_order_fills(told.append)
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        assert [(f.client_order_id, f.price, f.quantity, f.maker) for f in told] == [
            (our(1), Decimal(2388), Decimal("0.05"), True)
        ]
        report = await venue.exchange.order_status(our(1), venue.symbol)
        assert isinstance(report, OrderReport)
        assert (report.state, report.filled) == (OrderState.FILLED, Decimal("0.05"))

    async def test_a_cancelled_order_is_gone_and_a_second_cancel_finds_nothing(
        self, venue: Venue
    ) -> None:
        await venue.exchange.place_order(buy(venue, our(1)))
        request = CancelRequest(client_order_id=our(1), symbol=venue.symbol)
        assert isinstance(await venue.exchange.cancel_order(request), Accepted)
        again = await venue.exchange.cancel_order(request)
        assert isinstance(again, Refused)
        assert again.kind is RefusalKind.NOT_FOUND
        assert not await venue.exchange.open_orders()
        report = await venue.exchange.order_status(our(1), venue.symbol)
        assert isinstance(report, OrderReport)
        assert report.state is OrderState.CANCELLED

    async def test_an_unknown_id_is_not_found(self, venue: Venue) -> None:
        assert await venue.exchange.order_status(our(404), venue.symbol) == NotFound()

    async def test_a_post_only_order_that_would_cross_is_refused(self, venue: Venue) -> None:
        answer = await venue.exchange.place_order(buy(venue, our(1), price="2450"))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.POST_ONLY_WOULD_CROSS

    @pytest.mark.parametrize(
        "changes", [{"price": Decimal("2388.001")}, {"quantity": Decimal("0.00001")}]
    )
    async def test_an_order_off_the_grain_is_refused(
        self, venue: Venue, changes: dict[str, Decimal]
    ) -> None:
        answer = await venue.exchange.place_order(buy(venue, our(1), **changes))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INVALID

    async def test_fills_are_read_from_a_cursor_without_gap_or_repetition(
        self, venue: Venue
    ) -> None:
        for number in range(3):
            await venue.exchange.place_order(buy(venue, our(number), price="2388"))
        await venue.move("2388")
        page = await venue.exchange.fills_since("")
        assert [fill.client_order_id for fill in page.fills] == [our(0), our(1), our(2)]
        assert not (await venue.exchange.fills_since(page.cursor)).fills

    async def test_prices_reach_subscribers_until_they_leave(self, venue: Venue) -> None:
        told: list[Any] = []
        leave = venue.exchange.subscribe_price_updates(venue.symbol, told.append)
        await venue.move("2390")
        leave()
        leave()
        heard = len(told)
        await venue.move("2391")
        assert told[-1].price == Decimal(2390)
        assert len(told) == heard
        assert (await venue.exchange.mark_price(venue.symbol)).price == Decimal(2391)

    async def test_an_order_fills_on_its_own_side_only(self, venue: Venue) -> None:
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388.1")
        assert len(await venue.exchange.open_orders()) == 1
        assert not (await venue.exchange.fills_since("")).fills

    async def test_the_same_request_after_its_end_is_still_the_same_order(
        self, venue: Venue
    ) -> None:
        first = await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        assert await venue.exchange.place_order(buy(venue, our(1))) == first
        assert not await venue.exchange.open_orders()
        await venue.move("2380")
        assert len((await venue.exchange.fills_since("")).fills) == 1

    async def test_a_refused_order_does_not_exist_and_is_no_duplicate(self, venue: Venue) -> None:
        refused = await venue.exchange.place_order(buy(venue, our(1), price="2450"))
        again = await venue.exchange.place_order(buy(venue, our(1), price="2450"))
        assert isinstance(refused, Refused)
        assert refused == again
        assert not await venue.exchange.open_orders()
        report = await venue.exchange.order_status(our(1), venue.symbol)
        assert isinstance(report, NotFound) or report.state is OrderState.REJECTED

    @pytest.mark.parametrize(
        "changes",
        [
            {"symbol": "NONE/USDC"},
            {"quantity": Decimal(0)},
            {"quantity": Decimal(-1)},
            {"quantity": Decimal("NaN")},
            {"price": Decimal(0)},
            {"price": Decimal(-2388)},
            {"price": Decimal("Infinity")},
            {"price": None},
            {"quantity": Decimal("0.0001")},
            {"type": OrderType.MARKET, "price": None},
        ],
        ids=str,
    )
    async def test_an_impossible_order_is_refused_as_invalid(
        self, venue: Venue, changes: dict[str, Any]
    ) -> None:
        answer = await venue.exchange.place_order(buy(venue, our(1), **changes))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INVALID
        assert answer.reason
        assert not await venue.exchange.open_orders()

    async def test_an_order_beyond_the_money_is_refused(self, venue: Venue) -> None:
        answer = await venue.exchange.place_order(buy(venue, our(1), quantity=Decimal(100)))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INSUFFICIENT_BALANCE

    async def test_a_client_id_longer_than_the_venue_takes_is_refused(self, venue: Venue) -> None:
        limit = venue.exchange.capabilities.max_client_order_id
        answer = await venue.exchange.place_order(buy(venue, "nb" + "0" * (limit - 1)))
        assert isinstance(answer, Refused)
        fits = await venue.exchange.place_order(buy(venue, "nb" + "0" * (limit - 2)))
        assert isinstance(fits, Accepted)

    async def test_a_market_order_takes_and_pays_the_taker_fee(self, venue: Venue) -> None:
        await venue.exchange.place_order(
            buy(venue, our(1), price=None, type=OrderType.MARKET, post_only=False)
        )
        await venue.move("2401")
        (fill,) = (await venue.exchange.fills_since("")).fills
        assert (fill.side, fill.quantity, fill.maker) == (Side.BUY, Decimal("0.05"), False)
        assert fill.fee > 0
        assert not await venue.exchange.open_orders()

    async def test_immediate_or_cancel_never_rests(self, venue: Venue) -> None:
        far = buy(venue, our(1), post_only=False, time_in_force=TimeInForce.IOC, price="2401")
        await venue.exchange.place_order(far)
        await venue.move("2410")
        assert not await venue.exchange.open_orders()
        report = await venue.exchange.order_status(our(1), venue.symbol)
        assert isinstance(report, OrderReport)
        assert report.state in (OrderState.CANCELLED, OrderState.EXPIRED, OrderState.FILLED)

    async def test_a_cancel_of_what_has_filled_or_never_was_is_not_found(
        self, venue: Venue
    ) -> None:
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        for identity in (our(1), our(404)):
            request = CancelRequest(client_order_id=identity, symbol=venue.symbol)
            answer = await venue.exchange.cancel_order(request)
            assert isinstance(answer, Refused)
            assert answer.kind is RefusalKind.NOT_FOUND
        report = await venue.exchange.order_status(our(1), venue.symbol)
        assert isinstance(report, OrderReport)
        assert report.state is OrderState.FILLED

    async def test_order_updates_tell_every_end_until_the_subscriber_leaves(
        self, venue: Venue
    ) -> None:
        told: list[Any] = []
        leave = venue.exchange.subscribe_order_updates(told.append)
        for number in (1, 2, 3):
            await venue.exchange.place_order(buy(venue, our(number), price=f"23{number}0"))
        await venue.exchange.cancel_order(
            CancelRequest(client_order_id=our(1), symbol=venue.symbol)
        )
        await venue.move("2330")
        ends = {one.client_order_id: one.state for one in told if one.state.is_final}
        assert ends == {our(1): OrderState.CANCELLED, our(3): OrderState.FILLED}
        leave()
        leave()
        heard = len(told)
        await venue.move("2320")
        assert len(told) == heard

    async def test_one_subscriber_leaving_takes_nothing_from_another(self, venue: Venue) -> None:
        told: list[Any] = []
        leave = venue.exchange.subscribe_order_fills(told.append)
        venue.exchange.subscribe_order_fills(told.append)
        leave()
        leave()
        await venue.exchange.place_order(buy(venue, our(1)))
        await venue.move("2388")
        assert len(told) == 1

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
