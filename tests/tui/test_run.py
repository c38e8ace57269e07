"""The screen on real pseudo-terminals: first paint, stalls, hang-ups, signals, bad terminals."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "terminal_script.py"


class Shown:
    """The script on a pseudo-terminal; `read` may be held back like a stalled connection."""

    def __init__(
        self, report: Path, *words: str, controlling: bool = True, **environment: str
    ) -> None:
        self.report = report
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(report), *words],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True, cwd=ROOT,
            preexec_fn=(lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) if controlling else None,
            env=os.environ | {
                "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT),
            } | environment,
        )  # fmt: skip
        self.seen = b""
        self.flowing = threading.Event()
        self.flowing.set()
        self.closed = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        while not self.closed:
            if not self.flowing.wait(0.05):
                continue
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if ready and not self.closed:
                try:
                    self.seen = (self.seen + os.read(self.master, 65536))[-400_000:]
                except OSError:
                    return

    def until(self, holds: Callable[[], bool], within_s: float = 20) -> None:
        """Wait for something that the process or its terminal shows."""
        end = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < end, f"never happened; last seen: {self.seen[-300:]!r}"
            time.sleep(0.02)

    def painted(self) -> None:
        """The first paint is there: the table and the ladder."""
        self.until(lambda: b"eth-grid" in self.seen and b"last price" in self.seen)

    def press(self, keys: bytes) -> None:
        """Keys from the user."""
        os.write(self.master, keys)

    def stall(self) -> None:
        """The connection stops; wait until the terminal is full and stays so."""
        self.flowing.clear()

    def hang_up(self) -> None:
        """The terminal goes away."""
        self.closed = True
        self.reader.join()
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def told(self) -> list[str]:
        """What the script has reported."""
        return self.report.read_text().split() if self.report.exists() else []

    def ended(self, within_s: float = 10) -> int:
        """The exit status."""
        return self.process.wait(within_s)

    def close(self) -> None:
        """Leave nothing behind."""
        self.closed = True
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for end in (self.master, self.slave):
            if end >= 0:
                os.close(end)


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    all_shown: list[Shown] = []

    def show(*words: str, controlling: bool = True) -> Shown:
        all_shown.append(Shown(tmp_path / "report", *words, controlling=controlling))
        all_shown[-1].painted()
        return all_shown[-1]

    yield show
    for one in all_shown:
        one.close()


def stalled(one: Shown, seconds: float) -> None:
    """The connection stops while each theme is put on: more whole screens than fit on the way."""
    one.stall()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        one.press(b"t")
        time.sleep(0.1)  # the stall itself: nothing can be waited for


def is_restored(one: Shown) -> bool:
    """Main screen, cursor, no mouse reports, and the line discipline of before."""
    tail = one.seen[one.seen.rfind(b"\x1b[?2004l") :]
    codes = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?7h")
    return all(code in tail for code in codes) and termios.tcgetattr(one.slave)[3] == one.before[3]


def test_a_key_is_answered_and_quitting_restores_the_terminal(
    shown: Callable[..., Shown],
) -> None:
    one = shown()
    one.press(b"p")
    one.until(lambda: b"paused; orders that reduce stay" in one.seen)
    one.press(b"q")
    one.until(lambda: b"end the engine" in one.seen)
    one.press(b"k")
    assert one.ended() == 0
    assert one.told()[0] == "STOP_KEEP_ORDERS"
    one.until(lambda: is_restored(one))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_screen_in_order(
    shown: Callable[..., Shown], number: signal.Signals
) -> None:
    one = shown()
    one.process.send_signal(number)
    assert one.ended() == 0
    assert one.told()[0] == "TERMINATED"
    one.until(lambda: is_restored(one))


def test_a_terminal_that_goes_away_leaves_the_engine_running(shown: Callable[..., Shown]) -> None:
    one = shown("wait")
    one.hang_up()
    one.until(lambda: one.told()[:1] == ["HEADLESS"] and int(one.told()[2]) > 25)
    assert one.process.poll() is None
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    state, longest, _ = one.told()
    assert state == "ENDED"
    assert float(longest) < 1.0


def test_a_terminal_that_goes_away_without_a_signal_is_noticed(
    shown: Callable[..., Shown],
) -> None:
    one = shown("wait", controlling=False)
    one.hang_up()
    one.until(lambda: one.told()[:1] == ["HEADLESS"])
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0


def test_a_terminal_that_stalls_delays_nobody_and_is_repainted(
    shown: Callable[..., Shown],
) -> None:
    one = shown()
    stalled(one, 5)
    one.seen = b""
    one.flowing.set()
    one.until(lambda: b"nimbus" in one.seen and b"last price" in one.seen)
    one.press(b"p")
    one.until(lambda: b"orders that reduce stay" in one.seen)
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    state, longest, ticks = one.told()
    assert state == "TERMINATED"
    assert float(longest) < 1.0
    assert int(ticks) > 100


def test_a_signal_is_obeyed_while_the_terminal_stalls(shown: Callable[..., Shown]) -> None:
    one = shown()
    stalled(one, 3)
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    assert one.told()[0] == "TERMINATED"
    one.flowing.set()
    one.until(lambda: is_restored(one))


def test_a_dumb_terminal_is_refused_in_one_line() -> None:
    master, slave = pty.openpty()
    code = "from nimbus_tui.tui.run import check_terminal as c\ntry: c()\nexcept Exception as e: "
    done = subprocess.run(
        [sys.executable, "-c", code + "print(type(e).__name__, e, end='')"],
        stdin=slave, stderr=slave, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True,
        env=os.environ | {"LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), "TERM": "dumb"},
    )  # fmt: skip
    os.close(master)
    os.close(slave)
    assert done.stdout.startswith("NimbusError")
    assert "TERM is dumb" in done.stdout
    assert "\n" not in done.stdout


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "report")],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "the app needs a terminal" in done.stderr


def test_opening_the_module_imports_no_textual() -> None:
    code = "import sys, nimbus_tui.tui.run; print('textual' in sys.modules, end='')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "False"
