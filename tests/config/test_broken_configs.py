"""Ten ways to break a config: each a place, a reason and a remedy, and exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from nimbus_tui.config.locations import shipped

GOOD = """\
[exchanges.sim]
type = "paper"

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""

BROKEN = {
    "typo in a key": (("spacing =", "spacng ="), ":8:1 ", "did you mean 'spacing'"),
    "wrong type": (("levels = 3", 'levels = "three"'), ":9:1 ", "a whole number"),
    "spacing 0": (("spacing = 0.5", "spacing = 0"), ":8:1 ", "greater than 0"),
    "levels -1": (("levels = 3", "levels = -1"), ":9:1 ", "at least 1"),
    "unknown strategy": (('"grid"', '"gird"'), ":5:1 ", "did you mean 'grid'"),
    "missing exchange": (('exchange = "sim"\n', ""), ":4:", "'exchange' is missing"),
    "unknown exchange": (('exchange = "sim"', 'exchange = "simm"'), ":6:1 ", "did you mean 'sim'"),
    "duplicate bot": (
        ("quote_size = 100", "quote_size = 100\n[bots.eth]"),
        ":11:2 ",
        "in line 4 and in line 11",
    ),
    "bad TOML": (("spacing = 0.5", "spacing = = 0.5"), ":8:", "not valid TOML"),
    "price of zero": (("levels = 3", "levels = 3\nbase_price = 0"), ":10:1 ", "greater than 0"),
    "not a number": (("spacing = 0.5", "spacing = nan"), ":8:1 ", "finite"),
}


def check(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nimbus_tui", "config", "check", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_config_is_told_with_place_and_remedy(name: str, tmp_path: Path) -> None:
    (old, new), place, remedy = BROKEN[name]
    assert old in GOOD
    path = tmp_path / "bots.toml"
    path.write_text(GOOD.replace(old, new, 1))
    done = check(path)
    assert done.returncode == 2, done.stderr
    assert place in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) < 12


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    for path, words in (
        (tmp_path, "folder"),
        (tmp_path / "none.toml", "no such file"),
        (tmp_path / "latin.toml", "UTF-8"),
    ):
        done = check(path)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_the_good_one_and_every_sample_are_well(tmp_path: Path) -> None:
    good = tmp_path / "good.toml"
    good.write_text(GOOD)
    for path in (good, *shipped("sample_configs").glob("*.toml")):
        done = check(path)
        assert done.returncode == 0, done.stderr
