"""The app on a real pseudo-terminal that stalls, goes away, or is told to end."""

import asyncio
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nimbus_tui.config.locations import shipped
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.core.errors import EngineUnreachable
from nimbus_tui.journal.sqlite import SqliteJournal


class Terminal:
    """The app on the demo's config in a pseudo-terminal of 120 × 40."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        config = shipped("sample_configs") / "grid-demo.toml"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nimbus_tui", str(config)],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=os.environ
            | {"NIMBUS_HOME": str(home), "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        )  # fmt: skip
        os.close(slave)
        self.seen = b""
        self.reading = threading.Event()
        self.reading.set()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            self.reading.wait()
            try:
                self.seen = (self.seen + os.read(self.master, 65536))[-200_000:]
            except OSError:
                return

    def painted(self, words: bytes, within_s: float = 20) -> None:
        """Wait until the screen has shown some words."""
        end = time.monotonic() + within_s
        while words not in self.seen:
            assert time.monotonic() < end, f"{words!r} was never painted"
            time.sleep(0.05)

    def largest_gap(self, seconds: float) -> float:
        """The longest time between two prices that the engine tells of, over its socket."""
        return asyncio.run(self._gap(seconds))

    async def _gap(self, seconds: float) -> float:
        client = await self._client()
        begun = last = time.monotonic()
        worst, revision, newest = 0.0, 0, 0
        while time.monotonic() < begun + seconds:
            update = await client.updates(revision, timeout_s=1)
            revision = update.revision
            stamp = max((bot.price_ts or 0 for bot in update.bots), default=0)
            if stamp > newest:
                now = time.monotonic()
                worst, last, newest = max(worst, now - last), now, stamp
        await client.close()
        return max(worst, time.monotonic() - last)

    async def _client(self) -> UnixSocketClient:
        path = self.home / "run" / "grid-demo.sock"
        for _ in range(100):
            try:
                return await UnixSocketClient.connect(str(path))
            except EngineUnreachable:
                await asyncio.sleep(0.1)
        raise AssertionError("the engine's socket never answered")

    async def engine(self) -> int:
        """The engine's process."""
        client = await self._client()
        try:
            return (await client.about()).pid
        finally:
            await client.close()

    async def engine_ended(self) -> None:
        """Wait until the engine has ended in order: its journal is let go of then."""
        async with asyncio.timeout(20):
            while (self.home / "run" / "grid-demo.sock").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            while self.last_event() != "Stopped":  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def last_event(self) -> str:
        """The kind of the newest event in the journal."""
        journal = SqliteJournal.read(self.home / "grid-demo" / "journal.db")
        return type(journal.events(limit=1, newest=True)[0]).__name__


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator["Terminal"]:
    shown = Terminal(tmp_path)
    shown.painted(b"eth-grid")
    yield shown
    if (tmp_path / "run" / "grid-demo.sock").exists():  # a test that failed leaves its engine
        os.kill(asyncio.run(shown.engine()), signal.SIGKILL)


def test_a_terminal_that_stops_reading_does_not_delay_the_engine(terminal: Terminal) -> None:
    terminal.reading.clear()
    gap = terminal.largest_gap(10)
    print(f"largest gap between prices while stalled: {gap:.3f} s")
    assert gap < 2
    terminal.reading.set()
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(20) == 0
    assert terminal.last_event() == "Stopped"


def test_a_closed_terminal_leaves_the_engine_trading_until_it_is_told_to_end(
    terminal: Terminal,
) -> None:
    os.close(terminal.master)
    gap = terminal.largest_gap(4)
    print(f"largest gap between prices after the hang-up: {gap:.3f} s")
    assert gap < 2
    assert terminal.process.wait(20) == 0  # who waited for the screen has nobody to wait for
    engine = asyncio.run(terminal.engine())
    os.kill(engine, signal.SIGTERM)
    asyncio.run(terminal.engine_ended())
    assert terminal.last_event() == "Stopped"
