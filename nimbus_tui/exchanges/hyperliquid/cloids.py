"""Our client order ids as Hyperliquid's cloids, and back.

Our id is `nb` and 30 hex digits; a cloid is `0x` and 32. The two letters become the byte `6e`,
so the first 6 digits of a cloid are the tag of an engine: `6e` and its four hex digits. Ids of
orders that aren't ours stay what the venue calls them. Both ways lose nothing.
"""

import re

from nimbus_tui.core.ids import ClientOrderId

_OURS = re.compile(r"nb[0-9a-f]{30}")
_CLOID = re.compile(r"0x[0-9a-f]{32}")
_MARK = "0x6e"
NO_CLIENT_ID = ClientOrderId("")
"""The client id of orders that were placed without one, by hand or by other programs."""


def cloid_of(client_order_id: ClientOrderId) -> str | None:
    """The cloid of a client id; None if it has none, and then no order can bear it here."""
    if _OURS.fullmatch(client_order_id):
        return _MARK + client_order_id[2:]
    foreign = _CLOID.fullmatch(client_order_id) and not client_order_id.startswith(_MARK)
    return client_order_id if foreign else None


def client_id_of(cloid: str | None) -> ClientOrderId:
    """The client id of a cloid: ours if it bears our mark, else the cloid itself."""
    if cloid is None:
        return NO_CLIENT_ID
    lowered = cloid.lower()
    if _CLOID.fullmatch(lowered) and lowered.startswith(_MARK):
        return ClientOrderId("nb" + lowered[len(_MARK) :])
    return ClientOrderId(lowered)
