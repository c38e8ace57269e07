"""The entry point: opens the app without waiting for the library that reads all other commands."""

import sys
from collections.abc import Callable
from pathlib import Path

from nimbus_tui.tui.curtain import curtain


def main() -> None:
    """Open the app, or hand the command line on."""
    opening = _opening(sys.argv[1:])
    if opening is None:
        from nimbus_tui.cli.main import main as whole_command_line

        whole_command_line()
        return
    try:
        opening()
    finally:
        curtain.drop()


def _opening(given: list[str]) -> Callable[[], None] | None:
    """What opens the app, if that is all that is wanted."""
    if given == ["demo"]:
        return lambda: _open("nimbus-tui demo", None)
    if len(given) == 1 and given[0].endswith(".toml") and Path(given[0]).is_file():
        return lambda: _open(f"nimbus-tui {given[0]}", Path(given[0]))
    return None


def _open(title: str, config: Path | None) -> None:
    curtain.rise(title)
    from nimbus_tui.cli.diagnostics import friendly
    from nimbus_tui.cli.opening import open_app, open_demo
    from nimbus_tui.cli.secrecy import keep_secrets

    keep_secrets()
    with friendly():
        if config is None:
            open_demo()
        else:
            open_app(config)
