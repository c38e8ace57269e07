from decimal import Decimal
from itertools import takewhile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.core.panels import DriftPanel, RowState
from nimbus_tui.tui.viewmodels.drift import drift
from nimbus_tui.tui.viewmodels.frame import Picture, Room
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_client import START, ScriptedClient
from tests.tui.scripted_panels import (
    BASKET,
    HOUR,
    drift_panel,
    rebalancing_panel,
    with_all_kinds,
)

D = Decimal
BOT = with_all_kinds(ScriptedClient()).bots[BASKET]
PANEL = drift_panel()


def shown(panel: DriftPanel = PANEL, width: int = 75, height: int = 0) -> Picture:
    return drift(panel, BOT, Room(width, height, now_ns=START))


def text(line: Line) -> str:
    return "".join(cell.text for cell in line).rstrip()


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [text(line) for line in lines]


def one(width: int = 75, **changes: object) -> Line:
    """Bitcoin's row, changed, as the only one."""
    row = msgspec.structs.replace(PANEL.rows[0], **changes)
    return shown(msgspec.structs.replace(PANEL, rows=(row,)), width).rows[0]


def test_the_worked_example_on_a_narrow_screen() -> None:
    made = shown()
    assert texts(made.heading)[1:] == [
        " value 10,000.00 USDC   ! beyond its mark: BTC",
        " last rebalance 21 Nov 22:07, 5 h 00 min ago",
        " next when an asset drifts beyond its mark",
        " asset  target  now % drift   −6.2   0   +6.2 action amount  order",
    ]
    assert texts(made.rows) == [
        " BTC     40.00  45.00 +5.00 !  ┊     │█████┊  ▼ sell 500.00  · if now",
        " ETH     30.00  28.00 −2.00    ┊   ██│     ┊  ▲ buy  200.00  · if now",
        " SOL     20.00  18.00 −2.00    ┊   ██│     ┊  ▲ buy  200.00  · if now",
        " MATIC   10.00   9.00 −1.00    ┊    █│     ┊  ▲ buy  100.00  · if now",
    ]


def test_a_rebalance_under_way_tells_where_every_order_is() -> None:
    made = shown(rebalancing_panel())
    assert "◌ rebalancing, round 4" in text(made.heading[1])
    assert " next in 1 h 00 min, 22 Nov 04:07 UTC" in texts(made.heading)
    assert [row.split("  ")[-1] for row in texts(made.rows)] == [
        "◐ partial", "◇ waiting", "◇ waiting", "◇ waiting",
    ]  # fmt: skip


def test_wide_screens_add_the_value_and_then_the_quantity() -> None:
    assert text(shown(width=90).heading[-1]).split()[-4:] == ["USDC", "action", "amount", "order"]
    wide = shown(width=130)
    assert text(wide.heading[-1]).split()[-5:-3] == ["USDC", "held"]
    assert "4,500.00     0.0701 ▼ sell" in text(wide.rows[0])


def bar_of(line: Line) -> str:
    """What stands between the blank after the drift and the columns that aren't there."""
    return "".join(cell.text for cell in takewhile(lambda cell: cell.text, line[5:]))


@pytest.mark.parametrize(
    ("points", "threshold", "bar"),
    [
        ("0", "4", "  ┊     │     ┊  "),
        ("2", "4", " ┊     │███  ┊ "),
        ("-2", "4", " ┊  ███│     ┊ "),
        ("1.8", "4", " ┊     │██▌  ┊ "),
        ("8", "4", "    ┊  │██┊██▌ "),
        ("-8", "4", " ▐██┊██│  ┊    "),
        ("3", None, "       │█████▌ "),
    ],
)
def test_the_bar_grows_from_zero_and_marks_the_threshold_on_both_sides(
    points: str, threshold: str | None, bar: str
) -> None:
    mark = D(threshold) if threshold else None
    line = one(drift=D(points), current=D(40) + D(points), threshold=mark)
    assert bar_of(line).removesuffix(" ") == bar.removesuffix(" ")


def test_an_asset_beyond_its_mark_has_a_sign_besides_its_colour() -> None:
    over, inside = one(), one(drift=D("4.99"))
    assert "+5.00 !" in text(over)
    assert "!" not in text(inside)
    assert {cell.tone for cell in over if "█" in cell.text} == {"warning"}
    assert {cell.tone for cell in inside if "█" in cell.text} == {"price"}


def test_an_asset_without_a_price_has_dashes() -> None:
    row = text(one(current=None, drift=None, value=None, side=None))
    assert row.split()[:5] == ["BTC", "40.00", "–", "–", "–"]


def test_an_asset_that_needs_nothing_says_so_or_why() -> None:
    assert text(one(side=None, amount=D(0))).endswith("· none")
    assert text(one(side=None, amount=D(0), note="dust 0.3")).endswith("dust 0.3")


def test_an_action_that_is_under_way_has_its_colour_and_one_that_is_not_has_none() -> None:
    tones = [
        next(cell.tone for cell in one(state=state) if "▼ sell" in cell.text)
        for state in (RowState.EMPTY, RowState.RESTING)
    ]
    assert tones == ["muted", "sell"]


def test_a_portfolio_that_was_never_rebalanced_says_so() -> None:
    fresh = msgspec.structs.replace(PANEL, last_rebalance=None, next_rebalance=START - HOUR)
    assert texts(shown(fresh).heading)[1].endswith("last rebalance none yet")
    assert texts(shown(fresh).heading)[2] == " next now, 22 Nov 02:07 UTC"


def test_nothing_known_yet_is_no_trouble() -> None:
    made = shown(DriftPanel(note="waits for prices"))
    assert made.rows == ()
    assert "waits for prices" in texts(made.heading)[1]


@given(
    st.lists(st.decimals(-100, 100, places=2), min_size=1, max_size=6),
    st.decimals(0, 50, places=2),
    st.integers(20, 220),
)
def test_rows_stand_in_columns_whatever_the_drifts(
    drifts: list[Decimal], threshold: Decimal, width: int
) -> None:
    rows = tuple(
        msgspec.structs.replace(PANEL.rows[at % 4], drift=points, threshold=threshold)
        for at, points in enumerate(drifts)
    )
    made = shown(msgspec.structs.replace(PANEL, rows=rows), width)
    assert len({line_width(line) for line in (*made.rows, made.heading[-1])}) == 1
    assert len({text(line).index("│") for line in made.rows}) == 1
    assert line_width(made.rows[0]) <= max(width, 75)
