"""How a screen is opened and how it ends; imports Textual only when it must."""

import locale
import os
import sys

from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.errors import NimbusError
from nimbus_tui.tui.options import Farewell, ScreenOptions


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
