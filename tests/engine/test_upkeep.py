"""Old equity points are thinned in small steps, nothing else goes, and the log stays short."""

from pathlib import Path

import pytest

from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.errors import JournalLost
from nimbus_tui.core.events import Info
from nimbus_tui.engine.upkeep import DAY_NS, POINTS_A_STEP, Upkeep
from nimbus_tui.journal.reader import JournalReader
from nimbus_tui.journal.sqlite import MEMORY, SqliteJournal
from nimbus_tui.journal.sqlite_file import LOG_KEPT_BYTES
from nimbus_tui.simulation.clock import SimulatedClock
from tests.contracts.journal import a_fill, an_order

MINUTE_NS = 60_000_000_000


def a_year(journal: SqliteJournal, days: int) -> SimulatedClock:
    """A point a minute for so many days, and one of everything that must stay."""
    from decimal import Decimal

    with journal.transaction():
        for minute in range(days * 1440):
            journal.save_equity("eth", EquityPoint(minute * MINUTE_NS, Decimal(minute)))
        journal.append_events([Info(message="old", seq=1, ts=1)])
        journal.save_order(an_order())
        journal.record_fill(a_fill())
    return SimulatedClock(days * DAY_NS)


def thinned(journal: SqliteJournal, clock: SimulatedClock) -> int:
    """Thin until nothing changes; returns how many steps it took."""
    upkeep, steps, quiet = Upkeep(journal, clock, lambda _: None), 0, 0
    while quiet < 3:
        before = journal._connection.total_changes
        upkeep.thin(["eth"])
        quiet = quiet + 1 if journal._connection.total_changes == before else 0
        steps += 1
    return steps


def test_points_are_kept_by_their_age() -> None:
    journal = SqliteJournal.open(MEMORY)
    clock = a_year(journal, 100)
    steps = thinned(journal, clock)
    kept = [point.ts for point in journal.equity("eth", limit=-1)]
    fresh = [ts for ts in kept if ts >= 93 * DAY_NS]
    middle = [ts for ts in kept if 10 * DAY_NS <= ts < 93 * DAY_NS]
    old = [ts for ts in kept if ts < 10 * DAY_NS]
    assert (len(fresh), len(middle), len(old)) == (7 * 1440, 83 * 288, 10 * 24)
    assert old[0] == 59 * MINUTE_NS
    assert middle[0] == 10 * DAY_NS + 4 * MINUTE_NS
    assert steps > 93 * 1440 / POINTS_A_STEP
    assert (journal.last_seq(), len(journal.orders()), len(journal.fills())) == (1, 1, 1)


def test_one_step_looks_at_few_points() -> None:
    journal = SqliteJournal.open(MEMORY)
    upkeep = Upkeep(journal, a_year(journal, 30), lambda _: None)
    for _ in range(10):
        before = journal._connection.total_changes
        upkeep.thin(["eth"])
        assert journal._connection.total_changes - before < POINTS_A_STEP


def test_what_was_thinned_is_not_walked_again() -> None:
    journal = SqliteJournal.open(MEMORY)
    clock = a_year(journal, 20)
    upkeep = Upkeep(journal, clock, lambda _: None)
    for _ in range(200):
        upkeep.thin(["eth"])
    asked: list[str] = []
    journal._connection.set_trace_callback(asked.append)
    for _ in range(10):
        upkeep.thin(["eth"])
    assert asked == []


def write(journal: SqliteJournal, megabytes: int, first: int) -> None:
    for number in range(first, first + megabytes * 10):
        with journal.transaction():
            journal.append_events([Info(message="x" * 100_000, seq=number, ts=1)])


def test_the_log_is_cut_when_the_reader_that_held_it_has_gone(tmp_path: Path) -> None:
    journal, log = SqliteJournal.open(tmp_path / "j.db"), tmp_path / "j.db-wal"
    write(journal, 1, 1)
    with JournalReader.open(tmp_path / "j.db"):
        write(journal, 20, 11)
        journal.look_over()
        assert log.stat().st_size > 20_000_000
    journal.look_over()
    write(journal, 1, 211)
    assert log.stat().st_size <= LOG_KEPT_BYTES
    write(journal, 40, 221)
    assert log.stat().st_size < 2 * LOG_KEPT_BYTES
    journal.close()
    assert not log.exists()


def test_the_log_stays_short_while_it_is_folded_beside_the_writer(tmp_path: Path) -> None:
    journal, log = SqliteJournal.open(tmp_path / "j.db"), tmp_path / "j.db-wal"
    for round_ in range(10):
        write(journal, 2, 1 + 20 * round_)
        journal.look_over()
    assert log.stat().st_size < 5_000_000
    journal.close()


def test_pages_that_nobody_uses_are_looked_at_when_the_file_was_written(tmp_path: Path) -> None:
    journal, path = SqliteJournal.open(tmp_path / "j.db"), tmp_path / "j.db"
    write(journal, 3, 1)
    journal.look_over()
    write(journal, 1, 31)
    journal.look_over()
    with path.open("r+b") as file:
        file.seek(1_500_000)
        file.write(b"\xff" * 300_000)
    with pytest.raises(JournalLost, match="damaged"):
        journal.look_over()
    journal.close()


@pytest.mark.parametrize("gone", ["j.db", "j.db-wal"])
def test_a_file_that_is_gone_is_lost(gone: str, tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "j.db")
    journal.look_over()
    (tmp_path / gone).unlink()
    with pytest.raises(JournalLost):
        journal.look_over()
    journal.close()
