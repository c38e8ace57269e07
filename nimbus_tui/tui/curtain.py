"""The first picture: shown while the libraries of the real one, and the engine, are still loading.

Imports nothing heavy, so that a key press in a shell is answered at once also on a small machine.
"""

import gc
import os
import shutil
import signal
import sys
from types import FrameType

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
"""To the terminal's second screen, and back."""
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_ENDINGS = (signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)
"""Signals that would leave the terminal behind as it is; Ctrl+C raises an exception instead."""


class Curtain:
    """One line at the top of an empty screen; whoever wants the terminal takes it away.

    While it is up no garbage is collected: a start makes much that stays and little that goes, and
    looking for it costs a tenth of the time.
    """

    def __init__(self) -> None:
        self.is_up = False

    def rise(self, title: str) -> None:
        """Show it, if standard error is a terminal that has a second screen."""
        if self.is_up or not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
            return
        self.is_up = True
        gc.disable()
        for number in _ENDINGS:
            signal.signal(number, self._end)
        _write(f"{ENTER}{_HIDE_CURSOR}{picture(title, *shutil.get_terminal_size())}")

    def drop(self) -> None:
        """Give the terminal back as it was; nothing where the curtain is not up."""
        if self.is_up:
            self.hand_over()
            _write(f"{_SHOW_CURSOR}{LEAVE}")

    def hand_over(self) -> None:
        """Leave it to the next paint to cover it: the second screen stays."""
        self.is_up = False
        gc.enable()
        for number in _ENDINGS:
            if signal.getsignal(number) == self._end:
                signal.signal(number, signal.SIG_DFL)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.drop()
        os.kill(os.getpid(), number)


def picture(title: str, columns: int, rows: int) -> str:
    """The curtain's text for a terminal of so many columns and rows."""
    last = "Ctrl+C ends it"
    lines = [f"\x1b[H\x1b[1m{title[:columns]}\x1b[22m"]
    if rows > 1:
        lines.append(f"\x1b[2H{'starting ...'[:columns]}")
    if rows > 2:
        lines.append(f"\x1b[{rows}H\x1b[2m{last[:columns]}\x1b[22m")
    return "".join(lines)


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


curtain = Curtain()
"""A process has one terminal, hence one curtain."""
