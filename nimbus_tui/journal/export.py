"""Tables of orders, fills and equity as CSV, decimals plain."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TextIO

from nimbus_tui.core.codec import plain
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Order

FILL_COLUMNS = (
    "ts,bot_id,key,symbol,side,price,quantity,fee,fee_asset,maker,trade_id,client_order_id"
)
ORDER_COLUMNS = (
    "ts,bot_id,key,client_order_id,exchange_order_id,symbol,side,type,price,quantity,filled,state"
)


def write_fills(fills: Iterable[Fill], stream: TextIO) -> None:
    """One row for each fill, `ts` in ns."""
    rows = (
        (
            fill.ts,
            fill.bot_id,
            fill.key,
            fill.symbol,
            fill.side.value,
            plain(fill.price),
            plain(fill.quantity),
            plain(fill.fee),
            fill.fee_asset,
            str(fill.maker).lower(),
            fill.trade_id,
            fill.client_order_id,
        )
        for fill in fills
    )
    _write(FILL_COLUMNS, rows, stream)


def write_orders(orders: Iterable[Order], stream: TextIO) -> None:
    """One row for each order, `ts` of its creation in ns."""
    rows = (
        (
            order.created_ns,
            order.bot_id,
            order.key,
            order.client_order_id,
            order.exchange_order_id or "",
            order.symbol,
            order.side.value,
            order.type.value,
            "" if order.price is None else plain(order.price),
            plain(order.quantity),
            plain(order.filled),
            order.state.value,
        )
        for order in orders
    )
    _write(ORDER_COLUMNS, rows, stream)


def write_equity(points: Iterable[tuple[int, Decimal]], stream: TextIO) -> None:
    """One row for each point of the equity curve, `ts` in ns."""
    _write("ts,equity", ((ts, plain(value)) for ts, value in points), stream)


def _write(header: str, rows: Iterable[Sequence[object]], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
