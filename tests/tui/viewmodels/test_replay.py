"""What the replay screen says: that it is the past, where on the bar, what was and what came."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.control.past import Jump, Marks, Moments, PastMoment
from nimbus_tui.core import events as ev
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.replay_bar import (
    Zoom,
    banner,
    bar_width,
    moment_of,
    scrub_bar,
    time_at,
    window,
)
from nimbus_tui.tui.viewmodels.replay_lines import events_around, risk_then
from tests.tui.scripted_client import MIDNIGHT, SECOND, START, bot

GRID = BotId("eth-grid")
HOUR = 3_600 * SECOND


def then(**changes: object) -> PastMoment:
    """After the second of three events."""
    figures: dict[str, object] = {
        "seq": 2, "ts": START, "risk": "normal", "bots": (bot("eth-grid", "ETH/USDC", "2400"),),
        "detail": None,
        "events": tuple(
            ev.Paused(seq=seq, ts=START + (seq - 2) * SECOND, bot_id=GRID, reason=f"reason {seq}")
            for seq in (1, 2, 3)
        ),
    }  # fmt: skip
    return PastMoment(**(figures | changes))  # type: ignore[arg-type]


def moments(last: int = 3) -> Moments:
    found = dict.fromkeys(Moments.__struct_fields__)
    return Moments(**(found | {"first": Jump(1, START - SECOND), "last": Jump(last, START)}))  # type: ignore[arg-type]


def words(lines: list[Line]) -> list[str]:
    return ["".join(cell.text for cell in line).rstrip() for line in lines]


def test_the_banner_says_past_when_and_how_long_ago() -> None:
    top, below = banner(then(), START + 2 * HOUR, 100)
    assert {cell.tone for cell in top} == {"alarm"}
    assert line_width(top) == 100
    told, event = words([top, below])
    assert told.startswith(" ◀◀ THE PAST  Sat 22 Nov 2025 03:07:00 UTC  2 h 00 min ago")
    assert told.endswith("Esc back to now")
    assert event == " event 2 eth-grid ‖ paused: reason 2"


def test_between_two_events_the_older_one_tells_its_own_time() -> None:
    told = words(banner(then(ts=START + 5 * SECOND), START + 6 * SECOND, 80))
    assert "1 s ago" in told[0]
    assert told[1].endswith("03:07:00")


def test_what_can_not_be_read_is_told_in_the_banner() -> None:
    assert "is being read" in words(banner(None, START, 80))[0]
    assert "can't be read: gone" in words(banner(None, START, 80, "gone"))[0]
    assert "▲ gone; this is the last" in words(banner(then(), START, 80, "gone"))[1]
    assert words(banner(then(seq=0), START, 80))[1] == " before the first event"


def test_the_bar_has_marks_and_the_cursor_where_they_belong() -> None:
    found = Marks(
        since_ns=START - 10 * SECOND, until_ns=START + 10 * SECOND, parts=20,
        fills=(1, 2), risks=(2, 3), errors=(3,),
    )  # fmt: skip
    place, marks, ends = words(scrub_bar(then(), moments(), found, Zoom.ALL, 24))
    assert marks == "  ─•▲✗──────┃─────────"
    assert place.index("▼") == marks.index("┃")
    assert "2 of 3" in place
    assert ends == "  03:06:50 … 03:07:10"


def test_a_bar_of_another_width_waits_for_its_marks() -> None:
    found = Marks(since_ns=0, until_ns=1, parts=20)
    assert words(scrub_bar(then(), moments(), found, Zoom.ALL, 30))[1].strip() == "─" * 26
    assert words(scrub_bar(None, None, None, Zoom.ALL, 30))[1].strip() == "─" * 26


@pytest.mark.parametrize("width", [5, 20, 80, 200])
def test_the_bar_fits_every_width(width: int) -> None:
    parts = bar_width(width)
    for at in (START - HOUR, START, START + HOUR):
        found = Marks(since_ns=START - HOUR, until_ns=START + HOUR, parts=parts)
        lines = scrub_bar(then(ts=at), moments(1_234_567), found, Zoom.ALL, width)
        assert line_width(lines[1]) <= width - 2 or width < 6


def test_a_click_means_the_middle_of_its_column() -> None:
    found = Marks(since_ns=1_000, until_ns=2_000, parts=10)
    assert [time_at(found, column) for column in (1, 2, 11, 12)] == [None, 1_050, 1_950, None]


def test_the_bar_may_show_an_hour_a_day_or_everything() -> None:
    first, now = START - 50 * HOUR, START + HOUR
    assert window(Zoom.ALL, START, first, now) == (first, now)
    assert window(Zoom.DAY, START, first, now) == (MIDNIGHT, MIDNIGHT + 24 * HOUR)
    assert window(Zoom.HOUR, START, first, now) == (MIDNIGHT + 3 * HOUR, MIDNIGHT + 4 * HOUR)
    assert window(Zoom.ALL, START, START, START) == (START, START + SECOND)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2025-11-22 03:07", START),
        ("2025-11-22T03:07:00Z", START),
        ("2025-11-22T04:07:00+01:00", START),
        ("03:07", START),
        ("3:07", START),
        ("3:07:01", START + SECOND),
        (":", None),
        ("03:07:01 UTC", START + SECOND),
        ("2025-11-22", MIDNIGHT),
        ("", None),
        ("yesterday", None),
        ("25:00", None),
        ("9999-99-99", None),
    ],
)
def test_a_moment_may_be_written_with_or_without_its_day(written: str, found: int | None) -> None:
    assert moment_of(written, START) == found


def test_events_stand_in_order_and_what_was_to_come_is_muted() -> None:
    made = events_around(then())
    assert (made.at, made.seqs) == (1, [1, 2, 3])
    assert [line[-1].tone for line in made.rows] == ["warning", "warning", "muted"]
    assert words(made.rows)[1] == " 03:07:00 eth-grid ‖ paused: reason 2"
    assert events_around(then(seq=0)).at is None


def test_the_risk_of_then_has_each_bot_and_how_it_came_about() -> None:
    escalated = ev.RiskEscalated(
        seq=1, ts=START - SECOND, bot_id=GRID, rule="drawdown", step="throttle", scope="eth-grid",
        measured=Decimal(9), limit=Decimal(10), action="halves new orders",
    )  # fmt: skip
    held = msgspec.structs.replace(bot("eth-grid", "ETH/USDC", "2400"), risk="throttle")
    lines = words(risk_then(then(bots=(held,), risk_events=(escalated,)), 90))
    assert lines[0].split() == ["eth-grid", "▲", "throttle"]
    assert lines[1] == ""
    assert "throttle by drawdown" in lines[2]
