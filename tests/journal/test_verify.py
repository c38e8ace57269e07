"""A healthy journal passes; each promise that is broken is told, alone and by its name."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.order import OrderState
from nimbus_tui.journal.reader import JournalReader
from nimbus_tui.journal.sqlite import SqliteJournal
from nimbus_tui.journal.verify import Problem, sound_keys, verify, with_cursors
from tests.contracts.journal import a_fill
from tests.journal.history import change, holdings, traded, value

FILLED = "FROM orders WHERE state = 'filled' ORDER BY created_ns LIMIT 1"
LIVE = "FROM orders WHERE live = 1 ORDER BY created_ns LIMIT 1"


def problems(path: Path) -> list[Problem]:
    with JournalReader.open(path) as reader:
        return verify(reader)


@pytest.mark.parametrize(
    ("symbol", "more"),
    [
        ("ETH/USDC:USDC", {}),
        ("ETH/USDC", {}),
        ("ETH/USDC", {"initial_inventory": "existing", "balances": holdings("ETH/USDC")}),
    ],
)
async def test_a_journal_that_an_engine_has_written_has_no_problem(
    symbol: str, more: dict[str, object], tmp_path: Path
) -> None:
    world = await traded(tmp_path / "j.db", symbol, **more)
    assert len(SqliteJournal.read(tmp_path / "j.db").fills()) > 5
    assert world.bot.saved.absorbed > 5
    assert problems(tmp_path / "j.db") == []


def in_body(table: str, key: str, path: str, new: object) -> Callable[[Path], None]:
    """Change one field of a JSON body."""

    def plant(file: Path) -> None:
        change(
            file,
            f"UPDATE {table} SET body = CAST(json_set(CAST(body AS TEXT), ?, ?) AS BLOB)"
            f" WHERE {key}",
            path,
            new,
        )

    return plant


def of_the_books(path: str, new: object) -> Callable[[Path], None]:
    """Change one field of the bot's books, which are JSON in base 64 inside its record."""

    def plant(file: Path) -> None:
        import msgspec

        from nimbus_tui.engine.saved import Saved
        from nimbus_tui.journal.base import BotRecord

        record = msgspec.json.decode(value(file, "SELECT body FROM bots"), type=BotRecord)
        saved = Saved.of(record)
        books = saved.books
        if path == "absorbed":
            saved = msgspec.structs.replace(saved, absorbed=new)
        elif path == "position":
            symbol, held = next(iter(books.positions.items()))
            moved = msgspec.structs.replace(held, quantity=held.quantity + Decimal(str(new)))
            saved = msgspec.structs.replace(
                saved, books=msgspec.structs.replace(books, positions={symbol: moved})
            )
        else:
            saved = msgspec.structs.replace(
                saved, books=msgspec.structs.replace(books, **{path: new})
            )
        record = msgspec.structs.replace(record, books=msgspec.json.encode(saved))
        change(file, "UPDATE bots SET body = ?", msgspec.json.encode(record))

    return plant


def sql(statement: str, *values: object) -> Callable[[Path], None]:
    return lambda file: change(file, statement, *values)


def a_second_try(source: str, state: str, live: int) -> Callable[[Path], None]:
    """Another order under a key that has one: the next generation."""

    def plant(file: Path) -> None:
        connection = sqlite3.connect(file)
        row = connection.execute(f"SELECT bot_id, key, generation, body {source}").fetchone()
        body = row[3].decode()
        connection.execute(
            "INSERT INTO orders VALUES ('nbnew', ?, ?, ?, ?, ?, 99,"
            " CAST(json_set(?, '$.client_order_id', 'nbnew', '$.generation', ?, '$.state', ?,"
            " '$.filled', '0') AS BLOB))",
            (row[0], row[1], row[2] + 1, state, live, body, row[2] + 1, state),
        )
        connection.commit()
        connection.close()

    return plant


A_FILLED_ORDER = f"client_order_id = (SELECT client_order_id {FILLED})"
A_LIVE_ORDER = f"client_order_id = (SELECT client_order_id {LIVE})"

PLANTED = [
    ("sequence", sql("DELETE FROM events WHERE seq = 5")),
    ("sequence", in_body("events", "seq = 5", "$.seq", 6)),
    ("migrations", sql("UPDATE schema_version SET checksum = 'x' WHERE version = 2")),
    ("fills of an order", in_body("fills", "number = 3", "$.bot_id", None)),
    ("fills of an order", in_body("fills", "number = 3", "$.quantity", "0.0001")),
    ("fills of an order", sql(f"DELETE FROM orders WHERE {A_FILLED_ORDER}")),
    ("overfill", in_body("orders", A_FILLED_ORDER, "$.quantity", "0.0001")),
    ("order state", sql(f"UPDATE orders SET live = 0 WHERE {A_LIVE_ORDER}")),
    ("order state", in_body("orders", A_FILLED_ORDER, "$.state", "cancelled")),
    ("readable", in_body("orders", A_FILLED_ORDER, "$.state", "lost")),
    ("columns", sql(f"UPDATE orders SET state = 'expired' WHERE {A_FILLED_ORDER}")),
    ("one live order per key", a_second_try(LIVE, "open", 1)),
    ("generations", a_second_try(FILLED, "open", 1)),
    ("generations", a_second_try(FILLED, "cancelled", 0)),
    ("position", of_the_books("position", "0.0001")),
    ("position", of_the_books("capital", Decimal(1))),
    ("books", of_the_books("fills", 3)),
    ("funding", of_the_books("funding", Decimal(1))),
    ("absorbed", of_the_books("absorbed", 3)),
    ("books", sql("DELETE FROM bots")),
    ("books", sql("DELETE FROM fills WHERE number = 3")),
    ("readable", sql("UPDATE bots SET body = ?", b"{}")),
]


@pytest.mark.parametrize(("invariant", "plant"), PLANTED)
async def test_a_broken_promise_is_told(
    invariant: str, plant: Callable[[Path], None], tmp_path: Path
) -> None:
    await traded(tmp_path / "j.db")
    plant(tmp_path / "j.db")
    assert invariant in {problem.invariant for problem in problems(tmp_path / "j.db")}


def test_two_filled_orders_under_one_key_are_told(tmp_path: Path) -> None:
    from nimbus_tui.journal.reader import OrderRow
    from tests.contracts.journal import an_order

    orders = [
        an_order(f"nb{n}", n, state=OrderState.CANCELLED, filled=Decimal("0.00000001"))
        for n in range(2)
    ]
    rows = [
        OrderRow(o.client_order_id, o.bot_id, o.key, o.generation, o.state.value, o.is_live, o)
        for o in orders
    ]
    told = {problem.invariant for problem in sound_keys(rows)}
    assert told == {"a spent key stays spent", "generations"}


@pytest.mark.parametrize(
    ("generations", "told"), [((0, 1, 2), []), ((0, 16), []), ((0, 17), ["generations"])]
)
def test_tries_may_skip_only_what_a_power_cut_can_take(
    generations: tuple[int, ...], told: list[str]
) -> None:
    from nimbus_tui.journal.reader import OrderRow
    from tests.contracts.journal import an_order

    rows = [
        OrderRow(f"nb{n}", "eth", "k", n, "rejected", False,
                 an_order(f"nb{n}", n, state=OrderState.REJECTED))
        for n in generations
    ]  # fmt: skip
    assert [problem.invariant for problem in sound_keys(rows)] == told


@pytest.mark.parametrize(
    ("facts", "minutes", "told"),
    [({}, 10, ["cursors"]), ({"fills-cursor/sim": "7"}, 10, []), ({}, 1, [])],
)
def test_a_venue_that_has_filled_has_a_cursor_soon(
    facts: dict[str, str], minutes: int, told: list[str]
) -> None:
    from nimbus_tui.core.events import Info

    fills: list[Fill] = [a_fill()]
    events = [(1, Info(message="later", seq=1, ts=minutes * 60_000_000_000))]
    assert [problem.invariant for problem in with_cursors(fills, facts, events)] == told


async def test_damaged_pages_are_told_and_the_other_checks_go_on(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    await traded(path)
    page = value(path, "SELECT rootpage FROM sqlite_master WHERE name = 'orders_by_time'")
    size = value(path, "PRAGMA page_size")
    change(path, "DELETE FROM events WHERE seq = 5")
    with path.open("r+b") as file:
        file.seek((int(str(page)) - 1) * int(str(size)))
        file.write(b"\xff" * 200)
    told = {problem.invariant for problem in problems(path)}
    assert {"integrity", "sequence"} <= told
