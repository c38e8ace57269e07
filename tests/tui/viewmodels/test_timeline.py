from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import RowState, SlotState, TimelinePanel, TimelineRow
from nimbus_tui.tui.viewmodels.frame import Picture, Room
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.timeline import timeline
from tests.tui.scripted_client import START, ScriptedClient
from tests.tui.scripted_panels import DCA, HOUR, timeline_panel, with_all_kinds

D = Decimal
BOT = with_all_kinds(ScriptedClient()).bots[DCA]
PANEL = timeline_panel()


def shown(panel: TimelinePanel = PANEL, width: int = 75, height: int = 0) -> Picture:
    return timeline(panel, BOT, Room(width, height, places=1, now_ns=START))


def text(line: Line) -> str:
    return "".join(cell.text for cell in line).rstrip()


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [text(line) for line in lines]


def changed(**changes: object) -> TimelinePanel:
    return msgspec.structs.replace(PANEL, **changes)


def one(**changes: object) -> str:
    """The only row of a panel with the first buy, changed."""
    row = msgspec.structs.replace(PANEL.rows[1], **changes)
    return text(shown(changed(rows=(row,))).rows[0])


def test_the_three_buys_of_the_worked_example_on_a_narrow_screen() -> None:
    made = shown()
    assert texts(made.heading)[1:] == [
        " orders 3 of 30 █░░░░░░░░░ 10 %   invested 150.00 of 1,500.00 USDC",
        " next in 5 h 53 min   average cost 39,626.96   price 41,250.50 +4.10 %",
        " ✗ stop loss 33,682.91 (−18.35 %)   ✓ take profit 43,589.65 (+5.67 %)",
        " due          state         price     bought invested mean price  avg cost",
    ]
    assert texts(made.rows)[:7] == [
        " 16 Nov 09:00 ✗ missed  the engine was down",
        " 17 Nov 09:00 ✓ done    40,000.00 0.00125000    50.00  40,000.00 40,000.00",
        " 18 Nov 09:00 ✓ done    41,000.00 0.00121951   100.00  40,500.00 40,493.83",
        " 19 Nov 09:00 ↷ skipped 45,120 is above the ceiling of 45,000",
        " 20 Nov 09:00 ✓ done    38,000.00 0.00131578   150.00  39,666.67 39,626.96",
        " 22 Nov 09:00 ▶ next    in 5 h 53 min ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        " 23 Nov 09:00 · later",
    ]
    assert made.focus == 5


def test_a_wide_screen_adds_what_a_slot_spent_and_its_note() -> None:
    row = msgspec.structs.replace(PANEL.rows[1], note="dip × 1.5")
    made = shown(changed(rows=(row,)), 130)
    assert text(made.rows[0]).endswith(" 50.00  40,000.00 40,000.00  dip × 1.5")
    assert "spent" in text(made.heading[-1])


def test_columns_go_when_room_is_short_the_average_cost_last() -> None:
    names = [text(shown(width=width).heading[-1]).split()[2:] for width in (65, 55, 47, 35)]
    assert names == [
        ["price", "bought", "invested", "avg", "cost"],
        ["price", "bought", "avg", "cost"],
        ["price", "avg", "cost"],
        ["price"],
    ]


def test_a_low_panel_keeps_the_first_facts_only() -> None:
    assert len(shown(height=7).heading) == 3
    assert len(shown(height=20).heading) == 5


def test_the_bar_is_on_the_way_to_the_limit_that_is_nearer() -> None:
    made = shown(changed(orders=3, max_orders=30, invested=D(600), max_quote=D(1000)))
    assert texts(made.heading)[1:3] == [
        " orders 3 of 30   invested 600.00 of 1,000.00 USDC ██████░░░░ 60 %",
        " next in 5 h 53 min   average cost 39,626.96   price 41,250.50 +4.10 %",
    ]
    unlimited = shown(changed(max_orders=None, max_quote=None))
    assert text(unlimited.heading[1]).startswith(" orders 3   invested 150.00 USDC   next in")


@pytest.mark.parametrize(
    ("left_ns", "words"),
    [(-1, "next now"), (65 * 10**9, "next in 65 s"), (50 * HOUR, "next in 2 d 2 h")],
)
def test_the_countdown_is_in_steps(left_ns: int, words: str) -> None:
    assert words in texts(shown(changed(next_due=START + left_ns)).heading)[2]


def test_the_end_of_the_schedule_is_said() -> None:
    made = shown(changed(next_due=None, rows=PANEL.rows[:5]))
    assert "next no slot is left" in texts(made.heading)[2]
    assert made.focus == 4


def test_the_date_of_the_next_slot_is_told_where_no_row_tells_it() -> None:
    assert "in 5 h 53 min, 22 Nov 09:00 UTC" in texts(shown(changed(rows=())).heading)[2]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (RowState.EMPTY, "◌ due"), (RowState.RESTING, "● resting"), (RowState.PARTIAL, "◐ partial"),
        (RowState.HELD, "‖ held b…"),
    ],
)  # fmt: skip
def test_a_slot_that_is_due_tells_where_its_order_is(order: RowState, words: str) -> None:
    assert words in one(state=SlotState.OPEN, order=order)


def test_a_slot_that_is_due_and_has_bought_nothing_yet_has_its_note() -> None:
    row = one(state=SlotState.OPEN, quantity=D(0), price=None, note="offset 0.5 %")
    assert row == " 17 Nov 09:00 ◌ due     offset 0.5 %"


def test_sells_are_sold_and_a_price_under_their_mean_is_a_loss_to_nobody_but_shown() -> None:
    made = shown(changed(side=Side.SELL, max_quote=None))
    assert "received 150.00 USDC" in texts(made.heading)[1]
    assert "sold" in text(made.heading[-1])
    (tone,) = {cell.tone for line in made.heading for cell in line if cell.text == " +4.10 %"}
    assert tone == "loss"


def test_slots_of_another_year_say_which() -> None:
    assert one(due=START - 400 * 24 * HOUR).startswith(" 18 Oct 2024")


def test_small_prices_have_enough_digits_without_a_tick_to_go_by() -> None:
    row = msgspec.structs.replace(PANEL.rows[1], price=D("0.00001234"))
    made = timeline(changed(rows=(row,)), BOT, Room(80, now_ns=START))
    assert "0.00001234" in text(made.rows[0])


ROWS = st.builds(
    TimelineRow,
    due=st.integers(0, 4 * 10**18),
    state=st.sampled_from(SlotState),
    price=st.none() | st.decimals(0, 10**6, places=4),
    quantity=st.decimals(0, 10**6, places=8),
    invested=st.decimals(0, 10**9, places=5),
    mean_price=st.none() | st.decimals(0, 10**6),
    average_cost=st.none() | st.decimals(0, 10**6, places=6),
    order=st.sampled_from(RowState),
    note=st.text(max_size=50),
)


@given(st.lists(ROWS, max_size=6), st.integers(20, 220))
def test_no_schedule_and_no_width_is_a_trouble(rows: list[TimelineRow], width: int) -> None:
    made = shown(changed(rows=tuple(rows)), width)
    assert len(made.rows) == len(rows)
    if width >= 40:
        assert all(line_width(line) <= width for line in made.rows)
