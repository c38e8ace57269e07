"""A first config is well as it stands, and does what its name says."""

from pathlib import Path

import pytest

from nimbus_tui.config.starter import Start, starter
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.errors import ConfigError
from tests.config.venues import ADDRESS, config_of, lines_of, list_everything


@pytest.fixture(autouse=True)
def _listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path))
    list_everything()


@pytest.mark.parametrize(
    ("start", "account", "mode", "exchange"),
    [
        (Start.PAPER, "", Mode.PAPER, "sim"),
        (Start.PRICES, "", Mode.PAPER, "hl-paper"),
        (Start.PRICES, ADDRESS, Mode.PAPER, "hl-paper"),
        (Start.TESTNET, ADDRESS, Mode.TESTNET, "hl"),
        (Start.LIVE, ADDRESS, Mode.LIVE, "hl"),
    ],
)
def test_each_start_is_a_config_that_is_well(
    start: Start, account: str, mode: Mode, exchange: str
) -> None:
    text = starter(start, account, "hl-agent")
    assert lines_of(text) == []
    config = config_of(text)
    assert config.mode("eth-grid") is mode
    assert config.bots["eth-grid"].common.exchange == exchange
    assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize("start", [Start.TESTNET, Start.LIVE])
def test_real_orders_need_an_account(start: Start) -> None:
    with pytest.raises(ConfigError, match="--account 0x…"):
        starter(start, "", "hl-agent")
