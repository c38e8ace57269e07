"""The mouse: rows that open, a wheel that scrolls, and key names that do what their keys do."""

from decimal import Decimal
from pathlib import Path

import msgspec
from textual.widgets import Input

from nimbus_tui.control.commands import EmergencyShutdown, StopBot
from nimbus_tui.core import events as ev
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.options import Farewell
from nimbus_tui.tui.panels.path_prompt import PathPrompt
from nimbus_tui.tui.panels.prompts import Choice, Confirm, KeyWords, TypedWord
from nimbus_tui.tui.screens.themes import ThemePicker
from nimbus_tui.tui.screens.whole import WholeScreen
from tests.tui.acting import Stage, clicked, wheel_down
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_client import ScriptedClient
from tests.tui.scripted_config import ConfigClient
from tests.tui.test_backtest_screen import at_the_bench
from tests.tui.test_config_screen import editing
from tests.tui.test_screens import said
from tests.tui.waiting import until

ETH, BTC = BotId("eth-grid"), BotId("btc-perp")


# rows


async def test_a_double_click_opens_a_bot_and_one_on_another_row_selects_it() -> None:
    async with opened() as (app, pilot):
        await pilot.click("#bots", offset=(5, 2))
        await until(lambda: app.feed.focus == BTC)
        assert not app.live.is_bot_open
        await pilot.click("#bots", offset=(5, 1), times=2)
        await until(lambda: app.live.is_bot_open)
        assert app.feed.focus == ETH


async def test_a_click_on_the_selected_row_of_a_table_shows_all_of_it() -> None:
    async with opened() as (app, pilot):
        await pilot.press("6")
        await until(lambda: app.live.table is not None and bool(app.live.table.shown))
        await pilot.click("#events-rows", offset=(5, 4))
        await pilot.pause()
        assert app.screen is app.live
        await pilot.click("#events-rows", offset=(5, 4))
        await until(lambda: isinstance(app.screen, WholeScreen))


async def test_a_click_on_the_cell_in_focus_opens_its_bot() -> None:
    async with opened() as (app, pilot):
        await pilot.press("2")
        await until(lambda: ETH in app.live.risk.table.text)
        lines = app.live.risk.table.text.splitlines()
        x = next(line.index(BTC) for line in lines if BTC in line) + 1
        y = next(at for at, line in enumerate(lines) if "daily loss" in line)
        await pilot.click("#risk-table", offset=(x, y))
        await until(lambda: app.feed.focus == BTC)
        await settled(app, pilot)
        assert not app.live.is_bot_open
        await pilot.click("#risk-table", offset=(x, y))
        await until(lambda: app.live.is_bot_open)


async def test_a_click_on_the_selected_row_of_a_form_changes_it(tmp_path: Path) -> None:
    async with at_the_bench(tmp_path) as (app, pilot):
        (tmp_path / "grid-2.csv").touch()
        await pilot.click("#backtest-form", offset=(5, 2))
        await pilot.pause()
        assert app.screen is app.live
        await pilot.click("#backtest-form", offset=(5, 2))
        await until(lambda: isinstance(app.screen, PathPrompt))
        await pilot.pause()
        prompt = app.screen
        assert isinstance(prompt, PathPrompt)
        prompt.entry.value = f"{tmp_path}/"
        await until(lambda: any(path.endswith("grid-2.csv") for path in prompt._listed))
        await settled(app, pilot)
        row = next(at for at, path in enumerate(prompt._listed) if path.endswith("grid-2.csv"))
        await pilot.click("#ways-on", offset=(6, row))
        await until(lambda: prompt.entry.value == f"{tmp_path}/grid-2.csv")


# the wheel


async def test_a_table_that_was_scrolled_stays_so_until_another_bot_is_selected() -> None:
    client = ScriptedClient()
    for number in range(100):
        name = BotId(f"bot-{number:03}")
        client.bots[name] = msgspec.structs.replace(client.bots[ETH], bot_id=name)
    async with opened(client) as (app, pilot):
        bots = app.live.dashboard.bots
        for _ in range(3):
            await wheel_down(pilot, bots)
        assert ETH not in bots.text
        seen = bots.text.splitlines()[1].split()[0]
        await client.change("bot-006", price=Decimal("2402.5"))
        await until(lambda: "2,402.5" in bots.text)
        assert bots.text.splitlines()[1].split()[0] == seen
        assert app.feed.focus == ETH
        await pilot.press("down")
        await until(lambda: BTC in bots.text)


async def test_looking_down_a_table_reads_older_rows() -> None:
    client = ScriptedClient()
    for number in range(700):
        client.tell(ev.Info(message=f"news {number}"))
    async with opened(client) as (app, pilot):
        await pilot.press("6")
        table = app.live.tables["events"]
        await until(lambda: bool(table.shown))
        count = len(table.source.rows)
        assert count < len(client.events_told)
        for _ in range(count // 3):
            table.rows.move_rows(3)
        await wheel_down(pilot, table.rows)
        await until(lambda: len(table.source.rows) > count)


# names of keys


async def test_the_answers_of_a_question_can_be_clicked() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        for at, commands in ((12, []), (1, [StopBot(ETH)])):
            await pilot.press("s")
            await until(lambda: isinstance(app.screen, Confirm))
            await pilot.pause()
            assert app.screen.query_one("#answers", KeyWords).size.width > 20
            await pilot.click("#answers", offset=(at + 2, 0))
            await until(lambda: app.screen is app.live)
            await until(lambda commands=commands: client.commands == commands)  # type: ignore[misc]


async def test_a_word_has_to_be_typed_and_the_click_only_sends_it() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        assert await clicked(Stage(app, pilot, client), app.live.keys, "!")
        await until(lambda: isinstance(app.screen, TypedWord))
        await pilot.pause()
        app.screen.query_one(Input).value = "EMERGENCY"
        await pilot.click("#answers", offset=(3, 0))
        await until(lambda: client.commands == [EmergencyShutdown()])


async def test_a_click_on_a_choice_takes_it() -> None:
    async with opened() as (app, pilot):
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        last = list(app.screen.query(KeyWords))[-2]
        assert "cancel all orders" in str(last.content)
        await pilot.click(last, offset=(8, 0))
        await until(lambda: app._exit)
    assert app.return_value is Farewell.STOP_CANCEL_ORDERS


async def test_no_click_answers_where_the_answers_are_folded() -> None:
    client = ScriptedClient()
    async with opened(client, (14, 24)) as (app, pilot):
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        answers = app.screen.query_one("#answers", KeyWords)
        assert answers.size.height > 1
        for y in range(answers.size.height):
            await pilot.click(answers, offset=(1, y))
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        assert client.commands == []


async def test_hints_and_notes_do_what_they_name() -> None:
    async with opened() as (app, pilot):
        stage = Stage(app, pilot, app.client)
        assert await clicked(stage, app.live.status, "2")
        await until(lambda: app.live.is_risk_open)
        await pilot.press("T")
        await until(lambda: isinstance(app.screen, ThemePicker))
        await pilot.pause()
        assert isinstance(app.screen, ThemePicker)
        assert await clicked(stage, app.screen.lines, "escape")
        await until(lambda: app.screen is app.live)


# other keys than the usual ones

KEYS = {
    "bot.pause": "f9", "view.help": "f1", "view.palette": "f3", "view.risk": "ctrl+t",
    "config.save": "f5", "view.next": "n", "bot.new": "N",
}  # fmt: skip


async def test_other_keys_are_named_everywhere_and_the_old_ones_do_nothing() -> None:
    client = ScriptedClient()
    async with opened(client, (200, 60), keys=KEYS) as (app, pilot):
        assert " F9 pause " in app.live.keys.text
        assert " N new bot " in app.live.keys.text
        assert "n turn the panel" in app.live.status.text
        assert "F3 finds a command" in app.live.status.text
        shown = {offer.name: offer.help for offer in app.offers()}
        assert shown["risk"].startswith("Ctrl+T  ")
        for old in ("p", "?", "2", "ctrl+p", "right"):
            await pilot.press(old)
        await settled(app, pilot)
        assert (app.screen, app.live.at, client.commands) == (app.live, "dashboard", [])
        await pilot.press("f1")
        await until(lambda: app.screen is not app.live)
        await settled(app, pilot)
        assert "F9        Pause: cancel what adds exposure" in text(app)
        await pilot.press("escape", "f9")
        await until(lambda: "✓ done" in said(app))
        assert await clicked(Stage(app, pilot, client), app.live.keys, "ctrl+t")
        await until(lambda: app.live.is_risk_open)


async def test_the_editor_names_other_keys_too() -> None:
    async with editing(ConfigClient(), keys=KEYS) as (app, pilot, screen):
        assert " F5 review, save " in screen.paint.keys.text
        await pilot.press("ctrl+s")
        await settled(app, pilot)
        assert "nothing has been changed" not in screen.paint.status.text
        await pilot.press("f5")
        await until(lambda: "nothing has been changed" in screen.paint.status.text)
