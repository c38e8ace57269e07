from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.order import Side
from nimbus_tui.core.panels import RowState, StepsPanel, StepState
from nimbus_tui.tui.viewmodels.frame import Picture, Room
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.steps import steps
from tests.tui.scripted_client import START, ScriptedClient
from tests.tui.scripted_panels import MARTINGALE, SECOND, steps_panel, with_all_kinds

D = Decimal
BOT = with_all_kinds(ScriptedClient()).bots[MARTINGALE]
PANEL = steps_panel()


def shown(panel: StepsPanel = PANEL, width: int = 75, price: Decimal | None = BOT.price) -> Picture:
    bot = msgspec.structs.replace(BOT, price=price)
    return steps(panel, bot, Room(width, places=3, now_ns=START))


def text(line: Line) -> str:
    return "".join(cell.text for cell in line).rstrip()


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [text(line) for line in lines]


def test_a_long_that_has_bought_once_more_on_a_narrow_screen() -> None:
    made = shown()
    assert texts(made.heading)[1:] == [
        " ▲ long   cycle 7   safety steps filled 1 of 4",
        " in play 297.93 of 3,095.55 USDC █░░░░░░░░░ 10 %",
        "  step      price % entry      size  in total  avg cost  state",
    ]
    assert texts(made.rows) == [
        "     ✓    152.029          take profit (+2.51 % away) 1.98  ● resting ┄┄┄┄",
        "  base    152.000    0.00     98.80     98.80   152.030  ✓ filled",
        "          150.523          average cost (+1.49 % away) ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        "     1    149.720   −1.50    199.13    297.93   150.523  ✓ filled",
        "   ━━▶    148.311   −2.43  last price ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "   ▶ 2    146.984   −3.30    399.80    697.73   148.514  ● resting",
        "     3    143.700   −5.46    798.97  1,496.70   145.907  · later",
        "     4    139.760   −8.05  1,598.85  3,095.55   142.662  · later",
        "     ✗    127.945          stop loss (−13.73 % away) ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
    ]
    assert made.focus == 4


def test_wide_screens_add_the_take_profits_and_then_the_quantities() -> None:
    assert "take profit" in text(shown(width=90).heading[-1])
    row = text(shown(width=110).rows[1])
    assert row.split() == [
        "base", "152.000", "0.00", "0.65", "98.80", "98.80", "152.030", "153.551", "✓", "filled",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("price", "above", "below"),
    [("160", None, "take profit"), ("147", " 149.720", " 146.984"), ("100", "stop loss", None)],
)
def test_the_price_moves_between_the_steps_and_beyond(
    price: str, above: str | None, below: str | None
) -> None:
    made = shown(price=D(price))
    rows = texts(made.rows)
    assert made.focus is not None
    assert above in rows[made.focus - 1] if above else made.focus == 0
    assert below in rows[made.focus + 1] if below else made.focus == len(rows) - 1


def test_a_short_stands_upside_down_with_its_deviations_above_the_entry() -> None:
    rows = tuple(
        msgspec.structs.replace(row, price=D(304) - row.price, average_cost=None)
        for row in PANEL.rows
    )
    short = msgspec.structs.replace(
        PANEL, rows=rows, side=Side.SELL, target_price=D(150), stop_price=D(176),
        average_cost=None,
    )  # fmt: skip
    made = shown(short, price=D(155))
    assert "▼ short" in text(made.heading[1])
    names = [row.split()[0] for row in texts(made.rows)]
    assert names == ["✗", "4", "3", "▶", "━━▶", "1", "base", "✓"]
    assert "+3.30" in texts(made.rows)[3]


@pytest.mark.parametrize("order", [o for o in RowState if o is not RowState.EMPTY])
def test_a_step_with_an_order_tells_where_that_is(order: RowState) -> None:
    row = msgspec.structs.replace(PANEL.rows[2], order=order, filled=D("0.68"))
    made = shown(StepsPanel(rows=(row,)), price=None)
    word = {RowState.PARTIAL: "◐ 25 % filled", RowState.HELD: "held back"}.get(order, order.value)
    assert text(made.rows[0]).endswith(word)


def test_the_step_in_play_without_an_order_is_named() -> None:
    row = msgspec.structs.replace(PANEL.rows[2], order=RowState.EMPTY)
    assert text(shown(StepsPanel(rows=(row,)), price=None).rows[0]).endswith("▶ in play")


def test_before_the_entry_nothing_is_in_play() -> None:
    rows = tuple(msgspec.structs.replace(row, state=StepState.WAITING) for row in PANEL.rows)
    fresh = StepsPanel(rows=rows, capital=D("3095.55"), cycle=1)
    assert texts(shown(fresh).heading)[1:3] == [
        " ▲ long   cycle 1   safety steps filled none of 4",
        " in play 0.00 of 3,095.55 USDC ░░░░░░░░░░ 0 %",
    ]


def test_a_cooldown_counts_down() -> None:
    resting = StepsPanel(cycle=7, next_cycle=START + 90 * SECOND, note="cools down")
    made = shown(resting)
    assert "next cycle in 90 s" in texts(made.heading)[2]
    assert texts(made.heading)[1] == " cools down"
    assert made.rows == ()


@given(st.integers(20, 220))
def test_the_steps_stand_in_columns_at_every_width(width: int) -> None:
    made = shown(width=width)
    plain = [line for line in made.rows if any("filled" in cell.text for cell in line)]
    assert len({line_width(line) for line in (*plain, made.heading[-1])}) == 1
    if width >= 75:
        assert all(line_width(line) <= width for line in made.rows)
