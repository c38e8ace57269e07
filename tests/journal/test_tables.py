"""Exported tables: decision columns first, cost basis behind, one row in memory at a time."""

import csv
import io
import json
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.events import Info
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import Side
from nimbus_tui.engine.saved import Saved
from nimbus_tui.journal.base import ConfigVersion
from nimbus_tui.journal.cost_basis import Holding, costed
from nimbus_tui.journal.export import FILL_COLUMNS
from nimbus_tui.journal.reader import JournalReader
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.journal.tables import TABLES, write_csv, write_json_lines
from tests.journal.history import holdings, traded


def exported(path: Path, name: str, *bots: str) -> list[dict[str, str]]:
    stream = io.StringIO()
    with JournalReader.open(path) as reader:
        count = write_csv(TABLES[name], TABLES[name].rows(reader, bots), stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert len(rows) == count
    return rows


def a_trade(side: Side, quantity: str, price: str, number: int) -> Fill:
    return Fill(
        exchange="sim", trade_id=str(number), client_order_id="nb1", symbol="ETH/USDC", side=side,
        price=Decimal(price), quantity=Decimal(quantity), fee=Decimal(1), fee_asset="USDC",
        maker=True, ts=number, bot_id="eth", key="k",
    )  # fmt: skip


def test_a_sale_has_its_gain_by_average_cost_and_by_fifo() -> None:
    fills = [
        a_trade(Side.BUY, "1", "100", 1),
        a_trade(Side.BUY, "1", "120", 2),
        a_trade(Side.SELL, "1.5", "150", 3),
    ]
    *_, sold = costed(fills, {})
    assert sold.realized_average == 60
    assert [part.realized_pnl for part in sold.disposals] == [50, 15]
    assert sum(part.gain for part in sold.disposals) == 65 - 1 - Decimal("1.5")
    assert sold.holding.position.quantity == Decimal("0.5")


def test_a_fill_that_no_bot_has_claimed_changes_no_holding() -> None:
    import msgspec

    stray = msgspec.structs.replace(a_trade(Side.BUY, "1", "100", 1), bot_id=None)
    assert next(costed([stray], {})).holding == Holding()


@pytest.mark.parametrize(
    ("symbol", "more"),
    [
        ("ETH/USDC:USDC", {}),
        ("ETH/USDC", {"initial_inventory": "existing", "balances": holdings("ETH/USDC")}),
    ],
)
async def test_gains_sum_up_to_what_the_books_have_realised(
    symbol: str, more: dict[str, object], tmp_path: Path
) -> None:
    await traded(tmp_path / "j.db", symbol, **more)
    (record,) = SqliteJournal.read(tmp_path / "j.db").bots()
    books = Saved.of(record).books
    fills = exported(tmp_path / "j.db", "fills")
    disposals = exported(tmp_path / "j.db", "disposals")
    assert ",".join(fills[0]).startswith(FILL_COLUMNS + ",")
    assert Decimal(fills[-1]["position"]) == books.position(symbol).quantity
    assert sum(Decimal(row["realized_pnl"]) for row in fills) == books.realized_pnl
    assert sum(Decimal(row["realized_pnl_fifo"]) for row in fills) == books.realized_fifo
    assert sum(Decimal(row["realized_pnl"]) for row in disposals) == books.realized_fifo
    assert disposals
    for row in disposals:
        gain = Decimal(row["proceeds"]) - Decimal(row["cost"]) - Decimal(row["fees"])
        assert gain == Decimal(row["gain"])


@pytest.mark.parametrize("name", TABLES)
async def test_every_table_is_written_in_both_forms(name: str, tmp_path: Path) -> None:
    await traded(tmp_path / "j.db")
    journal = SqliteJournal.open(tmp_path / "j.db")
    with journal.transaction():
        journal.save_config_version(ConfigVersion(7, "a", "[bots.eth]\n"))
    journal.close()
    rows = exported(tmp_path / "j.db", name)
    stream = io.StringIO()
    with JournalReader.open(tmp_path / "j.db") as reader:
        write_json_lines(TABLES[name], TABLES[name].rows(reader, ()), stream)
    documents = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [list(document) for document in documents] == [list(row) for row in rows]
    assert bool(rows) == (name != "funding")
    assert exported(tmp_path / "j.db", name, "nobody") == [] or not TABLES[name].of_bots


def test_a_long_table_is_not_held_in_memory(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "j.db")
    with journal.transaction():
        journal.append_events([Info(message="x" * 200, seq=n, ts=n) for n in range(1, 20_001)])
    journal.close()
    table, stream = TABLES["events"], (tmp_path / "out.csv").open("w")
    with JournalReader.open(tmp_path / "j.db") as reader, stream:
        tracemalloc.start()
        assert write_csv(table, table.rows(reader, ()), stream) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1_500_000


def test_a_reader_sees_one_moment_while_the_engine_writes_on(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "j.db")
    with journal.transaction():
        journal.append_events([Info(message="a", seq=n, ts=n) for n in range(1, 1001)])
    with JournalReader.open(tmp_path / "j.db") as reader:
        events = reader.events()
        next(events)
        with journal.transaction():
            journal.append_events([Info(message="b", seq=1001, ts=1)])
        assert sum(1 for _ in events) == 999
    journal.close()
