from typing import NamedTuple

import pytest

from nimbus_tui.tui.viewmodels.lines import Line, left, line_width
from nimbus_tui.tui.viewmodels.table import (
    Column,
    Context,
    Lines,
    Sort,
    clicked_sort,
    column_at,
    fitted,
    names_line,
    next_sort,
    ordered,
    whole_lines,
)


class Pair(NamedTuple):
    name: str
    size: int | None


COLUMNS = (
    Column[Pair]("name", 8, 0, lambda p, w, _: left(p.name, w), lambda p: p.name, most=12),
    Column[Pair]("size", 6, 1, lambda p, w, _: left(str(p.size), w), lambda p: p.size,
                 is_number=True),
    Column[Pair]("more", 20, 2, lambda p, w, _: left("more", w), lambda p: None),
)  # fmt: skip
ROWS = [Pair("b", 2), Pair("a", None), Pair("c", 1)]


def text(line: Line) -> str:
    return "".join(cell.text for cell in line)


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (1, [("name", 8)]), (12, [("name", 10)]), (17, [("name", 8), ("size", 6)]),
        (38, [("name", 8), ("size", 6), ("more", 20)]),
        (99, [("name", 12), ("size", 6), ("more", 20)]),
    ],
)  # fmt: skip
def test_the_columns_that_matter_stay_and_grow_where_there_is_room(
    room: int, widths: list[tuple[str, int]]
) -> None:
    columns = fitted(COLUMNS, room)
    assert [(column.name, width) for column, width in columns] == widths
    line = Lines(ROWS, columns, Context())[0]
    assert line_width(line) == line_width(names_line(columns, None)) == sum(
        width + 1 for _, width in widths
    ) + 1  # fmt: skip


def test_the_column_that_orders_has_an_arrow() -> None:
    columns = fitted(COLUMNS, 99)
    assert text(names_line(columns, Sort("name"))).startswith(" name▲")
    assert " size▼ " in text(names_line(columns, Sort("size", True)))


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        (None, "bac"), (Sort("name"), "abc"), (Sort("name", True), "cba"), (Sort("size"), "cba"),
        (Sort("size", True), "bca"), (Sort("nosuch"), "bac"),
    ],
)  # fmt: skip
def test_rows_are_ordered_and_those_without_a_figure_stay_last(
    sort: Sort | None, names: str
) -> None:
    assert "".join(row.name for row in ordered(ROWS, COLUMNS, sort)) == names


def test_one_key_goes_through_the_columns_and_back_to_no_order() -> None:
    sort, seen = next_sort(["a", "b"], None), []
    while sort is not None:
        seen.append(sort)
        sort = next_sort(["a", "b"], sort)
    assert seen == [Sort("a"), Sort("b")]
    assert next_sort(["a"], Sort("gone")) == Sort("a")
    assert next_sort([], None) is None


def test_a_second_click_turns_the_order_round() -> None:
    once = clicked_sort("a", None)
    assert (once, clicked_sort("a", once)) == (Sort("a"), Sort("a", True))
    assert clicked_sort("a", Sort("a", True)) == Sort("a")
    assert clicked_sort("b", once) == Sort("b")


def test_a_place_of_the_line_belongs_to_a_column() -> None:
    columns = fitted(COLUMNS, 38)
    found = [column_at(columns, x) for x in (0, 1, 8, 9, 10, 17, 36, 50)]
    assert found == [None, "name", "name", "name", "size", "more", "more", None]


def test_the_whole_row_loses_no_letter_however_narrow_it_is() -> None:
    plain = {
        "seq": 7, "ts": 1_763_769_600_000_000_000, "bot_id": None, "maker": True,
        "message": "an error of many words " * 5, "detail": "File a\n  File b", "keys": ["a", "b"],
        "fill": {"price": "1", "fee": None},
    }  # fmt: skip
    for width in (40, 60, 120):
        shown = "\n".join(text(line) for line in whole_lines(plain, width))
        words = " ".join(shown.split())
        assert words.count("words") == 5
        for told in ("bot id –", "maker yes", "keys a, b", "price: 1"):
            assert told in words
        assert "Nov 2025 00:00:00 UTC" in words
        assert all(line_width(line) <= width + 1 for line in whole_lines(plain, width))
