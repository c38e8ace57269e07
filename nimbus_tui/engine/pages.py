"""Reads one page of a table out of a journal."""

from nimbus_tui.control.pages import Listing, Page, PageWanted
from nimbus_tui.journal.base import Journal

MOST_ROWS = 1_000
"""Rows of one page."""


def page_of(journal: Journal, wanted: PageWanted) -> Page:
    """The rows that are wanted, newest first."""
    limit = min(max(wanted.limit, 0), MOST_ROWS)
    bot_id, before = wanted.bot_id, wanted.before
    match wanted.listing:
        case Listing.ORDERS | Listing.LIVE_ORDERS:
            live_only = wanted.listing is Listing.LIVE_ORDERS
            orders, older = journal.orders_page(
                before, bot_id=bot_id, live_only=live_only, limit=limit
            )
            return Page(orders=tuple(orders), older=older)
        case Listing.FILLS:
            fills, older = journal.fills_page(before, bot_id=bot_id, limit=limit)
            return Page(fills=tuple(fills), older=older)
        case Listing.EVENTS:
            events, older = journal.events_page(
                before, bot_id=bot_id, types=wanted.types, limit=limit
            )
            return Page(events=tuple(events), older=older)  # type: ignore[arg-type]
