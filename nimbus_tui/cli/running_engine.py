"""Reaching a running engine from the command line: which one, its client, telling it something."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from nimbus_tui.cli.diagnostics import ExitCode, say
from nimbus_tui.control.commands import Command, Outcome, Result
from nimbus_tui.core.errors import ConfigError, EngineUnreachable

if TYPE_CHECKING:
    from nimbus_tui.control.client import EngineClient

EngineOption = Annotated[str | None, typer.Option("--engine", help="Name of the engine.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask.")]

Answer = TypeVar("Answer")


def engine_name(given: str | None) -> str:
    """The engine that is meant: the one given, the only running one, or the only journal.

    Raises:
        ConfigError: there are several, or none.
    """
    from nimbus_tui.config.locations import known_engines, socket_folder

    if given is not None:
        return given
    running = sorted(path.stem for path in socket_folder().glob("*.sock") if _listens(path))
    for names in (running, known_engines()):
        if len(names) == 1:
            return names[0]
        if names:
            raise ConfigError(f"there are several engines: {', '.join(names)}; give --engine NAME")
    raise ConfigError("there is no engine yet; start one with `nimbus-tui run CONFIG`")


def _listens(path: Path) -> bool:
    """Whether somebody is behind a socket: a killed engine leaves its file behind."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def is_running(name: str) -> bool:
    """Whether an engine of this name is there."""
    from nimbus_tui.config.locations import socket_path

    return _listens(socket_path(name))


async def connected(name: str) -> "EngineClient":
    """A client of a running engine.

    Raises:
        EngineUnreachable: it doesn't run, or doesn't answer.
    """
    from nimbus_tui.config.locations import socket_path
    from nimbus_tui.control.socket_client import UnixSocketClient

    if not is_running(name):
        raise EngineUnreachable(
            f"the engine {name!r} does not run; start it with `nimbus-tui run CONFIG`"
        )
    return await UnixSocketClient.connect(str(socket_path(name)))


def asked(name: str, ask: "Callable[[EngineClient], Awaitable[Answer]]") -> Answer:
    """Ask a running engine one thing."""

    async def on_the_line() -> Answer:
        client = await connected(name)
        try:
            return await ask(client)
        finally:
            await client.close()

    return asyncio.run(on_the_line())


def foretell(commands: Sequence[Command], name: str) -> None:
    """Say what commands would do; ends here if all of them would be refused."""

    async def ask(client: "EngineClient") -> list[Outcome]:
        return [await client.consequence(command) for command in commands]

    outcomes = asked(name, ask)
    for outcome in outcomes:
        say(outcome.message)
    if all(outcome.result is Result.REFUSED for outcome in outcomes):
        raise SystemExit(ExitCode.FAILED)


def tell(commands: Sequence[Command], name: str) -> None:
    """Have commands carried out and say what came of them; fails if one was refused."""

    async def ask(client: "EngineClient") -> list[Outcome]:
        return [await client.execute(command) for command in commands]

    outcomes = asked(name, ask)
    for outcome in outcomes:
        say(outcome.message)
    if any(outcome.result is Result.REFUSED for outcome in outcomes):
        raise SystemExit(ExitCode.FAILED)


def confirm(yes: bool, word: str, deed: str) -> None:
    """The dangerous commands want a word typed, or `--yes`.

    Raises:
        ConfigError: another word was typed, or there is nobody to type it.
    """
    if yes:
        return
    say(f"Type {word} to {deed}:")
    typed = sys.stdin.readline()
    if not typed:
        raise ConfigError(f"nothing was done: type {word}, or give --yes")
    if typed.strip() != word:
        raise ConfigError(f"nothing was done: that was not {word}")
