"""The command line: every command, and `nimbus-tui [CONFIG]` for the app itself."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nimbus_tui.cli import query_commands, risk_commands
from nimbus_tui.cli.attach_command import attach
from nimbus_tui.cli.backtest_command import backtest
from nimbus_tui.cli.backtest_worker import work_on_backtest
from nimbus_tui.cli.config_commands import config_app
from nimbus_tui.cli.diagnostics import friendly
from nimbus_tui.cli.doctor_command import doctor
from nimbus_tui.cli.exchanges_commands import exchanges_app
from nimbus_tui.cli.journal_commands import journal_app
from nimbus_tui.cli.opening import open_app
from nimbus_tui.cli.run_commands import demo, run
from nimbus_tui.cli.secrecy import keep_secrets
from nimbus_tui.cli.secrets_commands import secrets_app
from nimbus_tui.cli.simulate_command import simulate
from nimbus_tui.cli.welcome_command import welcome
from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.redaction import redacted
from nimbus_tui.core.secret import HIDDEN
from nimbus_tui.core.version import __version__

app = typer.Typer(
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    help="Trading bots in your terminal. `nimbus-tui CONFIG` opens the app; `demo` needs no file.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nimbus-tui {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Trading bots in your terminal. `nimbus-tui CONFIG` opens the app; `demo` needs no file."""
    if context.invoked_subcommand is None and not version:
        if sys.stdin.isatty() and sys.stderr.isatty():
            welcome()
        else:
            typer.echo(context.get_help())


@app.command("open", hidden=True)
def open_command(config: Path) -> None:
    """Open the app on a config file."""
    open_app(config)


app.command("demo")(demo)
app.command("run")(run)
app.command("attach")(attach)
app.command("backtest")(backtest)
app.command("backtest-worker", hidden=True)(work_on_backtest)
app.command("simulate")(simulate)
app.command("doctor")(doctor)
app.add_typer(config_app, name="config")
app.add_typer(exchanges_app, name="exchanges")
app.add_typer(journal_app, name="journal")
app.add_typer(secrets_app, name="secrets")
query_commands.mount(app)
risk_commands.mount(app)


def arguments(given: list[str]) -> list[str]:
    """`nimbus-tui CONFIG` is short for `nimbus-tui open CONFIG`."""
    groups = {"config", "exchanges", "journal", "risk", "secrets"}
    commands = {info.name for info in app.registered_commands} | groups
    first = given[0] if given else ""
    if first and not first.startswith("-") and first not in commands:
        looks_like_file = first.endswith(".toml") or "/" in first or Path(first).exists()
        if looks_like_file:
            return ["open", *given]
    return given


def _refuse_keys(given: list[str]) -> None:
    """Whatever is wrong with a command line, its error would repeat a key in some form."""
    for argument in given:
        if redacted(argument).lstrip("-").rpartition("=")[2] == HIDDEN:
            raise ConfigError(
                "one of the arguments is a private key, and everybody on this machine can read "
                "arguments: treat it as known to others; `nimbus-tui secrets set NAME` asks for a "
                "key without showing it"
            )


def main() -> None:
    """Read the command line and do what it says."""
    keep_secrets()
    with friendly():
        _refuse_keys(sys.argv[1:])
        app(arguments(sys.argv[1:]), prog_name="nimbus-tui")
