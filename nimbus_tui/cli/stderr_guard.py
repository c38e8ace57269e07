"""Keeps secrets out of what Python says on stderr: tracebacks of any thread, warnings, logging."""

import sys
from typing import Any, TextIO

from nimbus_tui.core.redaction import redacted


class _Guarded:
    """A text stream that tells only what may be told; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text without what must stay secret; says that all of it was written."""
        self._stream.write(redacted(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def guard_stderr() -> None:
    """From now on nothing that is written to `sys.stderr` holds a secret; harmless twice."""
    if not isinstance(sys.stderr, _Guarded):
        sys.stderr = _Guarded(sys.stderr)
