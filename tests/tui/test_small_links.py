"""The screen over a slow link, in a terminal without UTF-8, and while its size changes."""

import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import median

import pytest

from tests.tui.test_run import Shown, is_restored

STORM_S = float(os.environ.get("NIMBUS_RESIZE_SECONDS", "8"))
SLOW = 1_500
"""Bytes a second: less than the screen would send."""
ASKED, ANSWER = b"\x1b[6n", b"\x1b[1;1R"


class Answering(Shown):
    """A terminal that says where its cursor is once it has read so far, at a rate of its own."""

    rate = 0
    """Bytes a second; 0 = as fast as they come."""
    read = 0

    def _read(self) -> None:
        tail = b""
        due = time.monotonic()
        while not self.closed:
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if not ready or self.closed:
                continue
            try:
                data = os.read(self.master, max(64, self.rate // 50) if self.rate else 65536)
            except OSError:
                return
            if self.rate:
                due = max(due, time.monotonic() - 0.05) + len(data) / self.rate
                time.sleep(max(0.0, due - time.monotonic()))
            self.read += len(data)
            self.seen = (self.seen + data)[-400_000:]
            tail += data
            for _ in range(tail.count(ASKED)):
                os.write(self.master, ANSWER)
            tail = tail[tail.rfind(ASKED) + len(ASKED) :] if ASKED in tail else tail[-3:]


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[..., Answering]]:
    all_shown: list[Answering] = []

    def show(**environment: str) -> Answering:
        all_shown.append(Answering(tmp_path / "report", **environment))
        return all_shown[-1]

    yield show
    for one in all_shown:
        one.close()


def ended(one: Shown) -> None:
    one.process.send_signal(signal.SIGTERM)
    assert one.ended() == 0
    one.until(lambda: is_restored(one))


def test_a_key_over_a_slow_link_waits_behind_little(shown: Callable[..., Answering]) -> None:
    one = shown()
    one.painted()
    first, one.rate = one.read, SLOW
    one.until(lambda: one.read > first + 3 * SLOW, 60)  # the pace has settled
    behind = []
    for key, word in 2 * ((b"y", b"clipboard"), (b"p", b"reduce stay")):
        one.seen = b""
        start = one.read
        one.press(key)
        one.until(lambda word=word: word in one.seen, 60)
        behind.append(one.read - start)
    print(f"bytes before the answer to a key: {behind}; a whole screen: {first}")
    assert median(behind) < first / 2
    one.rate = 0
    ended(one)


def test_a_terminal_without_utf8_gets_nothing_but_ascii(shown: Callable[..., Answering]) -> None:
    one = shown(LC_ALL="C")
    one.painted()
    one.until(lambda: b"==> " in one.seen and b"* running" in one.seen)
    one.press(b"p")
    one.until(lambda: b"paused; orders that reduce stay" in one.seen)
    one.press(b"?")
    one.until(lambda: b"Esc closes" in one.seen)
    ended(one)
    assert one.seen.isascii()


def test_the_windows_title_is_told_and_given_back(shown: Callable[..., Answering]) -> None:
    one = shown()
    one.until(lambda: b"\x1b]2;nimbus pty paper " in one.seen or b"nimbus pty paper " in one.seen)
    assert one.seen.index(b"\x1b[22;2t") < one.seen.index(b"\x1b]2;")
    ended(one)
    assert one.seen.index(b"\x1b[23;2t") > one.seen.rindex(b"\x1b]2;")


def test_no_size_breaks_the_screen_and_no_key_is_lost(shown: Callable[..., Answering]) -> None:
    seed = int(os.environ.get("NIMBUS_SEED", "7"))
    print(f"NIMBUS_SEED={seed}")
    chance, one = Random(seed), shown()
    one.painted()
    end, pressed = time.monotonic() + STORM_S, 0
    while time.monotonic() < end:
        rows, columns = chance.randint(5, 100), chance.randint(20, 400)
        fcntl.ioctl(one.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        one.press(chance.choice([b"1", b"2", b"\r", b"\x1b[B", b"\x1b[C", b"v", b"t"]))
        one.press(b"1")
        one.press(b"p")
        pressed += 1
        time.sleep(chance.uniform(0.02, 0.2))  # sizes come at random moments
    print(f"{pressed} sizes, {3 * pressed} keys, {STORM_S:.0f} s")
    one.press(b"1")
    one.seen = b""
    fcntl.ioctl(one.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    one.until(lambda: b"eth-grid" in one.seen and b"EMERGENCY" in one.seen, 60)
    one.press(b"?")
    one.until(lambda: b"Esc closes" in one.seen, 60)
    ended(one)
    assert b"Traceback" not in one.seen
    assert int(one.report.with_suffix(".commands").read_text()) == pressed
