"""A whole engine in a process of its own: how it ends and what it exits with."""

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
