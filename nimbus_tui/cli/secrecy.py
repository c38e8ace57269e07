"""What has to stand before anything is said: no secret leaves by a message or a traceback."""

from nimbus_tui.cli.stderr_guard import guard_stderr
from nimbus_tui.core.redaction import redact_with
from nimbus_tui.vault.redaction import Redactor


def keep_secrets() -> None:
    """From now on what this process tells holds no secret."""
    redact_with(Redactor())
    guard_stderr()
