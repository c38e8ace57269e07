from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.risk import RiskInput, RiskStep
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.risk_board import Board
from nimbus_tui.tui.viewmodels.risk_brief import brief
from nimbus_tui.tui.viewmodels.risk_detail import detail
from nimbus_tui.tui.viewmodels.risk_history import history
from nimbus_tui.tui.viewmodels.risk_ladder import banner, coming_down, ladder_line, standings
from nimbus_tui.tui.viewmodels.risk_rules import Unit, figure, measured_of_limit, rule_of
from nimbus_tui.tui.viewmodels.risk_table import Focus
from tests.tui.scripted_risk import (
    ENGINE,
    MINUTE,
    blind,
    calm,
    latched,
    read,
    refusing,
    standing,
    story,
    throttled,
    unfit,
    with_bot,
)

NOW = 1_763_769_600_000_000_000 + 3 * 60 * MINUTE
BOTS = ("eth", "btc", "sol")
STOP_LOSS, DRAWDOWN, EXPOSURE = 0, 5, 8
LADDER = ["normal", "warning", "throttle", "pause", "stop", "emergency"]


def text(lines: list[Line] | tuple[Line, ...]) -> str:
    return "\n".join("".join(cell.text for cell in line) for line in lines)


def told(snapshot: object, scope: str, row: int, width: int = 80, later_ns: int = 0) -> str:
    made = detail(Board(snapshot, BOTS), Focus(scope, row), NOW + later_ns, width)  # type: ignore[arg-type]
    return text((*made.heading, *made.rows))


# numbers


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("12.346", Unit.PERCENT, "12.35 %"), ("-1", Unit.PERCENT, "−1.00 %"),
        ("992.479", Unit.MONEY, "992.48"), ("12345.6", Unit.MONEY, "12,346"),
        ("95.4", Unit.SECONDS, "95 s"), ("600", Unit.SECONDS, "10 min"),
        ("7200", Unit.SECONDS, "2 h"), ("180000", Unit.SECONDS, "2 d 2 h"),
        ("120", Unit.PER_MINUTE, "120/min"), ("2.10", Unit.TIMES, "2.1 ×"),
        ("4", Unit.COUNT, "4"), ("NaN", Unit.PERCENT, "–"), ("Infinity", Unit.TIMES, "–"),
    ],
)  # fmt: skip
def test_a_figure_has_its_unit(value: str, unit: Unit, shown: str) -> None:
    assert figure(Decimal(value), unit) == shown


def test_both_numbers_or_what_is_known_of_them() -> None:
    one, two = Decimal(1), Decimal(2)
    assert measured_of_limit(one, two, Unit.COUNT) == "1 of 2"
    assert measured_of_limit(None, two, Unit.COUNT) == "– of 2"
    assert measured_of_limit(one, None, Unit.COUNT) == "1"
    assert measured_of_limit(None, None, Unit.COUNT) == ""


def test_a_rule_is_known_by_its_short_name_too() -> None:
    assert rule_of("exposure") is rule_of("total_exposure")
    assert rule_of("stop loss") is rule_of("stop_loss")


# the cell in focus


def test_the_detail_says_numbers_window_source_age_and_action() -> None:
    shown = told(throttled(calm(BOTS, NOW), "btc"), "btc", DRAWDOWN)
    for words in (
        "drawdown of btc ◆ throttle", "measured 13.06 % of 15.00 %", "usage 87 %",
        "window from the peak of 22 Nov 09:14 UTC", "from fills and marks of sim", "age fresh",
        "now adding orders at half their size and slower", "peak 10,312.40 USDC",
        "btc ◆ throttle since 02:56:00", "by drawdown 13.06 % of 15.00 %", "down in 8 min or later",
    ):  # fmt: skip
        assert words in shown


def test_what_is_missing_is_said_and_that_nothing_is_sold_for_it() -> None:
    snapshot = blind(calm(BOTS, NOW), "sol")
    shown = told(snapshot, "sol", STOP_LOSS)
    assert "? its input is MISSING: counts as a pause, nothing is sold for it" in shown
    assert "no mark of SOL/USDC:USDC since 03:05:12" in shown
    assert "usage" not in shown
    assert "‖ paused by you too" in shown
    assert "its input is MIXED, from different windows or venues" in told(snapshot, "sol", DRAWDOWN)


def test_a_refusing_rule_says_what_it_refuses() -> None:
    shown = told(refusing(calm(BOTS, NOW)), ENGINE, EXPOSURE)
    assert "⊘ refuses orders that add to all symbols" in shown
    assert "measured 3.04 × of 3 ×" in shown
    full = read(ENGINE, 3, "total_exposure", "3.04", "3", refuses="everything")
    snapshot = with_bot(calm(BOTS, NOW), standing(ENGINE), full)
    assert "⊘ refuses all orders that add" in told(snapshot, ENGINE, EXPOSURE)


def test_off_and_unmeasured_rules_say_so() -> None:
    assert "off: no limit is set" in told(calm(BOTS, NOW), "eth", 1)
    assert "this rule is not measured here" in told(calm(BOTS, NOW), "eth", EXPOSURE)


def test_the_age_goes_on_while_no_newer_reading_comes() -> None:
    assert "age fresh" in told(calm(BOTS, NOW), "eth", STOP_LOSS)
    assert "age >30 s old" in told(calm(BOTS, NOW), "eth", STOP_LOSS, later_ns=40 * 10**9)


def test_of_several_readings_the_detail_shows_the_worst_and_says_so() -> None:
    snapshot = calm(BOTS, NOW)
    more = read("eth", 1, "stop_loss", "9.1", "10", detail="ETH/USDC")
    snapshot = msgspec.structs.replace(snapshot, readings=(*snapshot.readings, more))
    shown = told(snapshot, "eth", STOP_LOSS)
    assert "measured 9.10 %" in shown
    assert "the worst of 2 readings is shown" in shown


# the ladder


@pytest.mark.parametrize("step", RiskStep)
def test_the_whole_ladder_is_on_one_line_with_the_step_marked(step: RiskStep) -> None:
    shown = text([ladder_line("btc", step, 80)])
    assert [word for word in LADDER if word in shown.lower()] == LADDER
    assert [word for word in LADDER if word.upper() in shown] == [step.label]


def test_where_the_ladder_has_no_room_its_step_stays() -> None:
    assert text([ladder_line("btc", RiskStep.PAUSE, 40)]) == " btc  ‖ pause"


@pytest.mark.parametrize(
    ("step", "until", "words"),
    [
        (RiskStep.NORMAL, None, ""),
        (RiskStep.WARNING, NOW + 8 * MINUTE, "in 8 min or later"),
        (RiskStep.THROTTLE, NOW + 42 * 10**9, "in 45 s or later"),
        (RiskStep.PAUSE, NOW - 1, "once its usage falls"),
        (RiskStep.PAUSE, None, "only you lift it (r)"),
        (RiskStep.STOP, None, "only you start it (S)"),
        (RiskStep.EMERGENCY, None, "only you lift it (R)"),
    ],
)
def test_when_a_scope_comes_down(step: RiskStep, until: int | None, words: str) -> None:
    assert coming_down(standing("eth", step, until=until), NOW) == words


def test_every_scope_stands_in_the_list_with_since_rule_and_reason() -> None:
    snapshot = blind(throttled(refusing(calm(BOTS, NOW)), "btc"), "sol")
    made = standings(Board(snapshot, BOTS), NOW, 100)
    shown = text((made.names, *made.rows))
    assert "‖ pause     02:59:00 not calm yet" in shown
    assert "no mark of SOL/USDC:USDC since 03:05:12" in shown
    assert "‖ paused by you too" in shown
    assert "◆ throttle  02:56:00 in 8 min or later    drawdown 13.06 % of 15.00 %" in shown
    assert "eth         ● normal" in shown
    assert len(made.scopes) == len(made.rows)
    assert [made.scopes[at] for at, line in enumerate(made.rows) if "sol" in line[0].text] == [
        "sol"
    ]


def test_a_step_of_another_day_has_its_day() -> None:
    old = standing("eth", RiskStep.STOP, rule="daily_loss", since=NOW - 30 * 60 * MINUTE)
    shown = text(standings(Board(with_bot(calm(BOTS, NOW), old), BOTS), NOW, 100).rows)
    assert "■ stop      20 Nov 21:00 only you start it (S)" in shown


# the latch


def test_outside_an_emergency_there_is_no_banner() -> None:
    assert banner(calm(BOTS, NOW), 80) == []


def test_the_banner_says_what_is_left_and_that_it_keeps_trying() -> None:
    shown = text(banner(latched(calm(BOTS, NOW), *(f"order nb{n}" for n in range(5))), 80))
    assert "✗ EMERGENCY, latched: 5 still there" in shown
    assert "● order nb2" in shown
    assert "order nb3" not in shown
    assert "● and 2 more" in shown
    assert "not verified yet, it keeps trying; R rearms once nothing is left" in shown


def test_the_banner_says_how_to_rearm_once_it_is_verified() -> None:
    shown = text(banner(latched(calm(BOTS, NOW)), 80))
    assert "✓ verified with the venues: nothing of ours is left; R rearms by a typed word" in shown


# the history


def test_the_history_has_every_kind_with_time_and_reason_newest_first() -> None:
    shown = text(history(story("btc", NOW), NOW, 200))
    assert [line[1:9] for line in shown.splitlines()] == [
        "02:55:00", "02:50:00", "02:45:00", "02:40:00", "02:35:00", "02:30:00", "02:25:00",
    ]  # fmt: skip
    for words in (
        "engine ▲ warning by total exposure: 2.14 × of 3 ×; told, from positions and marks",
        "btc    ▼ back to warning, drawdown: 8.90 % of 15.00 %",
        "◆ throttle by drawdown: 13.06 % of 15.00 % from the peak; adding orders at half",
        "‖ circuit breaker after 4 losses in a row; paused for 30 min",
        "● take profit of ETH/USDC at 2651.2: 12.10 % of 12.00 %; position closed",
        "■ STOP LOSS of ETH/USDC at 2151.17: 10.04 % of 10.00 %; position closed",
        "▲ position size 3,712 of 5,000 in ETH/USDC",
    ):
        assert words in shown


def test_long_words_of_the_history_go_on_in_the_next_line() -> None:
    wide, narrow = (history(story("btc", NOW), NOW, width) for width in (200, 60))
    assert len(narrow) > len(wide)
    assert "".join(text(narrow).split()) == "".join(text(wide).split())
    assert text(history([], NOW, 60)) == " nothing has happened yet"


# the dashboard's panel


def test_the_brief_has_step_reason_and_the_nearest_rules_first() -> None:
    made = brief(Board(throttled(calm(BOTS, NOW), "btc"), BOTS), "btc", NOW, 80, 6)
    assert text(made.heading).startswith(" risk ◆ throttle, in 8 min or later")
    lines = text(made.rows).splitlines()
    assert lines[0] == " drawdown 13.06 % of 15 %: adding orders at half their size"
    assert lines[1].startswith(" drawdown         ◆█████████░  87%  13.06 % of 15.00 %")
    assert lines[2].startswith(" position size")
    assert len(lines) == 5


def test_what_the_engine_holds_back_stands_in_every_bots_brief() -> None:
    made = brief(Board(refusing(calm(BOTS, NOW)), BOTS), "eth", NOW, 80, 6)
    assert text(made.rows[:1]).rstrip().endswith("⊘██████████ 101%  3.04 × of 3 ×, engine")


def test_what_is_missing_stands_in_the_place_of_its_numbers() -> None:
    made = brief(Board(blind(calm(BOTS, NOW), "sol"), BOTS), "sol", NOW, 80, 6)
    assert "? missing         no mark of SOL/USDC:USDC since 03:05:12" in text(made.rows)


def test_before_the_first_answer_the_brief_waits() -> None:
    assert text(brief(None, "eth", NOW, 40, 5).rows) == " …"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)


@given(width=st.integers(24, 220), height=st.integers(0, 20), words=WORDS, name=WORDS)
def test_words_from_outside_take_no_more_columns_than_there_are(
    width: int, height: int, words: str, name: str
) -> None:
    bot = name or "bot"
    snapshot = with_bot(
        calm((bot,), NOW),
        standing(bot, RiskStep.PAUSE, rule="drawdown", since=NOW, reason=words),
        unfit(bot, 2, "drawdown", RiskInput.MISSING, words),
    )
    made = Board(latched(snapshot, words, words), (bot,))
    panel = brief(made, bot, NOW, width, height)
    assert len(panel.rows) <= max(height - 1, 2)
    readings = [line for line in panel.rows if len(line) > 1]
    reasons = [line for line in standings(made, NOW, width).rows if line[0].text.startswith("   ")]
    assert all(line_width(line) <= max(width, 36) for line in (*readings, *reasons))
