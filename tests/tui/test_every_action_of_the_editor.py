"""The config editor's own actions, by each key, by the palette and by the mouse."""

import pytest

from nimbus_tui.tui.screens.config import ConfigScreen
from nimbus_tui.tui.screens.review import ReviewScreen
from tests.tui.acting import WAYS, Scenario, Stage, play
from tests.tui.scripted_config import TEXT, ConfigClient
from tests.tui.test_config_screen import checked, editing
from tests.tui.waiting import until


def editor(stage: Stage) -> ConfigScreen:
    assert stage.app.editor is not None
    return stage.app.editor


def status(words: str) -> Scenario:
    """Words above the editor's keys."""
    return Scenario(lambda stage: words in editor(stage).paint.status.text)


EDITOR = {
    "config.save": Scenario(
        lambda stage: isinstance(stage.app.screen, ReviewScreen),
        before=lambda stage: editor(stage).take(TEXT.replace("levels = 5", "levels = 7")),
    ),
    "config.turn": Scenario(lambda stage: editor(stage).area.has_focus),
    "config.pane": Scenario(lambda stage: editor(stage).pane == "text"),
    "config.problem": status("nothing is wrong"),
    "config.disk": status("is the one that you are editing"),
}


async def put_in_order(stage: Stage, _at: str) -> None:
    """The text as it is in the file, the form in front, nothing said."""
    screen = editor(stage)
    if isinstance(stage.app.screen, ReviewScreen):
        await stage.pilot.press("escape")
    await until(lambda: stage.app.screen is screen)
    screen.take(TEXT)
    screen._show_pane("form")
    await checked(screen)
    screen.say(())
    await stage.pilot.pause()


@pytest.mark.parametrize("way", WAYS)
async def test_every_action_of_the_editor(way: str) -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, _):
        await play(Stage(app, pilot, client), EDITOR, WAYS[way], put_in_order)
