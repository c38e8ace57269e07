"""The example package, installed beside nimbus-tui in a fresh environment, as a user would."""

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.examples.places import CHECKOUT, PINGPONG
from tests.installed import install
from tests.library.markets import csv

SILENT = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"}


class Environment:
    """A virtual environment with nimbus-tui and the example, and folders of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "venv" / "bin" / "python"

    def run(
        self, *command: str, code: int = 0, more: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        program = self.python.parent / command[0]
        names = {"PATH", "HOME", "LANG", "TMPDIR", "COVERAGE_PROCESS_START"}
        done = subprocess.run(
            [str(program), *command[1:]],
            cwd=self.folder,
            env={key: value for key, value in os.environ.items() if key in names}
            | SILENT
            | {"NIMBUS_HOME": str(self.folder / "home")}
            | (more or {}),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr or code
        return done

    def json(self, *command: str, **more: Any) -> Any:
        return json.loads(self.run("nimbus-tui", *command, **more).stdout)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Nothing is downloaded: what nimbus-tui depends on is taken from where the tests run."""
    for program in ("pip", "hatchling"):
        if importlib.util.find_spec(program) is None:
            pytest.skip(f"{program} is not installed")
    made = Environment(tmp_path_factory.mktemp("environment"))
    venv.create(made.folder / "venv", symlinks=True)
    ours = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = made.folder / "venv" / "lib" / version / "site-packages"
    (packages / "dependencies.pth").write_text("\n".join(sorted(ours)) + "\n")
    _pip(
        made.python, "--no-index", "--no-deps", "--no-build-isolation", str(CHECKOUT), str(PINGPONG)
    )
    return made


def _pip(python: Path, *arguments: str) -> None:
    command: Sequence[str] = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q"]
    done = subprocess.run(
        [*command, "--ignore-installed", *arguments],
        env=os.environ | SILENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


CONFIG = str(PINGPONG / "band.toml")


def test_both_are_installed_copies_not_the_checkout(environment: Environment) -> None:
    script = (
        "import nimbus_tui, nimbus_pingpong; print(nimbus_tui.__file__, nimbus_pingpong.__file__)"
    )
    for place in environment.run("python", "-c", script).stdout.split():
        assert place.startswith(str(environment.folder / "venv"))


def test_its_keys_are_in_the_schema_with_their_texts(environment: Environment) -> None:
    done = environment.run("nimbus-tui", "config", "schema")
    assert done.stderr == ""
    table = json.loads(done.stdout)["$defs"]["bot-pingpong"]
    assert table["properties"]["band_percent"] == {
        "description": "How far under the mean it buys, in percent.",
        "type": "number",
        "default": 1,
    }
    assert {"symbol", "quote_size", "strategy", "exchange"} == set(table["required"])


def test_its_config_is_well_and_a_mistake_is_told_like_one_of_ours(
    environment: Environment,
) -> None:
    done = environment.run("nimbus-tui", "config", "check", CONFIG)
    assert done.stderr.endswith(f"{CONFIG}: all well\n")
    wrong = environment.folder / "wrong.toml"
    wrong.write_text(Path(CONFIG).read_text().replace("band_percent = 0.08", "band_percent = -1"))
    found = environment.run("nimbus-tui", "config", "check", str(wrong), code=2).stderr
    assert f"{wrong}:14:1 bots.eth-pingpong.band_percent: must be greater than 0, not -1" in found


def test_it_runs_headless_and_its_order_is_in_the_journal(environment: Environment) -> None:
    environment.run("nimbus-tui", "demo", "--config", CONFIG, "--headless", "--duration", "2")
    environment.run("nimbus-tui", "run", CONFIG, "--duration", "4")
    bots = {bot["bot_id"]: bot for bot in environment.json("bots", "--json")}
    assert bots["eth-pingpong"]["state"] == "running"
    keys = [order["key"] for order in environment.json("orders", "--all", "--json")]
    assert any(key.startswith("pingpong/") for key in keys)
    assert any(key.startswith("grid/") for key in keys)


def backtest(environment: Environment, config: str, **more: Any) -> dict[str, Any]:
    eth = csv(environment.folder / "eth.csv", 500)
    data = ("--data", f"ETH/USDC={eth}", "--data", f"BTC/USDC:USDC={eth}")
    report: dict[str, Any] = environment.json("backtest", config, *data, "--json", **more)
    return report


def test_it_fills_in_a_backtest(environment: Environment) -> None:
    bot = backtest(environment, CONFIG)["bots"]["eth-pingpong"]
    assert bot["fills"] >= 6
    assert bot["round_trips"] >= 3
    assert bot["state"] == "running"


def test_its_own_tests_pass(environment: Environment) -> None:
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(PINGPONG))
    done = environment.run("python", *arguments, str(PINGPONG / "tests"))
    assert "passed" in done.stdout


FAULTY = """
from nimbus_pingpong.strategy import PingPongStrategy

class Faulty(PingPongStrategy):
    def plan(self, view):
        raise RuntimeError("out of ideas")
"""


def test_a_variant_that_raises_in_plan_leaves_its_neighbour_as_it_was(
    environment: Environment,
) -> None:
    packages = install(environment.folder / "faulty", "nimbus-faulty", FAULTY, {"faulty": "Faulty"})
    more = {"more": {"PYTHONPATH": str(packages)}}
    text = Path(CONFIG).read_text()
    config = environment.folder / "faulty.toml"
    config.write_text(text.replace('"pingpong"', '"faulty"'))
    alone = environment.folder / "alone.toml"
    alone.write_text(text[: text.index("[bots.eth")] + text[text.index("[bots.btc") :])

    eth = csv(environment.folder / "eth.csv", 500)
    data = ("--data", f"BTC/USDC:USDC={eth}", "--json")
    undisturbed = environment.json("backtest", str(alone), *data)["bots"]["btc-grid"]
    report = backtest(environment, str(config), **more)["bots"]
    assert undisturbed["fills"] > 20
    assert report["btc-grid"] == undisturbed
    assert (report["eth-pingpong"]["state"], report["eth-pingpong"]["fills"]) == ("failed", 0)

    done = environment.run("nimbus-tui", "run", str(config), "--duration", "5", **more)
    assert "Traceback" not in done.stderr
    bots = {bot["bot_id"]: bot for bot in environment.json("bots", "--json", "--engine", "faulty")}
    assert bots["btc-grid"]["state"] == "running"
    errors = environment.run("nimbus-tui", "events", "--json", "--engine", "faulty").stdout
    told = [json.loads(line) for line in errors.splitlines() if '"type":"error"' in line]
    assert told
    assert {event["bot_id"] for event in told} == {"eth-pingpong"}
    assert {event["message"] for event in told} == {"RuntimeError: out of ideas"}
