"""The Python on the pages about the library runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nimbus_tui
from nimbus_tui.config.model import BotSection
from tests.examples.places import CHECKOUT
from tests.library.markets import GRID, csv

SNIPPET = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = ("library.md", "writing-a-strategy.md")
SNIPPETS = [
    pytest.param(code, id=f"{page}-{number}")
    for page in PAGES
    for number, code in enumerate(
        SNIPPET.findall((CHECKOUT / "docs" / page).read_text(encoding="utf-8")), 1
    )
]


@pytest.mark.parametrize("code", SNIPPETS)
def test_every_snippet_runs(code: str, tmp_path: Path) -> None:
    (tmp_path / "bots.toml").write_text(GRID)
    csv(tmp_path / "prices.csv")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=os.environ | {"NIMBUS_HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_the_page_explains_every_call_of_a_strategy() -> None:
    page = (CHECKOUT / "docs" / "writing-a-strategy.md").read_text(encoding="utf-8")
    engines_own = {"saved_state", "take_events", "take_cycles", "wanted_claim"}
    calls = {
        name
        for name, value in vars(nimbus_tui.BaseTradingStrategy).items()
        if not name.startswith("_") and (callable(value) or isinstance(value, classmethod))
    }
    assert {name for name in calls - engines_own if f"{name}(" not in page} == set()


def test_the_page_names_the_keys_that_every_bot_has() -> None:
    page = (CHECKOUT / "docs" / "writing-a-strategy.md").read_text(encoding="utf-8")
    assert f"`{' '.join(BotSection.__struct_fields__)}`" in page


def test_the_page_about_the_library_names_its_calls() -> None:
    page = (CHECKOUT / "docs" / "library.md").read_text(encoding="utf-8")
    own = {name for name in vars(nimbus_tui.HostedEngine) if not name.startswith("_")}
    assert {name for name in own - {"is_alive"} if name not in page} == set()
