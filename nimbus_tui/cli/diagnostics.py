"""What goes to stderr, and how a command ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from nimbus_tui.core.errors import ConfigError, NimbusError


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    EMERGENCY = 3


def say(message: str) -> None:
    """One line or more to a person."""
    print(message, file=sys.stderr)  # noqa: T201 - this is where stderr is owned


@contextmanager
def friendly() -> Iterator[None]:
    """Turn our own errors into a message and an exit code; a user's mistake has no traceback."""
    try:
        yield
    except ConfigError as error:
        say(str(error))
        raise SystemExit(ExitCode.USAGE) from error
    except NimbusError as error:
        say(f"nimbus-tui: {error}")
        raise SystemExit(ExitCode.FAILED) from error
    except BrokenPipeError as error:
        raise SystemExit(ExitCode.DONE) from error
