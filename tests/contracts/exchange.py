"""What every exchange adapter must do; a venue's tests subclass this.

`venue` gives a connected exchange that trades `symbol` with a last price of 2400, and
`move(price)` makes a public trade at a price happen there.
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from nimbus_tui.core.errors import UnsupportedByExchange
from nimbus_tui.core.order import (
    Accepted,
    CancelRequest,
    OrderRequest,
    OrderState,
    RefusalKind,
    Refused,
    Side,
)
from nimbus_tui.exchanges.base import Exchange


class Venue(NamedTuple):
    """A connected adapter and the means to move its market."""

    exchange: Exchange
    symbol: str
    move: Callable[[str], Awaitable[None]]


def buy(venue: Venue, identity: str, price: str = "2388", **changes: Any) -> OrderRequest:
    """A small post-only buy."""
    terms: dict[str, Any] = {
        "client_order_id": identity,
        "symbol": venue.symbol,
        "side": Side.BUY,
        "price": Decimal(price),
        "quantity": Decimal("0.05"),
        "post_only": True,
    }
    return OrderRequest(**(terms | changes))


class ExchangeContract:
    """The suite; subclasses provide the `venue` fixture."""

    async def test_an_accepted_order_rests_and_is_found_by_our_id(self, venue: Venue) -> None:
        answer = await venue.exchange.place_order(buy(venue, "nb1"))
        assert isinstance(answer, Accepted)
        open_orders = await venue.exchange.open_orders()
        assert [order.client_order_id for order in open_orders] == ["nb1"]
        report = await venue.exchange.order_status("nb1")
        assert report is not None
        assert (report.state, report.exchange_order_id) == (
            OrderState.OPEN,
            answer.exchange_order_id,
        )

    async def test_the_same_request_twice_is_one_order(self, venue: Venue) -> None:
        first = await venue.exchange.place_order(buy(venue, "nb1"))
        second = await venue.exchange.place_order(buy(venue, "nb1"))
        assert first == second
        assert len(await venue.exchange.open_orders()) == 1

    async def test_another_order_under_a_used_id_is_refused(self, venue: Venue) -> None:
        await venue.exchange.place_order(buy(venue, "nb1"))
        answer = await venue.exchange.place_order(buy(venue, "nb1", price="2300"))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.DUPLICATE

    async def test_a_touched_order_fills_at_its_price_and_tells_the_subscribers(
        self, venue: Venue
    ) -> None:
        told: list[Any] = []
        venue.exchange.subscribe_order_fills(told.append)
        await venue.exchange.place_order(buy(venue, "nb1"))
        await venue.move("2388")
        assert [(f.client_order_id, f.price, f.quantity, f.maker) for f in told] == [
            ("nb1", Decimal(2388), Decimal("0.05"), True)
        ]
        report = await venue.exchange.order_status("nb1")
        assert report is not None
        assert (report.state, report.filled) == (OrderState.FILLED, Decimal("0.05"))

    async def test_a_cancelled_order_is_gone_and_a_second_cancel_finds_nothing(
        self, venue: Venue
    ) -> None:
        await venue.exchange.place_order(buy(venue, "nb1"))
        request = CancelRequest(client_order_id="nb1", symbol=venue.symbol)
        assert isinstance(await venue.exchange.cancel_order(request), Accepted)
        again = await venue.exchange.cancel_order(request)
        assert isinstance(again, Refused)
        assert again.kind is RefusalKind.NOT_FOUND
        assert not await venue.exchange.open_orders()
        report = await venue.exchange.order_status("nb1")
        assert report is not None
        assert report.state is OrderState.CANCELLED

    async def test_an_unknown_id_is_none(self, venue: Venue) -> None:
        assert await venue.exchange.order_status("nb404") is None

    async def test_a_post_only_order_that_would_cross_is_refused(self, venue: Venue) -> None:
        answer = await venue.exchange.place_order(buy(venue, "nb1", price="2450"))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.POST_ONLY_WOULD_CROSS

    @pytest.mark.parametrize(
        "changes", [{"price": Decimal("2388.001")}, {"quantity": Decimal("0.00001")}]
    )
    async def test_an_order_off_the_grain_is_refused(
        self, venue: Venue, changes: dict[str, Decimal]
    ) -> None:
        answer = await venue.exchange.place_order(buy(venue, "nb1", **changes))
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.INVALID

    async def test_fills_are_read_from_a_cursor_without_gap_or_repetition(
        self, venue: Venue
    ) -> None:
        for number in range(3):
            await venue.exchange.place_order(buy(venue, f"nb{number}", price="2388"))
        await venue.move("2388")
        page = await venue.exchange.fills_since("")
        assert [fill.client_order_id for fill in page.fills] == ["nb0", "nb1", "nb2"]
        assert not (await venue.exchange.fills_since(page.cursor)).fills

    async def test_prices_reach_subscribers_until_they_leave(self, venue: Venue) -> None:
        told: list[Any] = []
        leave = venue.exchange.subscribe_price_updates(venue.symbol, told.append)
        await venue.move("2390")
        leave()
        leave()
        await venue.move("2391")
        assert [quote.price for quote in told] == [Decimal(2390)]
        assert (await venue.exchange.mark_price(venue.symbol)).price == Decimal(2391)

    async def test_capabilities_are_honest(self, venue: Venue) -> None:
        if not venue.exchange.capabilities.leverage:
            with pytest.raises(UnsupportedByExchange, match="set_leverage"):
                await venue.exchange.set_leverage(venue.symbol, 3)

    async def test_the_account_can_be_read(self, venue: Venue) -> None:
        assert (await venue.exchange.account_info()).account
        assert await venue.exchange.balances()
        symbols = [one.symbol for one in await venue.exchange.instruments()]
        assert venue.symbol in symbols
        assert venue.exchange.is_connected()
        await venue.exchange.disconnect()
        await venue.exchange.disconnect()
        assert not venue.exchange.is_connected()
