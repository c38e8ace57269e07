"""How the tables look, cell by cell; `test_snapshots.py` says how the pictures are rewritten."""

import msgspec
import pytest

from nimbus_tui.control.snapshots import ExchangeSnapshot
from nimbus_tui.core import events as ev
from nimbus_tui.core.ids import BotId
from tests.tui.opened import opened, settled
from tests.tui.scripted_client import ScriptedClient
from tests.tui.test_snapshots import THEMES, check, picture
from tests.tui.waiting import until


def busy() -> ScriptedClient:
    """Three venues, one of them away, and an error that takes several lines."""
    client = ScriptedClient()
    (sim,) = client.engine.exchanges
    away = ExchangeSnapshot(
        name="hl-test", type="hyperliquid", link="disconnected", ping_ms=None, data_age_ms=61_000.0,
        reconnects=4, rate_used=0.0, detail="tries again in 8 s: the line broke",
    )  # fmt: skip
    slow = ExchangeSnapshot(
        name="hl", type="hyperliquid", link="connected", ping_ms=231.0, data_age_ms=7_200.0,
        reconnects=1, rate_used=0.86, clock_offset_ms=-1_250.0,
    )  # fmt: skip
    client.engine = msgspec.structs.replace(client.engine, exchanges=(sim, slow, away))
    client.tell(ev.Disconnected(exchange="hl-test", reason="the line broke"))
    error = "the venue's answer could not be read: " + "a word and another " * 6
    client.tell(ev.Error(bot_id=BotId("eth-grid"), message=error, detail="line one\n  line two"))
    return client


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_tables_look_as_they_did(size: tuple[int, int], theme: str) -> None:
    async with opened(busy(), size, theme=theme) as (app, pilot):
        name = f"{size[0]}x{size[1]}-{theme}"
        for key, at in (("3", "orders"), ("4", "fills"), ("5", "connections"), ("6", "events")):
            await pilot.press(key)
            await until(lambda: bool(app.live.table and app.live.table.source.has_answer))
            await settled(app, pilot)
            await pilot.press("down")
            await settled(app, pilot)
            check(f"{at}-{name}", picture(app))
        await pilot.press("home", "enter")
        await settled(app, pilot)
        check(f"event-{name}", picture(app))
        await pilot.press("escape", "3", *"o/side:sell")
        await until(lambda: len(app.live.tables["orders"].shown) == 11)
        await settled(app, pilot)
        check(f"orders-filter-{name}", picture(app))
        await pilot.press("enter", "c")
        await settled(app, pilot)
        check(f"orders-cancel-{name}", picture(app))
        await pilot.press("escape", "escape", "A", "s")
        await settled(app, pilot)
        check(f"marked-{name}", picture(app))
