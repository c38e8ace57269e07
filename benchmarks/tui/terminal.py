"""A terminal for measurements: reads at a rate of its own, answers questions, counts bytes."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path

SIZE = (120, 40)
ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;c"}
TICKS = os.sysconf("SC_CLK_TCK")
KEPT = 1_000_000
WHOLE_SCREEN, A_FEW = 1_500, 10
LETTERS = re.compile(rb"[A-Za-z]")
SEQUENCE = re.compile(
    rb"\x1b(?:\[[0-9;?<>=]*[ -/]*[@-~]|[P_^][^\x1b]*\x1b\\|\][^\x07\x1b]*(?:\x07|\x1b\\)"
    rb"|[()].|[=>78])"
)
"""What a terminal takes in without showing it."""


class Terminal:
    """A program on a pseudo-terminal of 120 × 40 in 256 colours."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self.rate = 0
        """Bytes a second that are read; 0 = all."""
        self.seen = b""
        self.count = 0
        self.words_at = 0.0
        """When ten letters could be read."""
        self.picture_at = 0.0
        """When 1,500 bytes, hence a whole screen, had come; it may be an empty one."""
        self.stalled = threading.Event()
        self.closed = False
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | environment,
        )  # fmt: skip
        os.close(slave)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        tail, due = b"", time.monotonic()
        while not self.closed:
            if self.stalled.is_set():
                time.sleep(0.01)
                continue
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if not ready:
                continue
            try:
                data = os.read(self.master, max(16, self.rate // 100) if self.rate else 65536)
            except OSError:
                return
            if self.rate:
                due = max(due, time.monotonic()) + len(data) / self.rate
                time.sleep(max(0.0, due - time.monotonic()))
            self.count += len(data)
            self.seen = (self.seen + data)[-KEPT:]
            self._note_first()
            tail += data
            for asked, answer in ANSWERS.items():
                while asked in tail:
                    tail = tail.replace(asked, b"", 1)
                    os.write(self.master, answer)
            tail = tail[-3:]

    def _note_first(self) -> None:
        passed = time.perf_counter() - self.begun
        if not self.picture_at and self.count > WHOLE_SCREEN:
            self.picture_at = passed
        if not self.words_at and len(LETTERS.findall(SEQUENCE.sub(b"", self.seen))) >= A_FEW:
            self.words_at = passed

    def until(self, words: bytes, within_s: float = 60) -> float:
        """Seconds since the start, once some words have been shown."""
        end = time.monotonic() + within_s
        while words not in self.seen:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{words!r} was never shown; last: {self.seen[-300:]!r}")
            time.sleep(0.001)
        return time.perf_counter() - self.begun

    def answer_ms(self, key: bytes, words: bytes, within_s: float = 10) -> float:
        """From a key to the words that it brings onto the screen."""
        self.seen = b""
        begun = time.perf_counter()
        os.write(self.master, key)
        self.until(words, within_s)
        return (time.perf_counter() - begun) * 1000

    def cpu_s(self) -> float:
        """Processor time that the program has used so far, all its threads and children."""
        return sum(_times(pid) for pid in self._family())

    def memory_mib(self) -> float:
        """Proportional share of memory of the program and its children."""
        return sum(_pss(pid) for pid in self._family()) / 1024

    def hang_up(self) -> None:
        """Close the terminal; the program lives on if it can."""
        self.closed = True
        self._thread.join()
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        """End the program."""
        for pid in self._family()[::-1]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        if self.master >= 0:
            self.hang_up()

    def _family(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            try:
                tasks = Path(f"/proc/{pid}/task").iterdir()
                for task in tasks:
                    found += [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
        return found


def _times(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
