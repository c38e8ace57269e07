"""How a screen is opened and how it ends; imports Textual only when it must."""

import locale
import os
import sys
from enum import Enum
from pathlib import Path

import msgspec

from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.errors import NimbusError


class Farewell(Enum):
    """Why the screen closed."""

    STOP_KEEP_ORDERS = "stop_keep_orders"
    STOP_CANCEL_ORDERS = "stop_cancel_orders"
    HANGUP = "hangup"
    """The terminal is gone; the engine is not."""
    TERMINATED = "terminated"


class ScreenOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the screen looks."""

    title: str
    theme: str = "nimbus-dark"
    fps: int = 15
    theme_folders: tuple[Path, ...] = ()


def check_terminal() -> None:
    """Refuse a terminal that can't show the app, in one line."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise NimbusError("the app needs a terminal; `nimbus-tui run CONFIG` works without one")
    if os.environ.get("TERM", "dumb") == "dumb":
        raise NimbusError("TERM is dumb: use a real terminal, or `nimbus-tui run CONFIG`")
    if "utf" not in locale.getpreferredencoding(False).lower():
        raise NimbusError("the locale is not UTF-8: set LANG=C.UTF-8")


def run_screen(client: EngineClient, options: ScreenOptions) -> Farewell:
    """Show the app until it is quit, terminated, or its terminal goes away."""
    os.environ.setdefault("TEXTUAL_FPS", "120")
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    from nimbus_tui.tui.app import NimbusApp

    app = NimbusApp(client, options)
    return app.run() or app.farewell
