from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.tui.viewmodels.figures import figures, fill_lines, order_lines
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_client import START, ScriptedClient

D = Decimal
CLIENT = ScriptedClient()
ETH = CLIENT.bots["eth-grid"]
DETAIL = CLIENT._detail("eth-grid")


def text(lines: list[Line]) -> str:
    return "\n".join("".join(cell.text for cell in line).rstrip() for line in lines)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_books_and_statistics_are_all_there(width: int) -> None:
    shown = text(figures(ETH, START, width))
    for words in (
        "equity         10,026.66 USDC", "PnL total      +26.66", "unrealised     −4.56",
        "position       0.4133 ETH", "average cost   2,391.4173", "running for    1 d 3 h",
        "apr            91.32 %", "time in range  94.1 %", "profit per day 25.01",
        "base price     2,400",
    ):  # fmt: skip
        assert words in shown
    assert shown.count("round trips") == 1


def test_no_rate_is_told_of_a_bot_that_runs_for_less_than_a_day() -> None:
    young = msgspec.structs.replace(ETH, since=START - 9 * 60 * 1_000_000_000)
    shown = text(figures(young, START, 120))
    assert "apr            – before a day" in shown
    assert "profit per day – before a day" in shown
    assert "grid profit    28.1026" in shown


def test_funding_is_shown_once_and_only_where_there_was_some() -> None:
    assert "funding" not in text(figures(ETH, START, 120))
    paid = msgspec.structs.replace(ETH, funding=D("-1.5"), statistics={"funding": "-1.5"})
    shown = text(figures(paid, START, 120))
    assert "funding        −1.50" in shown
    assert shown.count("funding") == 1


def test_every_figure_of_the_books_has_a_name_that_fits_and_shares_are_percent() -> None:
    statistics = {
        "realized_pnl_fifo": "5.25", "win_rate": "0.625", "profit_factor": None,
        "losses_in_a_row": 2, "time_in_market": "0.9926", "versus_buy_and_hold": "-12.5",
    }  # fmt: skip
    bot = msgspec.structs.replace(ETH, statistics=statistics)
    shown = text(figures(bot, START, 40))
    for words in (
        "realised FIFO  5.25", "win rate       62.5 %", "profit factor  –",
        "losing streak  2", "time in market 99.3 %", "vs buy & hold  −12.5",
    ):  # fmt: skip
        assert words in shown


def test_a_time_among_the_figures_is_told_as_a_time() -> None:
    bot = msgspec.structs.replace(ETH, statistics={"next_due": 1_763_769_600_000_000_000 + 10**9})
    assert "next due       00:00:01 UTC" in text(figures(bot, START, 40))


def test_a_flat_bot_has_no_average_cost() -> None:
    flat = msgspec.structs.replace(ETH, position=D(0), average_cost=None)
    shown = text(figures(flat, START, 40))
    assert "position       flat" in shown
    assert "average cost   –" in shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "–"), ("soon", "soon"), ("NaN", "NaN"), (3, "3"), (0.25, "0.25")]
)
def test_statistics_of_any_kind_can_be_shown(value: object, shown: str) -> None:
    odd = msgspec.structs.replace(ETH, statistics={"odd": value})
    assert text(figures(odd, START, 40)).splitlines()[-1].split() == ["odd", shown]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            [{"symbol": "BTC/USDC", "price": "64200", "position": "0.0701"},
             {"symbol": "ETH/USDC", "position": "1.1665"}],
            ["assets 2", "BTC 0.0701", "ETH 1.1665"],
        ),
        ({"BTC": {"quantity": "0.0701"}, "ETH": 3}, ["assets 2", "BTC 0.0701", "ETH 3"]),
        ({"BTC": "45.5", "odd": [1, 2], "none": None}, ["assets 2", "BTC 45.5", "none –"]),
        ([1, "two", {"symbol": "X", "deep": {}}], []),
        ([], []),
        ({}, []),
    ],
)  # fmt: skip
def test_tables_among_the_statistics_become_a_figure_for_each_entry(
    value: object, shown: list[str]
) -> None:
    odd = msgspec.structs.replace(ETH, statistics={"assets": value, "plain": 1})
    lines = [" ".join(line.split()) for line in text(figures(odd, START, 40)).splitlines()]
    assert lines[lines.index("plain 1") + 1 :] == shown


def test_a_bot_with_several_symbols_holds_so_many_assets() -> None:
    basket = msgspec.structs.replace(ETH, symbol=None, position=None, symbols=("A/U", "B/U"))
    assert "position       2 assets" in text(figures(basket, START, 40))


def test_orders_and_fills_of_several_symbols_name_the_asset() -> None:
    orders = [DETAIL.orders[0], msgspec.structs.replace(DETAIL.orders[1], symbol="SOL/USDC")]
    names, first, second = text(order_lines(orders, 90)).splitlines()
    assert names.split()[:3] == ["side", "asset", "price"]
    assert (first.split()[2], second.split()[2]) == ("ETH", "SOL")
    fills = [DETAIL.fills[0], msgspec.structs.replace(DETAIL.fills[1], symbol="SOL/USDC")]
    assert text(fill_lines(fills, 90)).splitlines()[1].split()[3] == "SOL"


def test_orders_stand_highest_first_with_what_has_filled() -> None:
    names, *rows = text(order_lines(DETAIL.orders, 90)).splitlines()
    assert names.split() == ["side", "price", "size", "filled", "state", "key"]
    assert "2,418.0" in rows[0]
    assert "▲ buy" in rows[-1]
    (partial,) = [row for row in rows if "◐ partial" in row]
    assert "0.0208" in partial


@pytest.mark.parametrize("width", range(10, 90, 7))
def test_lists_lose_whole_columns_never_parts_of_them(width: int) -> None:
    for lines in (order_lines(DETAIL.orders, width), fill_lines(DETAIL.fills, width)):
        assert all(line_width(line) <= width for line in lines)
        assert len({len(line) for line in lines}) == 1


def test_an_order_that_is_being_cancelled_says_so() -> None:
    leaving = msgspec.structs.replace(DETAIL.orders[0], cancel_requested=True)
    assert "✗ leaving" in text(order_lines([leaving], 90))


def test_fills_stand_newest_first_and_show_fees_where_there_is_room() -> None:
    _, *rows = text(fill_lines(DETAIL.fills, 80)).splitlines()
    assert "▼ sell" in rows[0]
    assert "2,403.6" in rows[0]
    assert "0.0400" in rows[0]
    narrow = text(fill_lines(DETAIL.fills, 42))
    assert "0.0400" not in narrow
    assert "key" not in narrow
    assert "0.0833" in narrow
    assert len(fill_lines([], 80)) == 1
