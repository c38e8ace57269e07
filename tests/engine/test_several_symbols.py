"""Bots of several symbols in the engine, and what a restart leaves alone."""

from decimal import Decimal

from nimbus_tui.control.commands import FlattenBot, PauseBot, StopBot
from nimbus_tui.core.market import Tick
from nimbus_tui.core.order import OrderType
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from tests.simulation.portfolio_world import PRICES, SECOND, PortfolioWorld


async def test_a_backtest_opens_the_books_when_the_last_symbol_has_its_first_price() -> None:
    world = PortfolioWorld()
    ticks = [
        Tick((i + 1) * SECOND, f"{coin}/USDC", Decimal(PRICES[coin]), Decimal(0))
        for i, coin in enumerate([*PRICES, *PRICES])
    ]
    await world.backtest(ticks)
    assert [fill.ts for fill in world.fills()] == [(5 + i) * SECOND for i in range(4)]


async def test_after_a_restart_orders_rest_until_every_symbol_has_a_price() -> None:
    world = await PortfolioWorld(order_type=OrderType.LIMIT).start()
    resting = world.resting()
    assert len(resting) == 4
    await world.crash()
    assert world.resting() == resting
    higher = {"BTC": "50100", "ETH": "2501", "SOL": "100.1", "MATIC": "0.501"}
    await world.tick(higher)
    assert world.resting() == resting
    assert world.told("orderCancelled") == []


async def test_a_stopped_bot_needs_no_price_after_a_restart_to_cancel_its_orders() -> None:
    world = await PortfolioWorld(
        order_type=OrderType.LIMIT, venue=PaperSettings(latency_ms=1000)
    ).start()
    await world.wait(2 * SECOND)
    await world.engine.execute(StopBot("pf"))  # the cancels are on their way
    await world.crash()
    assert len(await world.exchange.open_orders()) == 4
    await world.wait(5 * SECOND)
    assert await world.exchange.open_orders() == []


async def test_a_closing_order_that_is_refused_waits_before_its_next_try() -> None:
    world = await PortfolioWorld().start()
    await world.tick(PRICES)
    world.exchange.transfer("BTC", -world.bot.position("BTC/USDC"))
    await world.engine.execute(FlattenBot("pf"))
    await world.engine.settle()
    tries = [order for order in world.journal.orders(limit=-1) if order.key == "close/1"]
    assert [order.state.value for order in tries] == ["rejected"]
    assert world.bot.waking.next_time() == world.clock.now() + SECOND
    await world.wait(3 * SECOND)
    tries = [order for order in world.journal.orders(limit=-1) if order.key == "close/1"]
    assert len(tries) == 3


async def test_a_cancel_that_never_left_is_sent_after_a_restart() -> None:
    world = await PortfolioWorld(
        order_type=OrderType.LIMIT, venue=PaperSettings(latency_ms=1000)
    ).start()
    await world.wait(2 * SECOND)
    assert len(await world.exchange.open_orders()) == 4
    await world.engine.execute(PauseBot("pf"))  # the cancels are journalled and on their way
    await world.crash()
    assert len(await world.exchange.open_orders()) == 4
    await world.tick(PRICES | {"BTC": "50100"})
    await world.wait(2 * SECOND)
    assert await world.exchange.open_orders() == []


async def test_prices_of_other_symbols_reach_the_bot_without_a_turn() -> None:
    world = await PortfolioWorld().start()
    await world.tick(PRICES)
    await world.tick({"SOL": "101", "BTC": "50001"})
    assert world.bot.marks() == {
        "BTC/USDC": 50_001, "ETH/USDC": 2500, "SOL/USDC": 101, "MATIC/USDC": Decimal("0.5"),
    }  # fmt: skip
