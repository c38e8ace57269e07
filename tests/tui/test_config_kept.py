"""What was typed and not saved outlives its screen, and is offered to the next one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from nimbus_tui.config.drafts import DraftFile
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import Farewell
from nimbus_tui.tui.panels.prompts import Choice
from nimbus_tui.tui.screens.review import ReviewScreen
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_config import TEXT, ConfigClient
from tests.tui.test_config_screen import choose, editing, typed
from tests.tui.waiting import until

EIGHT = TEXT.replace("levels = 5 ", "levels = 8 ")


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


async def type_eight(client: ConfigClient, folder: Path, why: Farewell = Farewell.HANGUP) -> None:
    """An editor that is cut off while it has something unsaved."""
    async with editing(client, draft_folder=folder) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter")
        app.end(why)


@asynccontextmanager
async def asked(
    client: ConfigClient, folder: Path, **options: Any
) -> AsyncIterator[tuple[NimbusApp, Pilot[Any]]]:
    """The next screen, whose editor has asked about what was left."""
    async with opened(client, (120, 40), draft_folder=folder, **options) as (app, pilot):
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, Choice))
        await settled(app, pilot)
        yield app, pilot


@pytest.mark.parametrize("why", [Farewell.HANGUP, Farewell.DETACH])
async def test_what_was_typed_is_offered_again_whatever_closed_the_screen(
    tmp_path: Path, why: Farewell
) -> None:
    client = ConfigClient()
    await type_eight(client, tmp_path, why)
    async with asked(client, tmp_path) as (app, pilot):
        shown = text(app)
        assert "A draft of /home/kim/nimbus/home.toml is here, left unsaved at" in shown
        assert "+1 −1 lines" in shown
        assert "r take it up again" in shown
        assert "d throw it away" in shown
        await pilot.press("r")
        await until(lambda: app.screen is app.editor)
        editor = app.editor
        assert editor is not None
        assert typed(editor) == EIGHT == editor.area.text
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("enter")
        await until(lambda: client.disk == EIGHT)
        await until(lambda: kept(tmp_path) == [])


async def test_a_draft_that_is_thrown_away_is_gone(tmp_path: Path) -> None:
    client = ConfigClient()
    await type_eight(client, tmp_path)
    async with asked(client, tmp_path) as (app, pilot):
        await pilot.press("d")
        await until(lambda: app.screen is app.editor)
        assert app.editor is not None
        assert typed(app.editor) == TEXT
        assert kept(tmp_path) == []


async def test_a_draft_that_is_left_for_later_stays_beside_what_is_typed_now(
    tmp_path: Path,
) -> None:
    client = ConfigClient()
    await type_eight(client, tmp_path)
    async with asked(client, tmp_path) as (app, pilot):
        await pilot.press("escape")
        await until(lambda: app.screen is app.editor)
        assert app.editor is not None
        await choose(app.editor, pilot, "levels")
        await pilot.press("7", "enter")
        app.end(Farewell.HANGUP)
    assert len(kept(tmp_path)) == 2
    left = DraftFile(tmp_path).take_up("/home/kim/nimbus/home.toml")
    assert left is not None
    assert left.text.split() == EIGHT.replace("levels = 8", "levels = 7").split()


async def test_a_screen_that_ends_over_the_question_leaves_the_draft(tmp_path: Path) -> None:
    client = ConfigClient()
    await type_eight(client, tmp_path)
    async with asked(client, tmp_path) as (app, _):
        app.end(Farewell.HANGUP)
    assert len(kept(tmp_path)) == 1


async def test_a_draft_of_a_file_that_changed_since_asks_which_is_to_stay(tmp_path: Path) -> None:
    client = ConfigClient()
    await type_eight(client, tmp_path)
    client.disk = TEXT.replace("levels = 6", "levels = 4")
    async with asked(client, tmp_path) as (app, pilot):
        await pilot.press("r")
        await until(lambda: app.screen is app.editor)
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, Choice))
        await settled(app, pilot)
        assert "was changed on the disk while you were editing" in text(app)
        assert client.saved == []


async def test_dropping_in_the_editor_drops_the_draft_and_keeping_keeps_it(tmp_path: Path) -> None:
    client = ConfigClient()
    async with editing(client, draft_folder=tmp_path) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter")
        await until(lambda: len(kept(tmp_path)) == 1)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("k")
        await until(lambda: app.screen is app.live)
        assert len(kept(tmp_path)) == 1
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, Choice))
        await settled(app, pilot)
        assert "What you typed in the config is kept for" in text(app)
        await pilot.press("escape", "9")
        await until(lambda: app.editor is not None and app.screen is app.editor)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("d")
        await until(lambda: app.screen is app.live)
        await until(lambda: kept(tmp_path) == [])


async def test_a_disk_that_takes_no_draft_is_said_and_hinders_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    client = ConfigClient()
    async with editing(client, draft_folder=tmp_path / "file" / "here") as (_, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter")
        await until(lambda: "can't be kept" in screen.paint.status.text)
        assert typed(screen) == EIGHT


async def test_a_demo_says_that_it_keeps_nothing_of_the_config() -> None:
    async with editing(ConfigClient(), demo=True) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("8", "enter", "escape")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("k")
        await until(lambda: app.screen is app.live)
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, Choice))
        await settled(app, pilot)
        assert "Nothing of it is kept, nor is what you typed in its config." in text(app)
