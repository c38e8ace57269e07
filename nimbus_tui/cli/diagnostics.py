"""What goes to stderr, and how a command ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

from nimbus_tui.core.errors import ConfigError, NimbusError
from nimbus_tui.tui.curtain import curtain

_NO_PLACE = (
    "; nothing can be kept there: NIMBUS_HOME=FOLDER puts journals, logs and sockets elsewhere"
)
_REMEDIES = {
    errno.EROFS: _NO_PLACE,
    errno.EACCES: _NO_PLACE,
    errno.ENOTDIR: _NO_PLACE,
    errno.ENOSPC: "; make room on that disk and start again: what the journal has is kept",
}
"""What can be done about what the system refuses."""


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    EMERGENCY = 3


def say(message: str) -> None:
    """One line or more to a person."""
    curtain.drop()
    print(message, file=sys.stderr)  # noqa: T201 - this is where stderr is owned


def fail(message: str, code: ExitCode = ExitCode.FAILED) -> NoReturn:
    """End the command with a message."""
    say(message)
    raise SystemExit(code)


@contextmanager
def friendly() -> Iterator[None]:
    """Turn our own errors into a message and an exit code; a user's mistake has no traceback."""
    try:
        yield
    except ConfigError as error:
        fail(str(error), ExitCode.USAGE)
    except NimbusError as error:
        fail(f"nimbus-tui: {error}")
    except KeyboardInterrupt:
        fail("nimbus-tui: interrupted")
    except BrokenPipeError:
        _let_go_of_stdout()
        raise SystemExit(ExitCode.DONE) from None
    except OSError as error:
        _let_go_of_stdout()
        where = f"{error.filename}: " if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0, "")
        fail(f"nimbus-tui: {where}{error.strerror or error}{remedy}")


def _let_go_of_stdout() -> None:
    """Nobody reads any more: what is still buffered goes nowhere instead of failing at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
