"""Processes that die: the next one knows what the last one had, and invents nothing."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from nimbus_tui.control.commands import FlattenBot, StartBot
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.core.order import OrderRequest, OrderType, Side
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.martingale import MartingaleStrategy
from nimbus_tui.strategies.martingale_steps import MartingaleConfig
from tests.known_failures.stories import BOT, Story, in_virtual_time

STOP = RiskLimits(stop_loss=Decimal(5))
FACTS = ["orderPlaced", "orderFilled", "orderCancelled", "orderRejected", "positionUpdate"]


@in_virtual_time
async def test_f04_after_a_kill_the_grid_goes_on_and_its_stop_still_holds() -> None:
    story = await Story(limits=STOP).start("2400", "2388")
    before, sent = story.resting(), len(story.sent)
    await story.kill()
    await story.start("2389")
    assert (story.resting(), len(story.sent)) == (before, sent)
    await story.ends_well()
    await story.kill()
    await story.start("2250", "2250", "2250")
    assert story.position == story.truth == 0
    assert await story.venue.open_orders() == []
    await story.ends_well()


@pytest.mark.parametrize("moment_s", [0.0, 0.001, 0.006, 0.011, 0.05])
@in_virtual_time
async def test_f04_a_kill_in_the_middle_of_a_close_leaves_no_orphan(moment_s: float) -> None:
    story = await Story().start("2400", "2388")
    await story.engine.execute(FlattenBot(BOT))
    await story.wait(moment_s)
    await story.kill()
    await story.start("2387")
    await story.wait(30)
    await story.tick("2386", "2386")
    assert story.position == story.truth == 0
    assert await story.venue.open_orders() == []
    await story.ends_well()


@in_virtual_time
async def test_f05_three_restarts_with_a_position_change_no_book() -> None:
    story = await Story().start("2400", "2388")
    books, fills = story.bot.books, story.journal.fills()
    for _ in range(3):
        await story.kill()
        await story.start("2389")
        await story.wait(70)
        assert (story.bot.books, story.journal.fills()) == (books, fills)
        assert story.truth == story.position == Decimal("0.0418")
    await story.ends_well()


@in_virtual_time
async def test_f06_a_history_that_explains_nothing_hides_no_working_order() -> None:
    story = await Story(levels=7).start("2400", "2388")
    before, sent = await story.venue.open_orders(), len(story.sent)
    assert len(before) == 14
    somebody = OrderRequest(
        client_order_id=ClientOrderId("by-hand"),
        symbol=story.traded.symbol,
        side=Side.SELL,
        quantity=Decimal(1),
        type=OrderType.MARKET,
    )
    await story.kill()
    await story.venue.place_order(somebody)
    story.prepare = lambda line: setattr(line, "has_no_history", True)
    await story.start("2389", "2389")
    await story.wait(70)
    assert await story.venue.open_orders() == before
    assert (len(story.resting()), len(story.sent)) == (14, sent)
    assert story.line.cancelled == []
    assert story.position == Decimal("0.0418")


@in_virtual_time
async def test_f07_the_same_venue_told_again_is_no_event_and_no_new_id() -> None:
    story = await Story().start("2400", "2388", "2401", "2376")
    happened, sent = story.journal.events(types=FACTS, limit=-1), list(story.sent)
    assert len(happened) > 10
    for _ in range(3):
        story.line.drop()
        await story.wait(70)
        await story.kill()
        await story.start("2377")
        for report in list(story.reports):
            story.line.report(report)
        for fill in story.audit.fills:
            story.line.fill(fill)
        await story.tick("2378")
    assert story.journal.events(types=FACTS, limit=-1) == happened
    assert story.sent == sent
    await story.ends_well()


@in_virtual_time
async def test_f23_a_market_order_off_every_level_does_not_stop_a_restart() -> None:
    story = await Story().start("2400", "2388")
    await story.engine.execute(FlattenBot(BOT))
    await story.wait(0.1)
    await story.trade("2391.37", size="0.01")
    assert story.position == Decimal("0.0318")
    await story.kill()
    await story.start("2393.11", "2393.12")
    assert story.position == story.truth == 0
    await story.engine.execute(StartBot(BOT))
    await story.tick("2394")
    for _ in range(2):
        await story.kill()
        await story.start("2395")
    assert len(story.resting()) == 6
    await story.ends_well()


def martingale(limits: dict[str, Any], traded: Any) -> MartingaleStrategy:
    config = MartingaleConfig(
        symbol=traded.symbol,
        base_quote=Decimal(100),
        max_steps=2,
        step_percent=Decimal(2),
        take_profit=Decimal(1),
        **limits,
    )
    return MartingaleStrategy(BOT, config, {traded.symbol: traded})


@pytest.mark.parametrize(
    ("prices", "limits"),
    [
        (("2430", "2430"), RiskLimits()),
        (("2200", "2200", "2200"), RiskLimits(stop_loss=Decimal(5))),
    ],
)
@in_virtual_time
async def test_f25_take_profit_and_stop_loss_outlive_the_process(
    prices: tuple[str, ...], limits: RiskLimits
) -> None:
    story = await Story(partial(martingale, {}), limits=limits).start("2400", "2400")
    await story.tick("2401")
    protective = {key: price for key, price in story.resting().items() if "tp" in key}
    assert len(protective) == 1
    ids = {one.client_order_id for one in await story.venue.open_orders()}
    await story.kill()
    await story.start()
    assert protective.items() <= story.resting().items()
    assert {one.client_order_id for one in await story.venue.open_orders()} == ids
    first = story.truth
    await story.tick(*prices)
    closed = [fill for fill in story.audit.fills if fill.side is Side.SELL]
    assert sum(fill.quantity for fill in closed) >= first
    await story.ends_well()
