"""`config new` writes a first config, says what comes next, and overwrites nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nimbus_tui.cli.main import app
from tests.config.venues import ADDRESS, list_everything


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    return tmp_path / "mine.toml"


def new(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["config", "new", *arguments])
    return done.exit_code, done.output


def test_a_paper_config_can_be_previewed_at_once(file: Path) -> None:
    code, said = new(str(file))
    assert (code, f"nimbus-tui config check {file} --preview" in said) == (0, True)
    assert CliRunner().invoke(app, ["config", "check", str(file)]).exit_code == 0


def test_a_live_config_says_whose_money_it_moves(file: Path) -> None:
    list_everything()
    code, said = new(str(file), "--for", "live", "--account", ADDRESS, "--secret", "env:KEY")
    assert (code, "eth-grid trades LIVE: real orders on hl" in said) == (0, True)
    assert 'secret = "env:KEY"' in file.read_text()


def test_without_the_venues_list_it_says_how_to_get_it(file: Path) -> None:
    code, said = new(str(file), "--for", "live-prices")
    assert (code, f"nimbus-tui exchanges check hl --config {file}" in said) == (0, True)


def test_a_file_that_is_there_stays_as_it_is(file: Path) -> None:
    file.write_text("mine")
    code, said = new(str(file))
    assert (code, file.read_text()) == (2, "mine")
    assert "take another name" in said


def test_real_orders_without_an_account_write_nothing(file: Path) -> None:
    code, _ = new(str(file), "--for", "testnet")
    assert (code, file.exists()) == (2, False)
