"""Themes are tried on and worn, names and rows are copied, all by key."""

import re
from pathlib import Path

import pytest

from nimbus_tui.config.locations import shipped
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.screens.themes import ThemePicker
from nimbus_tui.tui.theme import load_themes
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_client import ScriptedClient
from tests.tui.test_theme import GOOD
from tests.tui.waiting import until

NAMES = [theme.name for theme in load_themes((shipped("themes"),))[0]]


def said(app: NimbusApp) -> str:
    return app.live.status.text


async def test_t_wears_every_theme_in_turn() -> None:
    async with opened() as (app, pilot):
        worn = []
        for _ in NAMES:
            await pilot.press("t")
            await settled(app, pilot)
            assert "eth-grid" in text(app)
            worn.append(app.theme)
        assert sorted(worn) == sorted(NAMES)
        assert app.theme == "nimbus-dark"


async def test_a_theme_that_is_tried_on_shows_at_once_and_is_kept_by_enter() -> None:
    async with opened(theme="nimbus-dark") as (app, pilot):
        await pilot.press("T")
        await until(lambda: isinstance(app.screen, ThemePicker))
        await pilot.press("down")
        assert app.theme == "nimbus-light"
        await pilot.press("enter")
        await until(lambda: not isinstance(app.screen, ThemePicker))
        assert app.theme == "nimbus-light"
        await until(lambda: 'theme = "nimbus-light" under [ui]' in said(app))


async def test_escape_puts_the_old_theme_back_on() -> None:
    async with opened(theme="high-contrast") as (app, pilot):
        await pilot.press("T")
        await until(lambda: isinstance(app.screen, ThemePicker))
        await pilot.press("up", "up", "k", "j")
        assert app.theme != "high-contrast"
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, ThemePicker))
        assert app.theme == "high-contrast"


async def test_a_click_tries_a_theme_on_and_a_second_one_keeps_it() -> None:
    async with opened(size=(100, 30), theme="nimbus-dark") as (app, pilot):
        await pilot.press("T")
        await until(lambda: isinstance(app.screen, ThemePicker))
        await settled(app, pilot)
        for _ in range(2):
            await pilot.click("#theme-lines", offset=(3, 1))
        await until(lambda: not isinstance(app.screen, ThemePicker))
        assert app.theme == NAMES[0]


async def test_a_theme_file_that_changes_shows_when_themes_are_looked_at(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(GOOD)
    async with opened(theme="mine", theme_folders=(shipped("themes"), tmp_path)) as (app, pilot):
        before = app.live.header.rich_style.bgcolor
        mine.write_text(GOOD.replace("rgb(10,20,30)", "rgb(1,2,3)"))
        (tmp_path / "bad.toml").write_text("primary = 3")
        await pilot.press("T")
        await until(lambda: isinstance(app.screen, ThemePicker))
        await settled(app, pilot)
        assert app.live.header.rich_style.bgcolor != before
        assert "primary = 3 is no colour" in said(app)
        await pilot.press("escape")


async def test_without_colours_there_is_nothing_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(theme="ansi-16") as (app, pilot):
        for key in ("t", "T"):
            await pilot.press(key)
            await until(lambda: "NO_COLOR is set" in said(app))
            assert app.theme == "ansi-16"
            assert not isinstance(app.screen, ThemePicker)


async def test_no_colour_at_all_goes_out_and_what_is_selected_is_in_reverse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(theme="ansi-16") as (app, pilot):
        await settled(app, pilot)
        strips = app.screen._compositor.render_strips()
        (without,), behind = app.get_line_filters(), app.live.background_colors[1]
        shown = [strip.apply_filter(without, behind) for strip in strips]
        styles = [segment.style for strip in shown for segment in strip if segment.style]
        colours = {str(colour.name) for s in styles for colour in (s.color, s.bgcolor) if colour}
        assert colours == {"default"}
        chosen = next(s for strip in shown for s in strip if "eth-grid" in s.text)
        assert chosen.style is not None
        assert chosen.style.reverse


async def test_names_and_rows_go_to_the_clipboard() -> None:
    async with opened(size=(120, 30)) as (app, pilot):
        await pilot.press("down", "y")
        assert app.clipboard == "btc-perp"
        await until(lambda: "clipboard: btc-perp" in said(app))
        await pilot.press("Y")
        assert re.match(r"btc-perp  .+  \S", app.clipboard)
        assert "   " not in app.clipboard


async def test_there_is_nothing_to_copy_without_a_bot() -> None:
    client = ScriptedClient()
    client.bots = {}
    async with opened(client, has_bots=False) as (app, pilot):
        await pilot.press("y")
        await until(lambda: "nothing is selected" in said(app))
