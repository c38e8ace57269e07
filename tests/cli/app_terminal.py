"""The app as people use it: typed into a shell on a pseudo-terminal, its engine asked beside it."""

import asyncio
import fcntl
import os
import pty
import shlex
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from nimbus_tui.control.about import EngineAbout
from nimbus_tui.control.client import EngineClient
from nimbus_tui.control.snapshots import BotSnapshot
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.core.errors import EngineUnreachable
from nimbus_tui.core.events import Event
from nimbus_tui.journal.sqlite import SqliteJournal

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
PROMPT = "ready>"
CONFIG = """\
[engine]
name = "here"
on_hangup = "{on_hangup}"

[exchanges.sim]
type = "paper"
market = "synthetic"

[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC"
spacing = 0.05
levels = 5
quote_size = 100
"""

Answer = TypeVar("Answer")


class EngineHome:
    """A config with a home of its own, and the engine on it, wherever it runs."""

    def __init__(self, folder: Path, on_hangup: str = "detach") -> None:
        self.home = folder / "home"
        self.config = folder / "bots.toml"
        self.config.write_text(CONFIG.format(on_hangup=on_hangup))
        self.environment = {
            "NIMBUS_HOME": str(self.home), "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT), "PS1": PROMPT, "PATH": os.environ["PATH"], "HOME": str(folder),
        }  # fmt: skip
        self.started: set[int] = set()

    def command(self, *arguments: str) -> str:
        """A command of nimbus-tui as it is typed; without arguments the app on the config."""
        words = [sys.executable, "-m", "nimbus_tui", *(arguments or (str(self.config),))]
        return shlex.join(words)

    @property
    def socket(self) -> Path:
        return self.home / "run" / "here.sock"

    def ask(self, question: Callable[[EngineClient], Awaitable[Answer]]) -> Answer:
        """Ask the engine one thing, as soon as it answers."""

        async def asked() -> Answer:
            end = time.monotonic() + PATIENCE_S
            while True:
                try:
                    client = await UnixSocketClient.connect(str(self.socket))
                    break
                except EngineUnreachable:
                    assert time.monotonic() < end, "no engine ever answered"
                    await asyncio.sleep(0.05)
            try:
                return await question(client)
            finally:
                await client.close()

        return asyncio.run(asked())

    def about(self) -> EngineAbout:
        about = self.ask(lambda client: client.about())
        self.started.add(about.pid)
        return about

    async def _pid(self) -> int:
        client = await UnixSocketClient.connect(str(self.socket))
        try:
            return (await client.about()).pid
        finally:
            await client.close()

    def fills(self) -> int:
        return len(self.ask(lambda client: client.fills(limit=5000)))

    def bot(self) -> BotSnapshot:
        (bot,) = self.ask(lambda client: client.snapshot())[1]
        return bot

    def trades_on(self) -> None:
        """Wait for fills that were not there before."""
        before = self.fills()
        until(lambda: self.fills() > before, "no more fills came")

    def newest(self, count: int = 1) -> Sequence[Event]:
        """The newest events in the journal, whoever wrote them."""
        journal = SqliteJournal.read(self.home / "here" / "journal.db")
        try:
            return journal.events(limit=count, newest=True)
        finally:
            journal.close()

    def has_left(self, pid: int) -> None:
        """Wait until an engine has left its terminal."""

        def told() -> str:
            stat = Path(f"/proc/{pid}/stat")
            how = stat.read_text() if stat.exists() else "its process is gone"
            log = self.home / "here" / "logs" / "detached.log"
            said = log.read_text() if log.exists() else "nothing"
            return f"the engine never left its terminal: {how}; it said {said}"

        until(lambda: is_alive(pid) and os.getsid(pid) == pid, told)

    def ended(self, pid: int) -> None:
        """Wait until a process is no more."""
        until(lambda: not is_alive(pid), f"process {pid} did not end")

    def clear(self) -> None:
        """Leave no engine behind."""
        with suppress(EngineUnreachable):
            self.started.add(asyncio.run(self._pid()))
        for pid in self.started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


class ShellTerminal:
    """A shell, or another program, on a pseudo-terminal."""

    def __init__(
        self,
        home: EngineHome,
        *program: str,
        rows: int = 24,
        columns: int = 80,
    ) -> None:
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            program or ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=ROOT,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), env=home.environment,
        )  # fmt: skip
        os.close(slave)
        self.seen = b""
        self.flowing = threading.Event()
        self.flowing.set()
        self._is_open = True
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while self._is_open:
            if not self.flowing.wait(0.05):
                continue
            try:
                more = os.read(self.master, 65536)
            except OSError:
                return
            self.seen += more

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def types(self, line: str) -> None:
        """Type a command; what was seen before is forgotten."""
        self.seen = b""
        os.write(self.master, line.encode() + b"\r")

    def presses(self, keys: bytes) -> None:
        """Press keys; what was seen before is forgotten."""
        self.seen = b""
        os.write(self.master, keys)

    def sees(self, words: str) -> None:
        """Wait until something is shown."""
        until(
            lambda: words.encode() in self.seen.replace(b"\r\n", b""),
            lambda: f"{words!r} was never shown; last seen: {self.seen[-600:]!r}",
        )

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed: it does while no screen has it."""
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def close(self) -> None:
        """The terminal goes away, as when a window is closed."""
        if self._is_open:
            self._is_open = False
            os.close(self.master)
        if self.process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(holds: Callable[[], bool], complaint: str | Callable[[], str]) -> None:
    """Return as soon as something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(complaint if isinstance(complaint, str) else complaint())
        time.sleep(0.03)
