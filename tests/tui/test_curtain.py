"""The first picture of a start: there at once, gone without a trace whatever comes of the start."""

import gc
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nimbus_tui.tui.curtain import ENTER, LEAVE, picture

ROOT = Path(__file__).parents[2]
A_FRAME = 4_000
"""Bytes; an empty frame of the app alone has more than 2,000."""
SHOW_CURSOR = b"\x1b[?25h"
SCRIPT = """
import os, signal, sys
from nimbus_tui.tui.curtain import curtain
curtain.rise("a title")
{then}
"""


class Watched:
    """A program on a pseudo-terminal, and all that it has written."""

    def __init__(self, *command: str, home: Path, term: str = "xterm-256color") -> None:
        self.master, slave = pty.openpty()
        environment = {"NIMBUS_HOME": str(home), "TERM": term, "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, *command], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, env=os.environ | environment | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        os.close(slave)
        self.seen = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                return

    def until(self, words: bytes) -> None:
        end = time.monotonic() + 30
        while words not in self.seen:
            assert time.monotonic() < end, f"{words!r} was never shown: {self.seen[-500:]!r}"
            time.sleep(0.01)

    def ended(self) -> int:
        code = self.process.wait(30)
        self._reader.join(5)
        os.close(self.master)
        return code


def test_the_demo_says_its_name_first_and_changes_to_the_second_screen_once(
    tmp_path: Path,
) -> None:
    demo = Watched("-m", "nimbus_tui", "demo", home=tmp_path)
    demo.until(b"eth-grid")
    assert demo.seen.startswith(ENTER.encode())
    assert demo.seen.index(b"nimbus-tui demo") < 50
    assert demo.seen.count(ENTER.encode()) == 1
    assert demo.seen.index(b"eth-grid") < A_FRAME, "frames without figures were sent before"
    demo.process.send_signal(signal.SIGTERM)
    assert demo.ended() == 0
    assert demo.seen.count(LEAVE.encode()) == 1
    assert SHOW_CURSOR in demo.seen[demo.seen.index(LEAVE.encode()) - 200 :]


def test_a_mistake_in_the_config_is_said_on_the_first_screen(tmp_path: Path) -> None:
    config = tmp_path / "bots.toml"
    config.write_text("[bots.one]\nstrategy = 'grid'\nspacin = 1\n")
    opened = Watched("-m", "nimbus_tui", str(config), home=tmp_path)
    assert opened.ended() == 2
    picture_, _, said = opened.seen.partition(LEAVE.encode())
    assert ENTER.encode() in picture_
    assert b"spacin" in said
    assert b"Traceback" not in opened.seen
    assert LEAVE.encode() not in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_is_up_leaves_the_terminal_in_order(
    tmp_path: Path, number: signal.Signals
) -> None:
    then = f"os.kill(os.getpid(), {number.value}); print('went on')"
    killed = Watched("-c", SCRIPT.format(then=then), home=tmp_path)
    assert killed.ended() == -number
    assert b"a title" in killed.seen
    assert killed.seen.endswith(SHOW_CURSOR + LEAVE.encode())


def test_a_stop_gives_the_terminal_back_and_the_start_goes_on_afterwards(tmp_path: Path) -> None:
    then = "os.kill(os.getpid(), signal.SIGTSTP); print('went on')"
    stopped = Watched("-c", SCRIPT.format(then=then), home=tmp_path)
    stopped.until(LEAVE.encode())
    os.kill(stopped.process.pid, signal.SIGCONT)
    assert stopped.ended() == 0
    assert stopped.seen.endswith(LEAVE.encode() + b"went on\r\n")


def test_nothing_is_drawn_where_there_is_no_second_screen(tmp_path: Path) -> None:
    plain = Watched("-c", SCRIPT.format(then="print('went on')"), home=tmp_path, term="dumb")
    assert plain.ended() == 0
    assert plain.seen == b"went on\r\n"
    piped = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(then="print('went on')")],
        capture_output=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (piped.stdout, piped.stderr) == (b"went on\n", b"")


def test_no_garbage_is_collected_until_it_falls(tmp_path: Path) -> None:
    then = "import gc; print(gc.isenabled()); curtain.drop(); curtain.drop(); print(gc.isenabled())"
    shown = Watched("-c", SCRIPT.format(then=then), home=tmp_path)
    assert shown.ended() == 0
    before, _, after = shown.seen.partition(LEAVE.encode())
    assert b"False" in before
    assert after == b"True\r\n"
    assert gc.isenabled()


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]))
STYLE, PLACE = re.compile(r"\x1b\[\d+m"), re.compile(r"\x1b\[(\d*)H")


@given(WORDS, st.integers(1, 400), st.integers(1, 100))
def test_its_words_fit_any_terminal(title: str, columns: int, rows: int) -> None:
    _, *parts = PLACE.split(STYLE.sub("", picture(title, columns, rows)))
    places, words = [int(place or 1) for place in parts[::2]], parts[1::2]
    assert words[0] == title[:columns]
    assert max(len(word) for word in words) <= columns
    assert len(set(places)) == len(places)
    assert max(places) <= rows
