"""Keys that arrive all at once, as after a link that stalled, do what they would one by one."""

import pytest
from textual.events import Key, Paste

from nimbus_tui.control.commands import Command, EmergencyShutdown, PauseBot, StopBot
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.panels.prompts import TypedWord
from tests.tui.opened import opened
from tests.tui.scripted_client import ScriptedClient
from tests.tui.scripted_config import TEXT, ConfigClient
from tests.tui.waiting import until

ETH = BotId("eth-grid")
NAMED = {
    "!": "exclamation_mark",
    "\r": "enter",
    "\x1b": "escape",
    "\t": "tab",
    "/": "slash",
    "\x10": "ctrl+p",
}


def at_once(app: NimbusApp, keys: str) -> None:
    """Everything in one packet."""
    for key in keys:
        name = NAMED.get(key, key)
        app.post_message(Key(name, key if key.isprintable() else None))


@pytest.mark.parametrize(
    ("keys", "command"),
    [
        ("!EMERGENCY\r", EmergencyShutdown()),
        ("s\r", StopBot(ETH)),
        ("?\x1bp", PauseBot(ETH)),
        ("s\x1bp", PauseBot(ETH)),
        ("/eth\rp", PauseBot(ETH)),
        ("T\x1bp", PauseBot(ETH)),
        ("\x10pause eth\r", PauseBot(ETH)),
    ],
)
async def test_keys_behind_one_that_opens_or_closes_a_question_go_where_they_belong(
    keys: str, command: Command
) -> None:
    client = ScriptedClient()
    async with opened(client) as (app, _):
        at_once(app, keys)
        await until(lambda: bool(client.commands))
        assert client.commands == [command]
        assert app.screen is app.live


async def test_a_word_that_was_typed_ahead_is_whole_and_what_is_pasted_stands_in_its_place() -> (
    None
):
    async with opened() as (app, _):
        at_once(app, "!EMER")
        app.post_message(Paste("GEN"))
        at_once(app, "CY")
        await until(lambda: isinstance(app.screen, TypedWord))
        await until(lambda: app.focused is not None and app.focused.value == "EMERGENCY")  # type: ignore[attr-defined]


async def test_an_editor_that_has_not_opened_yet_gets_its_keys() -> None:
    client = ConfigClient()
    async with opened(client, (120, 40)) as (app, _):
        at_once(app, "e")
        await until(lambda: app.editor is not None and app.editor.draft is not None)
        editor = app.editor
        assert editor is not None
        at_once(app, "\t" + "#" * 60)
        await until(lambda: editor.area.text.count("#") == TEXT.count("#") + 60)
