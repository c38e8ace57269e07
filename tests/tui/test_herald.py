"""What goes to the terminal beside the screen, byte for byte."""

import msgspec
import pytest

from nimbus_tui.config.model import Notify
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.tui.herald import Herald
from nimbus_tui.tui.options import Outside
from tests.tui.scripted_client import ScriptedClient, bot

ENGINE = msgspec.structs.replace(ScriptedClient().engine, risk="normal")
CALM = bot("eth-grid", "ETH/USDC", "2400")
PAUSED = bot("eth-grid", "ETH/USDC", "2400", risk="pause", reason="daily loss")
FAILED = bot("sol-wide", "SOL/USDC", "150", state=BotState.FAILED)
QUIET = Outside(title=False)


def herald(outside: Outside, name: str = "home") -> tuple[Herald, list[str]]:
    written: list[str] = []
    return Herald(name, outside, written.append), written


@pytest.fixture(autouse=True)
def a_terminal_with_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def test_it_rings_once_for_a_trouble_that_is_new() -> None:
    one, written = herald(QUIET)
    for bots in ([CALM], [PAUSED], [PAUSED], [CALM], [PAUSED]):
        one.look(ENGINE, bots)
    assert written == ["\x07", "\x07"]


def test_troubles_that_are_there_at_the_start_are_in_sight_already() -> None:
    one, written = herald(QUIET)
    one.look(None, [])
    one.look(ENGINE, [PAUSED])
    assert written == []
    one.look(ENGINE, [PAUSED, FAILED])
    assert written == ["\x07"]


@pytest.mark.parametrize(
    ("notify", "expected"),
    [
        (Notify.OSC9, "\x1b]9;eth-grid's risk is at pause: daily loss (and 1 more)\x07"),
        (
            Notify.OSC777,
            "\x1b]777;notify;nimbus;eth-grid's risk is at pause: daily loss (and 1 more)\x07",
        ),
    ],
)
def test_a_notification_takes_the_way_that_was_chosen(notify: Notify, expected: str) -> None:
    one, written = herald(Outside(title=False, bell=False, notify=notify))
    one.look(ENGINE, [CALM])
    one.look(ENGINE, [PAUSED, FAILED])
    assert written == [expected]


def test_words_from_outside_command_no_terminal() -> None:
    one, written = herald(Outside(title=False, bell=False, notify=Notify.OSC9))
    one.look(ENGINE, [CALM])
    one.look(ENGINE, [bot("eth-grid", "ETH/USDC", "2400", risk="stop", reason="\x07\x1b]52;c;eA")])
    assert written[0].count("\x1b") == 1
    assert written[0].count("\x07") == 1


def test_the_title_is_written_when_it_is_another_but_not_for_every_cent() -> None:
    one, written = herald(Outside())
    one.look(ENGINE, [CALM])
    one.look(ENGINE, [CALM])
    one.look(ENGINE, [msgspec.structs.replace(CALM, pnl_today=CALM.pnl_today + 1)])
    assert written == ["\x1b]2;nimbus home paper +12.45 USDC today\x07"]
    one.look(msgspec.structs.replace(ENGINE, risk="pause"), [CALM])
    assert written[1:] == ["\x07", "\x1b]2;▲ pause · nimbus home paper +12.45 USDC today\x07"]


@pytest.mark.parametrize("kind", ["linux", "vt100"])
def test_a_terminal_without_a_window_gets_no_title(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", kind)
    one, written = herald(Outside())
    one.look(ENGINE, [CALM])
    assert written == []
