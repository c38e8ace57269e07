"""A whole engine whose journal is lost, for real: what it says, its exit code, what it leaves."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.exchanges.paper.store import PaperStore
from nimbus_tui.tui.viewmodels.header import alarms

CONFIG = """\
[engine]
name = "lost"
[exchanges.sim]
type = "paper"
[bots.eth]
strategy = "grid"
exchange = "sim"
symbol = "ETH/USDC:USDC"
spacing = 0.05
levels = 8
quote_size = 100
"""
PATIENCE_S = 20.0


class LostHome:
    """A home whose journal lies in a folder of its own, apart from the paper venue's file."""

    def __init__(self, folder: Path, disk: Path) -> None:
        self.disk = disk
        self.home = folder / "home"
        self.journal = disk / "journal.db"
        self.config = folder / "lost.toml"
        self.said = folder / "said"
        self.config.write_text(CONFIG)
        self.environment = os.environ | {"NIMBUS_HOME": str(self.home)}
        (self.home / "lost").mkdir(parents=True)
        (self.home / "lost" / "journal.db").symlink_to(self.journal)
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *more: str) -> None:
        """Start an engine; what it says goes to a file."""
        command = [sys.executable, "-m", "nimbus_tui", "run", str(self.config), *more]
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(command, env=self.environment, stderr=said)

    def until(self, words: str) -> str:
        """Wait for words of the engine."""
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while words not in (said := self.said.read_text()):
            assert time.monotonic() < deadline, said
            assert self.process.poll() is None, said
            time.sleep(0.05)
        return said

    def until_trading(self) -> None:
        """Wait until orders rest and have filled, by the journal on the disk."""
        assert self.process is not None
        deadline = time.monotonic() + PATIENCE_S
        while not (self.journal.exists() and self._count("fills") > 1):
            assert time.monotonic() < deadline, self.said.read_text()
            assert self.process.poll() is None, self.said.read_text()
            time.sleep(0.05)

    def _count(self, table: str) -> int:
        connection = sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True)
        try:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.close()

    def end(self, how: int = signal.SIGTERM) -> tuple[int, str]:
        """End the engine; its exit code and all that it has said."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=PATIENCE_S)
        return code, self.said.read_text()

    def left_at_the_venue(self) -> list[str]:
        """Keys of what still rests at the paper venue; its engine must have ended."""
        store = PaperStore(self.home / "lost" / "paper-sim.db")
        _, orders = store.load()
        store.close()
        return [order.request.client_order_id for order in orders]

    def seen_on_the_screen(self) -> str:
        """The alarms over the dashboard."""

        async def ask() -> str:
            client = await UnixSocketClient.connect(str(self.home / "run" / "lost.sock"))
            snapshot, _ = await client.snapshot()
            await client.close()
            return "\n".join(cell.text for line in alarms(snapshot, "", 0) for cell in line)

        return asyncio.run(ask())

    def status(self) -> dict[str, dict[str, str]]:
        done = subprocess.run(
            [sys.executable, "-m", "nimbus_tui", "status", "--json", "--engine", "lost"],
            env=self.environment, capture_output=True, check=True,
        )  # fmt: skip
        return dict(json.loads(done.stdout))

    def overwrite(self, start: float, end: float) -> None:
        """Garbage over a part of the file, in place."""
        size = self.journal.stat().st_size
        with self.journal.open("r+b") as file:
            file.seek(int(size * start))
            file.write(os.urandom(int(size * (end - start))))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LostHome]:
    disk = tmp_path / "disk"
    disk.mkdir()
    made = LostHome(tmp_path, disk)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


@pytest.fixture
def small_disk(home: LostHome) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(home.disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no tmpfs can be mounted here")
    yield
    if home.process is not None and home.process.poll() is None:
        home.process.kill()
        home.process.wait()
    subprocess.run(["umount", str(home.disk)], check=True)


def fill(home: LostHome) -> None:
    """Take all the room that is left on the disk."""
    with (home.disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


def protect(home: LostHome) -> None:
    """Nobody may write the journal any more, not even root or who has it open."""
    # Not the shared-memory index beside it: writing to an immutable mapping kills any process.
    files = [str(path) for path in (home.journal, home.disk / "journal.db-wal")]
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", *files]).returncode:
        pytest.skip("files can't be made immutable here")


def unprotect(home: LostHome) -> None:
    for path in home.disk.glob("journal.db*"):
        subprocess.run(["chattr", "-i", str(path)], check=True)


def truncate(home: LostHome) -> None:
    os.truncate(home.journal, home.journal.stat().st_size // 2)


def check_emergency(home: LostHome, words: str) -> None:
    """Said on the console, on the screen and by `status`; verified; and nothing left behind."""
    said = home.until("verified: no order of ours is left")
    assert "emergency shutdown: the journal failed" in said
    assert words in said
    seen = home.seen_on_the_screen()
    assert seen.startswith(" ▲ EMERGENCY: verified: no order of ours is left (the journal failed: ")
    assert words in seen
    assert "▲ THE ENGINE HAS FAILED" in seen
    engine = home.status()["engine"]
    assert (engine["state"], engine["risk"]) == ("failed", "emergency")
    code, said = home.end()
    assert code == 3
    assert said.splitlines()[-1].startswith("nimbus-tui: emergency shutdown: the journal failed: ")
    assert "Traceback" not in said
    assert home.left_at_the_venue() == []


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_under_a_running_engine(home: LostHome) -> None:
    home.run()
    home.until_trading()
    fill(home)
    check_emergency(home, "the disk is full")


@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_is_full_at_the_start(home: LostHome) -> None:
    home.run()
    home.until_trading()
    home.end(signal.SIGKILL)
    assert home.left_at_the_venue()
    fill(home)
    home.run()
    check_emergency(home, "can't be used: the disk")


def test_a_journal_made_read_only_under_a_running_engine(home: LostHome) -> None:
    home.run()
    home.until_trading()
    protect(home)
    try:
        check_emergency(home, "the disk reports an error")
    finally:
        unprotect(home)


def test_a_journal_that_is_read_only_at_the_start(home: LostHome) -> None:
    home.run()
    home.until_trading()
    home.end(signal.SIGKILL)
    protect(home)
    try:
        home.run()
        check_emergency(home, "can't be used: the file")
    finally:
        unprotect(home)


def replaced(home: LostHome) -> None:
    other = home.disk / "other"
    shutil.copy(home.journal, other)
    other.replace(home.journal)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda home: home.overwrite(0, 1), "can't be used: the file is"),
        (truncate, "can't be used: the "),
        (lambda home: home.journal.unlink(), "can't be used: its file is gone"),
        (replaced, "can't be used: its file is gone"),
    ],
    ids=["garbage", "truncated", "removed", "replaced"],
)
def test_a_journal_that_is_harmed_under_a_running_engine(
    harm: Callable[[LostHome], None], words: str, home: LostHome
) -> None:
    home.run()
    home.until_trading()
    # What the file holds is what was folded into it so far: let that be nearly all.
    connection = sqlite3.connect(home.journal)
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    connection.close()
    harm(home)
    check_emergency(home, words)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda home: home.overwrite(0, 1), "the file is not a database"),
        (lambda home: home.overwrite(0.2, 1), "can't be used: the "),
        (truncate, "the file is damaged"),
    ],
    ids=["garbage", "garbage in the middle", "truncated"],
)
def test_a_journal_that_was_harmed_while_no_engine_ran(
    harm: Callable[[LostHome], None], words: str, home: LostHome
) -> None:
    home.run()
    home.until_trading()
    assert home.end()[0] == 0
    assert home.left_at_the_venue()
    harm(home)
    home.run()
    check_emergency(home, words)
