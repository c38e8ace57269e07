"""An engine without a screen: waiting for its end, and for those who ask for it."""

import signal
from time import monotonic
from typing import TYPE_CHECKING

from nimbus_tui.cli.diagnostics import ExitCode, fail

if TYPE_CHECKING:
    from nimbus_tui.cli.systemd import Notifier
    from nimbus_tui.engine.host import EngineThread

GRACE_S = 5.0
"""How much longer than its own limit an engine's end is waited for."""
LOOK_S = 0.2
ONE_SIGNAL_S = 0.5
"""Signals so close together are one: a terminal or `kill %1` tells each process of a group."""
BEATS_A_LIMIT = 3
"""How many signs of life are tried for within the watchdog's limit."""


class EndRequest:
    """What signals have asked for so far; plain flags, since a handler must take no lock."""

    def __init__(self) -> None:
        self.asked = False
        """Whether the engine is to end in order."""
        self.hung_up = False
        """Whether the terminal went away, outside the time of a screen."""
        self._asked_at = 0.0

    def take_over(self, *, has_terminal: bool) -> None:
        """Answer the signals from now on; without a terminal a hang-up means nothing."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._ask())
        hang_up = self._hang_up if has_terminal else signal.SIG_IGN
        signal.signal(signal.SIGHUP, hang_up)

    def _ask(self) -> None:
        """The first signal asks, the second forces."""
        now = monotonic()
        if not self.asked:
            self._asked_at, self.asked = now, True
        elif now - self._asked_at > ONE_SIGNAL_S:
            raise SystemExit(ExitCode.FAILED)

    def _hang_up(self, *_: object) -> None:
        self.hung_up = True


def headless(
    thread: "EngineThread",
    request: EndRequest,
    duration: float | None = None,
    notifier: "Notifier | None" = None,
) -> None:
    """Wait for a signal, the end of the duration (s), or the engine's own end; then end it."""
    begun = monotonic()
    beats, next_beat = thread.beats, begun
    while not request.asked and not thread.join(LOOK_S):
        now = monotonic()
        if duration is not None and now - begun >= duration:
            break
        if notifier is not None and notifier.watchdog_s is not None and now >= next_beat:
            if thread.beats != beats:
                notifier.alive()
            beats, next_beat = thread.beats, now + notifier.watchdog_s / BEATS_A_LIMIT
            thread.ask_for_a_beat()
    if notifier is not None:
        notifier.stopping()
    thread.request_stop()
    ended(thread)


def ended(thread: "EngineThread") -> None:
    """Wait for the orderly end; an engine that failed says why, one in emergency exits with 3."""
    in_time = thread.join(thread.shutdown_timeout_s + GRACE_S)
    if thread.failure is not None:
        raise thread.failure
    if thread.emergency:
        fail(f"nimbus-tui: emergency shutdown: {thread.emergency}", ExitCode.EMERGENCY)
    if not in_time:
        fail("nimbus-tui: the engine did not end in time; the next start looks every order up")
