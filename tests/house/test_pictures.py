"""The pictures and the recording can be made from what is here; the tutorial runs as written."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from nimbus_tui.config.starter import Start, starter

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pictures"
CAST = FOLDER / "demo.cast"
LARGEST = 300_000
SHOWN = {
    "dashboard": "sol-martingale",
    "ladder": "last price",
    "risk": "total exposure",
    "config": "what eth-grid would do now",
    "replay": "THE PAST",
    "heat-map": "30 of 30 cells",
}
"""Each picture, and words that only its screen has."""


def words_of(picture: Path) -> str:
    """Everything that is written in a picture."""
    texts = ElementTree.parse(picture).iter("{http://www.w3.org/2000/svg}text")
    return " ".join(text.text or "" for text in texts).replace("\xa0", " ")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pictures as they are drawn now."""
    folder = tmp_path_factory.mktemp("pictures")
    home = tmp_path_factory.mktemp("home")
    done = subprocess.run(
        [sys.executable, str(FOLDER / "draw.py"), str(folder)],
        env=os.environ | {"NIMBUS_HOME": str(home)},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_drawn_and_shows_its_screen(drawn: Path, name: str) -> None:
    assert SHOWN[name] in words_of(drawn / f"{name}.svg")


def test_no_other_picture_is_drawn(drawn: Path) -> None:
    assert {path.stem for path in drawn.iterdir()} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_a_kept_picture_shows_its_screen_and_loads_nothing_from_elsewhere(name: str) -> None:
    picture = FOLDER / f"{name}.svg"
    assert SHOWN[name] in words_of(picture)
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", picture.read_text("utf-8"))


def test_the_readme_shows_every_picture_that_is_kept() -> None:
    shown = re.findall(
        r"!\[[^\]]+\]\(docs/pictures/([\w-]+)\.svg\)", (ROOT / "README.md").read_text()
    )
    assert sorted(shown) == sorted(SHOWN) == sorted(path.stem for path in FOLDER.glob("*.svg"))


# the recording


def check_cast(text: str) -> str:
    """A cast of version 2 whose times never go back; returns what was written."""
    header, *events = map(json.loads, text.splitlines())
    assert (header["version"], header["width"], header["height"]) == (2, 100, 30)
    assert {kind for _, kind, _ in events} == {"o"}
    times = [at for at, _, _ in events]
    assert times == sorted(times)
    assert times[0] >= 0
    return "".join(written for _, _, written in events)


def test_the_kept_recording_is_a_small_cast_of_the_demo() -> None:
    written = check_cast(CAST.read_text("utf-8"))
    assert CAST.stat().st_size < LARGEST
    for words in ("sol-martingale", "total exposure", "Quit the demo?"):
        assert words in written


def test_the_demo_can_be_recorded() -> None:
    record = loaded(FOLDER / "record.py")
    written = check_cast(record.cast(record.record([(0.0, "2")])))
    assert "PAPER" in written
    assert "Quit the demo?" in written


def loaded(path: Path) -> ModuleType:
    """A program as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# the tutorial


def test_the_tutorials_config_is_the_one_that_the_welcome_writes() -> None:
    text = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    assert re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S) == [starter(Start.PAPER, "", "")]


def test_the_tutorials_backtest_runs_as_it_is_written(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    steps = [block for block in blocks if "first.toml" in block or "awk" in block]
    (tmp_path / "first.toml").write_text(starter(Start.PAPER, "", ""), "utf-8")
    script = f'set -e\nnimbus-tui() {{ "{sys.executable}" -m nimbus_tui "$@"; }}\n{"".join(steps)}'
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path,
        env=os.environ | {"NIMBUS_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "round trips" in done.stdout
