"""What real venues list is kept in a file, whole at any moment, and told when it is missing."""

from pathlib import Path

import pytest

from nimbus_tui.config.exchange_sections import MarketKind, NetworkName
from nimbus_tui.config.listings import STALE_AFTER_NS, Listings, keep, read_file
from nimbus_tui.config.locations import instruments_path
from nimbus_tui.core.errors import ConfigError
from tests.config.venues import (
    BOT,
    PERPETUALS,
    READ_NS,
    SPOT,
    VENUE,
    lines_of,
    list_everything,
    section,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    return tmp_path


def test_what_is_kept_comes_back_with_every_digit(home: Path) -> None:
    path = keep(section(), PERPETUALS, READ_NS)
    assert path == home / "instruments" / "hyperliquid-testnet.json"
    found = Listings().all_of(section())
    assert tuple(found.values()) == PERPETUALS
    assert found["ETH/USDC:USDC"].significant_figures == 5


def test_both_markets_of_a_network_share_a_file_and_networks_do_not() -> None:
    keep(section(), PERPETUALS, READ_NS)
    keep(section(market=MarketKind.SPOT), SPOT, READ_NS)
    listings = Listings()
    assert set(listings.all_of(section())) == {one.symbol for one in PERPETUALS}
    assert set(listings.all_of(section(market=MarketKind.SPOT))) == {"HYPE/USDC"}
    assert listings.all_of(section(NetworkName.MAINNET)) == {}


def test_a_new_list_takes_the_place_of_the_old_one_and_leaves_nothing_behind(home: Path) -> None:
    keep(section(), PERPETUALS, READ_NS)
    keep(section(), PERPETUALS[:1], READ_NS + 1)
    assert list(Listings().all_of(section())) == [PERPETUALS[0].symbol]
    assert [path.name for path in (home / "instruments").iterdir()] == ["hyperliquid-testnet.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "x": 2}', b"\xff\xfe"])
def test_a_damaged_file_is_told_with_the_remedy_and_written_anew(content: bytes) -> None:
    path = keep(section(), PERPETUALS, READ_NS)
    path.write_bytes(content)
    (line,) = lines_of(VENUE + BOT)
    assert "is damaged" in line
    assert "`nimbus-tui exchanges check hl` writes it anew" in line
    keep(section(), PERPETUALS, READ_NS)
    assert lines_of(VENUE + BOT) == []


def test_a_file_of_a_newer_program_is_not_guessed_at() -> None:
    path = instruments_path("hyperliquid", "testnet")
    path.parent.mkdir(parents=True)
    path.write_text('{"version": 2, "other": {}}')
    with pytest.raises(ConfigError, match="is of version 2, and this program reads 1"):
        read_file(path)


def test_without_a_list_the_config_says_how_to_get_one() -> None:
    (line,) = lines_of(VENUE + BOT)
    assert line == (
        "10:1 bots.eth.symbol: what hyperliquid testnet lists is not known yet; "
        "`nimbus-tui exchanges check hl` asks it (it needs a network, no key)"
    )


@pytest.mark.parametrize(
    ("symbol", "now", "expected"),
    [
        ("ETH/USDC:USDC", READ_NS + STALE_AFTER_NS, False),
        ("ETH/USDC:USDC", READ_NS + STALE_AFTER_NS + 1, True),
        ("ETH/USDC:USDC", READ_NS - 1, True),
        ("NEW/USDC:USDC", READ_NS, True),
    ],
    ids=["a day", "older", "from the future", "lacks a symbol"],
)
def test_a_list_is_outdated_by_age_or_by_what_it_lacks(
    symbol: str, now: int, expected: bool
) -> None:
    list_everything()
    listings = Listings()
    listings.instrument(section(), symbol)
    assert (listings.outdated(now) == [section()]) is expected


def test_a_list_that_nobody_looked_into_is_not_read_for_nothing() -> None:
    assert Listings().outdated(READ_NS) == []
