"""The app's keys on a real engine and paper exchange, without a terminal."""

import asyncio
from collections.abc import Callable

import pytest

from nimbus_tui.config.locations import theme_folders
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import Farewell, ScreenOptions
from nimbus_tui.tui.panels.lines_panel import LinesPanel
from tests.simulation.worlds import World

SIZES = [(80, 24), (200, 60)]


async def opened(world: World) -> NimbusApp:
    world.running = asyncio.create_task(world.engine.run())  # type: ignore[attr-defined]
    return NimbusApp(
        LocalClient(world.engine),
        ScreenOptions(title="test", theme_folders=tuple(theme_folders()[:1])),
    )


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to hold")


def text(app: NimbusApp, panel: str) -> str:
    return app.live.query_one(f"#{panel}", LinesPanel).text


@pytest.mark.parametrize("size", SIZES)
async def test_the_dashboard_shows_bot_price_and_ladder(size: tuple[int, int]) -> None:
    world = await World().start("2400", "2388")
    app = await opened(world)
    async with app.run_test(size=size):
        await until(lambda: "resting" in text(app, "ladder"))
        assert "● running" in text(app, "bots")
        assert "2,388" in text(app, "bots")
        ladder = text(app, "ladder")
        assert "▶" in ladder
        assert "2,400.00" in ladder
        assert "1×" in ladder
        assert "PAPER" in text(app, "header")
        assert "▲ bought" in text(app, "ticker")
    await world.engine.stop()


async def test_keys_pause_resume_stop_and_start_the_bot() -> None:
    world = await World().start("2400")
    app = await opened(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: "grid" in app.feed.bots)

        async def press(key: str, state: BotState, live: int) -> None:
            await pilot.press(*key.split())
            await until(
                lambda: (
                    app.feed.bots["grid"].state is state
                    and app.feed.bots["grid"].open_orders == live
                )
            )

        await press("p", BotState.PAUSED, 0)
        await press("r", BotState.RUNNING, 6)
        await pilot.press("s")
        await pilot.pause()
        await pilot.press("escape")
        assert app.feed.bots["grid"].state is BotState.RUNNING
        await pilot.press("s")
        await pilot.pause()
        await press("enter", BotState.STOPPED, 0)
        await press("S", BotState.RUNNING, 6)
    await world.engine.stop()


async def test_emergency_needs_the_typed_word() -> None:
    world = await World().start("2400")
    app = await opened(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "grid" in app.feed.bots)
        await pilot.press("!")
        await pilot.pause()
        await pilot.press(*"YES", "enter")
        await pilot.pause()
        assert not world.engine.emergency.latched
        await pilot.press("!")
        await pilot.pause()
        await pilot.press(*"EMERGENCY", "enter")
        await until(lambda: "verified" in world.engine.emergency.progress)
        assert world.resting() == {}
    await world.engine.stop()


async def test_enter_escape_theme_help_and_quit() -> None:
    world = await World().start("2400")
    app = await opened(world)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(lambda: "grid" in app.feed.bots)
        await pilot.press("enter")
        await until(lambda: "equity" in text(app, "bot-figures"))
        await pilot.press("escape")
        await until(lambda: not app.live.is_bot_open)
        before = app.theme
        await pilot.press("t")
        assert app.theme != before
        await pilot.press("?")
        await pilot.pause()
        await pilot.press("escape")
        for width, height in ((20, 5), (200, 60), (40, 10), (80, 24)):
            await pilot.resize_terminal(width, height)
        await pilot.press("q")
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause()
    assert app.return_value is Farewell.STOP_CANCEL_ORDERS
    await world.engine.stop()
