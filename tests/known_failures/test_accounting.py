"""What is owned and earned: nothing is forgotten, and only trades, fees and funding earn."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nimbus_tui.accounting.performance import max_drawdown
from nimbus_tui.control.commands import FlattenBot, StopBot
from nimbus_tui.control.snapshots import BotState
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import CancelRequest, OrderType
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.engine.statistics import statistics_of
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.dca import DcaStrategy
from nimbus_tui.strategies.dca_config import DcaConfig
from nimbus_tui.strategies.grid import GridStrategy
from nimbus_tui.strategies.grid_levels import GridConfig, InitialInventory
from nimbus_tui.strategies.martingale import MartingaleStrategy
from nimbus_tui.strategies.martingale_steps import MartingaleConfig
from nimbus_tui.strategies.portfolio import PortfolioStrategy
from nimbus_tui.strategies.portfolio_weights import PortfolioConfig
from tests.known_failures.stories import BOT, Story, in_virtual_time
from tests.simulation.worlds import World, instrument

SPOT = instrument("ETH/USDC")
LIMIT = OrderType.LIMIT


def grid(traded: Instrument) -> Any:
    config = GridConfig(
        symbol=traded.symbol,
        levels=3,
        spacing=Decimal("0.5"),
        quote_size=Decimal(100),
        initial_inventory=InitialInventory.NONE,
    )
    return GridStrategy(BOT, config, {traded.symbol: traded})


def dca(traded: Instrument) -> Any:
    config = DcaConfig(
        symbol=traded.symbol,
        order_quote=Decimal(100),
        interval="24h",
        order_type=LIMIT,
        offset_percent=Decimal("0.4"),
        max_orders=3,
    )
    return DcaStrategy(BOT, config, {traded.symbol: traded})


def martingale(traded: Instrument) -> Any:
    config = MartingaleConfig(
        symbol=traded.symbol,
        base_quote=Decimal(100),
        max_steps=2,
        step_percent=Decimal(2),
        take_profit=Decimal(1),
        order_type=LIMIT,
    )
    return MartingaleStrategy(BOT, config, {traded.symbol: traded})


def portfolio(traded: Instrument) -> Any:
    config = PortfolioConfig(
        quote="USDC", targets={"ETH": Decimal(50), "USDC": Decimal(50)}, order_type=LIMIT
    )
    return PortfolioStrategy(BOT, config, {traded.symbol: traded})


@pytest.mark.parametrize("make", [grid, dca, martingale, portfolio])
@pytest.mark.parametrize("way", ["stopped", "cancelled by the venue"])
@in_virtual_time
async def test_f03_a_part_under_the_least_order_is_kept_as_dust_and_nothing_hangs(
    make: Callable[[Instrument], Any], way: str
) -> None:
    story = await Story(make, traded=SPOT, capital=Decimal(1000)).start("2400")
    await story.tick("2388", size="0.002")
    assert story.truth == Decimal("0.002")
    if way == "stopped":
        await story.engine.execute(StopBot(BOT))
    else:
        for order in await story.venue.open_orders():
            await story.venue.cancel_order(
                CancelRequest(client_order_id=order.client_order_id, symbol=order.symbol)
            )
    await story.wait(2)
    assert story.position == Decimal("0.002")
    assert statistics_of(story.bot, story.clock.now())["dust"] == "0.0020 ETH"
    await story.engine.execute(FlattenBot(BOT))
    await story.wait(600)
    assert story.bot.standing.state is BotState.STOPPED
    assert story.position == story.truth == Decimal("0.002")
    assert statistics_of(story.bot, story.clock.now())["dust"] == "0.0020 ETH"
    await story.kill()
    await story.start("2388")
    assert story.bot.standing.state is BotState.STOPPED
    assert statistics_of(story.bot, story.clock.now())["dust"] == "0.0020 ETH"
    assert [request for request in story.sent if request.type is OrderType.MARKET] == []
    await story.ends_well()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-30, 30), min_size=2, max_size=25))
def test_f12_the_drawdown_of_a_run_is_that_of_the_equity_curve(moves: list[int]) -> None:
    in_virtual_time(_a_run)(moves)


async def _a_run(moves: list[int]) -> None:
    prices = [Decimal(2400)]
    for move in moves:
        prices.append(prices[-1] + move)
    ticks = [
        Tick((number + 1) * 1_000_000_000, "ETH/USDC:USDC", price, Decimal(0))
        for number, price in enumerate(prices)
    ]
    world = World(capital=Decimal(1000))
    result = await world.backtest(ticks)
    fills, curve = world.engine.journal.fills(limit=-1), []
    for tick in ticks:
        past = [fill for fill in fills if fill.ts <= tick.ts]
        cash = sum((-fill.signed_quantity * fill.price - fill.fee for fill in past), Decimal(0))
        held = sum((fill.signed_quantity for fill in past), Decimal(0))
        curve.append((tick.ts, Decimal(1000) + cash + held * tick.price))
    worst = max_drawdown(curve)
    assert result.max_drawdown["grid"] == max_drawdown(result.bot_equity["grid"])
    assert abs(result.max_drawdown["grid"] - worst) < Decimal("1e-12")
    assert abs(world.bot.equity() - curve[-1][1]) < Decimal("1e-12")


@in_virtual_time
async def test_f29_deposits_and_withdrawals_are_neither_profit_nor_loss() -> None:
    limits = RiskLimits(stop_loss=Decimal(5), take_profit=Decimal(5))
    story = await Story(limits=limits).start("2400", "2388")
    before = statistics_of(story.bot, 0) | {"equity": story.bot.equity()}
    orders, events = story.resting(), len(story.journal.events(limit=-1))
    for amount in ("50000", "-55000", "1"):
        story.transfer("USDC", Decimal(amount))
        await story.wait(130)
        after = statistics_of(story.bot, 0) | {"equity": story.bot.equity()}
        assert after == before
    assert story.resting() == orders
    assert len(story.journal.events(limit=-1)) == events
    await story.kill()
    await story.start("2388")
    assert story.bot.equity() == before["equity"]
    await story.ends_well()


@in_virtual_time
async def test_f29_a_bot_that_never_traded_trips_nothing() -> None:
    limits = RiskLimits(stop_loss=Decimal(1), take_profit=Decimal(1))
    story = await Story(limits=limits, trigger_price=Decimal(5000)).start("2400")
    story.transfer("USDC", Decimal(-9_000))
    await story.tick("1200", "600", "2400")
    assert story.bot.standing.state is BotState.RUNNING
    (stop,) = [one for one in story.bot.risk.readings() if one.rule == "stop_loss"]
    assert (stop.measured, stop.step) == (0, RiskStep.NORMAL)
    assert story.told("stopLossTriggered") == []
    assert story.bot.books.fills == 0
    await story.ends_well()
