"""The three long tables: orders, fills and events of all bots."""

from nimbus_tui.control.pages import Listing
from nimbus_tui.core.events import Event
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.screens.table import Pane, TableView
from nimbus_tui.tui.viewmodels.events_table import EVENTS, QUIET_KINDS, TROUBLE_KINDS
from nimbus_tui.tui.viewmodels.fills_table import FILLS
from nimbus_tui.tui.viewmodels.orders_table import ORDERS


def orders_view(feed: Feed) -> TableView[Order]:
    """Live orders, or every one that there ever was."""
    panes = (Pane("live", Listing.LIVE_ORDERS), Pane("all", Listing.ORDERS))
    return TableView(ORDERS, panes, feed)


def fills_view(feed: Feed) -> TableView[Fill]:
    """Every fill of our bots."""
    return TableView(FILLS, (Pane("all", Listing.FILLS),), feed)


def events_view(feed: Feed) -> TableView[Event]:
    """What happened; or only what needs an eye."""
    panes = (
        Pane("all", Listing.EVENTS, kinds=QUIET_KINDS),
        Pane("trouble", Listing.EVENTS, "severity:error,warning", TROUBLE_KINDS),
    )
    return TableView(EVENTS, panes, feed)
