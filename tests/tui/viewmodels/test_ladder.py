from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.control.snapshots import BotDetail, BotSnapshot
from nimbus_tui.core.ids import BotId, OrderKey
from nimbus_tui.core.panels import LadderPanel, RowState
from nimbus_tui.tui.viewmodels.frame import Picture, Room
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.panel import picture
from tests.tui.scripted_client import START, bot, ladder
from tests.tui.scripted_panels import plan_panel

D = Decimal
ETH = bot("eth-grid", "ETH/USDC", "2401.37")
PANEL = ladder("2400", "3.6", "2401.37")


def shown(
    panel: LadderPanel | None, bot: BotSnapshot | None, width: int, places: int = 0
) -> Picture:
    about = BotDetail(bot_id=BotId("eth-grid"), panel=panel, orders=(), fills=())
    detail = None if panel is None else about
    return picture(detail, bot, Room(width, places=places, now_ns=START))


def texts(made: Picture) -> list[str]:
    return ["".join(cell.text for cell in line) for line in made.rows]


def row_with(made: Picture, words: str) -> str:
    (row,) = [text for text in texts(made) if words in text]
    return row


def tones(line: Line) -> set[str]:
    return {cell.tone for cell in line if cell.text.strip()}


def test_every_level_is_there_with_its_figures() -> None:
    made = shown(PANEL, ETH, 100)
    assert len(made.rows) == 11 + 1 + 2
    row = row_with(made, "2,407.20")
    for words in ("+2", "+0.30", "▼ sell", "0.0833", "200.52", "● resting", "2×", "+0.83"):
        assert words in row
    assert "base" in row_with(made, "2,400.00")


@pytest.mark.parametrize(
    ("price", "above", "below"),
    [
        ("2401.37", "2,403.60", "2,400.00"),
        ("2400", "2,403.60", "2,400.00"),
        ("2399.99", "2,400.00", "2,396.40"),
    ],
)
def test_the_price_moves_between_the_levels(price: str, above: str, below: str) -> None:
    made = shown(PANEL, msgspec.structs.replace(ETH, price=D(price)), 80, 2)
    rows = texts(made)
    assert made.focus is not None
    assert "last price" in rows[made.focus]
    assert above in rows[made.focus - 1]
    assert below in rows[made.focus + 1]


def test_a_price_outside_stands_beyond_the_band() -> None:
    high = shown(PANEL, msgspec.structs.replace(ETH, price=D("2500")), 80)
    low = shown(PANEL, msgspec.structs.replace(ETH, price=D("2300")), 80)
    assert high.focus == 0
    assert low.focus == len(low.rows) - 1


def test_the_wake_band_says_how_far_it_is() -> None:
    rows = texts(shown(PANEL, ETH, 80))
    assert "wakes here  +0.69 % away" in rows[0]
    assert "wakes here  −0.81 % away" in rows[-1]
    assert "2,418.00" in rows[0]
    assert "2,382.00" in rows[-1]


@pytest.mark.parametrize("state", list(RowState))
def test_every_state_is_a_sign_and_a_word(state: RowState) -> None:
    row = msgspec.structs.replace(PANEL.rows[0], state=state, filled=PANEL.rows[0].quantity / 2)
    text = texts(shown(LadderPanel(rows=(row,), base=D(2400)), ETH, 80))[-2]
    word = {RowState.PARTIAL: "50 % filled", RowState.HELD: "held back"}.get(state, state.value)
    assert word in text


def test_buys_and_sells_differ_by_arrow_and_word_not_by_colour_alone() -> None:
    made = shown(PANEL, ETH, 80)
    assert "▲ buy" in row_with(made, "2,396.40")
    assert "▼ sell" in row_with(made, "2,403.60")


@given(st.integers(30, 160))
def test_rows_of_one_ladder_stand_in_columns(width: int) -> None:
    made = shown(PANEL, ETH, width)
    levels = [line for line in made.rows if "price-line" not in tones(line)][1:-1]
    assert len({line_width(line) for line in (*levels, made.heading[-1])}) == 1


def test_a_bot_that_waits_says_for_what() -> None:
    made = shown(LadderPanel(note="waits for 2300"), ETH, 80)
    assert made.rows == ()
    assert "waits for 2300" in made.heading[1][0].text


def test_the_reason_of_a_pause_stands_under_the_name() -> None:
    held = msgspec.structs.replace(ETH, reason="daily loss [/x]")
    assert shown(PANEL, held, 80).heading[1][0].text == " daily loss [/x]"


def test_small_profits_get_more_digits_so_that_they_are_seen() -> None:
    row = msgspec.structs.replace(PANEL.rows[0], profit=D("0.0004"))
    assert "+0.0004" in texts(shown(LadderPanel(rows=(row,), base=D(2400)), ETH, 80))[-2]


def test_nothing_selected_and_nothing_known_yet_are_no_errors() -> None:
    assert "no bot" in shown(None, None, 80).heading[0][0].text
    assert texts(shown(None, ETH, 80)) == [" …"]
    assert shown(PANEL, msgspec.structs.replace(ETH, price=None), 80).focus is None


# the plan of a strategy that brings no panel


def test_a_plan_names_its_orders_by_key_and_measures_from_the_price() -> None:
    made = shown(plan_panel(), bot("my-own", "ETH/USDC", "2401.37"), 75, 2)
    assert [line.rstrip() for line in texts(made)] == [
        "     ↑    2,450.00          wakes here  +2.03 % away ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        "    +2    2,436.00   +1.44  ▼ sell    0.05  ● resting     trend/exit/far",
        "    +1    2,412.00   +0.44  ▼ sell    0.05  ◐ 40 % filled trend/exit/near",
        "   ━━▶    2,401.37          last price ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "    −1    2,388.50   −0.54  ▲ buy     0.10  ● resting     trend/entry",
        "     ↓    2,350.00          wakes here  −2.14 % away ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        "    −2    2,304.00   −4.05  ▲ buy     0.10  ‖ held back   trend/stop",
    ]
    heads = ["".join(cell.text for cell in line).rstrip() for line in made.heading]
    assert heads[1:3] == [
        " at market: buy 0.01 ETH (trend/probe, pending)",
        " wakes in 14 min, 22 Nov 03:21 UTC",
    ]
    assert heads[3].split() == ["level", "price", "%", "price", "side", "size", "state", "key"]


def test_a_plan_of_several_symbols_names_each_orders_own() -> None:
    row = msgspec.structs.replace(plan_panel().rows[0], symbol="SOL/USDC")
    made = shown(LadderPanel(rows=(row,)), msgspec.structs.replace(ETH, price=None), 90)
    assert texts(made)[0].rstrip().endswith("SOL trend/exit/far")


def test_a_long_note_is_wrapped_and_cut() -> None:
    made = shown(LadderPanel(note="at market: " + "buy 1 ETH, " * 60), ETH, 80)
    assert len(made.heading) == 1 + 3


def test_which_rule_holds_orders_back_is_said_with_its_numbers() -> None:
    why = "total exposure 3.04 × of 3 ×"
    held = {OrderKey(f"grid/-{n}/c1"): why for n in range(1, 5)}
    held |= {OrderKey("grid/+1/c1"): "drawdown 16 % of 15 %", OrderKey("x"): "paused: it would add"}
    detail = BotDetail(bot_id=ETH.bot_id, panel=PANEL, orders=(), fills=(), held_back=held)
    made = picture(detail, ETH, Room(160, now_ns=START))
    said = "".join(cell.text for line in made.heading for cell in line)
    assert f"‖ held back grid/-1/c1, grid/-2/c1 and 2 more: {why}" in said
    assert "grid/+1/c1: drawdown 16 % of 15 %" in said
    assert "it would add" not in said
