"""The editor by mouse and by palette, and the word that real money needs."""

from collections.abc import Awaitable

from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.panels.prompts import TypedWord
from nimbus_tui.tui.screens.review import ReviewScreen
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_config import TEXT, ConfigClient
from tests.tui.test_config_screen import checked, choose, editing, typed
from tests.tui.waiting import until

LIVE = """\
[exchanges.hl]
type = "hyperliquid"
network = "mainnet"
account = "0x1111111111111111111111111111111111111111"
secret = "agent"

"""


async def offered(app: NimbusApp, label: str) -> None:
    found = next(offer for offer in app.offers() if offer.name == label).call()
    assert isinstance(found, Awaitable)
    await found


async def test_a_click_selects_a_field_and_a_second_one_changes_it() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        lines = screen.fields.text.splitlines()
        row = next(at for at, line in enumerate(lines) if line.startswith("   mode "))
        await pilot.click("#editor-fields", offset=(4, row))
        await settled(app, pilot)
        assert screen.draft is not None
        assert screen.draft.row is not None
        assert screen.draft.row.field.key == "mode"
        assert typed(screen) == TEXT
        await pilot.click("#editor-fields", offset=(4, row))
        await settled(app, pilot)
        assert 'mode = "geometric"' in typed(screen)


async def test_a_click_on_a_name_opens_its_page_and_one_on_the_line_types() -> None:
    async with editing(ConfigClient()) as (app, pilot, screen):
        await pilot.click("#editor-tabs", offset=(screen.tabs.text.index("btc-perp"), 0))
        await settled(app, pilot)
        assert screen.draft is not None
        assert screen.draft.bot_id == "btc-perp"
        await choose(screen, pilot, "spacing")
        await pilot.click("#editor-entry")
        await until(lambda: screen.entry.has_focus)
        await pilot.press("end", "5")
        await until(lambda: "spacing = 0.15\nlevels = 6" in typed(screen))


async def test_the_palette_has_every_action_of_the_editor() -> None:
    client = ConfigClient()
    async with opened(client, (120, 40)) as (app, pilot):
        await offered(app, "edit")
        await until(lambda: app.editor is not None)
        screen = app.editor
        assert screen is not None
        await checked(screen)
        await offered(app, "form, text")
        await until(lambda: screen.area.has_focus)
        await offered(app, "preview")
        await until(lambda: screen.pane == "preview")
        await offered(app, "next problem")
        await settled(app, pilot)
        assert "nothing is wrong" in text(app)
        await offered(app, "file on disk")
        await until(lambda: "is the one that you are editing" in screen.paint.status.text)
        await offered(app, "review, save")
        await until(lambda: "nothing has been changed" in screen.paint.status.text)


async def test_the_editors_actions_say_where_they_work_outside_it() -> None:
    async with opened(ConfigClient(), (120, 40)) as (app, pilot):
        await offered(app, "review, save")
        await settled(app, pilot)
        assert "9 opens it" in text(app)


async def test_f8_goes_from_one_problem_to_the_next() -> None:
    broken = TEXT.replace("levels = 5", "levels = 0").replace("levels = 6", "levels = 0")
    async with editing(ConfigClient(broken)) as (app, pilot, screen):
        lines = [number for number, line in enumerate(broken.splitlines()) if "levels" in line][-2:]
        for line in (*lines, lines[0]):
            await pilot.press("f8")
            await settled(app, pilot)
            assert screen.area.cursor_location[0] == line
            assert screen.draft is not None
            assert screen.draft.row is not None
            assert screen.draft.row.field.key == "levels"


async def test_real_money_needs_the_typed_word_before_it_is_saved() -> None:
    client = ConfigClient()
    async with editing(client) as (app, pilot, screen):
        screen.take(LIVE + TEXT.replace('exchange = "sim"', 'exchange = "hl"\nlive = true', 1))
        client.plan_problems = False
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypedWord))
        assert "eth-grid trades with REAL MONEY" in app.screen.question
        await pilot.press(*"yes", "enter")
        await until(lambda: app.screen is screen)
        assert client.saved == []
        await pilot.press("ctrl+s")
        await until(lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypedWord))
        await pilot.press(*"LIVE", "enter")
        await until(lambda: len(client.saved) == 1)
