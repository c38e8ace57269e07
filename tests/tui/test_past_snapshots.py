"""How the replay and backtest screens look, cell by cell."""

import pytest

from nimbus_tui.control.backtests import RunState
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.tui.viewmodels.backtest_form import Form
from tests.tui.bench_world import BTC, result, run, setup, swept
from tests.tui.opened import opened, settled
from tests.tui.past_world import past_world
from tests.tui.scripted_client import ScriptedClient
from tests.tui.test_snapshots import THEMES, check, picture
from tests.tui.waiting import until

SIZES = [(80, 24), (200, 60)]
OF_EACH = pytest.mark.parametrize("theme", THEMES)
AT_EACH = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@OF_EACH
@AT_EACH
async def test_the_past_looks_as_it_did(size: tuple[int, int], theme: str) -> None:
    world = await past_world()
    async with opened(LocalClient(world.engine), size, theme=theme) as (app, pilot):
        await pilot.press("8")
        await until(lambda: app.past.marks is not None)
        before = app.past.asked
        await pilot.press("F")
        await until(lambda: app.past.asked > before and app.past.marks is not None)
        await settled(app, pilot)
        check(f"replay-{size[0]}x{size[1]}-{theme}", picture(app))
        await pilot.press("v", "v")
        await settled(app, pilot)
        check(f"replay-risk-{size[0]}x{size[1]}-{theme}", picture(app))
        await pilot.press("g")
        await settled(app, pilot)
        check(f"replay-time-{size[0]}x{size[1]}-{theme}", picture(app))
    await world.engine.stop()


@OF_EACH
@AT_EACH
async def test_backtests_look_as_they_did(size: tuple[int, int], theme: str) -> None:
    async with opened(ScriptedClient(), size, theme=theme) as (app, pilot):
        await pilot.press("7")
        await until(lambda: app.live.is_backtest_open and app.backtests.setup is not None)
        tests, name = app.backtests, f"{size[0]}x{size[1]}-{theme}"
        tests.form = Form(setup(), {BTC: "/data/BTCUSDC.csv"})
        tests.runs = (
            run(1, pnl=result().bots[0].bot.equity - 10_000),
            run(2, pnl=result(2, "80.25", "0.8").bots[0].bot.equity - 10_000),
            swept(),
            run(4, RunState.FAILED, problem="ETH/USDC: there is no file /data/x.csv"),
        )
        tests.results = {1: result(), 2: result(2, "80.25", "0.8")}
        app.live.backtest.scroll_rows(len(app.live.backtest.rows))
        for pane in ("curve", "falls", "figures", "trades"):
            app.live.backtest._show_pane(pane)
            tests.changed()
            await settled(app, pilot)
            if size == SIZES[0] or pane == "curve":
                check(f"backtest-{pane}-{name}", picture(app))
        tests.mark(1)
        tests.mark(2)
        app.live.backtest.show_compared()
        await settled(app, pilot)
        check(f"backtest-compared-{name}", picture(app))
        app.live.backtest.scroll_rows(2)
        app.live.backtest._show_pane("curve")
        await settled(app, pilot)
        check(f"backtest-map-{name}", picture(app))
        app.live.backtest._cursor = 1
        await pilot.press("enter")
        await settled(app, pilot)
        check(f"backtest-file-{name}", picture(app))
