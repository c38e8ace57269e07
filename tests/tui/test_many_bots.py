"""Bots that are marked, filtered and ordered on the dashboard, and keys that the config gives."""

import msgspec
import pytest

from nimbus_tui.control.commands import (
    FlattenBot,
    Outcome,
    PauseBot,
    Result,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.panels.prompts import Confirm, Prompt, TypedLine
from nimbus_tui.tui.screens.help import HelpScreen
from tests.tui.opened import opened, settled, text
from tests.tui.scripted_client import ScriptedClient
from tests.tui.waiting import until

ETH, BTC, SOL = BotId("eth-grid"), BotId("btc-perp"), BotId("sol-wide")


async def test_space_marks_bots_and_pausing_them_never_asks() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("space", "space")
        await settled(app, pilot)
        assert "✓ 2 marked" in text(app)
        assert "✓eth-grid" in text(app)
        assert "✓btc-perp" in text(app)
        assert "✓sol-wide" not in text(app)
        await pilot.press("p")
        await until(lambda: client.commands == [PauseBot(ETH), PauseBot(BTC)])
        await until(lambda: "✓ 2 done  eth-grid, btc-perp" in app.live.status.text)
        assert not isinstance(app.screen, Prompt)


@pytest.mark.parametrize(
    ("key", "kind", "words"),
    [
        ("s", StopBot, "Stop 3 bots: eth-grid, btc-perp, sol-wide? 14 orders will be cancelled"),
        ("x", FlattenBot, "positions are closed at the market"),
        ("r", ResumeBot, "Resume 3 bots"),
        ("S", StartBot, "Each begins a fresh plan"),
    ],
)
async def test_one_question_names_all_and_enter_alone_confirms(
    key: str, kind: type, words: str
) -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("A", key)
        await until(lambda: isinstance(app.screen, Confirm))
        assert words in app.screen.question  # type: ignore[attr-defined]
        await pilot.press("escape")
        await until(lambda: "nothing was done" in app.live.status.text)
        assert client.commands == []
        await pilot.press(key, "enter")
        await until(lambda: client.commands == [kind(bot) for bot in (ETH, BTC, SOL)])


async def test_who_refuses_is_named_with_the_reason() -> None:
    client = ScriptedClient()
    client.on_execute = Outcome(Result.REFUSED, "eth-grid: is stopped")
    async with opened(client) as (app, pilot):
        await pilot.press("A", "p")
        await until(lambda: "✗ 3 refused  eth-grid: is stopped" in app.live.status.text)


async def test_the_stop_question_knows_whose_position_is_closed() -> None:
    client = ScriptedClient()
    for name, fate in ((ETH, "close"), (BTC, "keep"), (SOL, "keep")):
        await client.change(name, on_stop=fate)
    async with opened(client) as (app, pilot):
        await pilot.press("A", "s")
        await until(lambda: isinstance(app.screen, Confirm))
        question = app.screen.question  # type: ignore[attr-defined]
        assert (
            "the positions of eth-grid are closed at the market; other positions stay" in question
        )


async def test_marks_count_only_where_they_are_in_sight_and_escape_takes_them_away() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("A", "enter", "p")
        await until(lambda: client.commands == [PauseBot(ETH)])
        await pilot.press("escape", "escape")
        await settled(app, pilot)
        assert app.live.dashboard.marked == {}
        await pilot.press("A", "A")
        assert app.live.dashboard.marked == {}


async def test_the_dashboard_is_filtered_and_commands_never_reach_a_bot_out_of_sight() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("/")
        await until(lambda: isinstance(app.screen, TypedLine))
        await pilot.press(*"state:paused", "enter")
        await settled(app, pilot)
        assert app.live.dashboard.names == (BTC,)
        assert "/state:paused 1 of 3" in text(app)
        await pilot.press("s")
        assert not isinstance(app.screen, Prompt)
        assert "no bot of the table is selected" in app.live.status.text
        await pilot.press("down", "p")
        await until(lambda: client.commands == [PauseBot(BTC)])
        await pilot.press("escape")
        await until(lambda: len(app.live.dashboard.names) == 3)


async def test_bots_are_ordered_by_key_and_by_a_click_on_a_name() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("o")
        await until(lambda: app.live.dashboard.names == (BTC, ETH, SOL))
        assert "bot▲" in text(app)
        at = app.live.dashboard.bots.text.splitlines()[0].index("today")
        await pilot.click("#bots", offset=(at, 0))
        await until(lambda: app.live.dashboard.names == (BTC, SOL, ETH))
        await pilot.press("O")
        await until(lambda: app.live.dashboard.names == (ETH, SOL, BTC))
        await pilot.press("down")
        assert app.feed.focus == SOL


async def test_a_bot_that_is_gone_loses_its_mark() -> None:
    client = ScriptedClient()
    async with opened(client) as (app, pilot):
        await pilot.press("A")
        del client.bots[SOL]
        app.select(BTC)
        await until(lambda: tuple(app.live.dashboard.marked) == (ETH, BTC))


# keys that the config gives


async def test_the_keys_of_the_config_hold_and_are_shown() -> None:
    client = ScriptedClient()
    keys = {"bot.pause": "f5", "bot.stop": "p", "view.orders": "f3,3", "move.down": "n,down"}
    async with opened(client, (120, 80), keys=keys) as (app, pilot):
        assert "F5 pause" in text(app)
        assert "p stop" in text(app)
        await pilot.press("f5")
        await until(lambda: client.commands == [PauseBot(ETH)])
        await pilot.press("p")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("escape", "n")
        assert app.feed.focus == BTC
        await pilot.press("j", "s")
        assert app.feed.focus == BTC
        assert not isinstance(app.screen, Prompt)
        await pilot.press("f3")
        assert app.live.views.current == "orders"
        await pilot.press("?")
        await until(lambda: isinstance(app.screen, HelpScreen))
        await settled(app, pilot)
        assert "F3 3" in text(app)


async def test_two_actions_may_change_their_keys() -> None:
    client = ScriptedClient()
    client.bots[ETH] = msgspec.structs.replace(client.bots[ETH], state=BotState.PAUSED)
    async with opened(client, keys={"bot.pause": "r", "bot.resume": "p"}) as (_, pilot):
        await pilot.press("p", "r")
        await until(lambda: client.commands == [ResumeBot(ETH), PauseBot(ETH)])
