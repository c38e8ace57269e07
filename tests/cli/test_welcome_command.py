"""`nimbus-tui` alone, on a terminal: from no config at all to a bot that runs."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nimbus_tui.config.loader import load_text
from nimbus_tui.exchanges.paper.instruments import builtin_instrument

ROOT = Path(__file__).parents[2]
WITHIN_S = 60


class Terminal:
    """The command on a pseudo-terminal of its own, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.master, slave = pty.openpty()
        environment = os.environ | {
            "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT),
            "NIMBUS_HOME": str(home), "COLUMNS": "80", "LINES": "24",
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nimbus_tui"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment,
            cwd=home,
        )  # fmt: skip
        os.close(slave)
        self.seen = b""

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + WITHIN_S
        while not holds():
            assert time.monotonic() < end, self.seen[-3000:].decode(errors="replace")
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready:
                with suppress(OSError):  # the other side has gone: all is read
                    self.seen += os.read(self.master, 65536)

    def shows(self, words: str) -> None:
        self.until(lambda: words.encode() in self.seen)

    def press(self, keys: str) -> None:
        self.seen = b""
        os.write(self.master, keys.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    shown = Terminal(tmp_path)
    yield shown
    shown.close()


def test_two_keys_lead_from_nothing_to_a_bot_that_runs_and_stays(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.shows("How do you want to begin?")
    terminal.press("2")
    terminal.shows("eth-grid")
    terminal.shows("running")
    path = tmp_path / "config" / "nimbus.toml"
    assert list(load_text(path.read_text(), path, builtin_instrument).bots) == ["eth-grid"]
    terminal.press("q")
    terminal.shows("keep the orders resting")
    terminal.press("k")
    terminal.until(lambda: terminal.process.poll() is not None)
    assert terminal.process.returncode == 0
    assert (tmp_path / "nimbus" / "journal.db").exists()


def test_nothing_is_begun_by_leaving(terminal: Terminal, tmp_path: Path) -> None:
    terminal.shows("How do you want to begin?")
    terminal.press("q")
    terminal.until(lambda: terminal.process.poll() is not None)
    assert terminal.process.returncode == 0
    assert not (tmp_path / "config").exists()


def test_several_configs_are_named_and_none_is_guessed(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.toml").write_text("")
    shown = Terminal(tmp_path)
    try:
        shown.shows("say which one")
        shown.until(lambda: shown.process.poll() is not None)
    finally:
        shown.close()
    assert shown.process.returncode == 2
    assert b"a.toml" in shown.seen
    assert b"Traceback" not in shown.seen


def test_without_a_terminal_the_help_is_printed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nimbus_tui"], capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, cwd=ROOT, env=os.environ | {"NIMBUS_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0
    assert "Usage: nimbus-tui" in done.stdout
