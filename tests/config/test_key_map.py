"""`[ui.keys]`: other keys for actions, and what is wrong with them told at its line."""

import pytest

from nimbus_tui.config.actions import ACTIONS, remapped
from nimbus_tui.config.key_map import keys_of
from nimbus_tui.config.problems import Findings

ACTION = {action.id: action for action in ACTIONS}


def told(keys: dict[str, str], text: str = "") -> tuple[dict[str, str], list[str]]:
    findings = Findings("c.toml", text)
    read = keys_of(keys, findings)
    return read, [str(problem) for problem in findings.problems()]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({}, {}),
        ({"bot.pause": "f5"}, {"bot.pause": "f5"}),
        ({"bot.pause": " f5 , p,f5"}, {"bot.pause": "f5,p"}),
        ({"bot.pause": "r", "bot.resume": "p"}, {"bot.pause": "r", "bot.resume": "p"}),
        ({"engine.emergency": "ctrl+e,!"}, {"engine.emergency": "ctrl+e,!"}),
        ({"move.down": "ctrl+shift+down"}, {"move.down": "ctrl+shift+down"}),
        ({"view.theme": "ü"}, {"view.theme": "ü"}),
    ],
)
def test_keys_that_can_be_pressed_are_taken(given: dict[str, str], read: dict[str, str]) -> None:
    assert told(given) == (read, [])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bot.puase": "f5"}, "there is no action 'bot.puase'; did you mean 'bot.pause'?"),
        ({"bot.pause": ""}, "give at least one key"),
        ({"bot.pause": "strg+p"}, "'strg+p' is no key; write one character, f1 to f24"),
        ({"bot.pause": "f25"}, "'f25' is no key"),
        ({"bot.pause": "ctrl+i"}, "a terminal can't tell ctrl+i from tab"),
        ({"bot.pause": "s"}, "'s' is a key of bot.stop too; give one of them another key"),
        ({"bot.pause": "f5", "bot.stop": "f5"}, "'f5' is a key of bot.pause too"),
        ({"bot.pause": "q"}, "'q' is a key of app.quit too"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(given: dict[str, str], words: str) -> None:
    _, problems = told(given)
    (problem,) = problems
    assert words in problem


def test_the_line_is_told() -> None:
    text = '[ui]\nfps = 5\n\n[ui.keys]\n"bot.pause" = "s"\n'
    assert told({"bot.pause": "s"}, text)[1][0].startswith("c.toml:5:1 ui.keys.")


def test_footer_and_help_get_the_keys_that_hold() -> None:
    given = {"bot.pause": "ctrl+p,f5", "bot.stop": "S", "bot.start": "space", "move.up": "up,ü"}
    actions = {action.id: action for action in remapped(ACTIONS, given)}
    labels = [actions[name].key_label for name in given]
    assert labels == ["Ctrl+P F5", "S", "Space", "↑ ü"]
    assert actions["bot.pause"].keys == "ctrl+p,f5"
    assert actions["app.quit"] == ACTION["app.quit"]
    assert list(actions) == list(ACTION)
