"""Run in a process of its own on a pseudo-terminal: the app, which fails with a secret in hand."""

import sys

from nimbus_tui.config.locations import shipped
from nimbus_tui.core.redaction import redact_with
from nimbus_tui.core.secret import Secret
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import ScreenOptions
from nimbus_tui.tui.run import run_screen
from nimbus_tui.vault.redaction import Redactor
from tests.tui.scripted_client import ScriptedClient


def failing(app: NimbusApp) -> None:
    """A paint that fails; its arguments are a secret for a local variable, one for the message."""
    held, told = sys.argv[1:]
    Secret(told)
    raise ValueError(f"{len(held)} characters can't sign with {told}")


if __name__ == "__main__":
    redact_with(Redactor())
    NimbusApp.flush = failing  # type: ignore[method-assign]
    run_screen(ScriptedClient(), ScreenOptions(title="pty", theme_folders=(shipped("themes"),)))
