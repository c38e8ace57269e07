"""A terminal driver that never blocks: a terminal that stops reading loses frames, not time."""

import asyncio
import select
import termios
from queue import Empty, Full
from time import monotonic
from typing import Any

from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition
from textual.message import Message

from nimbus_tui.tui.curtain import ENTER, curtain
from nimbus_tui.tui.pace import Pace
from nimbus_tui.tui.viewmodels.ascii import ascii_only
from nimbus_tui.tui.viewmodels.frugal import frugal

_WHERE_IS_THE_CURSOR = "\x1b[6n"
_KEEP_TITLE, _TITLE_BACK = "\x1b[22;2t", "\x1b[23;2t"
_END_SYNCHRONISED_UPDATE = "\x1b[?2026l"
_SETTLE_S = 0.5
"""How long the end waits for a slow terminal before it throws frames away."""
_GIVE_UP_S = 1.0


class PatientDriver(LinuxDriver):
    """Drops whole frames while the terminal is behind, and repaints once it has caught up.

    It looks into the writer thread's queue, which is private to Textual: a test over a real
    pseudo-terminal fails when that changes.
    """

    lost = False
    """Whether the terminal is gone."""
    is_deaf = False
    """Whether no key can arrive any more."""
    behind = False
    """Whether frames are being dropped."""
    delays = 0
    """How often the terminal has fallen behind."""
    holds = False
    """Whether nothing is shown yet: frames without any figures would only fill a slow link."""

    def __init__(self, *parameters: Any, **options: Any) -> None:
        super().__init__(*parameters, **options)
        self.pace = Pace()

    def write(self, data: str) -> None:
        """Hand a frame to the writer thread if it can take it now."""
        thread = self._writer_thread
        if self.lost or thread is None or not thread.is_alive():
            self.lost = self.lost or thread is not None
            return
        if self.holds or not self.has_caught_up():
            return
        if data == ENTER and curtain.is_up:
            return  # it would be cleared: nothing to see until the first paint
        queue: Any = thread._queue
        try:
            queue.put_nowait(self.in_signs(frugal(data)))
        except Full:
            self.behind = True
            self.delays += 1
        else:
            self.pace.sent(len(data))

    def in_signs(self, data: str) -> str:
        """What goes out, in signs that the terminal has."""
        return data

    def ask_if_shown(self) -> None:
        """Ask the terminal to say when it has shown what was sent; costs nothing at rest."""
        now = monotonic()
        if not self.behind and self.pace.wants_to_ask(now):
            self.write(_WHERE_IS_THE_CURSOR)
            self.pace.asked(now)

    def process_message(self, message: Message) -> None:
        """The answer is for us; everything else is for the app."""
        if isinstance(message, CursorPosition):
            self.pace.answered(monotonic())
        else:
            super().process_message(message)

    def has_caught_up(self) -> bool:
        """Whether frames can be painted; the first time after a delay asks for a whole repaint.

        To be asked by whoever holds paints back too: without a write nobody else would notice.
        """
        thread = self._writer_thread
        if not self.behind or thread is None:
            return not self.behind
        queue: Any = thread._queue
        if queue.qsize():
            return False
        self.behind = False
        queue.put_nowait(_END_SYNCHRONISED_UPDATE)
        self._app.call_later(self._app.screen.refresh)
        return True

    def hang_up(self) -> None:
        """The terminal is said to be gone. Safe inside a signal handler.

        One that is there all the same (who hung up was the shell, or a person with `kill`) is
        restored at the end; one that is gone is touched no more. Takes no lock: a second signal
        may come while the first is being handled.
        """
        self._auto_restart = False
        self.lost = self.lost or self.is_hung_up()

    def _sigtstp_application(self, *_: object) -> None:
        """A terminal must not stop the engine, whose process this may be: the screen detaches."""
        asyncio.run_coroutine_threadsafe(self._app.run_action("app.detach"), self._loop)

    def is_hung_up(self) -> bool:
        """Whether the terminal has been closed, also where no signal tells of it."""
        poll = select.poll()
        poll.register(self.fileno, 0)
        return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))

    def is_gone(self) -> bool:
        """Whether the terminal is known to be lost, or has been closed."""
        return self.lost or self.is_hung_up()

    def start_application_mode(self) -> None:
        """Don't talk to a terminal that is gone."""
        if not self.lost:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            self.write(_KEEP_TITLE)
            # Before the first paint: how long an answer takes when nothing stands before it.
            self.ask_if_shown()

    def stop_application_mode(self) -> None:
        """Restore the terminal; leave one that is gone as it is."""
        self.holds = False
        if self.lost:
            self.exit_event.set()
        else:
            self._settle()
            self.write(_TITLE_BACK)
            super().stop_application_mode()

    def close(self) -> None:
        """End the writer thread, without waiting for ever for a terminal that doesn't read."""
        thread = self._writer_thread
        if thread is None or not thread.is_alive():
            return
        queue: Any = thread._queue
        try:
            queue.put(None, timeout=_SETTLE_S)
        except Full:
            self._discard(queue)
            queue.put_nowait(None)
        end = monotonic() + _GIVE_UP_S
        thread.join(0 if self.lost else _SETTLE_S)
        while thread.is_alive() and monotonic() < end:
            self._flush_terminal()
            thread.join(0.05)

    def _settle(self) -> None:
        """Make room for the last words: wait a little, then drop the frames that still wait."""
        thread = self._writer_thread
        if thread is None or not thread.is_alive():
            return
        queue: Any = thread._queue
        end = monotonic() + _SETTLE_S
        # An answer that is still to come would be typed into the shell.
        while (queue.qsize() or self.pace.is_answer_due) and monotonic() < end:
            thread.join(0.01)
        if queue.qsize():
            self._discard(queue)
            self._flush_terminal()
        self.behind = False
        self.write(_END_SYNCHRONISED_UPDATE)

    def _discard(self, queue: Any) -> None:
        try:
            while True:
                queue.get_nowait()
        except Empty:
            return

    def _flush_terminal(self) -> None:
        """Throw away what the terminal hasn't read, so that a write stuck in it returns."""
        try:
            termios.tcflush(self.fileno, termios.TCOFLUSH)
        except termios.error:
            self.lost = True

    def _run_input_thread(self) -> None:
        """Reading a closed terminal fails; that is a hang-up, not a crash.

        So does reading one that the shell has taken back, which can still be restored.
        """
        try:
            self.run_input_thread()
        except OSError:
            self.is_deaf = True
            self.lost = self.lost or self.is_hung_up()


class AsciiDriver(PatientDriver):
    """For terminals whose text isn't UTF-8: every sign goes out as its ASCII twin."""

    def in_signs(self, data: str) -> str:
        """ASCII, as wide as it was."""
        return ascii_only(data)
