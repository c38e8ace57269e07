"""Nothing typed is lost: files that change, engines that die, terminals that shrink, leaving."""

import pytest

from nimbus_tui.tui.panels.prompts import Choice
from nimbus_tui.tui.screens.review import ReviewScreen
from tests.tui.opened import settled, text
from tests.tui.scripted_config import TEXT, ConfigClient
from tests.tui.test_config_screen import checked, choose, editing, typed
from tests.tui.waiting import until

OTHER = TEXT.replace("levels = 6", "levels = 4")


async def look(screen: object) -> None:
    await screen.saver.look_at_disk()  # type: ignore[attr-defined]
    screen.refresh_all()  # type: ignore[attr-defined]


async def test_a_file_that_changes_is_shown_anew_where_nothing_was_typed() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        client.disk = OTHER
        await look(screen)
        await settled(app, pilot)
        assert typed(screen) == OTHER == screen.area.text
        assert "changed on the disk" in text(app)


@pytest.mark.parametrize(("key", "kept"), [("r", False), ("k", True)])
async def test_a_file_that_changes_under_an_edit_is_asked_about(key: str, kept: bool) -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter")
        client.disk = OTHER
        await look(screen)
        await settled(app, pilot)
        assert "F4 asks what to do" in text(app)
        mine = typed(screen)
        await pilot.press("f4")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("d")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await settled(app, pilot)
        assert "levels = 4" in text(app)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(key)
        await until(lambda: app.screen is screen)
        assert typed(screen) == (mine if kept else OTHER)
        await settled(app, pilot)
        assert "F4 asks what to do" not in text(app)


async def test_saving_over_a_file_that_changed_asks_first_and_never_overwrites() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter")
        client.disk = OTHER
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("escape")
        await until(lambda: app.screen is screen)
        assert client.disk == OTHER
        assert "levels = 8 " in typed(screen)


async def test_an_engine_that_dies_is_said_so_and_what_was_typed_goes_on_when_it_is_back() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        client.gone = "the engine has ended"
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter")
        await until(lambda: bool(screen.gone))
        await pilot.press("ctrl+s")
        await until(lambda: "what you typed is kept" in screen.paint.status.text)
        await settled(app, pilot)
        assert "the engine does not answer (the engine has ended)" in text(app)
        client.gone = ""
        screen.check_now()
        await checked(screen)
        await settled(app, pilot)
        assert "does not answer" not in text(app)
        assert "levels = 8 " in typed(screen)


async def test_leaving_with_something_unsaved_asks_and_can_keep_it_for_later() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter", "escape")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("k")
        await until(lambda: app.screen is app.live)
        await pilot.press("9")
        await until(lambda: app.editor is not None)
        again = app.editor
        assert again is not None
        assert "levels = 8 " in typed(again) == again.area.text or typed(again) == again.area.text
        assert "levels = 8 " in again.area.text
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("d")
        await until(lambda: app.screen is app.live)
        assert app.draft is None


async def test_quitting_waits_for_what_is_not_saved() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter", "ctrl+q")
        await settled(app, pilot)
        assert "what you typed is not saved" in text(app)
        assert app.screen is screen


async def test_a_terminal_of_any_size_keeps_what_is_typed() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("enter", "backspace", "1")
        for width, height in ((20, 5), (400, 100), (40, 10), (80, 24), (21, 6), (200, 60)):
            await pilot.resize_terminal(width, height)
            await settled(app, pilot)
        await pilot.press("2", "enter")
        assert "levels = 12 " in typed(screen) or "levels = 12  " in typed(screen)
        assert typed(screen).replace("levels = 12", "levels = 5").split() == TEXT.split()
