"""The actions that end the screen, by each key, by the palette and by the mouse."""

import pytest

from nimbus_tui.tui.options import Farewell
from tests.tui.acting import WAYS, Stage
from tests.tui.opened import opened, text
from tests.tui.test_ended import Ended
from tests.tui.waiting import until

ENDINGS = {
    "app.detach": Farewell.DETACH,
    "engine.restart": Farewell.RESTART,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ENDINGS)
async def test_every_action_that_ends_the_screen(name: str, way: str) -> None:
    client, number = Ended(), 0
    while True:
        async with opened(client, may_detach=True, may_restart=True) as (app, pilot):
            if name == "engine.restart":
                client.ended = "it has failed"
                await until(lambda: "ENGINE ENDED" in text(app))
            (action,) = (one for one in app.actions if one.id == name)
            acts = WAYS[way](action)
            assert not app._exit
            await acts[number](Stage(app, pilot, client), action)
            await until(lambda: app._exit)
        assert app.return_value is ENDINGS[name]
        client.ended, number = "", number + 1
        if number == len(acts):
            return
