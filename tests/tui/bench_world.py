"""An engine with two grids' config to be backtested, on made-up prices; and results by hand."""

from decimal import Decimal
from pathlib import Path

from nimbus_tui.bootstrap import load_config
from nimbus_tui.control.backtests import (
    BacktestBot,
    BacktestedBot,
    BacktestRequest,
    BacktestResult,
    BacktestRun,
    BacktestSetup,
    RunState,
    Sweep,
    SweepCell,
)
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import (
    BotId,
    ClientOrderId,
    ExchangeName,
    OrderKey,
    Symbol,
    TradeId,
)
from nimbus_tui.core.order import Side
from nimbus_tui.engine.local_client import LocalClient
from nimbus_tui.simulation.backtest_runs import BacktestRuns
from tests.contracts.backtesting_client import prepared
from tests.simulation.worlds import World
from tests.tui.scripted_client import START, bot

ETH, BTC = Symbol("ETH/USDC"), Symbol("BTC/USDC")
DAY = 86_400_000_000_000
D = Decimal


async def bench(folder: Path) -> LocalClient:
    """A client of a started engine whose config stands in the folder, beside its prices."""
    world = await World().start("2400")
    world.engine.backtests = BacktestRuns(prepared(folder), load_config, folder / "folders.json")
    return LocalClient(world.engine)


def setup(**changes: object) -> BacktestSetup:
    """Two grids, prices for one of them."""
    figures: dict[str, object] = {
        "config": "/home/me/bots.toml",
        "bots": (
            BacktestBot(
                bot_id=BotId("eth-grid"), strategy="grid", symbols=(ETH,),
                parameters={"spacing": "0.5", "levels": "3"},
            ),
            BacktestBot(
                bot_id=BotId("btc-dca"), strategy="dca", symbols=(BTC,),
                parameters={"interval": "24h"},
            ),
        ),
        "files": {ETH: ("/data/ETHUSDC.csv", "/data/ETHUSDT.csv"), BTC: ()},
    }  # fmt: skip
    return BacktestSetup(**(figures | changes))  # type: ignore[arg-type]


def run(number: int = 1, state: RunState = RunState.DONE, **changes: object) -> BacktestRun:
    """A run of the two bots."""
    request = BacktestRequest(config="/home/me/bots.toml", data={ETH: "/data/ETHUSDC.csv"})
    figures: dict[str, object] = {"number": number, "request": request, "state": state}
    return BacktestRun(**(figures | changes))  # type: ignore[arg-type]


def swept(done: int = 6) -> BacktestRun:
    """A sweep of which so many cells are done; one grid was refused."""
    sweep = Sweep(bot_id=BotId("eth-grid"), spacings=(D("0.03"), D("0.5"), D("1")), levels=(3, 5))
    gains = ("0", "31.5", "-12.25", "0", "48.75", "3")
    cells = [
        SweepCell(
            spacing=spacing, levels=levels, pnl=D(gain), max_drawdown=D("0.0123"),
            round_trips=12, fees=D("3.21"),
        )
        if spacing > D("0.1")
        else SweepCell(spacing=spacing, levels=levels, problem="bots.toml:9:1: too small")
        for (levels, spacing), gain in zip(
            [(level, at) for level in sweep.levels for at in sweep.spacings], gains, strict=True
        )
    ]  # fmt: skip
    request = BacktestRequest(config="/home/me/bots.toml", data={ETH: "/d/E.csv"}, sweep=sweep)
    return run(
        3, RunState.DONE if done == 6 else RunState.RUNNING, request=request,
        cells=tuple(cells[:done]), share=done / 6, eta_s=90.0,
    )  # fmt: skip


def result(number: int = 1, gain: str = "120.50", spacing: str = "0.5") -> BacktestResult:
    """Ten days of a grid that fell once on its way."""
    equity = D(10_000) + D(gain)
    one = BacktestedBot(
        bot=bot("eth-grid", "ETH/USDC", "2401.37", equity=equity, capital=D(10_000)),
        parameters={"spacing": spacing, "levels": "3"},
        fills=3, orders_placed=40, orders_cancelled=30, max_drawdown=D("0.0123"),
        sharpe=1.25, win_rate=D("0.8"), profit_factor=None,
    )  # fmt: skip
    points = [
        (START + at * DAY // 4, D(10_000) + D(gain) * at / 40 - (D(90) if 12 < at < 20 else 0))
        for at in range(41)
    ]
    fills = tuple(
        Fill(
            exchange=ExchangeName("sim"), trade_id=TradeId(f"t{at}"),
            client_order_id=ClientOrderId(f"c{at}"), symbol=ETH,
            side=Side.BUY if at % 2 else Side.SELL, price=D("2391.5") + at, quantity=D("0.0833"),
            fee=D("0.04"), fee_asset="USDC", maker=True, ts=START + at * DAY,
            bot_id=BotId("eth-grid"), key=OrderKey("grid/-1/c1"),
        )
        for at in range(3)
    )  # fmt: skip
    return BacktestResult(
        number=number, ticks=57_600, seconds=1.5, first_ts=START, last_ts=START + 10 * DAY,
        bots=(one,), equity=tuple(points), fills=fills, all_fills=3,
    )  # fmt: skip
