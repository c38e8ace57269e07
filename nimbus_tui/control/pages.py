"""Tables that are too long to be had at once: asked for page by page, newest first."""

from enum import Enum

import msgspec

from nimbus_tui.core.events import AnyEvent
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.order import Order


class Listing(Enum):
    """What the rows of a table are."""

    LIVE_ORDERS = "live_orders"
    ORDERS = "orders"
    FILLS = "fills"
    EVENTS = "events"


class PageWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows are wanted."""

    listing: Listing
    before: str = ""
    """`older` of the page before this one; empty for the newest rows."""
    bot_id: BotId | None = None
    types: tuple[str, ...] = ()
    """Of events: only these kinds, e.g. `orderFilled`; empty for all."""
    limit: int = 200


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of one table, newest first; only the kind that was asked for."""

    orders: tuple[Order, ...] = ()
    fills: tuple[Fill, ...] = ()
    events: tuple[AnyEvent, ...] = ()
    older: str | None = None
    """Where the next page begins; None where there is nothing older."""
