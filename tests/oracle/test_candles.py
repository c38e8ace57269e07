"""The second opinion's own reading of recorded files."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from tests.oracle.candles import read_ticks

MINUTE_START = 1_746_372_960_000

CANDLES = f"""ts_ms,open,high,low,close,volume
{MINUTE_START},10,12,9,11,5
{MINUTE_START + 60_000},11,13,8,10,5
{MINUTE_START + 120_000},10,11,9,10,5
"""


def test_a_trade_is_one_tick_at_the_exchanges_time(tmp_path: Path) -> None:
    file = tmp_path / "trades.csv"
    file.write_text(
        "recv_ns,event_ms,trade_ms,trade_id,price,qty,buyer_is_maker\n"
        "999,1002,1001,7,61800.30,0.006,0\n"
    )
    assert read_ticks(file) == [(1_001_000_000, Decimal("61800.30"))]


@pytest.mark.parametrize(
    ("candle", "prices"),
    [(0, "10 9 12 11"), (1, "11 13 8 10"), (2, "10 11 9 10")],
    ids=["closed up: low first", "closed down: high first", "closed level: high first"],
)
def test_a_candle_is_four_ticks(tmp_path: Path, candle: int, prices: str) -> None:
    file = tmp_path / "candles.csv.gz"
    file.write_bytes(gzip.compress(CANDLES.encode()))
    start_ns = (MINUTE_START + 60_000 * candle) * 1_000_000
    offsets_ms = (0, 15_000, 30_000, 59_999)
    assert read_ticks(file)[4 * candle : 4 * candle + 4] == [
        (start_ns + offset_ms * 1_000_000, Decimal(price))
        for offset_ms, price in zip(offsets_ms, prices.split(), strict=True)
    ]
