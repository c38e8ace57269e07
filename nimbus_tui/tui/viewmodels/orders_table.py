"""The orders of all bots as a table."""

from collections.abc import Mapping, Sequence

from nimbus_tui.control.rows import order_row
from nimbus_tui.core.codec import to_plain
from nimbus_tui.core.order import Order, OrderState
from nimbus_tui.tui.viewmodels.lines import (
    Cell,
    clean,
    left,
    moment,
    number,
    places_of,
    right,
    trimmed,
)
from nimbus_tui.tui.viewmodels.table import Column, Context, Table, digits
from nimbus_tui.tui.viewmodels.words import ORDER_STATES, SIDES

LEAVING = Cell("✗ leaving", "warning")


def state_of(order: Order) -> Cell:
    """How an order stands; one that is being cancelled is leaving."""
    return LEAVING if order.cancel_requested and order.is_live else ORDER_STATES[order.state]


def _places(orders: Sequence[Order]) -> Mapping[str, tuple[int, int]]:
    by_symbol: dict[str, list[Order]] = {}
    for order in orders:
        by_symbol.setdefault(order.symbol, []).append(order)
    return {
        symbol: (places_of(o.price for o in own), places_of(o.quantity for o in own))
        for symbol, own in by_symbol.items()
    }


def _price(order: Order, width: int, context: Context) -> Cell:
    if order.price is None:
        return right("market", width)
    return right(number(order.price, digits(context, order.symbol, order.price, 0)), width)


def _size(order: Order, width: int, context: Context) -> Cell:
    return right(number(order.quantity, digits(context, order.symbol, order.quantity, 1)), width)


def _filled(order: Order, width: int, _: Context) -> Cell:
    return right(trimmed(order.filled, 8) if order.filled else "", width, "price")


def _state(order: Order, width: int, _: Context) -> Cell:
    cell = state_of(order)
    return left(cell.text, width, cell.tone)


def _side(order: Order, width: int, _: Context) -> Cell:
    return left(SIDES[order.side].text, width, SIDES[order.side].tone)


def _facets(order: Order) -> Mapping[str, str]:
    words = {
        OrderState.OPEN: "resting open",
        OrderState.PARTIALLY_FILLED: "partial partially_filled",
    }
    leaving = "leaving " if order.cancel_requested and order.is_live else ""
    return {
        "bot": order.bot_id, "side": order.side.value, "type": order.type.value,
        "symbol": order.symbol, "key": order.key,
        "state": leaving + words.get(order.state, order.state.value),
    }  # fmt: skip


def _title(order: Order) -> str:
    return f"order {order.client_order_id}"


def named(order: Order) -> str:
    """An order in words: side, size, asset and price."""
    base = order.symbol.partition("/")[0]
    at = "market" if order.price is None else number(order.price, places_of([order.price]))
    return clean(f"{order.side.value} {order.quantity:f} {base} at {at}")


ORDERS: Table[Order] = Table(
    name="orders",
    columns=(
        Column("time", 12, 2, lambda o, w, c: left(_time(o, c), w, "muted"),
               lambda o: o.created_ns),
        Column("bot", 12, 0, lambda o, w, _: left(o.bot_id, w, "strong"), lambda o: o.bot_id,
               most=16),
        Column("symbol", 14, 5, lambda o, w, _: left(o.symbol, w), lambda o: o.symbol, most=18),
        Column("side", 6, 0, _side, lambda o: o.side.value),
        Column("price", 11, 0, _price, lambda o: o.price, is_number=True, most=14),
        Column("size", 10, 0, _size, lambda o: o.quantity, is_number=True, most=14),
        Column("filled", 9, 3, _filled, lambda o: o.filled, is_number=True),
        Column("state", 11, 0, _state, lambda o: o.state.value),
        Column("key", 12, 1, lambda o, w, _: left(o.key, w, "muted"), lambda o: o.key, most=36),
        Column("type", 6, 7, lambda o, w, _: left(o.type.value, w, "muted"),
               lambda o: o.type.value),
        Column("why", 14, 6, lambda o, w, _: left(o.reason, w, "warning"),
               lambda o: o.reason or None, most=60),
        Column("client id", 36, 8, lambda o, w, _: left(o.client_order_id, w, "muted"),
               lambda o: o.client_order_id),
    ),
    identity=lambda o: o.client_order_id,
    facets=_facets,
    words=lambda o: f"{o.bot_id} {o.symbol} {o.side.value} {o.key} {o.client_order_id} {o.reason}",
    bot=lambda o: o.bot_id,
    plain=lambda o: to_plain(order_row(o) | {"reason": o.reason}),
    title=_title,
    places=_places,
)  # fmt: skip


def _time(order: Order, context: Context) -> str:
    return moment(order.created_ns, context.now_ns)
