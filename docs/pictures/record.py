"""Records the demo on a real terminal, key by key: `python docs/pictures/record.py [FILE]`.

Writes an asciicast, version 2: a line of JSON about the terminal, then one for each piece of output
as `[seconds, "o", text]`. `asciinema play docs/pictures/demo.cast` shows it; without a name the
file lies beside this one.
"""

import codecs
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterable
from pathlib import Path

from nimbus_tui.config.locations import shipped

COLUMNS, ROWS = 100, 30
FPS = 4
"""Most paints a second; fewer than the app's own, so that the file stays small."""
DEMO = (sys.executable, "-m", "nimbus_tui", "demo")
ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;c"}
"""What a terminal says when it is asked where its cursor is, and what it is."""
FIRST_WORDS = b"eth-grid"
LAST_QUESTION = b"Quit the demo?"
WITHIN_S = 60.0
KEYS = (
    (3.0, ""), (2.0, "\r"), (1.5, "\x1b"), (1.0, "j"), (2.0, "\r"), (1.0, "\x1b"), (2.0, "2"),
    (0.7, "1"), (1.5, "p"), (1.0, "r"), (2.0, "?"), (0.7, "\x1b"),
)  # fmt: skip
"""Keys, each with the seconds that are watched after it: two bots, risk, pause, resume, help."""

Piece = tuple[float, str]


class Recording:
    """A program on a pseudo-terminal, and all that it wrote with its times."""

    def __init__(self, command: list[str]) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC"},
        )  # fmt: skip
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = time.monotonic()
        self._tail = b""
        self.pieces: list[Piece] = []

    def until(self, words: bytes) -> None:
        """Record until some words are shown.

        Raises:
            RuntimeError: they never were.
        """
        end = time.monotonic() + WITHIN_S
        seen = b""
        while words not in seen:
            if time.monotonic() > end:
                raise RuntimeError(f"{words!r} was never shown")
            seen += self._read(0.1)

    def press(self, key: str, seconds: float) -> None:
        """Press a key, and record for so long."""
        os.write(self._master, key.encode())
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)

    def close(self) -> int:
        """Wait for the program's own end and return its exit code.

        Raises:
            RuntimeError: it goes on, and was killed.
        """
        end = time.monotonic() + WITHIN_S
        while self._process.poll() is None:
            if time.monotonic() > end:
                self._process.kill()
                self._process.wait()
                raise RuntimeError("the demo did not end when it was told to")
            self._read(0.1)
        os.close(self._master)
        return self._process.returncode

    def _read(self, wait_s: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], wait_s)
        if not ready:
            return b""
        try:
            data = os.read(self._master, 65536)
        except OSError:  # its other side was closed: the program has ended
            self._process.wait()
            return b""
        self._answer(data)
        text = self._decoder.decode(data)
        if text:
            self.pieces.append((round(time.monotonic() - self._begun, 3), text))
        return data

    def _answer(self, data: bytes) -> None:
        self._tail += data
        for asked, answer in ANSWERS.items():
            while asked in self._tail:
                self._tail = self._tail.replace(asked, b"", 1)
                os.write(self._master, answer)
        self._tail = self._tail[-3:]


def record(keys: Iterable[tuple[float, str]] = KEYS) -> list[Piece]:
    """Run the demo, press keys, and return what it wrote.

    Raises:
        RuntimeError: the demo never appeared, or did not end as it should.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "demo.toml"
        text = (shipped("sample_configs") / "demo.toml").read_text(encoding="utf-8")
        config.write_text(f"{text}\n[ui]\nfps = {FPS}\n", encoding="utf-8")
        recording = Recording([*DEMO, "--config", str(config)])
        recording.until(FIRST_WORDS)
        for seconds, key in keys:
            recording.press(key, seconds)
        recording.press("q", 0.0)
        recording.until(LAST_QUESTION)
        recording.press("q", 0.0)
        code = recording.close()
    if code:
        raise RuntimeError(f"the demo ended with code {code}")
    return recording.pieces


def cast(pieces: Iterable[Piece]) -> str:
    """An asciicast of what was written; it begins with the first of it."""
    header = {
        "version": 2, "width": COLUMNS, "height": ROWS, "title": "nimbus-tui demo",
        "env": {"TERM": "xterm-256color"},
    }  # fmt: skip
    lines = [json.dumps(header)]
    lines += [json.dumps([at, "o", text], ensure_ascii=False) for at, text in pieces]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("demo.cast")
    target.write_text(cast(record()), encoding="utf-8")
