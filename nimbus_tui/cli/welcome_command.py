"""`nimbus-tui` without a config: the one that is there, else the welcome that ends in one."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from nimbus_tui.cli.diagnostics import say
from nimbus_tui.cli.opening import open_app, open_demo
from nimbus_tui.core.errors import ConfigError

if TYPE_CHECKING:
    from nimbus_tui.tui.welcome import Chosen

FIRST_NAME = "nimbus.toml"
"""What the first config is called, in the user's folder of configs."""
_SECRET = "hl-agent"  # noqa: S105 - its name in the vault


def welcome() -> None:
    """Open the user's only config, or ask how to begin and begin.

    Raises:
        ConfigError: there are several configs, or the chosen one can't be begun with.
        NimbusError: this is no terminal for it.
    """
    from nimbus_tui.config.locations import config_folder

    found = sorted(config_folder().glob("*.toml"))
    if len(found) > 1:
        names = ", ".join(str(path) for path in found)
        raise ConfigError(
            f"there are several configs; say which one: nimbus-tui {found[0]} ({names})"
        )
    if found:
        open_app(found[0])
        return
    trouble = ""
    while (chosen := _ask(trouble)) is not None:
        trouble = _begin(chosen, config_folder() / FIRST_NAME)
        if not trouble:
            return


def _ask(trouble: str) -> "Chosen | None":
    from nimbus_tui.config.locations import theme_folders
    from nimbus_tui.tui.run import check_terminal, prepare_environment
    from nimbus_tui.tui.terminal import AUTOMATIC, theme_for

    check_terminal()
    prepare_environment()
    from nimbus_tui.tui.welcome import WelcomeApp

    return WelcomeApp(theme_folders(), trouble, theme_for(AUTOMATIC, os.environ)).run()


def _begin(chosen: "Chosen", path: Path) -> str:
    """Begin as chosen; returns why it could not be, so that another way can be taken."""
    from nimbus_tui.config.locations import journal_path
    from nimbus_tui.config.starter import Start, starter

    start = chosen.way.value
    if not isinstance(start, Start):
        open_demo()
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(starter(start, chosen.account, _SECRET))
    if start.is_real:
        _ask_key()
    say(f"your config is {path}; `nimbus-tui` opens it from now on")
    try:
        open_app(path)
    except ConfigError as error:
        if journal_path(path.stem).exists():
            raise
        path.unlink(missing_ok=True)  # it never ran: the next start asks again
        return str(error)
    return ""


def _ask_key() -> None:
    """The agent's key, unless the vault has it."""
    from nimbus_tui.cli.secrets_commands import set_command

    if not typer.confirm(f"Is the agent wallet's key in the vault already, as {_SECRET}?"):
        set_command(_SECRET, from_file=None, replace=False)
