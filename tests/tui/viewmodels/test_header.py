from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.control.snapshots import BotSnapshot, EngineSnapshot, Mode
from nimbus_tui.tui.viewmodels.header import alarms, header
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_client import ScriptedClient


def text(lines: list[Line]) -> str:
    return "\n".join("".join(cell.text for cell in line) for line in lines)


def tones(lines: list[Line]) -> dict[str, str]:
    return {cell.text.strip(): cell.tone for line in lines for cell in line}


@pytest.fixture
def engine() -> EngineSnapshot:
    return ScriptedClient().engine


@pytest.fixture
def bots() -> list[BotSnapshot]:
    return list(ScriptedClient().bots.values())


def with_venue(engine: EngineSnapshot, **changes: object) -> EngineSnapshot:
    venue = msgspec.structs.replace(engine.exchanges[0], **changes)
    return msgspec.structs.replace(engine, exchanges=(venue,))


def test_it_says_whose_money_how_much_and_how_fresh(
    engine: EngineSnapshot, bots: list[BotSnapshot]
) -> None:
    shown = text(header(engine, bots, "demo", 120))
    for words in ("PAPER", "equity 29,978.53 USDC", "exposure 1,898.15", "▲ warning"):
        assert words in shown
    assert "today −35.68" in shown
    assert "● sim fresh 3 ms" in shown
    assert "3 bots  ▲ 1 at risk  ‖ 1 paused  ○ 1 stopped  ● 1 running" in shown


def test_live_money_is_an_alarm_and_paper_is_not(
    engine: EngineSnapshot, bots: list[BotSnapshot]
) -> None:
    live = msgspec.structs.replace(engine, mode=Mode.LIVE)
    assert tones(header(live, bots, "x", 80))["LIVE"] == "alarm"
    assert tones(header(engine, bots, "x", 80))["PAPER"] == "badge"


@pytest.mark.parametrize("width", [24, 80, 200])
@pytest.mark.parametrize("mode", list(Mode))
def test_a_long_name_does_not_push_the_mode_out_of_sight(
    engine: EngineSnapshot, bots: list[BotSnapshot], mode: Mode, width: int
) -> None:
    first = header(msgspec.structs.replace(engine, mode=mode), bots, "x" * 64, width)[0]
    assert line_width(first) <= width
    assert mode.value.upper() in tones([first])


@pytest.mark.parametrize("width", range(1, 220, 7))
def test_no_line_is_wider_than_the_screen_once_the_name_fits(
    engine: EngineSnapshot, bots: list[BotSnapshot], width: int
) -> None:
    least = len(" nimbus demo   PAPER ")
    for line in header(engine, bots, "demo", width):
        assert line_width(line) <= max(width, least)


def test_mode_and_the_worst_venue_stay_when_room_is_short(
    engine: EngineSnapshot, bots: list[BotSnapshot]
) -> None:
    bad = msgspec.structs.replace(engine.exchanges[0], name="bad", link="disconnected")
    both = msgspec.structs.replace(engine, exchanges=(engine.exchanges[0], bad))
    shown = text(header(both, bots, "demo", 24))
    assert "PAPER" in shown
    assert "✗ bad disconnected" in shown


@pytest.mark.parametrize(
    ("changes", "words", "tone"),
    [
        ({"data_age_ms": 12_000.0}, ">5 s old", "warning"),
        ({"data_age_ms": 190_000.0}, "3 min old", "loss"),
        ({"link": "connecting"}, "◌ sim connecting", "loss"),
        ({"reconnects": 4}, "4 reconnects", "warning"),
    ],
)
def test_a_lamp_tells_what_is_wrong_in_words_and_tone(
    engine: EngineSnapshot,
    bots: list[BotSnapshot],
    changes: dict[str, object],
    words: str,
    tone: str,
) -> None:
    assert tones(header(with_venue(engine, **changes), bots, "x", 120))[words] == tone


def test_other_quotes_are_not_added_to_the_total(
    engine: EngineSnapshot, bots: list[BotSnapshot]
) -> None:
    other = msgspec.structs.replace(bots[0], quote="BTC", pnl_today=Decimal(7))
    assert "today −48.13" in text(header(engine, [other, *bots[1:]], "x", 120))


def test_without_an_engine_it_waits() -> None:
    assert "waiting for the engine" in text(header(None, [], "x", 80))


@pytest.mark.parametrize(
    ("problem", "silent_ms", "words"),
    [
        ("gone away", 0.0, "▲ ENGINE UNREACHABLE: gone away"),
        ("", 6_000.0, "▲ NO ANSWER FROM THE ENGINE: the figures below are >5 s old"),
        ("", 120_000.0, "2 min old"),
    ],
)
def test_an_engine_that_does_not_answer_is_said_first(
    engine: EngineSnapshot, problem: str, silent_ms: float, words: str
) -> None:
    (line,) = alarms(engine, problem, silent_ms)
    assert words in text([line])
    assert {cell.tone for cell in line} == {"alarm"}


def test_all_is_quiet_while_it_answers(engine: EngineSnapshot) -> None:
    assert alarms(engine, "", 4_999.0) == []


def test_an_emergency_and_a_failed_engine_raise_the_alarm(engine: EngineSnapshot) -> None:
    bad = msgspec.structs.replace(engine, emergency="3 of 9 cancelled", state="failed")
    shown = text(alarms(bad, "", 0))
    assert "EMERGENCY: 3 of 9 cancelled" in shown
    assert "THE ENGINE HAS FAILED" in shown


@pytest.mark.parametrize(
    ("audit", "lamp", "tone"),
    [
        ("ok", "✓ audit ok", "muted"),
        ("checking", "◌ audit checking", "muted"),
        ("grid: it holds 2 and its fills say 1", "▲ audit FAILED", "loss"),
    ],
)
def test_the_audit_has_a_lamp_with_a_word(
    engine: EngineSnapshot, bots: list[BotSnapshot], audit: str, lamp: str, tone: str
) -> None:
    audited = msgspec.structs.replace(engine, audit=audit)
    assert tones(header(audited, bots, "demo", 120))[lamp] == tone


def test_a_breach_stays_when_room_is_short_and_is_said_in_words(
    engine: EngineSnapshot, bots: list[BotSnapshot]
) -> None:
    broken = msgspec.structs.replace(engine, audit="grid: it holds 2 and its fills say 1")
    assert "audit ok" not in text(header(engine, bots, "demo", 80))
    assert "▲ audit FAILED" in text(header(broken, bots[:1], "demo", 80))
    assert "▲ AUDIT: grid: it holds 2" in text(alarms(broken, "", 0))
    assert alarms(engine, "", 0) == []
