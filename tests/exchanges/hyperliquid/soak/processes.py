"""The venue and the program as a user starts it, each in a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.core.errors import NimbusError

ROOT = Path(__file__).parents[4]
PATIENCE_S = 60.0
KEY_VARIABLE = "NIMBUS_SOAK_KEY"
CONFIG = """\
[engine]
name = "soak"

[exchanges.hl]
type = "hyperliquid"
network = "testnet"
market = "perp"
account = "{account}"
secret = "env:{variable}"
rest_url = "http://127.0.0.1:{port}"
ws_url = "ws://127.0.0.1:{port}/ws"

[bots.eth-grid]
strategy = "grid"
exchange = "hl"
symbol = "ETH/USDC:USDC"
spacing = 0.1
levels = 6
quote_size = 60
live = true

[bots.btc-dca]
strategy = "dca"
exchange = "hl"
symbol = "BTC/USDC:USDC"
order_quote = 25
interval = "{interval}"
max_orders = 100
live = true
"""


class Venue:
    """The venue's process; it wanders by a seed and keeps its books over the whole run."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.exchanges.hyperliquid.server"),
                *("--seed", str(seed), "--state", str(folder / "venue.state")),
                *("--coins", "ETH", "BTC", "--every", "0.25", "--step", "0.0005"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def rest_url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def end(self) -> None:
        """Leave nothing behind."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Program:
    """`nimbus-tui run` on a config, in one life after another."""

    def __init__(self, folder: Path, config: Path, key: str) -> None:
        self._folder = folder
        self._config = config
        self._environment = os.environ | {
            "NIMBUS_HOME": str(folder / "home"),
            KEY_VARIABLE: key,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.lives = 0

    @property
    def journal(self) -> Path:
        """Where its journal is."""
        return self._folder / "home" / "soak" / "journal.db"

    def start(self) -> None:
        """Begin a life; all lives write to one log."""
        self.lives += 1
        log = (self._folder / "run.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nimbus_tui", "run", str(self._config)],
            cwd=ROOT,
            env=self._environment,
            stdout=log,
            stderr=log,
        )
        log.close()

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        assert self._process.wait(PATIENCE_S) == -signal.SIGKILL, self.log()

    def stop(self) -> None:
        """Ask it to end in order."""
        assert self._process is not None
        self._process.terminate()
        assert self._process.wait(PATIENCE_S) == 0, self.log()

    def end(self) -> None:
        """Leave nothing behind, however the test ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(PATIENCE_S)

    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    async def client(self) -> UnixSocketClient | None:
        """A client of the running engine; None while it doesn't listen."""
        path = self._folder / "home" / "run" / "soak.sock"
        try:
            return await UnixSocketClient.connect(str(path))
        except (NimbusError, OSError):
            return None

    def log(self) -> str:
        """What it has said."""
        return (self._folder / "run.log").read_text(errors="replace")
