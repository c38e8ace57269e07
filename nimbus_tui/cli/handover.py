"""Two processes for the app: one that the shell waits for, one that hosts engine and screen.

The second can leave the terminal behind at any time; the first then ends, and the shell prompts.
"""

import os
import signal
import sys
import termios
import threading
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from nimbus_tui.cli.diagnostics import say
from nimbus_tui.tui.curtain import curtain

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that reach the host through the process that the shell knows."""
_SHOW_AGAIN = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?7h"
"""Main screen, cursor, no mouse reports, no bracketed paste, lines that wrap."""


class Handover:
    """The host's side: it lets go of the terminal, and notices when nobody waits any more."""

    def __init__(self, told: int, waiting: int) -> None:
        self._told = told
        self._waiting = waiting
        self._detached = False

    def watch(self) -> None:
        """Take the end of the waiting process for a hang-up: the shell has its terminal back."""
        threading.Thread(target=self._watch, name="shell", daemon=True).start()

    def _watch(self) -> None:
        os.read(self._waiting, 1)
        if not self._detached:
            os.kill(os.getpid(), signal.SIGHUP)

    def detach(self, last_words: Path, code: int = 0) -> None:
        """Begin a session without a terminal; the waiting process ends with the exit code.

        From now on stderr is appended to a file, since nobody else would read it.
        """
        if self._detached:
            return
        self._detached = True
        os.setsid()
        _lead_streams_to(last_words)
        with suppress(BrokenPipeError):  # it was killed: nobody needs to be told
            os.write(self._told, bytes([code]))
        os.close(self._told)


def hand_over() -> Handover:
    """Fork, and return in the process that is to host the engine; no thread may run yet.

    The other passes signals on, stops when the host is stopped, and ends the program with it. Both
    stay in one process group, so job control, window size and Ctrl+C work as for one process. The
    host's handlers of signals must stand before.
    """
    detached, told = os.pipe()
    waiting, alive = os.pipe()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    host = os.fork()
    if host != 0:
        curtain.hand_over()
        os.close(told)
        os.close(waiting)
        for number in PASSED_ON:
            signal.signal(number, lambda passed, _: _pass_on(host, passed))
        signal.signal(signal.SIGCHLD, lambda *_: _stop_with(host))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        _wait(host, detached)
    os.close(detached)
    os.close(alive)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Handover(told, waiting)


def _wait(host: int, detached: int) -> NoReturn:
    """End with the host, or once it has left the terminal."""
    attributes = termios.tcgetattr(0) if os.isatty(0) else None
    if code := os.read(detached, 1):
        raise SystemExit(code[0])
    status = os.waitstatus_to_exitcode(os.waitpid(host, 0)[1])
    if status >= 0:
        raise SystemExit(status)
    if attributes is not None and os.isatty(2):
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, attributes)
        os.write(2, _SHOW_AGAIN.encode())
    name = signal.Signals(-status).name
    say(
        f"nimbus-tui: the engine's process {host} was ended by {name}; start it again with the "
        "same command: the bots go on, and every order is looked up first"
    )
    raise SystemExit(128 - status)


def _pass_on(host: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(host, number)


def _stop_with(host: int) -> None:
    """A host that is stopped from outside: stop too, so that the shell takes its terminal back."""
    if not hasattr(os, "waitid"):
        return
    with suppress(ChildProcessError):
        if os.waitid(os.P_PID, host, os.WSTOPPED | os.WNOHANG) is not None:
            os.kill(os.getpid(), signal.SIGSTOP)


def _lead_streams_to(last_words: Path) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        last_words.parent.mkdir(parents=True, exist_ok=True)
        kept = os.open(last_words, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        kept = os.dup(nowhere)
    for stream, target in ((0, nowhere), (1, nowhere), (2, kept)):
        os.dup2(target, stream)
    os.close(nowhere)
    os.close(kept)
