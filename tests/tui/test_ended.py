"""An engine that has ended: said first, with the reason; started again or left by a key."""

import pytest

from nimbus_tui.core.errors import EngineEnded
from nimbus_tui.tui.options import Farewell
from tests.tui.opened import opened, text
from tests.tui.scripted_client import ScriptedClient
from tests.tui.test_screens import said
from tests.tui.waiting import until


class Ended(ScriptedClient):
    """An engine that ends when the test wants it."""

    ended = ""

    async def updates(self, after: int, **asked: object) -> object:  # type: ignore[override]
        if self.ended:
            raise EngineEnded(self.ended)
        return await super().updates(after, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "farewell"), [("ctrl+r", Farewell.RESTART), ("q", Farewell.ENDED)]
)
async def test_the_reason_stands_on_top_and_keys_start_it_again_or_leave(
    keys: str, farewell: Farewell
) -> None:
    client = Ended()
    async with opened(client, may_restart=True) as (app, pilot):
        client.ended = "it has failed: the disk is full"
        await until(lambda: "ENGINE ENDED, Ctrl+R STARTS IT: it has failed" in text(app))
        await pilot.press(keys)
        await until(lambda: app._exit)
    assert app.return_value is farewell


async def test_an_engine_that_came_back_is_simply_shown() -> None:
    client = Ended()
    async with opened(client, may_restart=True) as (app, pilot):
        client.ended = "it has failed"
        await until(lambda: "ENGINE ENDED" in text(app))
        client.ended = ""
        await until(lambda: "ENGINE ENDED" not in text(app))
        await pilot.press("ctrl+r")
        await until(lambda: "there is nothing to restart" in said(app))


async def test_what_can_not_be_done_here_is_said() -> None:
    client = Ended()
    async with opened(client) as (app, pilot):
        await pilot.press("d")
        await until(lambda: "a demo ends with its screen" in said(app))
        client.ended = "it has failed"
        await until(lambda: "ENGINE ENDED" in text(app))
        await pilot.press("ctrl+r")
        await until(lambda: "start it with `nimbus-tui CONFIG`" in said(app))


@pytest.mark.parametrize("key", ["d", "ctrl+z"])
async def test_a_key_detaches_at_once(key: str) -> None:
    async with opened(None, may_detach=True) as (app, pilot):
        await pilot.press(key)
        await until(lambda: app._exit)
    assert app.return_value is Farewell.DETACH
