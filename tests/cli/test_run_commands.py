"""A whole engine in a process of its own: how it ends and what it exits with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIG = """\
[engine]
name = "here"
[exchanges.sim]
type = "paper"
[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 0.1
levels = 3
quote_size = 100
"""


class Home:
    """A folder of its own for one test's engines."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "here.toml"
        self.config.write_text(CONFIG)
        self.environment = os.environ | {"NIMBUS_HOME": str(folder / "home")}
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "nimbus_tui", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def engine(self, *arguments: str) -> subprocess.Popen[str]:
        process = self.start("run", str(self.config), *arguments)
        assert process.stderr is not None
        assert any("nimbus-tui runs" in line for line in process.stderr)
        return process

    def call(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    for process in made.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_an_engine_ends_with_0_on_a_signal(home: Home) -> None:
    engine = home.engine()
    engine.send_signal(signal.SIGTERM)
    engine.communicate(timeout=30)
    assert engine.returncode == 0


def test_an_engine_in_emergency_stays_up_latched_and_exits_with_3_when_told_to_end(
    home: Home,
) -> None:
    engine = home.engine()
    assert home.call("emergency", "--yes")[0] == 0
    assert home.call("start", "eth")[0] == 1
    assert engine.poll() is None
    engine.send_signal(signal.SIGINT)
    _, said = engine.communicate(timeout=30)
    assert engine.returncode == 3
    assert "emergency" in said
    assert home.call("run", str(home.config), "--duration", "1")[0] == 3


def test_a_home_that_can_not_be_written_is_said_without_a_traceback(home: Home) -> None:
    Path(home.environment["NIMBUS_HOME"]).write_text("a file in the way")
    code, out, said = home.call("run", str(home.config), "--duration", "1")
    assert (code, out) == (1, "")
    assert "Traceback" not in said
    assert home.environment["NIMBUS_HOME"] in said


def test_a_killed_engine_is_no_running_one(home: Home) -> None:
    engine = home.engine()
    other = home.config.with_name("other.toml")
    other.write_text(CONFIG.replace('"here"', '"other"'))
    killed = home.start("run", str(other))
    assert killed.stderr is not None
    assert any("nimbus-tui runs" in line for line in killed.stderr)
    code, _, said = home.call("bots", "--json")
    assert code == 2
    assert "here, other" in said
    killed.kill()
    killed.wait()
    code, out, _ = home.call("bots", "--json")
    assert code == 0
    assert json.loads(out)[0]["bot_id"] == "eth"
    code, out, said = home.call("bots", "--json", "--engine", "other")
    assert code == 0
    assert json.loads(out)[0]["state"] == "running"
    assert "journal" in said
    engine.send_signal(signal.SIGTERM)


def test_an_engine_that_hangs_is_said_to_hang(home: Home) -> None:
    engine = home.engine()
    engine.send_signal(signal.SIGSTOP)
    code, _, said = home.call("pause", "eth")
    engine.send_signal(signal.SIGCONT)
    assert code == 1
    assert "does not answer" in said


def test_a_full_disk_behind_stdout_and_a_reader_that_leaves_make_no_traceback(home: Home) -> None:
    home.engine()
    command = f"{sys.executable} -m nimbus_tui events --json"
    for shell, expected in ((f"{command} > /dev/full", 1), (f"{command} | head -1", 0)):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", shell],
            env=home.environment,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == expected
        assert "Traceback" not in done.stderr
