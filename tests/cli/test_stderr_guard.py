"""Whatever Python says on stderr passes the redactor, and the stream stays what it is."""

import io
import logging
import sys
import threading
from collections.abc import Callable

import pytest

from nimbus_tui.cli.stderr_guard import guard_stderr
from nimbus_tui.core import redaction
from nimbus_tui.core.redaction import redact_with

KEY = "correct-horse-battery"

Guarded = Callable[[], io.StringIO]


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], io.StringIO]:
    """Puts a guarded stream in the place of stderr, for the test that calls it."""

    def guard() -> io.StringIO:
        monkeypatch.setattr(redaction, "_redact", None)
        redact_with(lambda text: text.replace(KEY, "▮"))
        made = io.StringIO()
        monkeypatch.setattr(sys, "stderr", made)
        guard_stderr()
        return made

    return guard


def test_what_is_printed_and_logged_is_redacted(guarded: Guarded) -> None:
    stream = guarded()
    print(f"printed {KEY}", file=sys.stderr)
    handler = logging.StreamHandler()
    handler.handle(logging.LogRecord("x", logging.ERROR, "", 0, f"logged {KEY}", None, None))
    assert stream.getvalue() == "printed ▮\nlogged ▮\n"


def test_tracebacks_of_any_thread_are_redacted(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = guarded()
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)

    def fail() -> None:
        raise RuntimeError(KEY)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert "RuntimeError: ▮" in stream.getvalue()
    assert KEY not in stream.getvalue()


def test_all_else_is_the_streams_own(guarded: Guarded) -> None:
    stream = guarded()
    assert sys.stderr.write(f"{KEY}\n") == len(KEY) + 1
    assert sys.stderr.isatty() is False
    assert sys.stderr.encoding is stream.encoding


def test_guarding_twice_is_guarding_once(guarded: Guarded) -> None:
    stream = guarded()
    once = sys.stderr
    assert stream is not once
    guard_stderr()
    assert sys.stderr is once
