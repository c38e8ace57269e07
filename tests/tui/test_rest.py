"""A screen at rest has nothing to do, and wakes for everything that happens."""

import asyncio

import pytest

from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.woken import woken
from tests.tui.opened import app_on, opened, text
from tests.tui.scripted_client import START, ScriptedClient
from tests.tui.scripted_risk import calm, standing, with_bot
from tests.tui.waiting import until


def is_at_rest(app: NimbusApp) -> bool:
    """Whether the clock of the paints stands still."""
    return app._clock is not None and not app._clock._active.is_set()


def idle() -> ScriptedClient:
    """An engine whose bots are all paused."""
    client = ScriptedClient()
    for name in client.bots:
        client._set(name, state=BotState.PAUSED)
    return client


async def test_with_nothing_to_paint_the_clock_stands_still_and_news_start_it() -> None:
    client = idle()
    async with opened(client) as (app, pilot):
        await until(lambda: is_at_rest(app))
        await client.change("eth-grid", reason="margin is gone")
        await client.change_engine(emergency="told by a test")
        await until(lambda: "told by a test" in text(app))
        await until(lambda: is_at_rest(app))
        await pilot.press("y")
        await until(lambda: "clipboard" in text(app))
        await until(lambda: is_at_rest(app))


async def test_rows_that_found_no_room_in_a_paint_keep_the_clock_going() -> None:
    async with opened(idle()) as (app, _):
        await until(lambda: is_at_rest(app))
        app.live.paint(0)
        panel = app.live.dashboard.bots
        panel.show([((),), ((),)])
        assert app.live.has_more
        assert app._has_work
        app.live.paint(99)
        assert not app._has_work


async def test_readings_that_change_again_within_the_second_are_asked_for_after_it() -> None:
    client = idle()
    async with opened(client) as (app, pilot):
        await pilot.press("2")
        for step in (RiskStep.WARNING, RiskStep.THROTTLE):
            snapshot = calm(list(client.bots), START)
            client.risk_now = with_bot(snapshot, standing("eth-grid", step))
            await client.change("eth-grid", risk=step.label)
            await until(lambda step=step: app.feed.bots[next(iter(client.bots))].risk == step.label)
        await until(
            lambda: (
                app.risk.board is not None and app.risk.board.step("eth-grid") is RiskStep.THROTTLE
            )
        )


async def test_what_shall_be_done_once_the_first_answer_is_painted_is_done_once() -> None:
    seen: list[str] = []
    client = ScriptedClient()
    app = app_on(client)
    app.on_settled = lambda: seen.append(text(app))
    async with app.run_test(size=(80, 24)):
        await until(lambda: bool(seen))
        await client.change("eth-grid", reason="once more")
        await until(lambda: app.feed.bots[next(iter(client.bots))].reason == "once more")
    assert len(seen) == 1


@pytest.mark.parametrize("happens", [True, False])
async def test_who_waits_is_woken_by_what_happens_or_by_the_time(happens: bool) -> None:
    happened = asyncio.Event()
    if happens:
        happened.set()
    await woken(happened, None if happens else 0.01)
    assert not happened.is_set()
