"""The app is two processes and behaves as one: signals, stops, sizes, and either of them killed."""

import os
import signal

import pytest

from nimbus_tui.core.events import Stopped
from tests.cli.app_terminal import PROMPT, EngineHome, ShellTerminal, is_alive
from tests.cli.conftest import OpenTerminal


def parent_of(pid: int) -> int:
    """The process that the shell waits for."""
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - a file of the kernel
        return int(file.read().rpartition(")")[2].split()[1])


@pytest.mark.parametrize(
    "send",
    [
        lambda waiting: os.kill(waiting, signal.SIGTERM),
        lambda waiting: os.killpg(os.getpgid(waiting), signal.SIGINT),
    ],
    ids=["SIGTERM to the one", "SIGINT to the group"],
)
def test_a_signal_to_the_shells_job_ends_the_engine_in_order(
    engine_home: EngineHome, open_terminal: OpenTerminal, send: "signal._HANDLER"
) -> None:
    terminal = open_terminal()
    terminal.types(f"{engine_home.command()}; echo ended with $?")
    terminal.sees("last price")
    engine = engine_home.about().pid
    send(parent_of(engine))  # type: ignore[operator,misc,call-arg,arg-type]
    engine_home.ended(engine)
    assert isinstance(engine_home.newest()[0], Stopped)
    terminal.sees(PROMPT)
    assert terminal.echoes()


def test_ctrl_c_asks_and_a_new_window_size_is_used(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    app.presses(b"\x03")
    app.sees("detach: close the screen")
    app.presses(b"\x1b")
    assert b"newest fills" not in app.seen
    app.resize(60, 200)
    app.sees("newest fills")
    engine_home.trades_on()


def test_a_host_that_is_stopped_gives_the_shell_its_terminal_and_fg_goes_on(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    engine = engine_home.about().pid
    os.kill(engine, signal.SIGSTOP)
    app.sees("Stopped")
    app.sees(PROMPT)
    app.types("fg")
    engine_home.trades_on()
    assert engine_home.about().pid == engine


def test_a_job_that_the_terminal_stops_is_detached_and_never_stands_still(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    engine = engine_home.about().pid
    os.kill(engine, signal.SIGTSTP)
    app.sees(f"goes on as process {engine}")
    app.sees(PROMPT)
    engine_home.trades_on()


def test_a_host_that_is_killed_leaves_a_terminal_in_order_and_a_sentence(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    engine = engine_home.about().pid
    os.kill(engine, signal.SIGKILL)
    app.sees(f"process {engine} was ended by SIGKILL; start it again with the same command")
    app.sees(PROMPT)
    assert app.echoes()
    assert b"\x1b[?1049l" in app.seen
    app.types("echo ended with $?")
    app.sees("ended with 137")


def test_who_waits_is_killed_and_the_engine_goes_on(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    engine = engine_home.about().pid
    waiting = parent_of(engine)
    app.seen = b""
    os.kill(waiting, signal.SIGKILL)
    app.sees(PROMPT)
    engine_home.has_left(engine)
    assert b"\x1b[?1049l" in app.seen
    engine_home.trades_on()
    assert is_alive(engine)
