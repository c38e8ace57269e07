"""Funding of a paper exchange in the config: rates within reason, files that are there."""

from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.core.errors import DataError
from nimbus_tui.core.market import FundingRate
from tests.config.texts import PATH, changed, config_of, problems_of


def exchange(keys: str) -> tuple[str, str]:
    return ('type = "paper"', f'type = "paper"\n{keys}')


@pytest.mark.parametrize("rate", ["0.0001", "-0.0001", "0", "0.0999"])
def test_a_rate_of_either_sign_is_read(rate: str) -> None:
    section = config_of(changed(exchange(f"funding_rate = {rate}"))).exchanges["sim"]
    assert section.funding_rate == Decimal(rate)


@pytest.mark.parametrize("rate", ["0.1", "-0.1", "1", "nan"])
def test_a_rate_beyond_a_tenth_is_a_slip(rate: str) -> None:
    (problem,) = problems_of(changed(exchange(f"funding_rate = {rate}")))
    assert problem.key == "exchanges.sim.funding_rate"


def test_without_keys_nothing_is_paid() -> None:
    section = config_of(changed()).exchanges["sim"]
    assert (section.funding_rate, section.funding_files) == (0, {})


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("ETH/USDC:USDC", "there is no file"),
        ("ETH/USDC", "is spot; perpetuals pay funding, like ETH/USDC:USDC"),
        ("eth", "is not a symbol"),
    ],
)
def test_a_file_that_is_missing_or_for_no_perpetual_is_told(symbol: str, words: str) -> None:
    problems = problems_of(changed(exchange(f'funding_files = {{ "{symbol}" = "rates.csv" }}')))
    assert any(words in str(problem) for problem in problems)
    assert {problem.key for problem in problems} == {f'exchanges.sim.funding_files."{symbol}"'} or (
        symbol == "eth"
    )
    assert all(str(problem).startswith(str(PATH)) for problem in problems)


def config_with(rates: str, folder: Path) -> Path:
    (folder / "rates.csv").write_text(rates)
    text = changed(
        exchange('funding_files = { "ETH/USDC:USDC" = "rates.csv" }'),
        ('"ETH/USDC"', '"ETH/USDC:USDC"'),
    )
    file = folder / "bots.toml"
    file.write_text(text)
    return file


async def test_rates_are_read_relative_to_the_config_file(tmp_path: Path) -> None:
    config = load_config(config_with("ts_ms,rate\n1741276800000,0.0001\n", tmp_path))
    engine = live_engine(config, scratch=tmp_path)
    venue = engine.exchanges["sim"]
    schedule = venue._settings.funding  # type: ignore[attr-defined]
    assert schedule.recorded == {
        "ETH/USDC:USDC": (FundingRate(1_741_276_800_000_000_000, Decimal("0.0001")),)
    }
    engine.journal.close()


async def test_a_broken_file_of_rates_is_told_before_anything_runs(tmp_path: Path) -> None:
    config = load_config(config_with("ts_ms,rate\n1741276800000,x\n", tmp_path))
    with pytest.raises(DataError, match=r"rates\.csv, row 2"):
        live_engine(config, scratch=tmp_path)
