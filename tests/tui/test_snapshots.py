"""How the screens look, cell by cell: text, and below it one letter per cell for its colours.

`NIMBUS_UPDATE_SNAPSHOTS=1 pytest tests/tui/test_snapshots.py` rewrites the pictures; look at the
difference before it is committed.
"""

import os
from pathlib import Path
from string import ascii_letters

import msgspec
import pytest
from rich.style import Style

from nimbus_tui.core.ids import BotId
from nimbus_tui.tui.app import NimbusApp
from tests.tui.opened import opened, settled
from tests.tui.scripted_client import SECOND, START, ScriptedClient
from tests.tui.scripted_panels import BASKET, DCA, MARTINGALE, PLUGIN, with_all_kinds
from tests.tui.scripted_risk import blind, calm, latched, refusing, story, throttled
from tests.tui.waiting import until

FOLDER = Path(__file__).parent / "snapshots"
PLACES = [(80, 24), (120, 40), (200, 60)]
THEMES = ["nimbus-dark", "nimbus-light"]
LETTERS = "." + ascii_letters + "0123456789"


def colours(style: Style | None) -> str:
    """`#rrggbb on #rrggbb`, and whether it is bold."""
    if style is None:
        return "none"
    fore = style.color.triplet.hex if style.color and style.color.triplet else "default"
    back = style.bgcolor.triplet.hex if style.bgcolor and style.bgcolor.triplet else "default"
    return f"{fore} on {back}{' bold' if style.bold else ''}"


def picture(app: NimbusApp) -> str:
    """The screen as text, as colours, and what the letters of the colours mean."""
    legend: dict[str, str] = {}
    words, tones = [], []
    for strip in app.screen._compositor.render_strips():
        words.append(strip.text.rstrip())
        row = ""
        for segment in strip:
            known = colours(segment.style)
            letter = legend.setdefault(known, LETTERS[len(legend)])
            row += letter * segment.cell_length
        tones.append(row)
    meaning = [f"{letter} {known}" for known, letter in legend.items()]
    return "\n".join([*words, "-" * 20, *tones, "-" * 20, *meaning, ""])


def check(name: str, seen: str) -> None:
    path = FOLDER / f"{name}.txt"
    if os.environ.get("NIMBUS_UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(seen, "utf-8")
    assert path.read_text("utf-8") == seen, f"{path.name} looks different"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", PLACES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_dashboard_and_bot_look_as_they_did(size: tuple[int, int], theme: str) -> None:
    client = ScriptedClient()
    async with opened(client, size, theme=theme) as (app, pilot):
        name = f"{size[0]}x{size[1]}-{theme}"
        check(f"dashboard-{name}", picture(app))
        await pilot.press("enter")
        await until(lambda: app.live.is_bot_open)
        await pilot.pause()
        await settled(app, pilot)
        check(f"bot-{name}", picture(app))


KINDS = {"timeline": DCA, "drift": BASKET, "steps": MARTINGALE, "plan": PLUGIN}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", PLACES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_panel_and_the_chart_of_every_kind_look_as_they_did(
    size: tuple[int, int], theme: str
) -> None:
    client = with_all_kinds(ScriptedClient())
    async with opened(client, size, theme=theme) as (app, pilot):
        await pilot.press("enter", "left")
        for kind, bot_id in KINDS.items():
            app.select(bot_id)
            await until(lambda bot_id=bot_id: _has_all(app, bot_id))  # type: ignore[misc]
            await settled(app, pilot)
            check(f"{kind}-{size[0]}x{size[1]}-{theme}", picture(app))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_risk_screen_and_the_risk_of_a_bot_look_as_they_did(
    size: tuple[int, int], theme: str
) -> None:
    client, name = ScriptedClient(), f"{size[0]}x{size[1]}-{theme}"
    snapshot = calm(list(client.bots), START)
    client.risk_now = refusing(blind(throttled(snapshot, "btc-perp"), "sol-wide"))
    for event in story("btc-perp", START - 60 * SECOND):
        client.tell(msgspec.structs.replace(event, seq=0))
    async with opened(client, size, theme=theme) as (app, pilot):
        await pilot.press("down", "left")
        await until(lambda: "87%" in app.live.dashboard.risk.text)
        await settled(app, pilot)
        check(f"risk-panel-{name}", picture(app))
        for pane in ("risk", "risk-ladder", "risk-history"):
            await pilot.press("2" if pane == "risk" else "v")
            await settled(app, pilot)
            check(f"{pane}-{name}", picture(app))
        await pilot.press("v")
        client.risk_now = latched(snapshot, "order nb7 of eth-grid on sim", "0.4133 ETH on sim")
        await client.change_engine(emergency="still there: order nb7 of eth-grid on sim")
        await until(lambda: "2 still there" in app.live.risk.banner.text)
        await settled(app, pilot)
        check(f"risk-emergency-{name}", picture(app))


def _has_all(app: NimbusApp, bot_id: BotId) -> bool:
    detail = app.feed.detail
    return detail is not None and detail.bot_id == bot_id and bool(app.feed.curve)
