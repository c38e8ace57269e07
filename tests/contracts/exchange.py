"""What every exchange adapter must do; a venue's tests subclass this.

`venue` gives a connected exchange that trades `symbol` with a last price of 2400 and money for
some orders, `move(price)` makes a public trade at a price happen there, `fund()` a funding time.
"""

from decimal import Decimal
from typing import Any

import pytest

from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    NotFound,
    OrderReport,
    OrderState,
    OrderType,
    RefusalKind,
    Refused,
    Side,
    TimeInForce,
)
from tests.contracts.exchange_account import ExchangeAccountContract
from tests.contracts.venue import Venue, buy, our


class ExchangeContract(ExchangeAccountContract):
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
