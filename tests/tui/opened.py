"""The app on a scripted engine, and what its screen says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from nimbus_tui.config.locations import shipped
from nimbus_tui.tui.app import NimbusApp
from nimbus_tui.tui.options import ScreenOptions
from tests.tui.scripted_client import ScriptedClient
from tests.tui.waiting import until


def app_on(client: ScriptedClient, **options: Any) -> NimbusApp:
    """An app with the shipped themes."""
    defaults: dict[str, Any] = {"title": "scripted", "theme_folders": (shipped("themes"),)}
    return NimbusApp(client, ScreenOptions(**(defaults | options)))


@asynccontextmanager
async def opened(
    client: ScriptedClient | None = None,
    size: tuple[int, int] = (80, 24),
    *,
    has_bots: bool = True,
    **options: Any,
) -> AsyncIterator[tuple[NimbusApp, Pilot[Any]]]:
    """The app with its first bot's ladder on the screen."""
    app = app_on(client or ScriptedClient(), **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(lambda: (app.feed.detail is not None) if has_bots else app.feed.answers > 0)
        await settled(app, pilot)
        yield app, pilot


async def settled(app: NimbusApp, pilot: Pilot[Any]) -> None:
    """Everything known is painted and laid out: three looks in a row see the same."""
    seen: list[object] = []
    while len(seen) < 3 or seen[-1] != seen[-2] or seen[-2] != seen[-3]:
        app.repaint_now()
        await pilot.pause()
        seen.append([list(strip) for strip in app.screen._compositor.render_strips()])


def rows(app: NimbusApp) -> list[str]:
    """The screen's rows as text, as a terminal would show them."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def text(app: NimbusApp) -> str:
    """The whole screen as text."""
    return "\n".join(rows(app))
