from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.control.risk import RiskSnapshot
from nimbus_tui.core.risk import RiskInput, RiskReading, RiskStep
from nimbus_tui.tui.viewmodels import risk_board
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.risk_board import Board
from nimbus_tui.tui.viewmodels.risk_brief import brief
from nimbus_tui.tui.viewmodels.risk_rules import RULES
from nimbus_tui.tui.viewmodels.risk_table import Focus, columns, scope_at, table
from nimbus_tui.tui.viewmodels.risk_words import share, usage_bar
from tests.tui.scripted_risk import (
    ENGINE,
    MINUTE,
    blind,
    calm,
    read,
    refusing,
    standing,
    throttled,
    unfit,
    with_bot,
)

NOW = 1_763_769_600_000_000_000
FOUR = ("eth", "btc", "sol", "xrp")
HUNDRED = tuple(f"bot-{number:03}" for number in range(100))


def text(line: Line) -> str:
    return "".join(cell.text for cell in line)


def cells(snapshot: RiskSnapshot, focus: Focus, width: int = 80) -> list[str]:
    made = table(Board(snapshot, FOUR), focus, width, has_levels=False)
    return [text(line) for line in (*made.picture.heading, *made.picture.rows)]


def test_all_sixteen_rules_have_a_row_even_where_nothing_has_been_read() -> None:
    made = table(Board(RiskSnapshot(readings=(), standings=(), latched=False), ("eth",)),
                 Focus("eth", 0), 80, has_levels=False)  # fmt: skip
    labels = [text(line)[1:20].strip() for line in made.picture.rows]
    assert labels == [f"{rule.level} {rule.label}" for rule in RULES]
    assert len(labels) == 16


def test_with_room_the_four_levels_have_lines_of_their_own_that_are_no_rules() -> None:
    made = table(Board(calm(FOUR, NOW), FOUR), Focus("eth", 4), 80, has_levels=True)
    named = [text(line).split(" ─")[0] for line, rule in zip(made.picture.rows, made.rules,
             strict=True) if rule is None]  # fmt: skip
    assert named == [" 1 position", " 2 strategy", " 3 portfolio", " 4 system"]
    assert made.rules[made.picture.focus or 0] == 4


def test_the_engine_and_the_accounts_come_first_then_the_strictest_bot() -> None:
    made = Board(blind(throttled(calm(FOUR, NOW), "btc"), "xrp"), FOUR)
    assert made.scopes == ("engine", "account sim", "xrp", "btc", "eth", "sol")


def test_a_bot_whose_input_is_unfit_stands_with_the_paused_ones() -> None:
    snapshot = with_bot(
        calm(FOUR, NOW), standing("sol"), unfit("sol", 2, "drawdown", RiskInput.STALE, "old")
    )
    assert Board(snapshot, FOUR).scopes[2] == "sol"


def test_bots_that_the_snapshot_does_not_know_yet_have_a_column_too() -> None:
    assert Board(calm(("eth",), NOW), ("eth", "new")).scopes[-1] == "new"


def test_a_rule_that_is_not_among_the_sixteen_has_a_row_in_its_level() -> None:
    odd = read("eth", 2, "moon_phase", "1", "2")
    snapshot = RiskSnapshot(readings=(odd,), standings=(), latched=False)
    rows = table(Board(snapshot, ("eth",)), Focus("eth", 0), 80, has_levels=False).picture.rows
    assert text(rows[8]).startswith(" 2 moon phase")
    assert " 50%" in text(rows[8])


def test_of_several_readings_of_one_rule_the_worst_counts() -> None:
    many = (read("p", 1, "stop_loss", "1", "10"), read("p", 1, "stop_loss", "9", "10"))
    made = Board(RiskSnapshot(readings=many, standings=(), latched=False), ("p",))
    counting = made.reading("p", RULES[0])
    assert counting is not None
    assert counting.usage == Decimal("0.9")


@pytest.mark.parametrize(
    ("reading", "shown"),
    [
        (None, " ·"),
        (read("b", 1, "x", "0", "10"), " ░░░░░   0%"),
        (read("b", 1, "x", "6.99", "10"), " ███░░  69%"),
        (read("b", 1, "x", "7", "10", step=RiskStep.WARNING), "▲████░  70%"),
        (read("b", 1, "x", "9", "10", step=RiskStep.THROTTLE), "◆████░  90%"),
        (read("b", 1, "x", "9.999", "10", refuses="ETH", step=RiskStep.WARNING), "⊘█████  99%"),
        (read("b", 1, "x", "10", "10", step=RiskStep.PAUSE), "‖█████ 100%"),
        (read("b", 1, "x", "11", "10", step=RiskStep.STOP), "■█████ 110%"),
        (read("b", 1, "x", "130", "10", step=RiskStep.EMERGENCY), "✗█████>999%"),
        (read("b", 1, "x", "1", "1", usage=Decimal("Infinity")), " █████>999%"),
        (read("b", 1, "x", "1", "1", usage=Decimal("NaN")), " ░░░░░    –"),
        (read("b", 1, "x", "1", "1", usage=None), " ░░░░░    –"),
        (read("b", 1, "x", "-4", "10"), " ░░░░░   0%"),
        (unfit("b", 1, "x", RiskInput.MISSING, ""), "? missing"),
        (unfit("b", 1, "x", RiskInput.STALE, ""), "? stale"),
        (unfit("b", 1, "x", RiskInput.MIXED, ""), "? mixed"),
        (unfit("b", 1, "x", RiskInput.FAILED, ""), "✗ failed"),
    ],
)
def test_what_a_cell_says_needs_no_colour(reading: RiskReading | None, shown: str) -> None:
    assert text(usage_bar(reading, 11)) == shown.ljust(11)


def test_a_rule_that_is_off_is_dim_and_says_so() -> None:
    reading = calm(("b",), NOW).readings[8]
    assert reading.input is RiskInput.OFF
    (cell,) = usage_bar(reading, 11)
    assert (cell.text.strip(), cell.tone) == ("off", "muted")


@pytest.mark.parametrize(
    ("usage", "shown"),
    [
        ("0E+26", "0%"),
        ("0.999999", "99%"),
        ("1", "100%"),
        ("9.99", "999%"),
        ("10", ">999%"),
        ("1e9", ">999%"),
    ],
)  # fmt: skip
def test_a_hundred_percent_is_never_shown_before_it_is_reached(usage: str, shown: str) -> None:
    assert share(Decimal(usage)) == shown


def test_the_cell_in_focus_and_its_column_are_marked_without_colour() -> None:
    lines = cells(throttled(calm(FOUR, NOW), "btc"), Focus("btc", 5))
    assert lines[0].startswith(" btc")
    assert " ◆ THROTTLE " in lines[0]
    assert "◆btc" in lines[1]
    assert [line.count("›") for line in lines[2:]] == [0] * 5 + [1] + [0] * 10
    assert "›◆████░  87%" in lines[7]


def test_where_not_all_columns_fit_the_corner_says_which_are_shown() -> None:
    many = Board(calm(HUNDRED, NOW), HUNDRED)
    first = table(many, Focus("engine", 0), 80, has_levels=False)
    assert text(first.picture.heading[1]).startswith(" 1–5 of 102 ▶")
    last = table(many, Focus("bot-099", 0, first.columns.first), 80, has_levels=False)
    assert text(last.picture.heading[1]).startswith(" ◀ 98–102 of 102")
    few = table(Board(calm(("a",), NOW), ("a",)), Focus("a", 0), 80, has_levels=False)
    assert text(few.picture.heading[1]).startswith(" rule")


def test_a_click_means_the_column_that_it_is_in() -> None:
    page = columns(Board(calm(FOUR, NOW), FOUR).scopes, Focus("eth", 0), 80)
    assert scope_at(page, 3) is None
    assert scope_at(page, page.name) == ENGINE
    assert scope_at(page, page.name + 2 * page.width + 1) == "eth"
    assert scope_at(page, 500) is None


@given(
    width=st.integers(1, 260),
    bots=st.integers(0, 40),
    at=st.integers(0, 50),
    first=st.integers(0, 60),
    names=st.sampled_from(["bot-{}", "比特币网格{}", "a-very-long-name-of-a-bot-{}", "é\u0301{}"]),
    has_levels=st.booleans(),
)
def test_at_every_width_the_focus_is_shown_and_every_row_is_as_wide(
    width: int, bots: int, at: int, first: int, names: str, has_levels: bool
) -> None:
    known = tuple(names.format(number) for number in range(bots))
    made = Board(refusing(calm(known, NOW)), known)
    focus = Focus(made.scopes[at % len(made.scopes)], at % 16, first)
    seen = table(made, focus, width, has_levels=has_levels)
    page = seen.columns
    assert focus.scope in page.shown
    assert page.shown == made.scopes[page.first : page.first + len(page.shown)]
    assert seen.rules[seen.picture.focus or 0] == focus.row
    wide = page.name + len(page.shown) * page.width
    assert wide <= max(width, 12)
    for line, rule in zip(seen.picture.rows, seen.rules, strict=True):
        assert rule is None or line_width(line) == wide
    assert line_width(seen.picture.heading[1]) == wide
    assert line_width(seen.picture.heading[0]) <= max(width, 40)


def test_a_snapshot_that_is_older_than_the_screen_says_how_much() -> None:
    made = Board(calm(FOUR, NOW), FOUR)
    assert made.elapsed_ms(NOW + MINUTE) == 60_000
    assert made.elapsed_ms(NOW - MINUTE) == 0


def test_beside_a_thousand_bots_only_the_one_that_is_looked_at_is_worked_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ranked: list[str] = []
    rank = risk_board.rank

    def counted(reading: RiskReading | None) -> tuple[int, Decimal]:
        ranked.extend([reading.scope] if reading is not None else [])
        return rank(reading)

    monkeypatch.setattr(risk_board, "rank", counted)
    names = [f"bot-{number}" for number in range(1_000)]
    made = Board(calm(names, NOW), names)
    brief(made, "bot-7", NOW, 80, 9)
    assert set(ranked) <= {"bot-7", ENGINE, "account sim"}
