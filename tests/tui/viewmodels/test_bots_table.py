from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.control.snapshots import BotState, Mode
from nimbus_tui.tui.viewmodels.bots_table import Shown, bot_row, widths
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from nimbus_tui.tui.viewmodels.table import names_line
from tests.tui.scripted_client import bot

ETH = bot("eth-grid", "ETH/USDC", "2401.37")


def text(line: Line) -> str:
    return "".join(cell.text for cell in line)


def shown(**changes: object) -> Shown:
    return Shown(msgspec.structs.replace(ETH, **changes), [1.0, 2.0], 2, 2)


@pytest.mark.parametrize("width", [20, 40, 80, 120, 160, 200, 250])
def test_heading_and_rows_have_the_same_width(width: int) -> None:
    columns = widths(width)
    assert line_width(names_line(columns, None)) == line_width(bot_row(shown(), columns))


@pytest.mark.parametrize("width", range(48, 250))
def test_columns_never_take_more_room_than_there_is(width: int) -> None:
    assert line_width(names_line(widths(width), None)) <= width + 1


def test_eighty_columns_show_what_matters() -> None:
    names = [column.name for column, _ in widths(80)]
    assert names == ["bot", "state", "symbol", "price", "today", "total", "orders"]


def test_two_hundred_columns_show_everything() -> None:
    names = {column.name for column, _ in widths(200)}
    assert {"risk", "strategy", "venue", "trend", "unrealised", "position", "trips"} <= names


@pytest.mark.parametrize(
    ("mode", "tone"), [(Mode.PAPER, "strong"), (Mode.TESTNET, "warning"), (Mode.LIVE, "loss")]
)
def test_a_bots_name_says_whose_money_it_moves(mode: Mode, tone: str) -> None:
    line = bot_row(shown(mode=mode), widths(80))
    assert next(cell.tone for cell in line if "eth-grid" in cell.text) == tone


def test_gains_have_a_plus_and_losses_a_minus() -> None:
    row = text(bot_row(shown(pnl_today=Decimal("-1"), equity=Decimal("10001")), widths(80)))
    assert "−1.00" in row
    assert "+1.00" in row


def test_the_points_of_different_prices_stand_in_line() -> None:
    columns = widths(120)
    rows = [
        text(bot_row(Shown(bot("a", "A/USDC", price), (), places, 3), columns))
        for price, places in (("2401.37", 2), ("64231.5", 1), ("151.042", 3), ("7", 0))
    ]
    points = [row.index(".", 30) for row in rows[:3]]
    assert len(set(points)) == 1
    assert rows[3][points[0] - 1] == "7"


def test_a_risk_step_takes_the_place_of_running_but_not_of_stopped() -> None:
    held = text(bot_row(shown(risk="throttle"), widths(80)))
    assert "▲ throttle" in held
    assert "running" not in held
    assert "○ stopped" in text(bot_row(shown(risk="stop", state=BotState.STOPPED), widths(80)))


def test_a_bot_without_price_symbol_or_position_has_dashes() -> None:
    row = text(bot_row(shown(price=None, symbol=None, position=None), widths(200)))
    assert "–" in row
    assert "several" in row


def test_a_bot_with_several_symbols_says_how_many() -> None:
    symbols = ("BTC/USDC", "ETH/USDC", "SOL/USDC")
    row = text(bot_row(shown(price=None, symbol=None, symbols=symbols), widths(80)))
    assert row.split() == ["eth-grid", "●", "running", "3", "assets", "–", "+12.45", "+26.66", "10"]
