"""What the backtest screen says: the form, the runs, figures, two runs, the map of a sweep."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.control.backtests import BacktestRequest, RunState
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.viewmodels.backtest_figures import compared, result_lines, trade_lines
from nimbus_tui.tui.viewmodels.backtest_form import (
    Form,
    form_lines,
    form_rows,
    numbers_of,
    problem_lines,
    request_of,
    sweep_of,
)
from nimbus_tui.tui.viewmodels.backtest_list import eta, run_lines
from nimbus_tui.tui.viewmodels.chart import falls
from nimbus_tui.tui.viewmodels.heat_map import MEASURES, best_of, heat_map
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.bench_world import BTC, DAY, ETH, result, run, setup, swept
from tests.tui.scripted_client import START

D = Decimal


def words(lines: list[Line] | tuple[Line, ...]) -> list[str]:
    return ["".join(cell.text for cell in line).rstrip() for line in lines]


# the form


def test_the_form_asks_for_what_is_missing() -> None:
    rows = form_rows(Form(setup()))
    assert [row.kind for row in rows] == ["config", "file", "file", "sweep", "run"]
    assert rows[1].value == "/data/ETHUSDC.csv"
    assert rows[2].value == "– Enter chooses a file"
    assert rows[-1].value == "choose a price file for BTC/USDC"


def test_what_is_chosen_makes_the_request() -> None:
    form = Form(setup(), {BTC: "/data/b*.csv"})
    assert request_of(form) == BacktestRequest(
        config="/home/me/bots.toml", data={ETH: "/data/ETHUSDC.csv", BTC: "/data/b*.csv"}
    )
    assert form_rows(form)[-1].value == "2 bots"


def test_a_config_that_is_wrong_shows_why_and_nothing_else() -> None:
    rows = form_rows(Form(setup(problem="/home/me/bots.toml:3:1 no such key\nmore")))
    assert [row.value for row in rows] == ["/home/me/bots.toml", "3:1 no such key"]
    assert words(problem_lines(setup(problem="one thing\nanother"), 40)) == [
        " ✗ one thing", " ✗ another"
    ]  # fmt: skip
    assert request_of(Form()) == "choose a config that can be read"


def test_a_sweep_wants_only_the_prices_of_its_grid() -> None:
    form = Form(setup(), swept=BotId("eth-grid"), spacings="0.5 1", levels="2..4")
    made = request_of(form)
    assert isinstance(made, BacktestRequest)
    assert made.sweep is not None
    assert (set(made.data), made.sweep.spacings, made.sweep.levels) == (
        {ETH}, (D("0.5"), D(1)), (2, 3, 4),
    )  # fmt: skip
    assert form_rows(form)[-1].value == "6 runs"


@pytest.mark.parametrize(
    ("spacings", "levels", "told"),
    [
        ("0.5", "2.5", "levels: only whole numbers, e.g. 2 3 4 or 2..6"),
        ("x", "2", "spacing: 'x' is no number; write 0.2 0.5 1, or 2..6, or 0.2..1/5"),
        ("", "2", "spacing: write at least one number, e.g. 0.2 0.5 1"),
        ("0", "2", "spacing: 1 to 100 numbers above 0"),
        ("1..20", "1..20", "400 runs are too many; at most 100"),
    ],
)
def test_a_sweep_that_can_not_be_run_says_why(spacings: str, levels: str, told: str) -> None:
    form = Form(setup(), swept=BotId("eth-grid"), spacings=spacings, levels=levels)
    assert request_of(form) == told
    assert form_rows(form)[-1].value == told


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1 0.5, 1", ("0.5", "1")),
        ("2..4", ("2", "3", "4")),
        ("4..2", ("2", "3", "4")),
        ("0.2..1/5", ("0.2", "0.4", "0.6", "0.8", "1")),
        ("3..3/1", ("3",)),
    ],
)
def test_numbers_are_written_one_by_one_or_as_a_range(text: str, found: tuple[str, ...]) -> None:
    assert numbers_of(text) == tuple(D(one) for one in found)


@pytest.mark.parametrize("text", ["nan", "1..inf", "1..2/0", "..", "1..2..3", "1..2/x", "-1"])
def test_what_is_no_number_is_told(text: str) -> None:
    assert isinstance(numbers_of(text), str)


def test_a_sweep_begins_around_what_the_config_says() -> None:
    bot = setup().bots[0]
    assert sweep_of(bot) == ("0.25 0.375 0.5 0.625 0.75 1", "1 2 3 4 5")
    odd = msgspec.structs.replace(bot, parameters={"spacing": "${SPACING}", "levels": "3"})
    assert sweep_of(odd) == ("", "")


def test_of_a_long_path_the_end_is_kept() -> None:
    rows = form_rows(Form(setup(config="/very/long/folder/" * 5 + "bots.toml")))
    (line, *_) = words(form_lines(rows, 40))
    assert line.startswith(" config      …")
    assert line.endswith("/bots.toml")
    assert len(line) <= 40


# the list


def test_a_run_tells_how_far_it_is_and_what_came_of_it() -> None:
    runs = [
        run(1, pnl=D("12.5")),
        run(2, RunState.RUNNING, share=0.41, eta_s=63.2),
        run(3, RunState.FAILED, problem="there is no file"),
        run(4, RunState.CANCELLED),
    ]
    done, running, failed, cancelled = words(run_lines(runs, (1,), 60))
    assert done == " A   1 ✓      +12.50  bots.toml · ETHUSDC.csv"
    assert running == "     2 ▶ ████░░░░░░  41 %  1 min 04 s left"
    assert failed == "     3 ✗ there is no file"
    assert "cancelled" in cancelled
    assert "b runs" in words(run_lines([], (), 60))[0]
    assert eta(run(1, RunState.RUNNING)) == "begins"
    assert "+48.75  best of 6 · eth-grid" in words(run_lines([swept()], (), 60))[0]


@pytest.mark.parametrize("width", [12, 30, 80, 200])
def test_no_line_is_wider_than_its_panel(width: int) -> None:
    runs = [run(1, pnl=D("12.5")), swept(2), run(2, RunState.FAILED, problem="x" * 300)]
    lines = [*run_lines(runs, (1,), max(30, width)), *form_lines(form_rows(Form(setup())), width)]
    assert all(line_width(line) <= max(30, width) for line in lines)


# figures


def test_a_result_has_its_span_and_signed_figures() -> None:
    lines = words(result_lines(result(), 60))
    assert lines[0] == " 22 Nov 03:07 + 10 d 0 h · 57,600 ticks in 1.5 s"
    assert lines[2].split() == ["PnL", "+120.50"]
    told = [line.split() for line in lines]
    assert ["max", "drawdown", "1.23", "%"] in told
    assert ["win", "rate", "80.0", "%"] in told
    assert ["profit", "factor", "–"] in told


def test_several_bots_are_summed_where_that_means_something() -> None:
    one = result()
    two = msgspec.structs.replace(one, bots=one.bots * 2, errors=("eth-grid: oh",))
    lines = words(result_lines(two, 60))
    assert lines[1] == " ▲ eth-grid: oh"
    assert lines[3].split() == ["PnL", "+241.00", "+120.50", "+120.50"]
    (sharpe,) = [line for line in lines if line.startswith(" Sharpe")]
    assert sharpe.split() == ["Sharpe", "–", "1.25", "1.25"]
    (fall,) = [line for line in lines if line.startswith(" max drawdown")]
    assert fall.split()[2] == "0.87"


def test_two_runs_show_what_differs_and_who_is_better() -> None:
    other = result(2, "80.25", "0.8")
    worse = msgspec.structs.replace(
        other, bots=(msgspec.structs.replace(other.bots[0], max_drawdown=D("0.01")),)
    )
    lines = words(compared(result(), worse, 70))
    assert lines[1].split() == ["spacing", "0.5", "0.8"]
    assert not any("levels" in line for line in lines)
    (pnl,) = [line for line in lines if line.startswith(" PnL")]
    assert pnl.split() == ["PnL", "+120.50", "+80.25", "−40.25", "▼"]
    (fall,) = [line for line in lines if line.startswith(" max drawdown")]
    assert fall.split()[-3:] == ["−0.23", "%", "▲"]
    same = words(compared(result(), result(2), 70))
    assert same[1] == " the same in both"


def test_trades_have_their_day_and_stand_newest_first() -> None:
    names, *lines = words(trade_lines(result(), 90))
    assert names.split()[:3] == ["time", "UTC", "side"]
    assert [line.split()[0] for line in lines] == ["24", "23", "22"]
    assert "▼ sell" in lines[0]
    assert all(len(line) <= 40 for line in words(trade_lines(result(), 40)))


def test_the_drawdown_is_nought_at_a_peak_and_worst_at_its_deepest() -> None:
    points = [(START, 100.0), (START + DAY, 80.0), (START + 2 * DAY, 120.0)]
    made = falls(points, START + 2 * DAY, 60, 10, 3 * DAY)
    assert "worst 20.00 %" in words(made.heading)[0]
    rows = words(made.rows)
    assert rows[0].startswith("   0.00 ┤")
    assert "−20.00 ┤" in rows[-2]


# the map


def test_the_map_has_a_figure_in_every_cell_and_marks_the_best() -> None:
    made = heat_map(swept(), MEASURES[0], 80)
    assert words(made.heading)[1].split() == ["spacing", "0.03", "%", "0.5", "%", "1", "%"]
    first, second, *_ = words(made.rows)
    assert first.split()[:2] == ["3", "lev"]
    assert "✗ no" in first
    assert "+31.50" in first
    assert "−12.25" in first
    assert "★ +48.75" in second
    told = "\n".join(words(made.rows))
    assert "spacing 0.5 %, 5 levels: +48.75" in told
    assert "2 could not be run, e.g. spacing 0.03 %: bots.toml:9:1: too small" in told


def test_the_darker_a_cell_the_better_it_is() -> None:
    told = "\n".join(words(heat_map(swept(), MEASURES[0], 80).rows))
    assert "▓ +31.50" in told
    assert "░ +3.00" in told


def test_cells_that_are_to_come_are_dots_and_the_best_so_far_is_known() -> None:
    made = heat_map(swept(2), MEASURES[0], 80)
    first, second, *_ = words(made.rows)
    assert ("★ +31.50" in first, second.split()[2:]) == (True, ["·", "·", "·"])
    assert "2 of 6 cells" in "\n".join(words(made.rows))


def test_less_is_better_of_a_fall_and_more_of_a_gain() -> None:
    cells = swept().cells
    deeper = [
        msgspec.structs.replace(cell, max_drawdown=D(number) / 100)
        for number, cell in enumerate(cells)
    ]
    best = [best_of(deeper, measure) for measure in MEASURES]
    assert [cell.pnl for cell in best if cell] == [
        D("48.75"), D("31.5"), D("48.75"), D("48.75")
    ]  # fmt: skip
    assert best_of([], MEASURES[0]) is None
