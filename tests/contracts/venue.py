"""A venue that the contract of every exchange adapter is held against."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, NamedTuple

from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.order import (
    OrderRequest,
    Side,
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
