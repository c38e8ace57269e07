"""Tables of orders, fills, funding, marks and equity as CSV, decimals plain."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TextIO

from nimbus_tui.core.codec import plain
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.market import Quote
from nimbus_tui.core.order import Order

FILL_COLUMNS = (
    "ts,bot_id,key,symbol,side,price,quantity,fee,fee_asset,maker,trade_id,client_order_id"
)
ORDER_COLUMNS = (
    "ts,bot_id,key,client_order_id,exchange_order_id,symbol,side,type,price,quantity,filled,state"
)

FUNDING_COLUMNS = "ts,bot_id,symbol,amount,asset,rate,position,mark_price,funding_id"
MARK_COLUMNS = "ts,symbol,mark_price"


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
            _known(order.price),
            plain(order.quantity),
            plain(order.filled),
            order.state.value,
        )
        for order in orders
    )
    _write(ORDER_COLUMNS, rows, stream)


def write_funding(payments: Iterable[FundingPayment], stream: TextIO) -> None:
    """One row for each payment, `ts` in ns; an amount > 0 was received."""
    rows = (
        (
            payment.ts,
            payment.bot_id or "",
            payment.symbol,
            plain(payment.amount),
            payment.asset,
            _known(payment.rate),
            _known(payment.position),
            _known(payment.mark_price),
            payment.funding_id,
        )
        for payment in payments
    )
    _write(FUNDING_COLUMNS, rows, stream)


def write_marks(marks: Iterable[Quote], stream: TextIO) -> None:
    """One row for each symbol's newest mark price, `ts` in ns."""
    rows = ((mark.ts, mark.symbol, plain(mark.mark_price or mark.price)) for mark in marks)
    _write(MARK_COLUMNS, rows, stream)


def write_equity(points: Iterable[tuple[int, Decimal]], stream: TextIO) -> None:
    """One row for each point of the equity curve, `ts` in ns."""
    _write("ts,equity", ((ts, plain(value)) for ts, value in points), stream)


def _known(number: Decimal | None) -> str:
    return "" if number is None else plain(number)


def _write(header: str, rows: Iterable[Sequence[object]], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
