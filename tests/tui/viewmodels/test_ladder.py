from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.panels import LadderPanel, RowState
from nimbus_tui.tui.viewmodels.ladder import Ladder
from nimbus_tui.tui.viewmodels.ladder import ladder as shown
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_client import bot, ladder

D = Decimal
ETH = bot("eth-grid", "ETH/USDC", "2401.37")
PANEL = ladder("2400", "3.6", "2401.37")


def texts(made: Ladder) -> list[str]:
    return ["".join(cell.text for cell in line) for line in made.rows]


def row_with(made: Ladder, words: str) -> str:
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
    assert "+0.0004" in texts(shown(LadderPanel(rows=(row,)), ETH, 80))[-2]


def test_nothing_selected_and_nothing_known_yet_are_no_errors() -> None:
    assert "no bot" in shown(None, None, 80).heading[0][0].text
    assert texts(shown(None, ETH, 80)) == [" …"]
    assert shown(PANEL, msgspec.structs.replace(ETH, price=None), 80).focus is None
