"""How the editor, the wizard, the review and the welcome look, cell by cell."""

import pytest

from nimbus_tui.config.locations import shipped
from nimbus_tui.tui.screens.new_bot import NewBotScreen
from nimbus_tui.tui.screens.review import ReviewScreen
from nimbus_tui.tui.viewmodels.wizard import Step
from nimbus_tui.tui.welcome import WelcomeApp
from tests.tui.opened import opened, settled
from tests.tui.scripted_config import HOT, ConfigClient
from tests.tui.test_config_screen import checked, choose, editing
from tests.tui.test_snapshots import THEMES, check, picture
from tests.tui.waiting import until

PLACES = [(80, 24), (200, 60)]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", PLACES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_editor_looks_as_it_did(size: tuple[int, int], theme: str) -> None:
    client, name = ConfigClient(), f"{size[0]}x{size[1]}-{theme}"
    client.change = HOT
    async with editing(client, size, theme=theme) as (app, pilot, screen):
        check(f"config-{name}", picture(app))
        if size[0] < 100:
            for pane in ("text", "preview"):
                await pilot.press("f2")
                await settled(app, pilot)
                check(f"config-{pane}-{name}", picture(app))
            await pilot.press("f2")
        await choose(screen, pilot, "levels")
        await pilot.press("0")
        await checked(screen)
        await settled(app, pilot)
        check(f"config-wrong-{name}", picture(app))
        await pilot.press("backspace", "7", "enter")
        await checked(screen)
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await settled(app, pilot)
        check(f"config-review-{name}", picture(app))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", PLACES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_wizard_looks_as_it_did(size: tuple[int, int], theme: str) -> None:
    name = f"{size[0]}x{size[1]}-{theme}"
    async with opened(ConfigClient(), size, theme=theme) as (app, pilot):
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, NewBotScreen))
        screen = app.screen
        assert isinstance(screen, NewBotScreen)
        await until(lambda: "grid" in screen.list.text)
        for step in Step:
            await until(lambda step=step: screen.step is step)  # type: ignore[misc]
            if step is Step.SYMBOL:
                await until(lambda: "SOL/USDC" in screen.list.text)
            await settled(app, pilot)
            check(f"new-bot-{step.name.lower()}-{name}", picture(app))
            await pilot.press("enter")
        await until(lambda: app.editor is not None)
        assert app.editor is not None
        await checked(app.editor)
        await settled(app, pilot)
        check(f"new-bot-form-{name}", picture(app))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", PLACES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_welcome_looks_as_it_did(size: tuple[int, int], theme: str) -> None:
    app = WelcomeApp((shipped("themes"),), theme=theme)
    async with app.run_test(size=size) as pilot:
        for _ in range(3):
            await pilot.pause()
        check(f"welcome-{size[0]}x{size[1]}-{theme}", picture(app))  # type: ignore[arg-type]
