"""The config editor on a real engine and real files: the samples, a busy disk, two screens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from nimbus_tui.bootstrap import live_engine, load_config
from nimbus_tui.config.locations import shipped
from nimbus_tui.config.saving import backup_of
from nimbus_tui.control.commands import Result
from nimbus_tui.control.socket_client import UnixSocketClient
from nimbus_tui.engine.host import EngineThread
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import ScreenOptions
from nimbus_tui.tui.panels.prompts import Choice, Confirm, TypedWord
from nimbus_tui.tui.screens.config import ConfigScreen
from nimbus_tui.tui.screens.review import ReviewScreen
from tests.tui.opened import settled, text
from tests.tui.test_config_screen import checked, choose, typed
from tests.tui.waiting import until

SAMPLES = sorted(shipped("sample_configs").glob("*.toml"))
CHANGES = {
    "grid": ("quote_size", "130"), "dca": ("order_quote", "60"),
    "martingale": ("take_profit", "0.5"), "portfolio": ("threshold", "3"),
}  # fmt: skip
"""A key of each kind of bot, and another value for it."""


class Desk:
    """An engine on a copy of a sample, reached through its socket."""

    def __init__(self, folder: Path, sample: str = "grid-spot.toml") -> None:
        self.path = folder / sample
        self.before = (shipped("sample_configs") / sample).read_text()
        self.path.write_text(self.before)
        self.config = load_config(self.path)
        self.socket = str(folder / "engine.sock")
        self.thread = EngineThread(lambda: live_engine(self.config), self.socket)

    @property
    def now(self) -> str:
        return self.path.read_text()

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[tuple[NimbusApp, Pilot[Any], ConfigScreen]]:
        """A screen of its own, with the editor at the first bot."""
        options = ScreenOptions(title="real", theme_folders=(shipped("themes"),))
        app = NimbusApp(await UnixSocketClient.connect(self.socket), options)
        async with app.run_test(size=(110, 40)) as pilot:
            await until(lambda: app.feed.detail is not None, 30)
            await pilot.press("e")
            await until(lambda: app.editor is not None)
            screen = app.editor
            assert screen is not None
            await checked(screen)
            yield app, pilot, screen

    def change(self) -> tuple[str, str, str]:
        """A key of the first bot: its name, its value in the sample, another one."""
        bot = next(iter(self.config.bots))
        table = self.before.partition(f"[bots.{bot}]")[2].splitlines()
        strategy = next(line for line in table if line.startswith("strategy")).split('"')[1]
        key, other = CHANGES[strategy]
        line = next(line for line in table if line.startswith(f"{key} "))
        return key, line.split("=")[1].split()[0], other


@pytest.fixture
async def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Desk]:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    found = Desk(tmp_path, *([request.param] if hasattr(request, "param") else []))
    await asyncio.to_thread(found.thread.start)
    yield found
    found.thread.request_stop()
    assert await asyncio.to_thread(found.thread.join, 20)


async def give(screen: ConfigScreen, pilot: Pilot[Any], key: str, value: str) -> None:
    """Type another value in the form."""
    await choose(screen, pilot, key)
    await pilot.press("enter")
    screen.entry.value = ""
    await pilot.press(*("full_stop" if one == "." else one for one in value), "enter")
    await checked(screen)


async def save(app: NimbusApp, pilot: Pilot[Any]) -> None:
    """Save, through the difference."""
    await pilot.press("ctrl+s")
    await until(lambda: isinstance(app.screen, ReviewScreen))
    await pilot.press("enter")


@pytest.mark.parametrize("desk", [path.name for path in SAMPLES], indirect=True)
async def test_a_sample_that_is_changed_in_the_form_keeps_each_comment_and_its_order(
    desk: Desk,
) -> None:
    key, value, other = desk.change()
    async with desk.editing() as (app, pilot, screen):
        await give(screen, pilot, key, other)
        await save(app, pilot)
        await until(lambda: desk.now != desk.before, 20)
        await until(lambda: app.screen is screen and not screen.draft.is_changed)  # type: ignore[union-attr]
    changed = [
        (old, new)
        for old, new in zip(desk.before.splitlines(), desk.now.splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 1
    (old, new), comment = changed[0], changed[0][0].partition("#")[2]
    assert new.split() == old.replace(value, other, 1).split()
    assert new.partition("#")[2] == comment
    assert load_config(desk.path).text == desk.now
    assert backup_of(desk.path).read_text() == desk.before


async def test_a_file_that_is_edited_elsewhere_is_told_and_neither_edit_is_lost(desk: Desk) -> None:
    theirs = desk.before.replace("[bots.", "# said in another program\n[bots.", 1)
    async with desk.editing() as (app, pilot, screen):
        await give(screen, pilot, "quote_size", "130")
        mine = typed(screen)
        desk.path.write_text(theirs)
        await until(lambda: "changed on the disk" in screen.paint.banner.text)
        assert typed(screen) == mine
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, Choice))
        assert desk.now == theirs
        await pilot.press("k")
        await until(lambda: app.screen is screen)
        await save(app, pilot)
        await until(lambda: desk.now == mine)
        assert backup_of(desk.path).read_text() == theirs


async def test_two_screens_on_one_engine_never_save_over_each_other(desk: Desk) -> None:
    async with desk.editing() as (app, pilot, first), desk.editing() as (other, its_keys, second):
        await give(first, pilot, "quote_size", "130")
        await give(second, its_keys, "quote_size", "140")
        mine, theirs = typed(first), typed(second)
        await its_keys.press("ctrl+s")
        await until(lambda: isinstance(other.screen, ReviewScreen))
        await save(app, pilot)
        await until(lambda: desk.now == mine)
        await its_keys.press("enter")
        await until(lambda: "edited meanwhile" in second.paint.status.text)
        assert (desk.now, typed(second)) == (mine, theirs)
        await its_keys.press("ctrl+s")
        await until(lambda: isinstance(other.screen, Choice))
        await settled(other, its_keys)
        for words in ("was changed on the disk", "the difference", "keep mine", "reload the file"):
            assert words in text(other)
        await its_keys.press("k")
        await until(lambda: other.screen is second)
        await save(other, its_keys)
        await until(lambda: desk.now == theirs)
        assert backup_of(desk.path).read_text() == mine
        await until(lambda: typed(first) == theirs)


async def test_f17_a_stop_is_told_as_another_screen_has_just_made_it(desk: Desk) -> None:
    async with desk.editing() as (app, pilot, first), desk.editing() as (other, its_keys, second):
        await pilot.press("escape")
        await until(lambda: app.screen is app.live and first not in app.screen_stack)
        bot = next(iter(desk.config.bots))
        closing = desk.now.replace('on_stop = "keep"', 'on_stop = "close"')
        second.take(f'[engine]\nemergency = "close"\n\n{closing}')
        await checked(second)
        await save(other, its_keys)
        await until(lambda: app.feed.bots[bot].on_stop == "close")
        await until(lambda: app.feed.engine is not None and app.feed.engine.close_in_emergency)
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        assert "is closed at the market" in app.screen.question  # type: ignore[attr-defined]
        await pilot.press("escape", "exclamation_mark")
        await until(lambda: isinstance(app.screen, TypedWord))
        assert "are closed at the market" in app.screen.question  # type: ignore[attr-defined]


async def test_a_demo_is_edited_in_a_copy_that_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIMBUS_HOME", str(tmp_path / "home"))
    file, scratch = tmp_path / "demo.toml", tmp_path / "scratch"
    scratch.mkdir()
    before = (shipped("sample_configs") / "demo.toml").read_text()
    file.write_text(before)
    thread = EngineThread(lambda: live_engine(load_config(file), scratch=scratch))
    client = await asyncio.to_thread(thread.start)
    now = await client.read_config()
    assert (now.path, now.text, now.trouble) == (str(scratch / "demo.toml"), before, "")
    after = before.replace("levels = 5 ", "levels = 4 ")
    assert (await client.save_config(after, now.hash)).result is Result.DONE
    assert (scratch / "demo.toml").read_text() == after
    assert file.read_text() == before
    refused = await client.set_secret("agent", "a secret", "correct horse battery")
    assert refused.message == "a demo keeps no secret"
    thread.request_stop()
    assert await asyncio.to_thread(thread.join, 20)
