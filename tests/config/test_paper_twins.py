"""Without `live = true` a bot trades on the paper twin of its venue."""

from decimal import Decimal
from pathlib import Path

import pytest

from nimbus_tui.config.exchange_sections import MarketSource, PaperSection
from tests.config.venues import BOT, VENUE, config_of, lines_of, list_everything

TWIN = """
[exchanges.hl-paper]
type = "paper"
market = "live"
prices_from = "hl"
balances = { USDC = 500 }
"""
PUBLIC = '[exchanges.hl]\ntype = "hyperliquid"\nnetwork = "mainnet"\n'


@pytest.fixture(autouse=True)
def _listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    list_everything()


def test_the_twin_is_a_paper_exchange_with_live_prices_and_the_venues_instruments() -> None:
    config = config_of(PUBLIC + BOT)
    twin = config.exchanges["hl-paper"]
    assert isinstance(twin, PaperSection)
    assert (twin.market, twin.prices_from) == (MarketSource.LIVE, "hl")
    assert config.bots["eth"].common.exchange == "hl-paper"
    assert config.instruments["hl-paper"]["ETH/USDC:USDC"].significant_figures == 5
    assert config.instruments["hl"] == {}


def test_live_and_paper_bots_share_one_section() -> None:
    second = BOT.replace("bots.eth", "bots.two")
    config = config_of(VENUE + BOT + "live = true\n" + second)
    assert {name: bot.common.exchange for name, bot in config.bots.items()} == {
        "eth": "hl",
        "two": "hl-paper",
    }


def test_the_twin_has_the_limits_of_the_account() -> None:
    config = config_of(PUBLIC + "risk = { leverage = 2 }\n" + BOT)
    assert config.exchanges["hl-paper"].risk.leverage == Decimal(2)


def test_who_writes_the_twins_table_sets_its_keys() -> None:
    config = config_of(PUBLIC + TWIN + BOT)
    assert config.papers["hl-paper"].balances == {"USDC": Decimal(500)}


def test_a_table_of_that_name_for_something_else_is_refused() -> None:
    other = '[exchanges.hl-paper]\ntype = "paper"\n'
    (line,) = lines_of(PUBLIC + other + BOT)
    assert line.startswith("4:2 exchanges.hl-paper:")
    assert 'give it market = "live" and prices_from = "hl"' in line


def test_a_paper_exchange_of_any_name_may_take_live_prices() -> None:
    sim = '[exchanges.sim]\ntype = "paper"\nmarket = "live"\nprices_from = "hl"\n'
    config = config_of(PUBLIC + sim + BOT.replace('"hl"', '"sim"'))
    assert config.instruments["sim"]["ETH/USDC:USDC"].taker_fee == Decimal("0.00045")


def test_fees_of_a_live_paper_exchange_can_be_changed() -> None:
    fees = '[exchanges.hl-paper.instruments."ETH/USDC:USDC"]\ntaker_fee = 0.001\n'
    found = config_of(PUBLIC + TWIN + fees + BOT).instruments["hl-paper"]["ETH/USDC:USDC"]
    assert (found.taker_fee, found.significant_figures) == (Decimal("0.001"), 5)


def test_spot_buys_pay_in_the_coin_on_the_twin_as_on_the_venue() -> None:
    text = PUBLIC + 'market = "spot"\n' + BOT.replace("ETH/USDC:USDC", "HYPE/USDC")
    assert config_of(text).instruments["hl-paper"]["HYPE/USDC"].buy_fee_in_base


@pytest.mark.parametrize(
    ("keys", "place", "remedy"),
    [
        ('market = "live"\n', "4:2 exchanges.sim.prices_from:", "there are: hl"),
        (
            'market = "live"\nprices_from = "hll"\n',
            "7:1 exchanges.sim.prices_from:",
            "there is no real venue 'hll'; did you mean 'hl'?",
        ),
        (
            'market = "live"\nprices_from = "sim"\n',
            "7:1 exchanges.sim.prices_from:",
            "there is no real venue 'sim'",
        ),
        ('prices_from = "hl"\n', "6:1 exchanges.sim.prices_from:", 'is for market = "live"'),
    ],
)
def test_live_prices_come_from_a_real_venue(keys: str, place: str, remedy: str) -> None:
    text = PUBLIC + '[exchanges.sim]\ntype = "paper"\n' + keys + BOT.replace('"hl"', '"sim"')
    (line,) = lines_of(text)
    assert line.startswith(place)
    assert remedy in line
