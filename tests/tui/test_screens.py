"""Every key of the app, on a scripted engine."""

import time
from decimal import Decimal
from statistics import median

import msgspec
import pytest
from textual.widgets import Input

from nimbus_tui.control.commands import (
    EmergencyShutdown,
    FlattenBot,
    Outcome,
    PauseBot,
    Result,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.control.snapshots import BotState, Mode
from nimbus_tui.core import events as ev
from nimbus_tui.core.ids import BotId, OrderKey
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import Farewell
from nimbus_tui.tui.panels.prompts import Choice, Confirm, Prompt, TypedWord
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.viewmodels.keys import helped
from tests.tui.opened import opened, rows, settled, text
from tests.tui.scripted_client import ScriptedClient
from tests.tui.scripted_panels import BASKET, DCA, MARTINGALE, PLUGIN, with_all_kinds
from tests.tui.waiting import until

ETH, BTC, SOL = BotId("eth-grid"), BotId("btc-perp"), BotId("sol-wide")


def said(app: NimbusApp) -> str:
    return app.live.status.text


def tones(app: NimbusApp) -> dict[str, str]:
    ((line, _),) = app.live.keys._visible
    return {cell.text.strip(): cell.tone for cell in line}


# commands


@pytest.mark.parametrize(
    ("key", "command"), [("p", PauseBot(ETH)), ("r", ResumeBot(ETH)), ("S", StartBot(ETH))]
)
async def test_a_harmless_key_never_asks(key: str, command: object) -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press(key)
        await until(lambda: client.commands == [command])
        await until(lambda: "✓ done" in said(app))
        assert not isinstance(app.screen, Prompt)


async def test_the_outcome_shows_in_the_status_line_and_the_table() -> None:
    async with opened() as (app, pilot):
        await pilot.press("p")
        await until(lambda: "✓ done  eth-grid: paused" in said(app))
        await until(lambda: "‖ paused" in app.live.dashboard.bots.text.splitlines()[1])


async def test_a_refusal_says_why_without_reading_markup() -> None:
    client = ScriptedClient()
    client.on_execute = Outcome(Result.REFUSED, "eth-grid: [/x] is [bold]stopped[/]")
    async with opened(client) as (app, pilot):
        await pilot.press("p")
        await until(lambda: "✗ refused  eth-grid: [/x] is [bold]stopped[/]" in said(app))


async def test_an_engine_that_cannot_be_reached_is_told_where_the_eye_is() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        client.gone = "gone away"
        await pilot.press("p")
        await until(lambda: "no answer from the engine: gone away" in said(app))
        await until(lambda: "ENGINE UNREACHABLE: gone away" in text(app))
        assert "eth-grid" in app.live.dashboard.bots.text


@pytest.mark.parametrize(
    ("key", "command", "words"),
    [
        ("s", StopBot(ETH), "Stop eth-grid? 10 orders on sim will be cancelled"),
        ("x", FlattenBot(ETH), "Flatten eth-grid? 10 orders will be cancelled"),
    ],
)
async def test_a_dangerous_key_asks_and_only_enter_confirms(
    key: str, command: object, words: str
) -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press(key)
        await until(lambda: isinstance(app.screen, Confirm))
        await settled(app, pilot)
        assert words in text(app)
        await pilot.press("y", "s", "p", "space")
        assert isinstance(app.screen, Confirm)
        await pilot.press("escape")
        await until(lambda: "nothing was done" in said(app))
        assert client.commands == []
        await pilot.press(key, "enter")
        await until(lambda: client.commands == [command])


async def test_orders_held_back_stand_below_the_live_ones_with_rule_and_numbers() -> None:
    client = ScriptedClient()
    why = "total exposure 3.04 × of 3 ×"
    client.held_back = {OrderKey("grid/-6/c1"): why}
    async with opened(client) as (app, pilot):
        assert f"‖ held back grid/-6/c1: {why}" in text(app)
        await pilot.press("enter", "right")
        await until(lambda: "10 live orders ‖ 1 held back" in text(app))
        await pilot.resize_terminal(80, 40)
        await settled(app, pilot)
        assert " ‖ held back  grid/-6/c1" in app.live.bot.orders.text
        assert why in app.live.bot.orders.text


async def test_the_stop_question_knows_what_the_config_says() -> None:
    client = ScriptedClient()
    await client.change(ETH, on_stop="close")
    async with opened(client) as (app, pilot):
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        assert "is closed at the market" in app.screen.question  # type: ignore[attr-defined]


async def test_a_question_is_about_the_bot_that_was_selected_when_it_was_asked() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        app.select(BTC)
        await pilot.press("enter")
        await until(lambda: client.commands == [StopBot(ETH)])


@pytest.mark.parametrize("typed", ["", "YES", "emergency", "EMERGENC"])
async def test_emergency_needs_the_whole_word(typed: str) -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("!")
        await until(lambda: isinstance(app.screen, TypedWord))
        await settled(app, pilot)
        assert "14 orders of 3 bots will be cancelled" in text(app)
        await pilot.press(*typed, "enter")
        await until(lambda: "no emergency: nothing was done" in said(app))
        assert client.commands == []


async def test_emergency_goes_ahead_of_a_command_that_is_stuck() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        client.silent = True
        await pilot.press("p")
        await until(lambda: "… pausing eth-grid" in said(app))
        client.silent = False
        await pilot.press("!")
        await until(lambda: isinstance(app.screen, TypedWord))
        await pilot.press(*"EMERGENCY", "enter")
        await until(lambda: client.commands == [EmergencyShutdown()])
        await until(lambda: "EMERGENCY: 14 of 14 orders cancelled" in text(app))


async def test_escape_leaves_the_emergency_alone() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("!", *"EMERGENCY", "escape")
        await until(lambda: "nothing was done" in said(app))
        assert client.commands == []


@pytest.mark.parametrize(
    ("keys", "options", "farewell"),
    [
        ("qk", {}, Farewell.STOP_KEEP_ORDERS),
        ("qc", {}, Farewell.STOP_CANCEL_ORDERS),
        ("qd", {"may_detach": True}, Farewell.DETACH),
        ("qq", {"demo": True}, Farewell.STOP_KEEP_ORDERS),
    ],
)
async def test_quitting_asks_what_becomes_of_the_orders(
    keys: str, options: dict[str, bool], farewell: Farewell
) -> None:
    async with opened(None, **options) as (app, pilot):
        await pilot.press(keys[0])
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(keys[1])
        await until(lambda: app._exit)
    assert app.return_value is farewell


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_no_single_key_quits(key: str) -> None:
    async with opened() as (app, pilot):
        await pilot.press(key)
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("l", "q", "enter", "z", key)
        assert isinstance(app.screen, Choice)
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, Choice))
        assert app.return_value is None


# moving about


@pytest.mark.parametrize(("down", "up"), [("down", "up"), ("j", "k")])
async def test_arrows_and_letters_select_a_bot_and_its_ladder(down: str, up: str) -> None:
    async with opened() as (app, pilot):
        await pilot.press(down)
        await until(lambda: "btc-perp" in app.live.dashboard.ladder.text.splitlines()[0])
        await until(lambda: "64,231.5" in app.live.dashboard.ladder.text)
        await pilot.press(down, down, down)
        assert app.feed.focus == SOL
        await until(lambda: "waits for the first price" in app.live.dashboard.ladder.text)
        await pilot.press(up, up, up, up)
        assert app.feed.focus == ETH


async def test_enter_opens_the_bot_and_escape_goes_back() -> None:
    async with opened() as (app, pilot):
        await pilot.press("enter")
        await until(lambda: "10,026.66 USDC" in text(app))
        assert app.live.is_bot_open
        assert "Esc back" in text(app)
        await pilot.press("escape")
        await until(lambda: "events" in text(app))
        assert not app.live.is_bot_open


@pytest.mark.parametrize(("forth", "back"), [("right", "left"), ("l", "h")])
async def test_the_panes_of_a_narrow_bot_screen_turn(forth: str, back: str) -> None:
    async with opened() as (app, pilot):
        await pilot.press("enter")
        for words in ("10 live orders", "newest fills", "▼ sold 0.0833 ETH", "equity: begins with"):
            await pilot.press(forth)
            await until(lambda words=words: words in text(app))  # type: ignore[misc]
        await pilot.press(back, back)
        await until(lambda: "newest fills" in text(app))


@pytest.mark.parametrize(
    ("size", "presses"),
    [((80, 24), 1), ((40, 10), 1), ((120, 30), 1), ((120, 40), 0), ((200, 60), 0), ((180, 24), 0)],
)
async def test_the_equity_chart_can_be_reached_at_every_size(
    size: tuple[int, int], presses: int
) -> None:
    client = with_all_kinds(ScriptedClient())
    async with opened(client, size) as (app, pilot):
        app.select(DCA)
        await pilot.press("enter", *["left"] * presses)
        await until(lambda: bool(app.feed.curve))
        await settled(app, pilot)
        assert "equity 20 h 00 min" in text(app)
        assert any("\u2801" <= sign <= "\u28ff" for sign in text(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize(
    ("bot_id", "words"),
    [
        (DCA, "in 5 h 53 min ┄"), (BASKET, "! beyond its mark: BTC"),
        (MARTINGALE, "▶ 2    146.984"), (PLUGIN, "trend/entry"),
    ],
)  # fmt: skip
async def test_every_kind_of_bot_has_its_panel_on_both_screens(
    bot_id: BotId, words: str, size: tuple[int, int]
) -> None:
    async with opened(with_all_kinds(ScriptedClient()), size) as (app, pilot):
        app.select(bot_id)
        await until(lambda: words in app.live.dashboard.ladder.text)
        await pilot.press("enter")
        await until(lambda: words in app.live.bot.ladder.text)
        await settled(app, pilot)
        assert words in text(app)


async def test_a_ladder_begins_with_the_price_in_the_middle_whatever_was_shown_before() -> None:
    async with opened(with_all_kinds(ScriptedClient())) as (app, pilot):
        first = app.live.dashboard.ladder.text
        for bot_id in (DCA, MARTINGALE, BTC, ETH):
            app.select(bot_id)
            await until(lambda: app.feed.detail is not None)
            await settled(app, pilot)
        assert app.live.dashboard.ladder.text == first
        middle = first.splitlines()[len(first.splitlines()) // 2 + 1]
        assert "last price" in middle


async def test_a_countdown_goes_on_although_nothing_else_happens() -> None:
    client = with_all_kinds(ScriptedClient())
    async with opened(client) as (app, pilot):
        app.select(DCA)
        await pilot.press("enter")
        await until(lambda: "in 5 h 53 min" in app.live.bot.ladder.text)
        await client.change_engine(now_ns=client.engine.now_ns + 3600 * 10**9)
        await until(lambda: "in 4 h 53 min" in app.live.bot.ladder.text)


async def test_a_quiet_second_repaints_nothing() -> None:
    client = with_all_kinds(ScriptedClient())
    async with opened(client, (200, 60)) as (app, pilot):
        app.select(DCA)
        await pilot.press("enter")
        await until(lambda: bool(app.feed.curve) and app.feed.detail is not None)
        await settled(app, pilot)
        await client.change_engine(now_ns=client.engine.now_ns + 10**9)
        app.live.show(app.feed, app.bot, (), 0.0)
        panels = app.live.bot.panels
        assert {panel.id: panel._dirty for panel in panels if panel._dirty} == {}


async def test_the_panes_of_a_narrow_dashboard_turn() -> None:
    async with opened() as (app, pilot):
        assert "last price" in text(app)
        await pilot.press("right")
        await until(lambda: "● 6 orders placed" in text(app))
        assert "last price" not in text(app)
        await pilot.press("right")
        await until(lambda: "profit per day" in text(app))
        await pilot.press("right")
        await until(lambda: "drawdown" in text(app))
        await pilot.press("right")
        await until(lambda: "last price" in text(app))


async def test_the_ladder_can_be_looked_through() -> None:
    async with opened(size=(80, 16)) as (app, pilot):
        await pilot.press("enter")
        await until(lambda: "last price" in text(app))
        assert "2,382.00" not in text(app)
        await pilot.press(*["j"] * 12)
        await pilot.pause()
        assert "2,382.00" in text(app)
        await pilot.press(*["k"] * 20)
        await pilot.pause()
        assert "2,418.00" in text(app)


async def test_a_click_on_a_row_selects_the_bot() -> None:
    async with opened() as (app, pilot):
        await pilot.click("#bots", offset=(5, 2))
        await until(lambda: app.feed.focus == BTC)


async def test_help_lists_the_keys_and_closes() -> None:
    async with opened(size=(100, 90)) as (app, pilot):
        await pilot.press("?")
        await until(lambda: isinstance(app.screen, HelpScreen))
        await settled(app, pilot)
        shown = text(app)
        for action in helped(app.actions, "dashboard"):
            assert action.help in shown
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, HelpScreen))


async def test_an_unknown_theme_is_said_and_the_app_goes_on() -> None:
    async with opened(theme="nosuch") as (app, _):
        assert "there is no theme 'nosuch'; there are: ansi-16, colour-blind" in said(app)


# the palette


async def test_the_palette_finds_every_action_and_every_bots_commands() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        names = {offer.name for offer in app.offers()}
        assert {"pause", "EMERGENCY", "theme", "quit", "stop btc-perp", "show sol-wide"} <= names
        await pilot.press("ctrl+p")
        await until(lambda: bool(app.screen.query(Input)))
        await pilot.press(*"pause btc")
        await until(lambda: "pause btc-perp" in text(app))
        await pilot.press("down", "enter")
        await until(lambda: client.commands == [PauseBot(BTC)])


async def test_a_bot_name_that_looks_like_markup_is_no_trouble_anywhere() -> None:
    client = ScriptedClient()
    odd = BotId("[/b] x")
    client.bots[odd] = msgspec.structs.replace(client.bots[ETH], bot_id=odd, reason="[/no] [red]")
    client.tell(ev.Error(bot_id=odd, message="order [/x] rejected \x1b[2J"))
    async with opened(client) as (app, pilot):
        app.select(odd)
        await until(lambda: "[/b] x" in app.live.dashboard.ladder.text)
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        await settled(app, pilot)
        assert "Stop [/b] x?" in text(app)
        await pilot.press("escape", "ctrl+p")
        await until(lambda: bool(app.screen.query(Input)))
        await pilot.press(*"[/b]")
        await until(lambda: "show [/b] x" in text(app))
        assert "\x1b" not in text(app)


# what must be seen


async def test_live_money_is_said_in_the_header() -> None:
    client = ScriptedClient()
    client.engine = msgspec.structs.replace(client.engine, mode=Mode.LIVE)
    async with opened(client) as (app, pilot):
        assert " LIVE " in rows(app)[0]
        for key in ("enter", "2", "question_mark", "escape", "exclamation_mark"):
            await pilot.press(key)
            await settled(app, pilot)
            assert " LIVE " in rows(app)[0], key


async def test_an_engine_that_goes_silent_raises_the_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ScriptedClient()
    async with opened(client) as (app, _):
        client.silent = True
        await client.news()
        app._answered_at = time.monotonic() - 8
        await until(lambda: "NO ANSWER FROM THE ENGINE: the figures below are >5 s" in text(app))


async def test_the_screen_opens_before_the_engine_answers_and_without_bots() -> None:
    client = ScriptedClient()
    client.bots.clear()
    async with opened(client, has_bots=False) as (app, pilot):
        assert "0 bots" in text(app)
        await pilot.press("p", "s", "enter", "j", "!", "escape")
        assert client.commands == []


async def test_a_stopped_bot_dims_the_keys_that_do_nothing() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, _):
        await client.change("eth-grid", state=BotState.STOPPED)
        await until(lambda: app.bot is not None and app.bot.state is BotState.STOPPED)
        await until(lambda: tones(app)["p"] == "muted")
        assert tones(app)["S"] == "key"


# sizes and floods

SIZES = [(20, 5), (200, 60), (1, 1), (40, 10), (80, 24), (116, 12), (170, 11), (120, 40)]


async def test_no_size_is_too_small_or_too_large() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        for width, height in SIZES:
            await pilot.resize_terminal(width, height)
            await client.change("eth-grid", price=Decimal("2400") + width)
            for key in ("enter", "right", "escape", "j", "k", "?", "escape", "s", "escape"):
                await pilot.press(key)
            await settled(app, pilot)
            shown = rows(app)
            assert len(shown) == height
            assert all(len(row) <= width for row in shown)
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        assert "last price" in text(app)


async def test_eighty_by_twenty_four_shows_table_ladder_events_and_keys() -> None:
    async with opened() as (app, _):
        shown = text(app)
        for words in ("btc-perp", "last price", "● resting", "events", "p pause", "fresh"):
            assert words in shown


async def test_a_key_is_answered_in_a_flood_of_changes() -> None:
    client = ScriptedClient()
    for number in range(100):
        name = BotId(f"bot-{number:03}")
        client.bots[name] = msgspec.structs.replace(client.bots[ETH], bot_id=name)
    async with opened(client, size=(120, 40)) as (app, pilot):

        async def answer_s(key: str) -> float:
            begun = time.perf_counter()
            await pilot.press(key)
            return time.perf_counter() - begun

        calm = [await answer_s(key) for key in ("down", "up") * 15]
        flooded = []
        for turn in range(30):
            for number in range(100):
                client._set(BotId(f"bot-{number:03}"), price=Decimal(2400 + turn * number % 97))
            await client.news()
            flooded.append(await answer_s("down"))
        assert app.feed.focus == "bot-027"
        assert "bot-027" in app.live.dashboard.bots.text
        assert median(flooded) < 5 * median(calm)
        newest = Decimal(2400 + 29 * 27 % 97)
        await until(lambda: app.bot is not None and app.bot.price == newest)


async def test_a_flush_never_repaints_more_rows_than_its_budget() -> None:
    client = ScriptedClient()
    async with opened(client, size=(200, 60)) as (app, pilot):
        panel = app.live.dashboard.ticker
        for number in range(60):
            client.tell(ev.Info(message=f"news {number}"))
        await client.news()
        await until(lambda: app.feed.events[-1].seq == client.engine.seq)
        app.live.show(app.feed, app.bot, (), 0.0)
        waiting = len(panel._dirty)
        assert waiting > 10
        assert panel.paint(10) == 0
        assert len(panel._dirty) == waiting - 10
        await settled(app, pilot)
        assert panel._dirty == set()


async def test_a_paint_that_comes_after_the_last_screen_has_gone_does_nothing() -> None:
    async with opened() as (app, _):
        pass
    assert not app.screen_stack
    app.flush()


async def test_what_was_said_on_one_view_does_not_hide_what_the_next_one_hints() -> None:
    async with opened() as (app, pilot):
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("escape")
        await until(lambda: "nothing was done" in app.live.status.text)
        await pilot.press("2")
        await until(lambda: "nothing was done" not in app.live.status.text)
        assert "Ctrl+P" in app.live.status.text
