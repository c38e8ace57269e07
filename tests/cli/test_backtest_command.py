"""`nimbus-tui backtest`: its document, its table, its exported files and its errors."""

import csv
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.simulation.backtests import run_backtest

HOUR_MS = 3_600_000
START_MS = 1_741_276_800_000
PERPETUAL = "ETH/USDC:USDC"

CONFIG = """\
[exchanges.sim]
type = "paper"

[bots.grid]
strategy = "grid"
exchange = "sim"
symbol = "{symbol}"
spacing = 0.5
levels = 3
quote_size = 100
capital = 500
"""


def prices(folder: Path) -> Path:
    """2400 at first; bought at 2388, sold at 2400 a day later, bought again, at last 2390."""
    rows = [(0, "2400"), (1, "2388"), (25, "2400"), (40, "2388"), (60, "2390")]
    file = folder / "prices.csv"
    file.write_text(
        "timestamp_ms,price,size\n"
        + "".join(f"{START_MS + hour * HOUR_MS},{price},1\n" for hour, price in rows)
    )
    return file


def rates(folder: Path) -> Path:
    """0.01 % every eight hours, the first time before the position and the last after the end."""
    file = folder / "rates.csv"
    file.write_text(
        "ts_ms,rate\n"
        + "".join(f"{START_MS + hour * HOUR_MS},0.0001\n" for hour in range(0, 80, 8))
    )
    return file


def table(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def backtest(folder: Path, *more: str, symbol: str = PERPETUAL) -> subprocess.CompletedProcess[str]:
    config = folder / "c.toml"
    config.write_text(CONFIG.format(symbol=symbol))
    command = [sys.executable, "-m", "nimbus_tui", "backtest", str(config)]
    command += ["--data", str(prices(folder)), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_document_and_tables_tell_the_whole_story(tmp_path: Path) -> None:
    document, folder = run_backtest(
        CONFIG.format(symbol=PERPETUAL),
        {PERPETUAL: prices(tmp_path)},
        tmp_path,
        {PERPETUAL: rates(tmp_path)},
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "equity.csv", "fills.csv", "funding.csv", "marks.csv", "orders.csv",
    ]  # fmt: skip
    fills = table(folder / "fills.csv")
    assert ",".join(fills[0]) == (
        "ts,bot_id,key,symbol,side,price,quantity,fee,fee_asset,maker,trade_id,client_order_id"
    )
    assert [(row["side"], row["price"], row["quantity"]) for row in fills] == [
        ("buy", "2388.00", "0.0418"),
        ("sell", "2400.00", "0.0418"),
        ("buy", "2388.00", "0.0418"),
    ]
    funding = table(folder / "funding.csv")
    # Held from hour 1 to 25 and from 40 on; charged at the price before each time.
    hours = [(int(row["ts"]) // 1_000_000 - START_MS) // HOUR_MS for row in funding]
    assert hours == [8, 16, 24, 48, 56]
    assert {row["amount"] for row in funding} == {"-0.00998184"}
    assert {(row["asset"], row["rate"], row["position"]) for row in funding} == {
        ("USDC", "0.0001", "0.0418")
    }
    end = (START_MS + 60 * HOUR_MS) * 1_000_000
    assert table(folder / "marks.csv") == [
        {"ts": str(end), "symbol": PERPETUAL, "mark_price": "2390"}
    ]
    assert table(folder / "equity.csv")[0] == {"ts": str(START_MS * 1_000_000), "equity": "500"}
    bot = document["bots"]["grid"]
    fee = Decimal("0.0418") * Decimal("0.0002")
    fees = fee * (2388 + 2400 + 2388)
    assert Decimal(bot["fees"]) == fees
    assert Decimal(bot["realized_pnl"]) == Decimal("0.0418") * 12
    paid = 5 * Decimal("0.00998184")
    assert Decimal(bot["equity"]) == 500 + Decimal("0.0418") * 14 - fees - paid
    assert (document["from"], document["to"]) == (START_MS * 1_000_000, end)
    statistics = bot["statistics"]
    assert Decimal(statistics["funding"]) == -paid
    assert Decimal(statistics["realized_pnl_fifo"]) == Decimal("0.0418") * 12
    assert (statistics["cycles"], statistics["win_rate"], bot["win_rate"]) == (
        1,
        "1.0000",
        "1.0000",
    )
    assert (bot["profit_factor"], statistics["losses_in_a_row"]) == (None, 0)
    assert Decimal(statistics["time_in_market"]) == round(Decimal(44) / 60, 4)
    held = Decimal(500) * 2390 / 2400
    assert abs(Decimal(statistics["buy_and_hold"]) - held) < Decimal("1e-9")
    versus = Decimal(statistics["versus_buy_and_hold"])
    assert versus == Decimal(bot["equity"]) - Decimal(statistics["buy_and_hold"])


def test_the_table_shows_what_the_document_says(tmp_path: Path) -> None:
    done = backtest(tmp_path, "--funding", str(rates(tmp_path)))
    assert done.returncode == 0, done.stderr
    lines = {line[:27].strip(): line[27:].strip() for line in done.stdout.splitlines()}
    assert lines["fills"] == "3"
    assert lines["realized PnL, FIFO"] == "0.50"
    assert lines["funding"] == "-0.05"
    assert lines["win rate"] == "100.00 %"
    assert lines["profit factor"] == "–"
    assert lines["time in market"] == "73.33 %"


def test_without_funding_nothing_is_paid(tmp_path: Path) -> None:
    done = backtest(tmp_path, "--json", "--export", str(tmp_path / "out"))
    document = json.loads(done.stdout)
    assert document["bots"]["grid"]["statistics"]["funding"] == "0"
    assert (tmp_path / "out" / "funding.csv").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("given", "symbol", "words"),
    [
        ("none.csv", PERPETUAL, "there is no file none.csv"),
        ("BTC/USDC:USDC=rates.csv", PERPETUAL, "no bot trades BTC/USDC:USDC; ETH/USDC:USDC"),
        ("ETH/USDC=rates.csv", "ETH/USDC", "no bot trades a perpetual"),
        ("prices.csv", PERPETUAL, "row 1: the header"),
    ],
)
def test_a_file_of_rates_that_does_not_fit_is_told(
    given: str, symbol: str, words: str, tmp_path: Path
) -> None:
    prices(tmp_path), rates(tmp_path)
    name, _, file = given.rpartition("=")
    path = tmp_path / file if (tmp_path / file).exists() else Path(file)
    option = f"{name}={path}" if name else str(path)
    done = backtest(tmp_path, "--funding", option, symbol=symbol)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert words in " ".join(done.stderr.split())


def test_two_files_for_one_perpetual_are_one_too_many(tmp_path: Path) -> None:
    file = str(rates(tmp_path))
    done = backtest(tmp_path, "--funding", file, "--funding", file)
    assert done.returncode == 2
    assert "has" in done.stderr
    assert "already" in done.stderr
