"""The config editor by key: form and text in step, checks, the difference, saving."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.screens.config import ConfigScreen
from nimbus_tui.tui.screens.review import ReviewScreen
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_config import HOT, TEXT, ConfigClient
from tests.tui.waiting import until


@asynccontextmanager
async def editing(
    client: ConfigClient, size: tuple[int, int] = (120, 40), key: str = "e", **options: Any
) -> AsyncIterator[tuple[NimbusApp, Pilot[Any], ConfigScreen]]:
    """The editor at the first bot, checked and painted."""
    async with opened(client, size, **options) as (app, pilot):
        await pilot.press(key)
        await until(lambda: app.editor is not None)
        screen = app.editor
        assert screen is not None
        await checked(screen)
        await settled(app, pilot)
        yield app, pilot, screen


async def checked(screen: ConfigScreen) -> None:
    await until(lambda: screen.draft is not None and screen.draft.is_checked)


def typed(screen: ConfigScreen) -> str:
    assert screen.draft is not None
    return screen.draft.text


async def choose(screen: ConfigScreen, pilot: Pilot[Any], key: str) -> None:
    """Go down to a field."""
    for _ in range(40):
        if screen.draft and screen.draft.row and screen.draft.row.field.key == key:
            return
        await pilot.press("down")
    raise AssertionError(f"there is no field {key}")


async def test_e_opens_the_editor_at_the_selected_bot_with_its_meaning_beside_it() -> None:
    async with editing(ConfigClient()) as (app, _, screen):
        shown = text(app)
        assert "home.toml" in shown
        assert "✓ all well" in shown
        assert "what eth-grid would do now" in shown
        assert "[bots.eth-grid]" in screen.area.text
        assert screen.fields.has_focus


async def test_a_value_typed_in_the_form_changes_its_line_and_nothing_else() -> None:
    async with editing(ConfigClient()) as (_, pilot, screen):
        await choose(screen, pilot, "spacing")
        await pilot.press("enter", "backspace", "backspace", "2", "5", "enter")
        expected = TEXT.replace("spacing = 0.15 ", "spacing = 0.25 ")
        assert typed(screen) == expected == screen.area.text
        await checked(screen)
        assert screen.fields.has_focus


async def test_a_text_typed_changes_the_form_and_the_form_follows_the_cursor() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await pilot.press("tab")
        assert screen.area.has_focus
        line = TEXT.splitlines().index("levels = 6")
        screen.area.move_cursor((line, len("levels = 6")))
        await pilot.press("backspace", "9")
        await settled(app, pilot)
        assert screen.draft is not None
        assert screen.draft.bot_id == "btc-perp"
        row = screen.draft.row
        assert row is not None
        assert (row.field.key, row.given) == ("levels", "9")
        assert typed(screen) == TEXT.replace("levels = 6", "levels = 9")


async def test_errors_stand_at_the_field_and_at_the_line_while_one_types() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("enter", "backspace", "0")
        await checked(screen)
        await settled(app, pilot)
        line = TEXT.splitlines().index("levels = 5                      # on each side") + 1
        assert f"✗ line {line} bots.eth-grid.levels" in text(app)
        assert "✗ 1 problem" in text(app)
        assert screen.draft is not None
        row = screen.draft.row
        assert row is not None
        assert row.problem
        assert list(screen.area._wrong) == [line - 1]


async def test_a_comment_outlives_the_moment_in_which_its_value_is_empty() -> None:
    async with editing(ConfigClient()) as (_, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("enter", "backspace")
        assert "levels =" not in typed(screen).partition("[bots.btc-perp]")[0]
        await pilot.press("8")
        assert typed(screen) == TEXT.replace("levels = 5 ", "levels = 8 ") == screen.area.text


async def test_what_is_no_value_is_said_at_once_and_never_gets_into_the_text() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await choose(screen, pilot, "spacing")
        await pilot.press("enter", "x")
        await settled(app, pilot)
        assert "write a number, like 0.5" in text(app)
        assert typed(screen) == TEXT
        await pilot.press("escape")
        await pilot.pause()
        assert screen.fields.has_focus
        assert screen.entry.value == "0.15"


async def test_escape_takes_back_what_was_typed_into_one_field() -> None:
    async with editing(ConfigClient()) as (_, pilot, screen):
        await choose(screen, pilot, "spacing")
        await pilot.press("9")
        assert "spacing = 9 " in typed(screen)
        await pilot.press("escape")
        await until(lambda: screen.fields.has_focus)
        assert typed(screen) == TEXT


async def test_no_key_of_somebody_fast_is_lost_between_list_and_line() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        await choose(screen, pilot, "spacing")
        for key in ("0", "full_stop", "3", "enter"):  # all before the first has been looked at
            app.post_message(Key(key, {"full_stop": "."}.get(key, key if len(key) == 1 else None)))
        await until(lambda: "spacing = 0.3 " in typed(screen))
        await until(lambda: screen.fields.has_focus)


async def test_choices_turn_and_delete_takes_a_key_out() -> None:
    async with editing(ConfigClient()) as (_, pilot, screen):
        await choose(screen, pilot, "mode")
        await pilot.press("space")
        assert 'mode = "geometric"' in typed(screen)
        await pilot.press("enter")
        assert 'mode = "arithmetic"' in typed(screen)
        await pilot.press("delete")
        assert typed(screen) == TEXT


async def test_pages_turn_with_the_arrows() -> None:
    async with editing(ConfigClient(), key="9") as (_, pilot, screen):
        seen = []
        for _ in range(6):
            await pilot.press("right")
            assert screen.draft is not None
            seen.append(screen.draft.page.name)
        assert seen == ["btc-perp", "sim", "risk", "engine", "ui", "eth-grid"]


async def test_a_broken_text_keeps_the_form_and_says_where_it_is_broken() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await pilot.press("tab")
        screen.area.move_cursor((0, 0))
        await pilot.press("[", "a", "enter")
        await checked(screen)
        await settled(app, pilot)
        assert "not valid TOML" in text(app)
        await pilot.press("tab", "enter")
        assert "mend the text first" in text(app)
        assert typed(screen) == f"[a\n{TEXT}"


async def test_ctrl_s_shows_orders_and_difference_then_saves() -> None:
    client = ConfigClient()
    client.change = HOT
    async with editing(client) as (app, pilot, screen):
        await choose(screen, pilot, "spacing")
        await pilot.press("enter", *["backspace"] * 4, *"0.3", "enter", "ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await settled(app, pilot)
        shown = text(app)
        assert "● applied at once" in shown
        assert "− spacing = 0.15 " in shown
        assert "+ spacing = 0.3 " in shown
        assert client.saved == []
        await pilot.press("enter")
        await until(lambda: bool(client.saved))
        assert client.saved == [TEXT.replace("spacing = 0.15 ", "spacing = 0.3  ")]
        await until(lambda: screen.draft is not None and not screen.draft.is_changed)
        await settled(app, pilot)
        assert "✓ done" in text(app)


async def test_escape_at_the_difference_saves_nothing_and_keeps_what_was_typed() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("7", "enter", "ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("escape")
        await until(lambda: app.screen is screen)
        assert client.saved == []
        assert "levels = 7 " in typed(screen)


async def test_a_change_that_is_refused_has_no_yes() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        await choose(screen, pilot, "levels")
        await pilot.press("0", "enter", "ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await settled(app, pilot)
        assert "save it" not in text(app)
        await pilot.press("enter")
        assert isinstance(app.screen, ReviewScreen)
        assert client.saved == []
