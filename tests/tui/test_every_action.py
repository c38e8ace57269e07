"""Every action that there is, by each of its keys, by the palette and by the mouse."""

from pathlib import Path

import pytest
from textual.command import CommandPalette

from nimbus_tui.config.actions import ACTIONS, Action
from nimbus_tui.control.commands import (
    CancelOrder,
    EmergencyShutdown,
    FlattenBot,
    PauseBot,
    Rearm,
    ResetPeak,
    ResumeBot,
    StartBot,
    StopBot,
)
from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.panels.prompts import Choice, TypedLine
from nimbus_tui.tui.screens.help import HelpScreen
from nimbus_tui.tui.screens.new_bot import NewBotScreen
from nimbus_tui.tui.screens.themes import ThemePicker
from tests.tui.acting import WAYS, Scenario, Stage, Way, play
from tests.tui.opened import opened
from tests.tui.scripted_config import ConfigClient
from tests.tui.test_every_action_elsewhere import ENDINGS
from tests.tui.test_every_action_of_backtests import BENCH
from tests.tui.test_every_action_of_the_editor import EDITOR
from tests.tui.test_every_action_of_the_past import PAST
from tests.tui.waiting import until

ETH, BTC, SOL = map(BotId, ("eth-grid", "btc-perp", "sol-wide"))


def sent(*commands: object) -> Scenario:
    """Commands that the engine gets."""
    return Scenario(lambda stage: stage.client.commands == list(commands))


def told(answers: tuple[str, ...], command: object) -> Scenario:
    """A command that the engine gets once a question is answered."""
    return sent(command)._replace(answers=answers)


def turned_to(view: str, at: str = "dashboard") -> Scenario:
    """A view that is opened."""
    return Scenario(lambda stage: stage.app.live.at == view, at)


def selected(bot_id: BotId, before: BotId) -> Scenario:
    """Another bot that is selected."""
    return Scenario(
        lambda stage: stage.app.feed.focus == bot_id,
        before=lambda stage: stage.app.select(before),
    )


def is_open(kind: type, at: str = "dashboard") -> Scenario:
    """A screen over the live one."""
    return Scenario(lambda stage: isinstance(stage.app.screen, kind), at)


LIVE = {
    "bot.pause": sent(PauseBot(ETH)),
    "bot.resume": sent(ResumeBot(ETH)),
    "bot.stop": told(("enter",), StopBot(ETH)),
    "bot.start": sent(StartBot(ETH)),
    "bot.flatten": told(("enter",), FlattenBot(ETH)),
    "bot.open": turned_to("bot"),
    "bots.mark": Scenario(lambda stage: list(stage.app.live.dashboard.marked) == [ETH]),
    "bots.mark_all": Scenario(lambda stage: len(stage.app.live.dashboard.marked) == 3),
    "bot.edit": Scenario(
        lambda stage: (editor := stage.app.editor) and editor.draft and editor.draft.bot_id == ETH
    ),
    "risk.reset": told((*"RESET", "enter"), ResetPeak(ETH)),
    "engine.emergency": told((*"EMERGENCY", "enter"), EmergencyShutdown()),
    "engine.rearm": told((*"REARM", "enter"), Rearm()),
    "bot.new": is_open(NewBotScreen),
    "view.dashboard": turned_to("dashboard", "bot"),
    "view.risk": turned_to("risk"),
    "view.orders": turned_to("orders"),
    "view.fills": turned_to("fills"),
    "view.connections": turned_to("connections"),
    "view.events": turned_to("events"),
    "table.filter": is_open(TypedLine, "orders"),
    "table.sort": Scenario(lambda stage: stage.app.live.tables["orders"].sort, "orders"),
    "table.reverse": Scenario(
        lambda stage: stage.app.live.tables["orders"].sort.is_descending,
        "orders",
        before=lambda stage: stage.app.live.tables["orders"].order_next(),
    ),
    "table.export": Scenario(
        lambda stage: "rows are in" in stage.app.live.status.text, "orders", answers=("c",)
    ),
    "orders.cancel": Scenario(
        lambda stage: [type(one) for one in stage.client.commands] == [CancelOrder],
        "orders",
        answers=("enter",),
    ),
    "view.backtest": turned_to("backtest"),
    "config.open": Scenario(lambda stage: stage.app.editor is not None),
    "view.back": turned_to("dashboard", "orders"),
    "view.next": Scenario(lambda stage: stage.app.live.dashboard.has_class("-events")),
    "view.previous": Scenario(lambda stage: stage.app.live.dashboard.has_class("-risk")),
    "view.pane": Scenario(lambda stage: stage.app.live.risk.has_class("-ladder"), "risk"),
    "move.page_down": selected(SOL, ETH),
    "move.page_up": selected(ETH, SOL),
    "move.first": selected(ETH, SOL),
    "move.last": selected(SOL, ETH),
    "move.down": selected(BTC, ETH),
    "move.up": selected(BTC, SOL),
    "view.theme": Scenario(lambda stage: stage.app.theme != "nimbus-dark"),
    "view.themes": is_open(ThemePicker),
    "view.copy": Scenario(lambda stage: stage.app.clipboard == ETH),
    "view.copy_row": Scenario(
        lambda stage: stage.app.clipboard.startswith(f"{ETH}  "),
    ),
    "view.palette": is_open(CommandPalette),
    "view.help": is_open(HelpScreen),
    "app.quit": is_open(Choice),
}


async def put_in_order(stage: Stage, at: str) -> None:
    """A view as it was at the beginning, with the first bot selected and nothing sent."""
    app = stage.app
    for _ in range(10):
        if app.screen is app.live:
            break
        await stage.pilot.press("escape")
    await until(lambda: app.screen is app.live)
    live = app.live
    live.dashboard.unmark()
    live.dashboard._pane = live.risk._pane = 0
    live.dashboard.turn(0)
    live.risk.turn_pane(0)
    live.tables["orders"].sort = None
    app.theme = "nimbus-dark"
    app.copy_to_clipboard("")
    app.say(())
    app.action_open_view(at)
    app.select(ETH)
    stage.client.commands.clear()
    if live.table is not None:
        source = live.table.source
        await until(lambda: bool(source.rows))
    await stage.pilot.pause()


@pytest.mark.parametrize("way", WAYS)
async def test_every_action_on_what_is_now(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client = ConfigClient()
    async with opened(client, (80, 24)) as (app, pilot):
        await play(Stage(app, pilot, client), LIVE, WAYS[way], put_in_order)


OTHER_KEYS = {name: chr(ord("α") + at) for at, name in enumerate(LIVE)}


def only_by_another_key(action: Action) -> list[Way]:
    """The usual keys, which do nothing, then the one that was given instead."""

    async def press(stage: Stage, _: Action) -> None:
        (usual,) = (one.keys for one in ACTIONS if one.id == action.id)
        await stage.pilot.press(*usual.split(","))
        assert not LIVE[action.id].seen(stage), f"{action.id}: its usual key still does it"
        await stage.pilot.press(action.keys)

    return [press]


async def test_an_action_with_another_key_is_done_by_that_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client = ConfigClient()
    async with opened(client, keys=OTHER_KEYS) as (app, pilot):
        await play(Stage(app, pilot, client), LIVE, only_by_another_key, put_in_order)


def test_no_action_is_left_out() -> None:
    tried = [*LIVE, *PAST, *BENCH, *EDITOR, *ENDINGS]
    assert sorted(tried) == sorted(action.id for action in ACTIONS)
