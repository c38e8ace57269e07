from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.tui.viewmodels.chart import GAP_NS, Point, chart
from nimbus_tui.tui.viewmodels.frame import Picture
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_client import MIDNIGHT, SECOND

MINUTE = 60 * SECOND


def every_minute(*values: float) -> list[Point]:
    return [(MIDNIGHT + at * MINUTE, value) for at, value in enumerate(values)]


def shown(points: list[Point], width: int = 40, height: int = 8) -> Picture:
    now = points[-1][0] if points else MIDNIGHT
    return chart(points, "USDC", now, width, height)


def text(line: Line) -> str:
    return "".join(cell.text for cell in line).rstrip()


def texts(made: Picture) -> list[str]:
    return [text(line) for line in (*made.heading, *made.rows)]


def test_a_rise_a_fall_and_what_they_come_to() -> None:
    points = every_minute(100, 101, 102, 104, 103, 102, 101.5, 101, 102, 102.5)
    assert texts(shown(points, 50, 9)) == [
        " equity 9 min  ──────────────────────────────────",
        " 102.50 USDC   +2.50 (+2.50 %)   drawdown 1.44 %",
        " worst 2.88 %",
        " 104.00 ┤             ⡏⠉⠉⠉⢹",
        "        │             ⡇   ⠘⠒⠒⠒⠒⡆                ⢀",
        "        │        ⢰⠒⠒⠒⠒⠃        ⠓⠒⠒⠒⢲        ⢰⠒⠒⠒⠚",
        "        │    ⡤⠤⠤⠤⠼                 ⠈⠉⠉⠉⠉⠧⠤⠤⠤⠼",
        " 100.00 ┤⣀⣀⣀⣀⡇┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        "         00:00:00        00:04:30        00:09:00",
    ]


def test_a_curve_that_ends_under_its_start_is_a_loss_in_sign_and_tone() -> None:
    made = shown(every_minute(100, 99))
    assert "−1.00 (−1.00 %)" in text(made.heading[1])
    (tone,) = {cell.tone for cell in made.heading[1] if "−1.00 (" in cell.text}
    assert tone == "loss"
    assert "loss" in {cell.tone for line in made.rows for cell in line}


def test_the_axis_has_more_values_where_it_is_long() -> None:
    rows = texts(shown(every_minute(0, 120), 40, 17))
    assert [line.split("┤")[0].strip() for line in rows if "┤" in line] == [
        "120.00", "90.00", "60.00", "30.00", "0.00",
    ]  # fmt: skip


def test_an_hour_in_which_nobody_looked_is_left_open() -> None:
    before = every_minute(*([100.0] * 60))
    after = [(ts + GAP_NS + 180 * MINUTE, value) for ts, value in before]
    joined = [(MIDNIGHT + at * MINUTE, 100.0) for at in range(245)]

    def dotted(points: list[Point]) -> str:
        rows = [text(line) for line in shown(points, 60, 8).rows]
        return max(rows, key=lambda row: sum("⠀" < sign <= "⣿" for sign in row))

    assert "┄┄┄┄┄┄┄" in dotted(before + after)
    assert "┄" not in dotted(joined)


def test_a_curve_that_does_not_move_is_a_level_line_with_one_value() -> None:
    made = shown(every_minute(100, 100, 100))
    assert sum("┤" in line for line in texts(made)) == 1
    assert "0.00 (+0.00 %)" in texts(made)[1]


def test_small_changes_get_more_digits() -> None:
    assert "+0.0003" in texts(shown(every_minute(100, 100.0003)))[1]


def test_a_day_and_more_names_the_days() -> None:
    points = [(MIDNIGHT + at * 3600 * SECOND, 100.0 + at) for at in range(30)]
    assert text(shown(points, 60).rows[-1]).split()[:3] == ["22", "Nov", "00:00"]


def test_a_young_curve_counts_its_seconds() -> None:
    made = shown([(MIDNIGHT, 1.0), (MIDNIGHT + 20 * SECOND, 2.0)])
    assert "equity 20 s" in text(made.heading[0])
    assert text(made.rows[-1]).split() == ["00:00:00", "00:00:10", "00:00:20"]


def test_before_there_are_two_points_it_says_when_there_will_be() -> None:
    for points in ([], every_minute(100)):
        assert "begins with the first points" in texts(shown(points))[1]


def test_a_low_chart_gives_up_figures_before_the_curve() -> None:
    made = shown(every_minute(100, 101), 40, 5)
    assert len(made.heading) == 2
    assert len(made.rows) == 3


@given(
    st.lists(st.tuples(st.integers(0, 10**15), st.floats(-1e9, 1e9, allow_nan=False)), max_size=40),
    st.integers(1, 200),
    st.integers(1, 40),
)
def test_every_curve_fits_into_every_size(points: list[Point], width: int, height: int) -> None:
    made = chart(sorted(points), "USDC", 10**15, width, height)
    if width >= 60 and height >= 4:
        assert len(made.heading) + len(made.rows) <= height
        assert all(line_width(line) <= width for line in made.rows)


@given(st.lists(st.floats(1, 1000), min_size=2, max_size=60))
def test_the_highest_value_is_in_the_top_row_and_the_lowest_in_the_bottom_row(
    values: list[float],
) -> None:
    rows = [text(line) for line in shown(every_minute(*values), 60, 10).rows][:-1]
    has_dots = [any("⠀" < sign <= "⣿" for sign in row) for row in rows]
    if max(values) > min(values):
        assert has_dots[0]
        assert has_dots[-1]
    else:
        assert sum(has_dots) == 1
