"""A screen that fails says where and why, and shows no value of any variable."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "crash_script.py"
SECRETS = ("correct-horse-battery", "swordfish-in-the-message")
PATIENCE_S = 30.0


def test_a_crash_tells_neither_locals_nor_secrets() -> None:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *SECRETS], stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        env=os.environ | {
            "TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT),
        },
    )  # fmt: skip
    os.close(slave)
    seen = everything(master)
    os.close(master)
    process.wait(PATIENCE_S)
    assert "ValueError: 21 characters can't sign with [redacted]" in seen
    assert "crash_script.py" in seen
    assert "in failing" in seen
    for secret in SECRETS:
        assert secret not in seen


def everything(master: int) -> str:
    """All that is shown until the process has gone."""
    seen = b""
    while select.select([master], [], [], PATIENCE_S)[0]:
        try:
            more = os.read(master, 65536)
        except OSError:  # the other side is closed
            break
        if not more:
            break
        seen += more
    return seen.decode("utf-8", "replace")
