"""What systemd wants to hear: readiness, signs of life, and lines that the journal understands."""

import logging
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress

_PRIORITIES = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Python's levels and syslog's: error, warning, information."""
_DEBUG = 7
US_PER_S = 1_000_000


class Notifier:
    """Tells the process that started us how we are; says nothing where nobody asked for it.

    The protocol is that of sd_notify(3): datagrams of NAME=VALUE lines to $NOTIFY_SOCKET.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(environment) if self._address else None
        """How often a sign of life is due at the latest; None where none is."""

    def ready(self, status: str) -> None:
        """The engine trades."""
        self._send(f"READY=1\nSTATUS={status}")

    def stopping(self) -> None:
        """The engine is ending in order."""
        self._send("STOPPING=1\nSTATUS=ending in order")

    def alive(self) -> None:
        """The engine's loop has answered."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # Whoever listens may be gone; trading doesn't depend on it.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode(), address)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """The limit of WATCHDOG_USEC, if it is meant for this process."""
    given, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID")
    if not given.isdecimal() or int(given) == 0 or process not in (None, "", str(os.getpid())):
        return None
    return int(given) / US_PER_S


def is_journal(environment: Mapping[str, str]) -> bool:
    """Whether stderr goes straight to systemd's journal, which adds the times itself."""
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def prioritised(level: int, text: str) -> str:
    """A text with its priority before each line, as sd-daemon(3) has it."""
    priority = next((p for least, p in _PRIORITIES if level >= least), _DEBUG)
    return "\n".join(f"<{priority}>{line}" for line in text.splitlines())
