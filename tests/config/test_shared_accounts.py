"""Two bots on one account and one derivative are refused, however the account is named."""

from pathlib import Path

import pytest

from tests.config.venues import ADDRESS, BOT, VENUE, lines_of, list_everything

LIVE = BOT + "live = true\n"
OTHER = VENUE.replace("exchanges.hl", "exchanges.other")
SECOND = BOT.replace("bots.eth", "bots.two")


@pytest.fixture(autouse=True)
def _listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    list_everything()


def test_two_live_bots_on_one_section_are_refused() -> None:
    (line,) = lines_of(VENUE + LIVE + SECOND + "live = true\n")
    assert "eth trades ETH/USDC:USDC on hl already and they would share one position" in line


@pytest.mark.parametrize("written", [ADDRESS, "0x" + "A1" * 20])
def test_two_sections_with_one_account_are_one_account(written: str) -> None:
    second = SECOND.replace('"hl"', '"other"') + "live = true\n"
    (line,) = lines_of(VENUE + OTHER.replace(ADDRESS, written) + LIVE + second)
    assert "on hl already, which is the same account as other, and they would share" in line


@pytest.mark.parametrize(
    ("old", "new"),
    [("testnet", "mainnet"), (ADDRESS, "0x" + "b2" * 20)],
    ids=["network", "address"],
)
def test_another_network_or_address_is_another_account(old: str, new: str) -> None:
    second = SECOND.replace('"hl"', '"other"') + "live = true\n"
    assert lines_of(VENUE + OTHER.replace(old, new) + LIVE + second) == []


def test_two_paper_bots_on_one_section_share_its_twins_position() -> None:
    (line,) = lines_of(VENUE + BOT + SECOND)
    assert "eth trades ETH/USDC:USDC on hl-paper already" in line


def test_a_live_bot_and_a_paper_bot_may_trade_the_same_symbol() -> None:
    assert lines_of(VENUE + LIVE + SECOND) == []


def test_paper_bots_on_two_sections_of_one_account_share_nothing() -> None:
    assert lines_of(VENUE + OTHER + BOT + SECOND.replace('"hl"', '"other"')) == []
