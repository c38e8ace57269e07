"""How help, palette, theme picker and the questions look, cell by cell."""

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from nimbus_tui.tui.app import NimbusApp
from tests.tui.acting import offered
from tests.tui.opened import opened, settled
from tests.tui.scripted_client import ScriptedClient
from tests.tui.test_snapshots import THEMES, check, picture
from tests.tui.waiting import until

QUESTIONS = {
    "help": "?", "themes": "T", "stop": "s", "flatten": "x", "emergency": "!", "rearm": "R",
    "reset": "D", "quit": "q", "palette": "ctrl+p",
}  # fmt: skip
"""What stands over the dashboard, by the key that asks for it."""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_what_stands_over_the_screen_looks_as_it_did(
    size: tuple[int, int], theme: str
) -> None:
    async with opened(ScriptedClient(), size, theme=theme, may_detach=True) as (app, pilot):
        for name, key in QUESTIONS.items():
            await pilot.press(key)
            await until(lambda: app.screen is not app.live)
            if name == "palette":
                await listed(app, pilot)
            await settled(app, pilot)
            check(f"{name}-{size[0]}x{size[1]}-{theme}", picture(app))
            await pilot.press("escape")
            await until(lambda: app.screen is app.live)


async def listed(app: NimbusApp, pilot: Pilot[object]) -> None:
    """The palette has found what was typed, and its cursor stands still."""
    assert isinstance(app.screen, CommandPalette)
    app.screen.query_one(Input).cursor_blink = False
    options = app.screen.query_one(OptionList)
    await pilot.press(*"stop")
    await until(lambda: {"stop", "stop sol-wide"} <= set(offered(options)))
