"""How a screen is opened and how it ends; imports Textual only when it must."""

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from nimbus_tui.control.client import EngineClient
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.terminal import check_terminal, colours_of, settled_options

if TYPE_CHECKING:
    from nimbus_tui.tui.app import NimbusApp

__all__ = ["Farewell", "ScreenOptions", "check_terminal", "prepare_environment", "run_screen"]

_ENVIRONMENT = {
    # What a key brings waits no longer than 2 ms for its paint; our own paints stay at `fps`.
    "TEXTUAL_FPS": "500",
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_SMOOTH_SCROLL": "0",
}


def prepare_environment() -> None:
    """What Textual reads once, when it is imported first."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["TEXTUAL_COLOR_SYSTEM"] = colours_of(os.environ)
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)  # where they are exported, no change of the size would be seen
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # empty means unset; Textual takes it for set


def load_screen() -> None:
    """Load what the app needs; may be done while its engine starts."""
    prepare_environment()
    from nimbus_tui.tui import app as _  # noqa: F401


def run_screen(client: EngineClient, options: ScreenOptions) -> Farewell:
    """Show the app until it is quit, told to end, or its terminal goes away.

    Afterwards a hang-up is ignored: there is no screen any more that could suffer from it. Once the
    terminal has gone the standard streams lead nowhere.

    Raises:
        NimbusError: this is no terminal for it.
    """
    check_terminal()
    settled = settled_options(options)
    load_screen()
    from nimbus_tui.tui.app import NimbusApp

    app = NimbusApp(client, settled)
    # What is there then stays. To look through it for garbage again and again would stop screen and
    # engine, which share the interpreter, for a tenth of a second each time.
    app.on_settled = gc.freeze
    streams = [stream for stream in (0, 1, 2) if os.isatty(stream)]
    with _signals_to(app):
        said = app.run(mouse=options.mouse)
    gc.unfreeze()
    if app.has_lost_terminal:
        _let_go(streams)
    # A screen that has crashed says nothing.
    return app.ending or said or Farewell.CRASHED


@contextmanager
def _signals_to(app: "NimbusApp") -> Iterator[None]:
    """Ours from the first moment to the last: an event loop's own handlers die with the loop.

    A plain handler runs at once in the main thread, so a hang-up is known before the SIGCONT
    behind it makes Textual talk to the dead terminal again.
    """

    def on_signal(number: int, _frame: FrameType | None) -> None:
        app.end(Farewell.HANGUP if number == signal.SIGHUP else Farewell.TERMINATED)

    before = {
        number: signal.signal(number, on_signal)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, before[number])
        for number in (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH):
            signal.signal(number, signal.SIG_DFL)


def _let_go(streams: list[int]) -> None:
    """Let the streams of a dead terminal lead nowhere, so that nobody fails by talking to them."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)
