"""The risk screen and the dashboard's risk panel, by key, by palette and by mouse."""

from decimal import Decimal

import msgspec
import pytest
from textual.widgets import Input

from nimbus_tui.control.commands import EmergencyShutdown, PauseBot, Rearm, ResetPeak, StopBot
from nimbus_tui.core import events as ev
from nimbus_tui.core.ids import BotId
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.feed import Feed
from nimbus_tui.tui.panels.prompts import Confirm, TypedWord
from nimbus_tui.tui.risk_feed import EVERY_S, RiskFeed
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_client import START, ScriptedClient
from tests.tui.scripted_risk import blind, calm, latched, refusing, standing, throttled, with_bot
from tests.tui.waiting import until

ETH, BTC, SOL = BotId("eth-grid"), BotId("btc-perp"), BotId("sol-wide")


def troubled() -> ScriptedClient:
    """One bot throttled, one without its marks, the engine full."""
    client = ScriptedClient()
    snapshot = calm(list(client.bots), START)
    client.risk_now = refusing(blind(throttled(snapshot, BTC), SOL))
    return client


def said(app: NimbusApp) -> str:
    return app.live.status.text


async def at_risk(app: NimbusApp) -> None:
    """The risk screen is open and has its readings."""
    await until(lambda: app.live.is_risk_open and "stop loss" in app.live.risk.table.text)


# ways in and out


async def test_two_opens_the_risk_screen_and_one_and_escape_go_back() -> None:
    async with opened(troubled()) as (app, pilot):
        for back in ("1", "escape"):
            await pilot.press("2")
            await at_risk(app)
            await settled(app, pilot)
            assert "4 API rate" in text(app)
            assert "Esc back" in text(app)
            await pilot.press(back)
            await until(lambda: not app.live.is_risk_open)
            await settled(app, pilot)
            assert "last price" in text(app)


async def test_the_palette_opens_the_risk_screen() -> None:
    async with opened(troubled()) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(lambda: bool(app.screen.query(Input)))
        await pilot.press(*"risk")
        await until(lambda: "16 rules" in text(app))
        await pilot.press("down", "enter")
        await at_risk(app)


async def test_it_begins_at_the_selected_bots_worst_rule() -> None:
    async with opened(troubled()) as (app, pilot):
        await pilot.press("down", "2")
        await at_risk(app)
        await settled(app, pilot)
        assert "drawdown of btc-perp ◆ throttle" in app.live.risk.detail.text
        assert " ◆ THROTTLE " in app.live.risk.table.text


# the focus


@pytest.mark.parametrize(
    ("right", "left", "down", "up"), [("right", "left", "down", "up"), ("l", "h", "j", "k")]
)
async def test_arrows_and_letters_move_the_focus_and_with_it_the_selected_bot(
    right: str, left: str, down: str, up: str
) -> None:
    async with opened(troubled()) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press(left)
        await until(lambda: app.feed.focus == BTC)
        await until(lambda: "of btc-perp" in app.live.risk.detail.text)
        await pilot.press(*[up] * 20)
        await until(lambda: "stop loss of btc-perp" in app.live.risk.detail.text)
        await pilot.press(down)
        await until(lambda: "take profit of btc-perp" in app.live.risk.detail.text)
        await pilot.press(*[down] * 20)
        await until(lambda: "emergency of btc-perp" in app.live.risk.detail.text)
        assert "›" in app.live.risk.table.text.splitlines()[-1]
        await pilot.press(right)
        await until(lambda: app.feed.focus == ETH)
        await pilot.press(*[left] * 9)
        await until(lambda: "emergency of engine" in app.live.risk.detail.text)
        assert app.feed.focus == SOL


async def test_pages_of_columns_turn_with_many_bots() -> None:
    client = ScriptedClient()
    for number in range(97):
        name = BotId(f"bot-{number:03}")
        client.bots[name] = msgspec.structs.replace(client.bots[ETH], bot_id=name)
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        names = lambda: app.live.risk.table.text.splitlines()[1]  # noqa: E731
        assert names().startswith(" 1–5 of 102 ▶")
        await pilot.press("pagedown", "L")
        await until(lambda: app.feed.focus == "bot-007")
        await until(lambda: "of 102 ▶" in names() and "bot-007" in names())
        await pilot.press("pageup", "H")
        await until(lambda: app.feed.focus == ETH)
        await pilot.press(*["pagedown"] * 30)
        await until(lambda: names().startswith(" ◀ 98–102 of 102"))


async def test_page_keys_move_over_ten_bots_on_the_dashboard() -> None:
    client = ScriptedClient()
    for number in range(20):
        name = BotId(f"bot-{number:03}")
        client.bots[name] = msgspec.structs.replace(client.bots[ETH], bot_id=name)
    async with opened(client) as (app, pilot):
        await pilot.press("pagedown")
        await until(lambda: app.feed.focus == "bot-007")
        await pilot.press("pageup")
        await until(lambda: app.feed.focus == ETH)


async def test_a_click_puts_the_focus_on_a_cell_or_a_line_of_the_ladder() -> None:
    async with opened(troubled(), (120, 40)) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await settled(app, pilot)
        lines = app.live.risk.table.text.splitlines()
        row = next(y for y, line in enumerate(lines) if "2 drawdown" in line)
        await pilot.click("#risk-table", offset=(lines[1].index("btc-perp") + 3, row))
        await until(lambda: "drawdown of btc-perp" in app.live.risk.detail.text)
        assert app.feed.focus == BTC
        await pilot.click("#risk-table", offset=(4, row + 1))
        await until(lambda: "losses in a row of btc-perp" in app.live.risk.detail.text)
        listed = app.live.risk.standings.text.splitlines()
        row = next(y for y, line in enumerate(listed) if line.startswith(" sol-wide"))
        await pilot.click("#risk-standings", offset=(3, row))
        await until(lambda: app.feed.focus == SOL)
        await until(lambda: "of sol-wide" in app.live.risk.detail.text)


async def test_v_turns_to_the_ladder_and_the_history_and_back() -> None:
    client = troubled()
    client.tell(ev.RiskEscalated(bot_id=BTC, scope=BTC, step="throttle", rule="drawdown",
                measured=Decimal("13.06"), limit=Decimal(15), action="halved"))  # fmt: skip
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press("v")
        await until(lambda: "in 8 min or later" in text(app))
        await pilot.press("v")
        await until(lambda: "◆ throttle by drawdown: 13.06 % of 15.00 %; halved" in text(app))
        await pilot.press("v")
        await until(lambda: "3 leverage" in text(app))


async def test_v_turns_the_panes_of_the_dashboard_too() -> None:
    async with opened() as (app, pilot):
        await pilot.press("v")
        await until(lambda: "● 6 orders placed" in text(app))


# commands


async def test_enter_opens_the_bot_in_focus() -> None:
    async with opened(troubled()) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press("left", "enter")
        await until(lambda: app.live.is_bot_open)
        assert app.feed.focus == BTC


@pytest.mark.parametrize("key", ["enter", "p", "s", "x", "D"])
async def test_on_the_engines_column_no_key_reaches_a_bot(key: str) -> None:
    client = troubled()
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press(*["left"] * 9)
        await until(lambda: "of engine" in app.live.risk.detail.text)
        await pilot.press(key)
        await until(lambda: "that is for a bot: engine is selected" in said(app))
        assert app.live.is_risk_open
        assert client.commands == []


async def test_keys_of_bots_are_for_the_bot_in_focus() -> None:
    client = troubled()
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press("left", "p")
        await until(lambda: client.commands == [PauseBot(BTC)])
        await pilot.press("s")
        await until(lambda: isinstance(app.screen, Confirm))
        await settled(app, pilot)
        assert "Stop btc-perp? 4 orders on sim will be cancelled" in text(app)
        assert "its position of −0.0141 BTC" in text(app)
        await pilot.press("enter")
        await until(lambda: client.commands[-1] == StopBot(BTC))


async def test_a_drawdowns_peak_is_reset_by_the_typed_word_only() -> None:
    client = troubled()
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press("left", "D")
        await until(lambda: isinstance(app.screen, TypedWord))
        await settled(app, pilot)
        assert "Reset the drawdown's peak of btc-perp? It stands at 13.06 % of 15.00 %" in text(app)
        await pilot.press(*"reset", "enter")
        await until(lambda: "nothing was done" in said(app))
        assert client.commands == []
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, TypedWord))
        await pilot.press(*"RESET", "enter")
        await until(lambda: client.commands == [ResetPeak(BTC)])
        await until(lambda: "✓ done" in said(app))


async def test_a_peak_can_be_reset_before_the_risk_was_ever_looked_at() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, TypedWord))
        await pilot.press(*"RESET", "enter")
        await until(lambda: client.commands == [ResetPeak(ETH)])


async def test_the_palette_resets_the_peak_of_any_bot() -> None:
    async with opened() as (app, pilot):
        await pilot.press("ctrl+p")
        await until(lambda: bool(app.screen.query(Input)))
        await pilot.press(*"reset peak sol")
        await until(lambda: "reset peak sol-wide" in text(app))
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, TypedWord))
        assert "peak of sol-wide" in app.screen.question  # type: ignore[attr-defined]


@pytest.mark.parametrize("typed", ["", "rearm", "REAR", "EMERGENCY"])
async def test_rearming_needs_the_whole_word(typed: str) -> None:
    client = ScriptedClient()
    client.risk_now = latched(calm(list(client.bots), START))
    async with opened(client) as (app, pilot):
        await pilot.press("R")
        await until(lambda: isinstance(app.screen, TypedWord))
        await settled(app, pilot)
        assert "Lift the emergency? Every bot stays stopped" in text(app)
        await pilot.press(*typed, "enter")
        await until(lambda: "not rearming: nothing was done" in said(app))
        assert client.commands == []


async def test_an_emergency_is_seen_through_from_the_word_to_the_rearming() -> None:
    client = ScriptedClient()
    snapshot = calm(list(client.bots), START)
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await pilot.press("!", *"EMERGENCY", "enter")
        await until(lambda: client.commands == [EmergencyShutdown()])
        client.risk_now = latched(snapshot, "order nb7 on sim")
        await client.change_engine(emergency="still there: order nb7 on sim")
        await until(lambda: "latched: 1 still there" in text(app))
        assert "● order nb7 on sim" in text(app)
        client.risk_now = latched(snapshot)
        await client.change_engine(emergency="verified: no order of ours is left")
        await until(lambda: "✓ verified with the venues" in text(app))
        await pilot.press("R")
        await until(lambda: isinstance(app.screen, TypedWord))
        await settled(app, pilot)
        assert "verified: no order of ours is left." in app.screen.question  # type: ignore[attr-defined]
        client.risk_now = snapshot
        await pilot.press(*"REARM", "enter")
        await until(lambda: client.commands[-1] == Rearm())
        await until(lambda: "EMERGENCY, latched" not in text(app))


# how often it asks, and how little it paints


async def test_nobody_is_asked_while_nothing_of_it_is_shown() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        for view in ("1", "enter"):
            await pilot.press(view)
            await client.change("eth-grid", price=Decimal(2402))
            await settled(app, pilot)
            assert not app.live.wants_risk
        assert client.risk_asked == 0
        await pilot.press("2")
        await until(lambda: client.risk_asked == 1)


async def test_it_is_asked_when_the_engine_has_changed_and_once_a_second_at_most() -> None:
    client, feed = ScriptedClient(), Feed()
    risk = RiskFeed(feed)

    async def asked(*, is_changed: bool, is_later: bool) -> int:
        feed.revision += is_changed
        risk._asked_at -= EVERY_S * is_later
        await risk.keep_up(client)
        return client.risk_asked

    assert await asked(is_changed=False, is_later=False) == 1
    assert await asked(is_changed=False, is_later=True) == 1
    assert await asked(is_changed=True, is_later=False) == 2
    assert await asked(is_changed=True, is_later=False) == 2
    assert await asked(is_changed=False, is_later=True) == 3


async def test_a_younger_engines_history_takes_the_place_of_the_old_one() -> None:
    client, feed = ScriptedClient(), Feed()
    client.tell(ev.CircuitBreakerActivated(bot_id=ETH, losses=3, cooldown_seconds=600))
    risk = RiskFeed(feed)
    feed.engine = client.engine
    await risk.keep_up(client)
    assert [event.seq for event in risk.events] == [client.engine.seq]
    feed.engine = msgspec.structs.replace(client.engine, seq=1)
    await risk.keep_up(client)
    assert risk.events == ()


async def test_new_readings_repaint_only_the_rows_that_differ() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        await settled(app, pilot)
        snapshot = calm(list(client.bots), START)
        before = app.risk.board
        client.risk_now = with_bot(snapshot, standing(ETH, RiskStep.WARNING))
        await client.change("eth-grid", risk="warning")
        await until(lambda: app.risk.board is not before)
        app.live.show(app.feed, app.bot, (), 0.0)
        assert app.live.risk.table._dirty <= {0, 1}


async def test_an_engine_that_fails_to_answer_is_said_and_the_readings_stay() -> None:
    client = troubled()
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await at_risk(app)
        client.gone = "gone away"
        await client.news()
        app.feed.revision += 1
        await until(lambda: "these readings are old: gone away" in text(app))
        assert "stop loss" in app.live.risk.table.text
        client.gone = ""
        await until(lambda: "these readings are old" not in text(app))


async def test_an_answer_that_is_no_answer_is_said_in_the_place_of_the_table() -> None:
    client = ScriptedClient()

    async def broken() -> object:
        raise ValueError("[/x] nonsense")

    client.risk = broken  # type: ignore[assignment, method-assign]
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        await until(lambda: "its answer can't be read (ValueError: [/x] nonsense)" in text(app))


async def test_the_history_begins_with_what_was_journalled_and_goes_on() -> None:
    client = ScriptedClient()
    client.tell(ev.CircuitBreakerActivated(bot_id=ETH, losses=3, cooldown_seconds=600))
    for number in range(600):
        client.tell(ev.Info(message=f"noise {number}"))
    async with opened(client) as (app, pilot):
        await pilot.press("2", "v", "v")
        await until(lambda: "circuit breaker after 3 losses in a row" in text(app))
        client.tell(ev.CircuitBreakerActivated(bot_id=ETH, losses=9, cooldown_seconds=600))
        await client.news()
        await until(lambda: "circuit breaker after 9 losses in a row" in text(app))
        assert "after 3 losses" in text(app)


# the dashboard's panel


@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_the_dashboard_has_the_selected_bots_risk_where_there_is_room(
    size: tuple[int, int],
) -> None:
    async with opened(troubled(), size) as (app, pilot):
        await until(lambda: "position size" in app.live.dashboard.risk.text)
        await pilot.press("down")
        await until(lambda: "risk ◆ throttle" in text(app))
        assert "░  87%  13.06 %" in text(app)


async def test_a_small_dashboard_keeps_what_it_had_and_has_the_risk_as_a_pane() -> None:
    async with opened(troubled()) as (app, pilot):
        assert not app.live.dashboard.risk.size.height
        await pilot.press("left")
        await until(lambda: "position size" in text(app))


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 10), (60, 14), (116, 12), (170, 20)])
async def test_no_size_is_too_small_for_the_risk(size: tuple[int, int]) -> None:
    client = troubled()
    client.risk_now = latched(client.risk_now or calm([], 0), "order nb7")
    async with opened(client, size) as (app, pilot):
        await pilot.press("2", "down", "right", "left", "v", "v", "v", "pagedown")
        await settled(app, pilot)
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        await until(lambda: "sol-wide" in app.live.risk.table.text)
