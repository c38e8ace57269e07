"""The paper venue's file: all or nothing, and errors in words."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.accounting.position import Position
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import OrderState, Side
from nimbus_tui.exchanges.paper import store as store_module
from nimbus_tui.exchanges.paper.account import VenueState
from nimbus_tui.exchanges.paper.matching import PaperOrder
from nimbus_tui.exchanges.paper.store import PaperStore
from tests.exchanges.paper.venues import PERPETUAL, request

STATE = VenueState(
    balances={"USDC": Decimal("0.1000000000000000000000000001")},
    positions={PERPETUAL: Position(Decimal(-1), Decimal("-2400.10"), Decimal("0.3"))},
    prices={PERPETUAL: Decimal("2400.10")},
    times={PERPETUAL: 7},
    orders=3,
    fills=2,
    source_position='[1, {"a": 2}]',
)


def order(number: int, state: OrderState = OrderState.OPEN) -> PaperOrder:
    return PaperOrder(
        request=request(f"nb{number}"), exchange_order_id=f"o{number}", number=number, state=state
    )


def fill(number: int) -> Fill:
    return Fill(
        exchange="sim",
        trade_id=f"paper-{number}",
        client_order_id="nb1",
        symbol=PERPETUAL,
        side=Side.BUY,
        price=Decimal("2388.00"),
        quantity=Decimal("0.1"),
        fee=Decimal("0.04776"),
        fee_asset="USDC",
        maker=True,
        ts=number,
    )


def test_what_was_written_is_read_to_the_last_digit_and_orders_by_arrival(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    first = PaperStore(path)
    assert first.load() == (None, [])
    with first.transaction():
        first.save_state(STATE)
        for number in (10, 9, 1):
            first.save_order(order(number))
        first.save_order(order(2, OrderState.FILLED))
        first.save_fill(1, fill(1))
    first.close()
    second = PaperStore(path)
    assert second.load() == (STATE, [order(1), order(9), order(10)])
    assert second.order("nb2") == order(2, OrderState.FILLED)
    assert second.order("nb404") is None
    assert second.fills_after(0, 10) == [(1, fill(1))]
    second.close()


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store = PaperStore(tmp_path / "paper.db")
    with pytest.raises(RuntimeError, match="midway"), store.transaction():
        store.save_state(STATE)
        raise RuntimeError("midway")
    assert store.load() == (None, [])
    with store.transaction():
        store.save_state(STATE)
    assert store.load() == (STATE, [])
    store.close()


def text(path: Path) -> None:
    path.write_text("timestamp_ms,price,size\n" * 200)


def of_somebody_else(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE passwords (name TEXT)")


def of_a_newer_version(path: Path) -> None:
    PaperStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def cut_short(path: Path) -> None:
    store = PaperStore(path)
    with store.transaction():
        for number in range(1, 200):
            store.save_fill(number, fill(number))
    store.close()
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (text, "not a database"),
        (of_somebody_else, "not one of the paper exchange"),
        (of_a_newer_version, "version 99.*version 2"),
        (cut_short, "malformed|disk image"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    path = tmp_path / "paper.db"
    spoil(path)
    with pytest.raises(ExchangeError, match=words) as raised:
        PaperStore(path).fills_after(0, 1000)
    assert str(path) in str(raised.value)


def test_a_folder_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="unable to open"):
        PaperStore(tmp_path / "none" / "paper.db")


def test_somebody_elses_database_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    of_somebody_else(path)
    before = path.read_bytes()
    with pytest.raises(ExchangeError):
        PaperStore(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["theirs.db"]


@pytest.mark.parametrize("table", ["venue", "orders", "fills"])
def test_a_row_that_makes_no_sense_is_an_error_in_words(tmp_path: Path, table: str) -> None:
    path = tmp_path / "paper.db"
    store = PaperStore(path)
    with store.transaction():
        store.save_state(STATE)
        store.save_order(order(1))
        store.save_fill(1, fill(1))
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"UPDATE {table} SET body = '{{'")
        other.commit()
    with pytest.raises(ExchangeError, match="can't be used"):
        if table == "fills":
            store.fills_after(0, 1)
        else:
            store.load()
    store.close()


def test_memory_forgets_the_oldest_that_ended_and_never_what_lives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store_module, "MEMORY_KEEPS", 5)
    monkeypatch.setattr(store_module, "_FORGET_EVERY", 10)
    for place, kept in ((":memory:", 5), (tmp_path / "paper.db", 19)):
        store = PaperStore(place)
        with store.transaction():
            store.save_order(order(0))
            for number in range(1, 20):
                store.save_order(order(number, OrderState.FILLED))
                store.save_fill(number, fill(number))
        ended = [n for n in range(1, 20) if store.order(f"nb{n}") is not None]
        assert [len(ended), ended[-1]] == [kept, 19]
        assert store.order("nb0") == order(0)
        assert store.fills_after(0, 100)[-1][0] == 19
        store.close()
