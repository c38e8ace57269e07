"""A person at a terminal: a command on a pseudo-terminal, what it shows, and what is typed."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType

PATIENCE_S = 30.0


class Person:
    """Runs a command of nimbus-tui on a terminal of its own; `piped` goes into its stdin."""

    def __init__(
        self, *arguments: str, environment: Mapping[str, str], piped: bytes | None = None
    ) -> None:
        self.seen = b""
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "nimbus_tui", *arguments],
            stdin=slave if piped is None else subprocess.PIPE, stdout=slave, stderr=slave,
            start_new_session=True, env=dict(environment),
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        if self._process.stdin is not None and piped is not None:
            self._process.stdin.write(piped)
            self._process.stdin.close()

    def __enter__(self) -> "Person":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def sees(self, words: str) -> None:
        """Wait until something new is shown, and have seen it."""
        end = time.monotonic() + PATIENCE_S
        shown = b""
        while words.encode() not in shown:
            assert time.monotonic() < end, f"never shown: {words!r}; last seen: {shown!r}"
            more = self._read()
            assert more, f"ended without {words!r}; last seen: {shown!r}"
            shown += more
        self.seen += shown

    def types(self, line: str) -> None:
        """Type a line and Enter."""
        os.write(self._master, line.encode() + b"\n")

    def presses(self, key: bytes) -> None:
        """Press one key."""
        os.write(self._master, key)

    def ended(self) -> int:
        """Watch until the end; the exit code."""
        while more := self._read():
            self.seen += more
        return self._process.wait(PATIENCE_S)

    def echoes(self) -> bool:
        """Whether the terminal shows what is typed."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
        if not ready:
            return b""
        try:
            return os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return b""
