"""The example programs run as they stand, and type checkers have nothing to say about them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.places import CHECKOUT, EXAMPLES
from tests.library.markets import GRID, csv


def run(*arguments: str | Path, home: Path, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, *(str(argument) for argument in arguments)],
        env=os.environ | {"NIMBUS_HOME": str(home), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_sweep_prints_every_combination_the_best_first(tmp_path: Path) -> None:
    data = csv(tmp_path / "eth.csv")
    out = run(
        EXAMPLES / "sweep.py", data, "--spacing", "0.5", "2", "--levels", "2", "3", home=tmp_path
    )
    header, *rows = [line.split() for line in out.splitlines()]
    assert header[0] == "spacing"
    assert {(spacing, levels) for spacing, levels, *_ in rows} == {
        ("0.5", "2"), ("0.5", "3"), ("2", "2"), ("2", "3"),
    }  # fmt: skip
    profits = [float(row[2]) for row in rows]
    assert profits == sorted(profits, reverse=True)
    assert profits[0] > 0


@pytest.mark.parametrize(("most_loss", "pauses"), [("-100", True), ("50", False)])
def test_the_watchdog_prints_fills_and_pauses_whom_it_is_told_to(
    most_loss: str, pauses: bool, tmp_path: Path
) -> None:
    config = tmp_path / "bots.toml"
    config.write_text(GRID.replace("spacing = 0.5", "spacing = 0.05"))
    arguments = (config, "--scratch", "--seconds", "6", f"--most-loss={most_loss}")
    out = run(EXAMPLES / "watchdog.py", *arguments, home=tmp_path)
    assert ("eth: lost" in out) is pauses
    assert ("paused; orders that reduce the position stay" in out) is pauses
    assert "eth: buy " in out
    assert "time is up; the account is worth " in out


def test_the_watchdog_tells_a_mistake_in_the_config_in_words(tmp_path: Path) -> None:
    out = run(EXAMPLES / "watchdog.py", tmp_path / "none.toml", home=tmp_path, code=1)
    assert "there is no such file" in out


def test_type_checkers_have_nothing_to_say_about_the_examples(tmp_path: Path) -> None:
    package = EXAMPLES / "nimbus-pingpong" / "nimbus_pingpong"
    programs = [EXAMPLES / "sweep.py", EXAMPLES / "watchdog.py"]
    run("-m", "mypy", "--strict", "--cache-dir", tmp_path, *programs, package, home=tmp_path)
