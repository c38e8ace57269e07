import msgspec
import pytest

from nimbus_tui.config.actions import ACTIONS, can_meet
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.tui.viewmodels.keys import footer, help_rows, helped, makes_sense
from nimbus_tui.tui.viewmodels.lines import Line, line_width
from tests.tui.scripted_client import ScriptedClient

ETH = ScriptedClient().bots["eth-grid"]
ACTION = {action.id: action for action in ACTIONS}


def text(line: Line) -> str:
    return "".join(cell.text for cell in line)


@pytest.mark.parametrize("width", range(0, 200, 9))
def test_the_footer_fits_and_keeps_help_and_quit_longest(width: int) -> None:
    line = footer(ACTIONS, ETH, width)
    assert line_width(line) <= width
    if width >= 20:
        assert "? help" in text(line)
        assert "q quit" in text(line)


def test_the_footer_has_the_way_into_the_bot_or_the_way_back() -> None:
    assert "Enter" in text(footer(ACTIONS, ETH, 200))
    opened = text(footer(ACTIONS, ETH, 200, "bot"))
    assert "Esc back" in opened
    assert "Enter" not in opened


@pytest.mark.parametrize(
    ("action", "state", "sense"),
    [
        ("bot.pause", BotState.RUNNING, True),
        ("bot.pause", BotState.PAUSED, False),
        ("bot.resume", BotState.PAUSED, True),
        ("bot.stop", BotState.STOPPED, False),
        ("bot.start", BotState.FAILED, True),
        ("bot.start", BotState.RUNNING, False),
        ("view.help", BotState.FAILED, True),
    ],
)
def test_keys_that_would_do_nothing_are_dim(action: str, state: BotState, sense: bool) -> None:
    bot = msgspec.structs.replace(ETH, state=state)
    assert makes_sense(ACTION[action], bot) is sense


def test_help_lists_every_action() -> None:
    shown = "\n".join(text(row.line) for row in help_rows(ACTIONS))
    for action in ACTIONS:
        assert action.help in shown
        assert action.key_label in shown


def test_help_names_each_group_once() -> None:
    titles = [text(row.line) for row in help_rows(ACTIONS) if row.line and row.action is None]
    assert sorted(titles) == sorted({f" {action.group}" for action in ACTIONS})


def test_no_key_and_no_id_is_given_twice() -> None:
    owned: dict[str, list[str]] = {}
    for action in ACTIONS:
        for key in action.keys.split(","):
            assert not [other for other in owned.get(key, []) if can_meet(other, action.id)], key
            owned.setdefault(key, []).append(action.id)
    assert len(ACTION) == len(ACTIONS)


def test_a_view_s_own_keys_come_first_and_those_of_others_not_at_all() -> None:
    past = helped(ACTIONS, "replay")
    assert past[0].id == "replay.fill"
    assert {"app.quit", "replay.time"} <= {action.id for action in past}
    assert not any(action.id.startswith("backtest.") for action in past)
    here = helped(ACTIONS, "dashboard")
    assert [action for action in here if action.id.startswith(("replay.", "backtest."))] == []
