"""The venue server and the traders as processes that a test starts and kills."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from tests.venue.trader import Said

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
"""How long anything may take on a busy machine before the test gives up."""


def eventually(what: str, is_so: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it does not come true.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


def _started(module: str, *given: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, given)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONHASHSEED": "0"},
    )


class VenueProcess:
    """The venue server on one port, whatever happens to its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun_ns = time.time_ns()
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.kills = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()

    def start(self, *options: str) -> None:
        """Start it on what its files say."""
        begun = ("--begun", self._begun_ns)
        self._process = _started(
            "tests.venue.server", self._folder, "--port", self.port, *begun, *options
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()
        self._process = None
        self.kills += 1


class Trader:
    """One life of the engine, from the moment that its program is loaded."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self._process = _started("tests.venue.trader", folder, port, *options)
        self.said: list[Said] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.went_ns = 0

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(msgspec.json.decode(line, type=Said))

    def has_said(self, what: str) -> bool:
        """Whether it has said so."""
        return any(said.what == what for said in list(self.said))

    def go(self) -> None:
        """Let it begin, once it is loaded."""
        eventually("a trader that is loaded", lambda: self.has_said("ready"))
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self.went_ns = time.time_ns()

    def end(self) -> None:
        """Leave nothing behind, however the test ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._end()

    def kill(self) -> None:
        """`kill -9`, wherever it is.

        Raises:
            AssertionError: it had ended by itself.
        """
        self._process.kill()
        assert self._end() == -signal.SIGKILL, self.said

    def stop(self) -> None:
        """Ask it to end in order."""
        self._process.terminate()
        assert self._end() == 0, self.said

    def _end(self) -> int:
        code = self._process.wait(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        return code

    def recovery_s(self) -> float | None:
        """From its start until it was in step with the venue; None: it never was."""
        connected = [said.ts for said in self.said if said.what == "Connected"]
        return (connected[0] - self.went_ns) / 1e9 if connected else None
