"""The mistakes that beginners make first end in a sentence that says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.app_terminal import EngineHome, ShellTerminal
from tests.config.texts import GOOD

ROOT = Path(__file__).parents[2]
NAMED = '[engine]\nname = "mine"\n\n' + GOOD
SLIPS = {
    "text without quotes": (
        '"grid"', "grid", '8:12: text stands in quotes: write strategy = "grid"',
    ),
    "a comma in a number": (
        "0.5", "0,5", "11:12: a number has a point, not a comma: write spacing = 0.5",
    ),
    "a percent sign": ("0.5", "0.5%", "11:14: a number stands without signs: write spacing = 0.5"),
    "a percentage as text": (
        "0.5", '"5%"',
        'bots.eth.spacing: must be a number, not the text "5%"; write 5, without quotes and signs',
    ),
    "small letters": ("ETH/USDC", "eth/usdc", "not a symbol; did you mean 'ETH/USDC'?"),
    "a dash": ("ETH/USDC", "ETH-USDC", "not a symbol; did you mean 'ETH/USDC'?"),
}  # fmt: skip


def nimbus(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as it is typed, with a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "nimbus_tui", *words],
        env={**os.environ, "NIMBUS_HOME": str(home), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_config_is_told_with_what_was_meant(tmp_path: Path, slip: str) -> None:
    written, instead, told = SLIPS[slip]
    config = tmp_path / "mine.toml"
    config.write_text(NAMED.replace(written, instead))
    done = nimbus(tmp_path / "home", "config", "check", str(config))
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def test_a_home_where_nothing_can_be_kept_is_told_with_the_way_out(tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text(NAMED)
    (tmp_path / "file").write_text("")
    done = nimbus(tmp_path / "file", "run", str(config))
    assert "Not a directory; nothing can be kept there: NIMBUS_HOME=FOLDER" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_a_second_engine_on_one_config_names_the_first_and_how_to_see_it(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    first = engine_home.about().pid
    done = nimbus(engine_home.home, "run", str(engine_home.config))
    assert f"is in use by process {first}: an engine runs there already" in done.stderr
    assert "`nimbus-tui attach here` shows it" in done.stderr
    assert done.returncode == 1
