"""The app over a real SSH connection that breaks: the engine does what the config says."""

import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.events import Stopped
from tests.cli.app_terminal import EngineHome, ShellTerminal, until
from tests.cli.conftest import OpenTerminal
from tests.cli.ssh_server import SshServer, needs_sshd


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    needs_sshd()
    one = SshServer(tmp_path / "ssh")
    yield one
    one.close()


class Connection:
    """A client's connection with the app, or another command, in its foreground."""

    def __init__(
        self, server: SshServer, home: EngineHome, open_terminal: OpenTerminal, *arguments: str
    ) -> None:
        self.terminal: ShellTerminal = open_terminal(*server.client(), rows=30, columns=100)
        settings = [f"{k}={v}" for k, v in home.environment.items() if k not in ("PATH", "PS1")]
        self.terminal.types(f"env {shlex.join(settings)} {home.command(*arguments)}")
        self.terminal.sees("last price")

    def breaks(self) -> None:
        """The client is gone without a word, as when a laptop is closed."""
        os.kill(self.terminal.process.pid, signal.SIGKILL)


def test_fills_go_on_without_a_connection_and_the_next_one_finds_the_same_state(
    server: SshServer, engine_home: EngineHome, open_terminal: OpenTerminal
) -> None:
    connection = Connection(server, engine_home, open_terminal)
    engine = engine_home.about().pid
    first = engine_home.newest(5000)
    connection.breaks()
    begun = monotonic()
    engine_home.has_left(engine)
    print(f"the engine had left its terminal {monotonic() - begun:.2f} s after the client died")
    engine_home.trades_on()
    again = Connection(server, engine_home, open_terminal)
    assert engine_home.about().pid == engine
    events = engine_home.newest(5000)
    assert [one.seq for one in events] == list(range(events[0].seq, events[-1].seq + 1))
    assert list(events[: len(first)]) == list(first)
    again.terminal.presses(b"d")
    again.terminal.sees("goes on")


@pytest.mark.parametrize("on_hangup", ["pause", "stop"])
def test_a_broken_connection_pauses_or_stops_where_the_config_says_so(
    server: SshServer, engine_home: EngineHome, open_terminal: OpenTerminal, on_hangup: str
) -> None:
    text = engine_home.config.read_text()
    engine_home.config.write_text(text.replace('"detach"', f'"{on_hangup}"'))
    connection = Connection(server, engine_home, open_terminal)
    engine = engine_home.about().pid
    connection.breaks()
    if on_hangup == "stop":
        engine_home.ended(engine)
        assert isinstance(engine_home.newest()[0], Stopped)
    else:
        until(lambda: engine_home.bot().state is BotState.PAUSED, "the bot was never paused")
        assert engine_home.about().pid == engine
        again = Connection(server, engine_home, open_terminal)
        again.terminal.sees("paused")
        again.terminal.presses(b"r")
        until(lambda: engine_home.bot().state is BotState.RUNNING, "it never ran again")


def test_of_two_connections_one_breaks_and_the_other_goes_on(
    server: SshServer, engine_home: EngineHome, open_terminal: OpenTerminal
) -> None:
    first = Connection(server, engine_home, open_terminal)
    engine = engine_home.about().pid
    second = Connection(server, engine_home, open_terminal, "attach")
    first.breaks()
    engine_home.has_left(engine)
    second.terminal.presses(b"p")
    second.terminal.sees("paused; orders that reduce")
    assert engine_home.bot().state is BotState.PAUSED
