"""An engine outlives its screen: detached, found again, shared, left alone by a crash."""

import os
import signal
import subprocess
import sys

import pytest

from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.events import Info, Stopped
from tests.cli.app_terminal import PROMPT, ROOT, EngineHome, ShellTerminal, is_alive, until
from tests.cli.conftest import OpenTerminal

CRASHING = """\
import sys
from nimbus_tui.cli.main import main
from nimbus_tui.tui.app import NimbusApp
def failing(app): raise ValueError("a screen that can't paint")
NimbusApp._watch = failing
main()
"""


@pytest.mark.parametrize("key", [b"d", b"\x1a"], ids=["d", "Ctrl+Z"])
def test_a_key_gives_the_shell_its_prompt_and_the_same_command_comes_back(
    engine_home: EngineHome, app: ShellTerminal, key: bytes
) -> None:
    engine = engine_home.about().pid
    app.presses(key)
    app.sees(f"goes on as process {engine}")
    app.sees(PROMPT)
    assert app.echoes()
    assert os.getsid(engine) == engine
    assert engine_home.about().pid == engine
    engine_home.trades_on()
    app.types(engine_home.command())
    app.sees("last price")
    assert engine_home.about().pid == engine
    app.presses(b"q")
    app.sees("detach: close the screen")
    app.presses(b"k")
    app.sees("the engine has ended in order")
    assert not is_alive(engine)
    assert isinstance(engine_home.newest()[0], Stopped)


def test_two_screens_show_one_engine_and_closing_one_leaves_the_other(
    engine_home: EngineHome, app: ShellTerminal, open_terminal: OpenTerminal
) -> None:
    engine = engine_home.about().pid
    other = open_terminal(rows=40, columns=120)
    other.types(engine_home.command("attach"))
    other.sees("last price")
    other.presses(b"p")
    app.sees("paused")
    # A screen may pass over what lasts for less than a paint.
    other.sees("paused")
    app.presses(b"r")
    other.sees("running")
    other.close()
    engine_home.trades_on()
    app.presses(b"d")
    app.sees(f"goes on as process {engine}")
    assert engine_home.about().pid == engine


def test_a_screen_that_crashes_leaves_the_engine_which_can_be_shown_again(
    engine_home: EngineHome, open_terminal: OpenTerminal
) -> None:
    script = engine_home.config.with_name("crashing.py")
    script.write_text(CRASHING)
    terminal = open_terminal()
    terminal.types(f"{sys.executable} {script} {engine_home.config}; echo ended with $?")
    terminal.sees("the screen has failed, as said above; the engine of here goes on")
    terminal.sees("ended with 1")
    assert b"a screen that can't paint" in terminal.seen
    engine = engine_home.about().pid
    engine_home.trades_on()
    terminal.types(engine_home.command())
    terminal.sees("last price")
    assert engine_home.about().pid == engine


def test_an_engine_that_dies_is_said_so_and_a_key_starts_it_again(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    engine = engine_home.about().pid
    app.presses(b"d")
    app.sees(PROMPT)
    app.types(engine_home.command())
    app.sees("last price")
    fills = engine_home.fills()
    os.kill(engine, signal.SIGKILL)
    app.sees("Ctrl+R STARTS IT: killed, or crashed")
    app.presses(b"\x12")
    until(lambda: engine_home.about().pid != engine, "no other engine came")
    app.sees("last price")
    assert engine_home.fills() >= fills
    engine_home.trades_on()


def test_an_engine_that_was_told_to_end_elsewhere_says_so_on_its_own_screen(
    engine_home: EngineHome, app: ShellTerminal, open_terminal: OpenTerminal
) -> None:
    other = open_terminal()
    other.types(engine_home.command("attach"))
    other.sees("last price")
    other.presses(b"q")
    other.sees("detach: close the screen")
    other.presses(b"k")
    app.sees("ENGINE ENDED, Ctrl+R STARTS IT: it was told to end")
    app.presses(b"\x12")
    app.sees("last price")
    engine_home.trades_on()


@pytest.mark.parametrize(
    ("on_hangup", "state"), [("detach", BotState.RUNNING), ("pause", BotState.PAUSED)]
)
def test_a_window_that_is_closed_does_what_the_config_says(
    engine_home: EngineHome, open_terminal: OpenTerminal, on_hangup: str, state: BotState
) -> None:
    text = engine_home.config.read_text()
    engine_home.config.write_text(text.replace('"detach"', f'"{on_hangup}"'))
    terminal = open_terminal()
    terminal.types(engine_home.command())
    terminal.sees("last price")
    engine = engine_home.about().pid
    terminal.close()
    engine_home.has_left(engine)
    until(lambda: engine_home.bot().state is state, "the bot never came to its state")
    notes = [event.message for event in engine_home.newest(50) if isinstance(event, Info)]
    assert any("the terminal went away" in note for note in notes)
    assert engine_home.about().pid == engine


def test_a_window_that_is_closed_on_an_attached_screen_obeys_the_config_too(
    engine_home: EngineHome, open_terminal: OpenTerminal
) -> None:
    text = engine_home.config.read_text()
    engine_home.config.write_text(text.replace('"detach"', '"stop"'))
    terminal = open_terminal()
    terminal.types(engine_home.command())
    terminal.sees("last price")
    engine = engine_home.about().pid
    terminal.presses(b"d")
    terminal.sees(PROMPT)
    terminal.types(engine_home.command())
    terminal.sees("last price")
    terminal.close()
    engine_home.ended(engine)
    assert isinstance(engine_home.newest()[0], Stopped)


def test_another_config_of_the_same_name_is_not_taken_for_the_one_that_runs(
    engine_home: EngineHome, app: ShellTerminal
) -> None:
    other = engine_home.config.with_name("other.toml")
    other.write_text(engine_home.config.read_text())
    done = subprocess.run(
        [sys.executable, "-m", "nimbus_tui", str(other)], env=engine_home.environment, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"runs already, on {engine_home.config}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_config_that_was_being_edited_when_the_line_was_cut_is_offered_again(
    engine_home: EngineHome, app: ShellTerminal, open_terminal: OpenTerminal
) -> None:
    engine = engine_home.about().pid
    before = engine_home.config.read_text()
    app.presses(b"e")
    app.sees("all well")
    app.presses(b"\t")
    app.sees("back to the form")
    app.presses(b"# said before the line was cut\r")
    drafts = engine_home.home / "here"
    kept = drafts / "config-draft-1.json"
    until(lambda: kept.exists() and "line was cut\\n" in kept.read_text(), "no draft was kept")
    app.close()
    assert [path.stat().st_mode & 0o777 for path in drafts.glob("config-draft-*")] == [0o600]
    other = open_terminal()
    other.types(engine_home.command())
    other.sees("last price")
    assert engine_home.about().pid == engine
    other.presses(b"9")
    other.sees("left unsaved at")
    other.presses(b"r")
    other.sees("not saved")
    other.presses(b"\x13")
    other.sees("the difference")
    other.presses(b"\r")
    until(lambda: "said before" in engine_home.config.read_text(), "it was never saved")
    after = engine_home.config.read_text()
    assert after.replace("# said before the line was cut\n", "") == before
    until(lambda: not list(drafts.glob("config-draft-*")), "the draft is still there")
