from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.tui.viewmodels import lines
from nimbus_tui.tui.viewmodels.lines import Cell, changed_spans

D = Decimal
NS = 1_000_000_000


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (D("1234567.891"), 2, "1,234,567.89"),
        (D("-0.5"), 2, "−0.50"),
        (D("1E-8"), 8, "0.00000001"),
        (D("5"), 0, "5"),
        (None, 2, "–"),
    ],
)
def test_a_number_has_fixed_places_and_a_real_minus(
    value: D | None, places: int, shown: str
) -> None:
    assert lines.number(value, places) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (D("12.446"), ("+12.45", "gain")),
        (D("-48.13"), ("−48.13", "loss")),
        (D("0"), ("0.00", "plain")),
        (D("-0.001"), ("0.00", "plain")),
        (None, ("–", "muted")),
    ],
)
def test_a_gain_or_loss_carries_its_sign_beside_its_tone(
    value: D | None, shown: tuple[str, str]
) -> None:
    assert lines.signed(value) == shown


@pytest.mark.parametrize(
    ("age_ms", "shown"),
    [
        (0, ("fresh", "gain")),
        (5_000, ("fresh", "gain")),
        (5_001, (">5 s old", "warning")),
        (30_001, (">30 s old", "loss")),
        (60_001, ("1 min old", "loss")),
        (3_700_000, ("61 min old", "loss")),
        (None, ("no data", "warning")),
    ],
)
def test_ages_go_in_steps(age_ms: float | None, shown: tuple[str, str]) -> None:
    assert lines.age(age_ms) == shown


def test_a_number_that_does_not_fit_is_never_shown_with_digits_missing() -> None:
    assert lines.right("1,234.56", 6).text == "######"
    assert lines.right("234.56", 8).text == "  234.56"


@given(st.text(), st.integers(0, 40))
def test_text_in_a_column_takes_exactly_the_columns_width(text: str, width: int) -> None:
    assert lines.width_of(lines.left(text, width).text) == width


def test_text_from_outside_cannot_reach_the_terminal_as_a_command() -> None:
    assert lines.clean("ok \x1b[2J\u202egone\n") == "ok ·[2J·gone·"
    assert lines.left("\x1b]0;x\x07", 8).text.isprintable()


def test_a_wide_sign_counts_as_two_columns() -> None:
    assert lines.width_of("日本") == 4
    assert lines.cut("日本語", 5) == "日本…"


def test_places_show_every_number_in_full_up_to_eight() -> None:
    assert lines.places_of([D("1.5"), D("2.25"), None]) == 2
    assert lines.places_of([D("1E-12")]) == 8
    assert lines.places_of([]) == 0


@pytest.mark.parametrize(
    ("values", "width", "shown"),
    [
        ([1.0, 2.0, 3.0], 5, "  ▁▅█"),
        ([2.0, 2.0], 2, "▄▄"),
        ([1.0], 3, "   "),
        ([9.0, 1.0, 2.0], 2, "▁█"),
    ],
)
def test_a_sparkline_shows_the_newest_values_at_the_right(
    values: list[float], width: int, shown: str
) -> None:
    assert lines.sparkline(values, width) == shown


def test_the_right_part_goes_when_both_do_not_fit() -> None:
    start, end = (Cell("left"),), (Cell("right"),)
    assert "".join(c.text for c in lines.between(start, end, 12)) == "left   right"
    assert lines.between(start, end, 8) == start


def test_time_of_day_and_lengths_of_time() -> None:
    assert lines.clock(1_763_780_820_000_000_000) == "03:07:00"
    assert lines.lasting(97_200_000_000_000) == "1 d 3 h"
    assert lines.lasting(3_900_000_000_000) == "1 h 05 min"
    assert lines.lasting(59_000_000_000) == "0 min"


def test_zeros_at_the_end_go_but_never_those_before_the_point() -> None:
    assert lines.trimmed(D("2400.0000")) == "2,400"
    assert lines.trimmed(D("0.41330")) == "0.4133"
    assert lines.trimmed(D("100"), 0) == "100"


def test_a_heading_fills_its_line_but_for_the_last_column() -> None:
    assert lines.line_width(lines.heading("events", 30)) == 29
    assert lines.heading("events", 4) == (Cell(" events ", "title"),)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "now"), (0, "now"), (0.2, "5 s"), (5, "5 s"), (61, "65 s"), (119.9, "120 s"),
        (120, "2 min"), (3599, "59 min"), (3600, "1 h 00 min"), (90_000, "1 d 1 h"),
    ],
)  # fmt: skip
def test_a_countdown_moves_in_steps_and_never_says_now_too_early(
    seconds: float, words: str
) -> None:
    assert lines.countdown(int(seconds * NS)) == words


def test_a_moment_has_its_day_and_another_years_has_its_year() -> None:
    november = 1_763_802_000 * NS
    assert lines.moment(november, november) == "22 Nov 09:00"
    assert lines.moment(november, november + 366 * 86_400 * NS) == "22 Nov 2025"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("eth 2,400.10 running", "eth 2,400.10 running", []),
        ("eth 2,400.10 running", "eth 2,400.25 running", [(10, 12)]),
        ("a          b", "c          d", [(0, 1), (11, 12)]),
        ("a    b", "c    d", [(0, 6)]),
        ("short", "shorter", [(5, 7)]),
        ("longer", "long", [(4, 6)]),
        ("円 1", "円 2", [(0, 4)]),
    ],
)
def test_only_what_changed_is_painted_again(
    old: str, new: str, expected: list[tuple[int, int]]
) -> None:
    assert changed_spans((Cell(old),), (Cell(new[:2]), Cell(new[2:]))) == expected


def test_another_tone_is_a_change() -> None:
    assert changed_spans((Cell("ab", "gain"),), (Cell("a", "gain"), Cell("b", "loss"))) == [(1, 2)]
