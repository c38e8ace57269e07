"""A screen on an engine that runs in another process."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nimbus_tui.cli.diagnostics import ExitCode, fail, friendly, say
from nimbus_tui.cli.foreground import screen_options
from nimbus_tui.cli.hangups import after_hangup
from nimbus_tui.cli.headless import GRACE_S, LOOK_S
from nimbus_tui.cli.running_engine import engine_name
from nimbus_tui.control.about import EngineAbout
from nimbus_tui.control.commands import Shutdown
from nimbus_tui.core.errors import ConfigError, EngineUnreachable, NimbusError
from nimbus_tui.tui.options import Farewell

if TYPE_CHECKING:
    from nimbus_tui.config.model import Config

LONGEST_END_S = 60.0
"""How long an engine in another process is watched while it ends in order."""


def attach(
    target: Annotated[
        str | None,
        typer.Argument(help="A socket's path, an engine's name or its config; else the only one."),
    ] = None,
) -> None:
    """Open a screen on a running engine; closing it leaves the engine alone."""
    with friendly():
        path = _socket_of(target)
        about = _about(path)
        show_attached(path, about, _config_of(about), obeys_hangup=False)


def attach_to_config(path: Path) -> bool:
    """Open a screen on the engine of a config if it runs; returns whether it does.

    Raises:
        ConfigError: an engine of that name runs, but on another config.
    """
    from nimbus_tui.cli.running_engine import is_running
    from nimbus_tui.config.locations import socket_path

    name = engine_name_in(path)
    if not is_running(name):
        return False
    socket = str(socket_path(name))
    about = _about(socket)
    if about.config and Path(about.config).resolve() != path.resolve():
        raise ConfigError(
            f"an engine called {name!r} runs already, on {about.config}: `nimbus-tui attach "
            f"{name}` shows it; to run {path} beside it, give it another [engine] name"
        )
    say(f"nimbus-tui: the engine of {path} runs as process {about.pid}: here is its screen")
    show_attached(socket, about, _config_of(about), obeys_hangup=True)
    return True


def engine_name_in(path: Path) -> str:
    """The name of a config's engine, whatever else is wrong with the file."""
    from nimbus_tui.config.loader import load_exchanges

    try:
        engine, _ = load_exchanges(path)
    except ConfigError:
        return path.stem
    return engine.name if engine is not None and engine.name else path.stem


def show_attached(
    socket: str, about: EngineAbout, config: "Config | None", *, obeys_hangup: bool
) -> None:
    """A screen on a socket, until it closes; `obeys_hangup`: its terminal is the app's."""
    from nimbus_tui.control.socket_client import UnixSocketClient
    from nimbus_tui.tui.run import check_terminal, run_screen

    check_terminal()
    options = screen_options(config, about, demo=False)
    match run_screen(UnixSocketClient(socket), options):
        case Farewell.STOP_KEEP_ORDERS:
            _end(socket, about, cancel_orders=False)
        case Farewell.STOP_CANCEL_ORDERS:
            _end(socket, about, cancel_orders=True)
        case Farewell.RESTART:
            _start(about.config)
        case Farewell.HANGUP:
            if obeys_hangup and config is not None:
                after_hangup(UnixSocketClient(socket), config.engine.on_hangup)
        case Farewell.CRASHED:
            fail("nimbus-tui: the screen has failed, as said above; the engine goes on")
        case Farewell.DETACH | Farewell.TERMINATED:
            say(f"nimbus-tui: the engine goes on as process {about.pid}")
        case Farewell.ENDED:
            raise SystemExit(ExitCode.FAILED)


def _socket_of(target: str | None) -> str:
    from nimbus_tui.config.locations import socket_path

    if target is None:
        return str(socket_path(engine_name(None)))
    if target.startswith(("http://", "https://")):
        raise ConfigError(
            "engines behind a web address can't be shown yet; give a socket's path, an engine's "
            "name or its config"
        )
    if target.endswith(".toml"):
        return str(socket_path(engine_name_in(Path(target))))
    return target if "/" in target else str(socket_path(target))


def _about(socket: str) -> EngineAbout:
    from nimbus_tui.control.socket_client import UnixSocketClient

    async def ask() -> EngineAbout:
        client = await UnixSocketClient.connect(socket)
        try:
            return await client.about()
        finally:
            await client.close()

    return asyncio.run(ask())


def _config_of(about: EngineAbout) -> "Config | None":
    """The engine's config for the looks of the screen; one that is broken by now gives none."""
    from nimbus_tui.bootstrap import load_config

    if not about.config:
        return None
    try:
        return load_config(Path(about.config))
    except NimbusError:
        return None


def _end(socket: str, about: EngineAbout, *, cancel_orders: bool) -> None:
    from nimbus_tui.control.socket_client import UnixSocketClient
    from nimbus_tui.engine.clock import LiveClock

    async def ask() -> bool:
        client, clock = await UnixSocketClient.connect(socket), LiveClock()
        await client.execute(Shutdown(cancel_orders=cancel_orders))
        await client.close()
        for _ in range(int((LONGEST_END_S + GRACE_S) / LOOK_S)):
            if not _is_alive(about.pid):
                return True
            await clock.sleep(LOOK_S)
        return False

    try:
        if not asyncio.run(ask()):
            fail(f"nimbus-tui: process {about.pid} is still ending; look with `nimbus-tui status`")
    except EngineUnreachable as error:
        fail(f"nimbus-tui: {error}")
    say("nimbus-tui: the engine has ended in order")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _start(config: str) -> NoReturn:
    """Become a fresh program on the config, which may ask for a passphrase."""
    os.execv(sys.executable, [sys.executable, "-m", "nimbus_tui", config])  # noqa: S606
