"""A terminal driver that never blocks: a terminal that stops reading loses frames, not time."""

from queue import Full
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

_END_SYNCHRONISED_UPDATE = "\x1b[?2026l"


class PatientDriver(LinuxDriver):
    """Drops whole frames while the terminal is behind, and repaints once it has caught up.

    It looks into the writer thread's queue, which is private to Textual: a test over a real
    pseudo-terminal fails when that changes.
    """

    lost = False
    """Whether the terminal is gone."""
    behind = False
    """Whether frames are being dropped."""

    def write(self, data: str) -> None:
        """Hand a frame to the writer thread if it can take it now."""
        thread = self._writer_thread
        if self.lost or thread is None or not thread.is_alive():
            self.lost = self.lost or thread is not None
            return
        queue: Any = thread._queue
        if self.behind:
            if queue.qsize():
                return
            self.behind = False
            queue.put_nowait(_END_SYNCHRONISED_UPDATE)
            self._app.call_later(self._app.screen.refresh)
        try:
            queue.put_nowait(data)
        except Full:
            self.behind = True

    def start_application_mode(self) -> None:
        """Don't talk to a terminal that is gone."""
        if not self.lost:
            super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Leave a terminal that is gone as it is."""
        if not self.lost:
            super().stop_application_mode()

    def close(self) -> None:
        """Let go of the writer thread without waiting for a dead terminal."""
        if not self.lost:
            super().close()
