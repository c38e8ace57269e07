"""Price files: what loads, and what is told about those that don't."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.errors import DataError
from nimbus_tui.simulation.price_files import PriceFile


def ticks(folder: Path, text: str, name: str = "x.csv") -> list[tuple[int, Decimal]]:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return [(tick.ts // 10**6, tick.price) for tick in PriceFile(path, "ETH/USDC").ticks()]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
@pytest.mark.parametrize(
    "text",
    [
        "timestamp_ms,price,size\n1700000000000,10,1\n",
        "1700000000000,10,1,buy\n",
        "time,px,qty\n1700000000,10,1\n",
        "ts,price,amount,side\n1700000000000000000,10,1,sell\n",
        "date,price\n2023-11-14T22:13:20,10\n",
    ],
)
def test_trades_load_in_the_shapes_that_tools_export(text: str, name: str, tmp_path: Path) -> None:
    assert ticks(tmp_path, text, name) == [(1_700_000_000_000, Decimal(10))]


def test_a_candle_becomes_four_ticks(tmp_path: Path) -> None:
    start = 1_700_000_000_000
    rising, falling = f"{start},10,12,9,11,4", f"{start + 60_000},11,12,9,10,4"
    found = ticks(tmp_path, f"ts_ms,open,high,low,close,volume\n{rising}\n{falling}\n")
    assert [ts - start for ts, _ in found] == [
        0, 15_000, 30_000, 59_999, 60_000, 75_000, 90_000, 119_999,
    ]  # fmt: skip
    assert [int(price) for _, price in found] == [10, 9, 12, 11, 11, 12, 9, 10]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("timestamp_ms,price,size\n1,10,1\n2,ten,1\n", "row 3: a field is not a number"),
        ("timestamp_ms,price,size\n1,10,1\n2,0,1\n", "row 3: price must be > 0"),
        ("timestamp_ms,price,size\n1,10,1\n2\n", "row 3: a field is missing"),
        ("timestamp_ms,price,size\n2,10,1\n1,10,1\n", "row 3: the time is before"),
        ("timestamp_ms,price,size\n", "no rows"),
        ("", "is empty"),
        ("when,what\n1,2\n", "known are time"),
        ("event_ms,bid_px,ask_px\n1,2,3\n", "bids and asks"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_where(
    text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        ticks(tmp_path, text)
    assert words.lower() in str(caught.value).lower()


def test_a_gzip_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"timestamp_ms,price,size\n" + b"1,10,1\n" * 5000)
    (tmp_path / "x.csv.gz").write_bytes(whole[:-20])
    with pytest.raises(DataError, match="cut off"):
        list(PriceFile(tmp_path / "x.csv.gz", "ETH/USDC").ticks())
