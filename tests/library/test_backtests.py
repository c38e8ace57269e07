"""A backtest as one call: the same run as the command's, from files or from ticks."""

import asyncio
import json
import pickle
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import nimbus_tui
from nimbus_tui.cli.main import main
from nimbus_tui.core.codec import to_plain
from nimbus_tui.simulation.report import report_row
from tests.installed import STRATEGY, install
from tests.library.markets import ETH, GRID, START, csv, wave

CONFIG = nimbus_tui.parse_config(GRID)
EVERYTHING = {
    *("ticks", "seconds", "first_ts", "last_ts", "bots", "equity", "fills", "orders", "errors"),
    *("funding", "marks"),
}


def test_a_run_over_ticks_gives_a_typed_report() -> None:
    report = nimbus_tui.backtest(CONFIG, ticks=wave())
    assert isinstance(report, nimbus_tui.BacktestReport)
    assert set(report.__struct_fields__) >= EVERYTHING
    assert (report.ticks, report.first_ts) == (400, START)
    eth = report.bots[nimbus_tui.BotId("eth")]
    assert eth.fills == len(report.fills) > 20
    assert eth.orders_placed == len(report.orders)
    held = sum((fill.signed_quantity for fill in report.fills), Decimal(0))
    assert eth.bot.position == held
    assert report.equity[-1][1] == eth.bot.equity
    assert report.errors == ()


def test_files_ticks_and_the_command_line_agree_to_the_last_digit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, path = csv(tmp_path / "eth.csv"), tmp_path / "grid.toml"
    path.write_text(GRID)
    reports = [
        nimbus_tui.backtest(CONFIG, ticks=wave()),
        nimbus_tui.backtest(path, data),
        nimbus_tui.backtest(str(path), [data]),
        nimbus_tui.backtest(CONFIG, {"ETH/USDC": str(data)}),
    ]
    rows = [to_plain(report_row(report)) | {"seconds": 0} for report in reports]
    monkeypatch.setattr(sys, "argv", ["x", "backtest", str(path), "--data", str(data), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    rows.append(json.loads(capsys.readouterr().out) | {"seconds": 0})
    assert rows[0]["bots"]["eth"]["fills"] > 20
    normal = [json.dumps(row, sort_keys=True) for row in rows]
    assert len(set(normal)) == 1


def test_the_tables_are_those_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, path = csv(tmp_path / "eth.csv"), tmp_path / "grid.toml"
    path.write_text(GRID)
    nimbus_tui.backtest(path, data, export=tmp_path / "ours")
    arguments = ["x", "backtest", str(path), "--data", str(data), "--export", str(tmp_path / "its")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit):
        main()
    assert "round trips" in capsys.readouterr().out
    ours = {file.name: file.read_bytes() for file in (tmp_path / "ours").iterdir()}
    its = {file.name: file.read_bytes() for file in (tmp_path / "its").iterdir()}
    assert set(ours) >= {"fills.csv", "orders.csv", "equity.csv"}
    assert ours == its


async def test_it_can_be_awaited_and_also_called_inside_a_loop() -> None:
    awaited = await nimbus_tui.backtest_async(CONFIG, ticks=wave(50))
    called = nimbus_tui.backtest(CONFIG, ticks=wave(50))
    assert awaited.fills == called.fills
    assert asyncio.get_running_loop().is_running()


def test_a_report_travels_between_processes() -> None:
    report = nimbus_tui.backtest(CONFIG, ticks=wave(50))
    assert pickle.loads(pickle.dumps(report)) == report


def test_progress_is_told_with_its_share_of_the_files(tmp_path: Path) -> None:
    told: list[nimbus_tui.BacktestProgress] = []
    nimbus_tui.backtest(CONFIG, csv(tmp_path / "eth.csv", 4_100), on_progress=told.append)
    assert [progress.ticks for progress in told] == [2_000, 4_000]
    assert all(progress.share is not None and 0 < progress.share <= 1 for progress in told)
    told.clear()
    nimbus_tui.backtest(CONFIG, ticks=wave(2_100), on_progress=told.append)
    assert told == [nimbus_tui.BacktestProgress(2_000, None)]


TWO = GRID + GRID[GRID.index("[bots") :].replace("bots.eth", "bots.btc").replace("ETH/", "BTC/")


@pytest.mark.parametrize(
    ("text", "data", "words"),
    [
        (GRID, None, "give either data"),
        (GRID, "nowhere.csv", "there is no file nowhere.csv"),
        (GRID, {"XRP/USDC": "a.csv"}, "no bot trades XRP/USDC; ETH/USDC"),
        (TWO, "a.csv", "say which symbol each file is of: BTC/USDC, ETH/USDC"),
    ],
)
def test_data_that_fit_no_bot_are_an_error_in_words(text: str, data: object, words: str) -> None:
    with pytest.raises(nimbus_tui.ConfigError, match=words):
        nimbus_tui.backtest(nimbus_tui.parse_config(text), data)  # type: ignore[arg-type]


def test_data_and_ticks_together_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(nimbus_tui.ConfigError, match="give either"):
        nimbus_tui.backtest(CONFIG, csv(tmp_path / "eth.csv"), ticks=wave())


def test_a_symbol_without_prices_is_named(tmp_path: Path) -> None:
    config = nimbus_tui.parse_config(TWO)
    with pytest.raises(nimbus_tui.ConfigError, match="no data for BTC/USDC"):
        nimbus_tui.backtest(config, {"ETH/USDC": csv(tmp_path / "eth.csv")})


def test_ticks_that_cannot_happen_are_an_error_with_their_number() -> None:
    first, second, *_ = wave(3)
    with pytest.raises(nimbus_tui.DataError, match="tick 2: the time goes backwards"):
        nimbus_tui.backtest(CONFIG, ticks=[second, first])
    with pytest.raises(nimbus_tui.DataError, match="tick 1: no bot trades X/Y"):
        nimbus_tui.backtest(CONFIG, ticks=wave(3, nimbus_tui.Symbol("X/Y")))
    with pytest.raises(nimbus_tui.DataError, match="no tick"):
        nimbus_tui.backtest(CONFIG, ticks=[])


def test_a_text_with_mistakes_names_all_of_them() -> None:
    with pytest.raises(nimbus_tui.BadConfig) as caught:
        nimbus_tui.parse_config(GRID.replace("0.5", "0").replace("= 3", "= 0"), path="mine.toml")
    assert [problem.key for problem in caught.value.problems] == [
        "bots.eth.spacing",
        "bots.eth.levels",
    ]
    assert str(caught.value).startswith("mine.toml:9:1 ")


def test_variables_of_a_text_come_from_the_program() -> None:
    text = GRID.replace('"ETH/USDC"', '"${COIN}/USDC"')
    config = nimbus_tui.parse_config(text, environment={"COIN": "BTC"})
    assert config.bots[nimbus_tui.BotId("eth")].symbols == ("BTC/USDC",)


FAULTY = """\
[bots.odd]
strategy = "odd"
exchange = "sim"
symbol = "ETH/USDC"
"""


def test_a_strategy_that_raises_is_told_and_leaves_the_other_bots_run_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    code = STRATEGY.replace("symbol = self.config.symbol\n", "1 / 0\n", 1)
    install(tmp_path, "faulty-in-backtest", code, {"odd": "DipStrategy"})
    config = nimbus_tui.parse_config(GRID + FAULTY)
    alone, both = (
        nimbus_tui.backtest(CONFIG, ticks=wave()),
        nimbus_tui.backtest(config, ticks=wave()),
    )
    odd = both.bots[nimbus_tui.BotId("odd")]
    assert (odd.bot.state, odd.fills) == (nimbus_tui.BotState.FAILED, 0)
    assert "ZeroDivisionError" in odd.bot.reason
    assert {error.bot_id for error in both.errors} == {"odd"}
    assert "1 / 0" in both.errors[0].detail
    shape = [(f.key, f.price, f.quantity, f.ts) for f in alone.fills]
    assert [(f.key, f.price, f.quantity, f.ts) for f in both.fills] == shape

    path = tmp_path / "both.toml"
    path.write_text(GRID + FAULTY)
    data = csv(tmp_path / "eth.csv")
    monkeypatch.setattr(sys, "argv", ["x", "backtest", str(path), "--data", str(data), "--json"])
    with pytest.raises(SystemExit):
        main()
    out, err = capsys.readouterr()
    assert json.loads(out)["bots"]["odd"]["state"] == "failed"
    assert err == "odd: ZeroDivisionError: division by zero (6 times)\n"


def test_eth_is_what_the_config_says() -> None:
    assert CONFIG.bots[nimbus_tui.BotId("eth")].symbols == (ETH,)


PERPETUAL = nimbus_tui.Symbol("ETH/USDC:USDC")


def rates(path: Path) -> Path:
    """0.01 % at each of seven full hours."""
    first = START // 3_600_000_000_000 * 3_600_000 + 3_600_000
    path.write_text(
        "\n".join(["ts_ms,rate", *(f"{first + n * 3_600_000},0.0001" for n in range(7))])
    )
    return path


def test_a_perpetuals_funding_is_paid_and_reported(tmp_path: Path) -> None:
    config = nimbus_tui.parse_config(GRID.replace(ETH, PERPETUAL))
    files = {PERPETUAL: rates(tmp_path / "rates.csv")}
    free = nimbus_tui.backtest(config, ticks=wave(symbol=PERPETUAL))
    paying = nimbus_tui.backtest(config, ticks=wave(symbol=PERPETUAL), funding=files)
    paid = sum((payment.amount for payment in paying.funding), Decimal(0))
    assert (free.funding, len(paying.funding)) == ((), 4)
    assert paid < 0
    assert paying.equity[-1][1] == free.equity[-1][1] + paid
    assert [quote.symbol for quote in paying.marks] == [PERPETUAL]


@pytest.mark.parametrize(("config", "symbol"), [(GRID, ETH), (GRID, PERPETUAL), (GRID, "BTC")])
def test_funding_of_what_nobody_trades_is_refused(config: str, symbol: str, tmp_path: Path) -> None:
    files = {symbol: rates(tmp_path / "rates.csv")}
    with pytest.raises(nimbus_tui.ConfigError, match=f"no bot trades a perpetual {symbol}"):
        nimbus_tui.backtest(nimbus_tui.parse_config(config), ticks=wave(), funding=files)


def test_a_file_of_rates_that_is_not_there_is_named() -> None:
    config = nimbus_tui.parse_config(GRID.replace(ETH, PERPETUAL))
    with pytest.raises(nimbus_tui.DataError, match=r"nowhere\.csv"):
        nimbus_tui.backtest(
            config, ticks=wave(symbol=PERPETUAL), funding={PERPETUAL: "nowhere.csv"}
        )
