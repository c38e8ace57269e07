"""The journal's tables as rows for other programs: CSV or JSON lines, one row at a time."""

import csv
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TextIO

import msgspec

from nimbus_tui.core.codec import plain, to_json, to_plain
from nimbus_tui.core.events import event_type
from nimbus_tui.journal.claims import received_in_all
from nimbus_tui.journal.cost_basis import CostedFill, claimed_at_first, costed
from nimbus_tui.journal.export import FILL_COLUMNS, FUNDING_COLUMNS, ORDER_COLUMNS
from nimbus_tui.journal.reader import JournalReader

Row = Sequence[Any]

AVERAGE_GRAIN = Decimal("1e-12")
"""Averages, which may have no end, are rounded to this; sums and prices never are."""


class Table(msgspec.Struct, frozen=True):
    """One table: its columns, and its rows of some bots (of none named: of all)."""

    columns: str
    rows: Callable[[JournalReader, Sequence[str]], Iterator[Row]]
    of_bots: bool = True


def write_csv(table: Table, rows: Iterator[Row], stream: TextIO) -> int:
    """A header and a line for each row; returns how many rows. Nothing known is empty."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.columns.split(","))
    count = 0
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        count += 1
    return count


def write_json_lines(table: Table, rows: Iterator[Row], stream: TextIO) -> int:
    """A JSON object for each row; returns how many. Money, price and quantity are strings."""
    names = table.columns.split(",")
    count = 0
    for row in rows:
        stream.write(to_json(dict(zip(names, row, strict=True))).decode() + "\n")
        count += 1
    return count


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case Decimal():
            return plain(value)
        case dict() | list():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


def _events(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for seq, event in reader.events(bots):
        body = to_plain(event)
        rest = {name: body[name] for name in body.keys() - {"seq", "ts", "bot_id", "type"}}
        yield (seq, event.ts, event.bot_id, event_type(event), dict(sorted(rest.items())))


def _orders(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for row in reader.orders(bots):
        order = row.order
        yield (
            order.created_ns, order.bot_id, order.key, order.client_order_id,
            order.exchange_order_id, order.symbol, order.side.value, order.type.value,
            order.price, order.quantity, order.filled, order.state.value,
            order.generation, order.updated_ns, order.post_only, order.reduce_only,
            order.trigger_price, order.adopted, order.reason,
        )  # fmt: skip


def _costed(reader: JournalReader, bots: Sequence[str]) -> Iterator[CostedFill]:
    at_first = claimed_at_first(reader.bots(bots), received_in_all(reader.fills(bots)))
    return costed(reader.fills(bots), at_first)


def _fills(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for one in _costed(reader, bots):
        fill, held = one.fill, one.holding.position
        yield (
            fill.ts, fill.bot_id, fill.key, fill.symbol, fill.side.value, fill.price,
            fill.quantity, fill.fee, fill.fee_asset, fill.maker, fill.trade_id,
            fill.client_order_id, fill.exchange, one.fee_value, held.quantity,
            _average(held.average_entry), _average(held.average_cost), one.realized_average,
            sum((part.realized_pnl for part in one.disposals), Decimal(0)),
            sum((part.gain for part in one.disposals), Decimal(0)),
        )  # fmt: skip


def _disposals(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for one in _costed(reader, bots):
        for part in one.disposals:
            size, is_long = abs(part.quantity), part.quantity > 0
            entry, exit_ = size * part.entry_price, size * part.exit_price
            # A short has sold first: what it entered at are its proceeds.
            cost, proceeds = (entry, exit_) if is_long else (exit_, entry)
            yield (
                part.closed_ns, one.fill.bot_id, one.fill.symbol, "long" if is_long else "short",
                size, part.opened_ns, part.entry_price, part.exit_price, cost, proceeds,
                part.fees, part.realized_pnl, part.gain, one.fill.trade_id,
            )  # fmt: skip


def _bots(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for bot in reader.bots(bots):
        yield (
            bot.created_ns, bot.bot_id, bot.incarnation, bot.strategy, bot.exchange,
            " ".join(bot.symbols), bot.capital, bot.state, bot.reason, _document(bot.config),
            _document(bot.strategy_state), _document(bot.books),
        )  # fmt: skip


def _equity(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for row in reader.equity(bots):
        yield (row.ts, row.bot_id, Decimal(row.equity))


def _funding(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    for paid in reader.funding(bots):
        yield (
            paid.ts, paid.bot_id, paid.symbol, paid.amount, paid.asset, paid.rate,
            paid.position, paid.mark_price, paid.funding_id,
        )  # fmt: skip


def _configs(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    yield from reader.config_versions()


def _facts(reader: JournalReader, bots: Sequence[str]) -> Iterator[Row]:
    yield from reader.facts()


def _average(number: Decimal | None) -> Decimal | None:
    return None if number is None else number.quantize(AVERAGE_GRAIN)


def _document(text: bytes | None) -> Any:
    return None if not text else msgspec.json.decode(text)


TABLES = {
    "events": Table("seq,ts,bot_id,type,body", _events),
    "orders": Table(
        ORDER_COLUMNS + ",generation,updated_ts,post_only,reduce_only,trigger_price,adopted,reason",
        _orders,
    ),
    "fills": Table(
        FILL_COLUMNS + ",exchange,fee_quote,position,average_entry,average_cost,"
        "realized_pnl,realized_pnl_fifo,gain_fifo",
        _fills,
    ),
    "disposals": Table(
        "ts,bot_id,symbol,side,quantity,opened_ts,entry_price,exit_price,cost,proceeds,fees,"
        "realized_pnl,gain,trade_id",
        _disposals,
    ),
    "bots": Table(
        "ts,bot_id,incarnation,strategy,exchange,symbols,capital,state,reason,config,"
        "strategy_state,books",
        _bots,
    ),
    "equity": Table("ts,bot_id,equity", _equity),
    "funding": Table(FUNDING_COLUMNS, _funding),
    "configs": Table("ts,hash,text", _configs, of_bots=False),
    "facts": Table("name,text", _facts, of_bots=False),
}
"""What can be exported, by name."""
