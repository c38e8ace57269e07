"""Every row once in a life, none lost, whatever the pages and whatever turns up late."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.exchanges.hyperliquid import account_history
from nimbus_tui.exchanges.hyperliquid.account_history import OVERLAP_MS, History
from tests.exchanges.net.virtual import in_virtual_time


class Row(msgspec.Struct, frozen=True):
    time: int
    tid: int


class Venue:
    """Keeps rows; gives the oldest from a time on, a page at once."""

    def __init__(self, page: int, rows: list[Row]) -> None:
        self.page = page
        self.rows = rows
        self.reads: list[int] = []
        self.is_reversed = False

    async def read(self, start: int) -> list[Row]:
        self.reads.append(start)
        found = sorted((row.time, row.tid) for row in self.rows if row.time >= start)
        page = [Row(*one) for one in found[: self.page]]
        return page[::-1] if self.is_reversed else page

    def history(self) -> History[Row]:
        return History(
            self.read, lambda row: str(row.tid), lambda row: (row.time, row.tid), self.page, "here"
        )


async def all_after(history: History[Row], cursor: str) -> tuple[list[Row], str]:
    """To the end, page by page."""
    rows: list[Row] = []
    more = True
    while more:
        page, cursor, more = await history.after(cursor)
        rows += page
    return rows, cursor


async def test_without_rows_the_cursor_stays() -> None:
    history = Venue(5, []).history()
    assert await history.after("") == ([], "", False)
    assert await history.after("77") == ([], "77", False)


async def test_rows_come_in_order_and_the_next_read_begins_a_little_earlier() -> None:
    venue = Venue(3, [Row(OVERLAP_MS + 5, 1), Row(OVERLAP_MS + 9, 2)])
    venue.is_reversed = True
    history = venue.history()
    cursor = str(OVERLAP_MS + 9)
    assert await history.after("") == (venue.rows, cursor, False)
    assert await history.after(cursor) == ([], cursor, False)
    assert venue.reads == [0, 9]


async def test_a_row_that_turns_up_late_is_given_and_the_cursor_does_not_go_back() -> None:
    venue = Venue(5, [Row(100_000, 1)])
    history = venue.history()
    _, cursor = await all_after(history, "")
    venue.rows.append(Row(100_000 - OVERLAP_MS, 2))
    assert await history.after(cursor) == ([Row(100_000 - OVERLAP_MS, 2)], cursor, False)
    assert await history.after(cursor) == ([], cursor, False)


async def test_a_page_that_was_not_kept_is_given_again() -> None:
    venue = Venue(2, [Row(time, time) for time in (10, 20, 30)])
    history = venue.history()
    first = await history.after("")
    assert await history.after("") == first
    second = await history.after(first[1])
    assert await history.after(first[1]) == second == ([Row(30, 30)], "30", True)
    assert await history.after("30") == ([], "30", False)


async def test_another_life_knows_of_nothing_and_reads_the_overlap_again() -> None:
    venue = Venue(5, [Row(10, 1), Row(20, 2)])
    _, cursor = await all_after(venue.history(), "")
    assert await all_after(venue.history(), cursor) == (venue.rows, cursor)


async def test_a_page_full_of_one_instant_is_left_behind() -> None:
    venue = Venue(2, [Row(10, 1), Row(10, 2), Row(11, 3)])
    assert await all_after(venue.history(), "") == ([*venue.rows], "11")


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "١٢", " 1", "0x1", "1_0"])
async def test_what_is_no_cursor_is_refused_in_words(cursor: str) -> None:
    with pytest.raises(ExchangeError, match="is not a cursor of here"):
        await Venue(2, []).history().after(cursor)


async def test_a_read_that_fails_gives_nothing_out() -> None:
    venue = Venue(2, [Row(10, 1)])
    fails = [True]

    async def read(start: int) -> list[Row]:
        if fails:
            fails.pop()
            raise ExchangeError("no answer")
        return await venue.read(start)

    history: History[Row] = History(
        read, lambda row: str(row.tid), lambda row: (row.time, row.tid), 2, "here"
    )
    with pytest.raises(ExchangeError):
        await history.after("")
    assert await history.after("") == ([Row(10, 1)], "10", False)


async def test_only_so_many_rows_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_history, "MOST_REMEMBERED", 10)
    venue = Venue(100, [Row(number, number) for number in range(50)])
    history = venue.history()
    await history.after("")
    assert len(history._given) == 10


STEPS = st.lists(
    st.one_of(
        st.lists(st.integers(0, 40), min_size=1, max_size=8),  # new rows, so many s later
        st.lists(st.integers(0, OVERLAP_MS), min_size=1, max_size=5),  # late by so many ms
        st.just("read"),
        st.just("page"),
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 6), STEPS, st.booleans())
def test_every_row_comes_exactly_once_and_none_is_lost(
    page: int, steps: list[list[int] | str], is_reversed: bool
) -> None:
    async def play(*_clock: object) -> None:
        venue = Venue(page, [])
        venue.is_reversed = is_reversed
        history = venue.history()
        given: Counter[int] = Counter()
        cursor, newest = "", OVERLAP_MS
        for number, step in enumerate(steps):
            match step:
                case "page":
                    rows, cursor, _ = await history.after(cursor)
                    given.update(row.tid for row in rows)
                case "read":
                    rows, cursor = await all_after(history, cursor)
                    given.update(row.tid for row in rows)
                case list() as offsets:
                    is_late = number % 2 == 1
                    for at, offset in enumerate(offsets):
                        # Never more in one instant than fit on a page.
                        time = max(0, newest - offset) if is_late else newest + 1 + offset * 1000
                        while sum(row.time == time for row in venue.rows) >= page - 1:
                            if page == 1 and not any(row.time == time for row in venue.rows):
                                break
                            time += 1
                        venue.rows.append(Row(time, 1000 * number + at))
                    newest = max(row.time for row in venue.rows)
        rows, cursor = await all_after(history, cursor)
        given.update(row.tid for row in rows)
        assert given == Counter(row.tid for row in venue.rows)
        assert int(cursor or 0) == max((row.time for row in venue.rows), default=0)

    in_virtual_time(play)
