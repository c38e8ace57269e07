"""Files of recorded funding rates."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.core.errors import DataError
from nimbus_tui.core.market import FundingRate
from nimbus_tui.simulation.funding_files import funding_rates
from tests.simulation.backtests import FUNDING

T = 1_741_276_800_000


@pytest.mark.parametrize(
    "text",
    [
        f"ts_ms,rate\n{T},0.0001\n{T + 1},-0.00002685\n",
        f"symbol,fundingRate,timestamp\nETH,0.0001,{T}\n\nETH,-0.00002685,{T + 1}\n",
        f"\ufefftime,Funding_Rate\n{T},0.0001\n{T + 1},-0.00002685",
    ],
)
def test_a_time_and_a_rate_by_their_known_names(text: str, tmp_path: Path) -> None:
    plain, zipped = tmp_path / "rates.csv", tmp_path / "rates.csv.gz"
    plain.write_text(text, encoding="utf-8")
    zipped.write_bytes(gzip.compress(text.encode()))
    expected = (
        FundingRate(T * 1_000_000, Decimal("0.0001")),
        FundingRate((T + 1) * 1_000_000, Decimal("-0.00002685")),
    )
    assert funding_rates(plain) == funding_rates(zipped) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no funding rates"),
        ("ts_ms,rate\n", "no funding rates"),
        (f"{T},0.0001\n", "row 1: the header .* isn't known. Known are time: .* rate: rate"),
        (f"ts_ms,price\n{T},2400\n", "row 1: the header"),
        (f"ts_ms,rate\n{T},x\n", "row 2: not a time and a rate"),
        (f"ts_ms,rate\n{T}\n", "row 2: not a time and a rate"),
        (f"ts_ms,rate\nnever,0.1\n{T},1\n", "row 2: not a time and a rate"),
        (f"ts_ms,rate\n{T},NaN\n", "row 2: not a time and a rate"),
        (f"ts_ms,rate\n{T},0.0001\n\n{T},0.0001\n", "row 4: the time is not after"),
        (f"ts_ms,rate\n{T},0.01\n{T - 1},0.01\n", "row 3: the time is not after"),
        (f"ts_ms,rate\n{T},0.1\n", "row 2: the rate 0.1 is no share .* 0.0001"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=words) as raised:
        funding_rates(file)
    assert str(file) in str(raised.value)


def test_a_file_that_is_no_text_or_cut_off_or_missing_is_told(tmp_path: Path) -> None:
    binary, cut = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    rows = "".join(f"{T + number},0.0001\n" for number in range(50))
    cut.write_bytes(gzip.compress(f"ts_ms,rate\n{rows}".encode())[:-12])
    for path, words in (
        (binary, "not a text"),
        (cut, "cut off"),
        (tmp_path / "c", "can't be read"),
    ):
        with pytest.raises(DataError, match=words):
            funding_rates(path)


@pytest.mark.skipif(not FUNDING.exists(), reason="the recorded data is not here")
def test_the_recorded_files_can_be_read() -> None:
    for path in FUNDING.glob("*.csv"):
        assert len(funding_rates(path)) >= 266
