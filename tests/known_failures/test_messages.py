"""Messages that never come, and look-ups that don't know: what the venue did is found out."""

from decimal import Decimal

import pytest

from nimbus_tui.control.commands import StopBot
from nimbus_tui.core.order import OrderState, RefusalKind, Refused
from nimbus_tui.simulation.faults import FaultKind
from nimbus_tui.strategies.dca import DcaStrategy
from nimbus_tui.strategies.dca_config import DcaConfig
from tests.known_failures.stories import BOT, WEAK, Story, in_virtual_time
from tests.simulation.worlds import instrument

GRID = 6
"""Orders of the grid of the stories."""


@pytest.mark.parametrize(("size", "bought"), [("0", "0.0418"), ("0.02", "0.02")])
@in_virtual_time
async def test_f15_fills_that_overtook_a_cancel_are_read_after_it(size: str, bought: str) -> None:
    story = await Story().start("2400")
    story.line.is_deaf = True
    story.fate.told[FaultKind.CANCEL_RACE] = GRID
    await story.engine.execute(StopBot(BOT))
    await story.wait(0.5)
    await story.trade("2388", size)
    assert (story.position, story.truth) == (0, Decimal(bought))
    await story.wait(5)
    assert story.position == Decimal(bought)
    assert story.resting() == {}
    assert await story.venue.open_orders() == []
    await story.ends_well()


@in_virtual_time
async def test_f16_an_order_that_the_venue_denies_for_half_an_hour_is_not_sent_again() -> None:
    story = Story(capabilities=WEAK)
    story.fate.told[FaultKind.ANSWER_LOST] = GRID
    story.prepare = lambda line: setattr(line, "denies", lambda _: True)
    await story.start()
    story.line.is_deaf = True
    await story.tick("2400")
    for minute in range(29):
        if minute == 10:
            await story.kill()
            await story.start()
            story.line.is_deaf = True
        await story.wait(59)
        await story.tick(f"240{minute % 2}")
        assert len(story.sent) == GRID
        assert len(await story.venue.open_orders()) == GRID
    story.line.denies = lambda _: False
    story.line.is_deaf = False
    await story.wait(60)
    await story.tick("2400", "2388")
    assert story.position == story.truth == Decimal("0.0418")
    assert max(story.sent_keys().values()) == 1
    await story.ends_well()


@in_virtual_time
async def test_f16_an_order_that_never_arrived_is_sent_again_under_its_own_id_and_only_then() -> (
    None
):
    story = Story(capabilities=WEAK)
    story.fate.told[FaultKind.REQUEST_LOST] = GRID
    await story.start("2400")
    await story.wait(1790)
    await story.tick("2400")
    assert len(story.sent) == GRID
    await story.wait(120)
    await story.tick("2400")
    ids = [request.client_order_id for request in story.sent]
    assert len(ids) == 2 * GRID
    assert sorted(ids[:GRID]) == sorted(ids[GRID:])
    assert len(await story.venue.open_orders()) == GRID
    await story.ends_well()


@in_virtual_time
async def test_f16_a_refusal_proves_nothing_while_a_lost_try_may_be_there_under_that_id() -> None:
    story = Story(capabilities=WEAK)
    refused = Refused(RefusalKind.INVALID, "not now")
    story.prepare = lambda line: setattr(line, "refuse", lambda _: refused)
    await story.start("2400", "2401", "2400")
    await story.wait(300)
    await story.tick("2401", "2400")
    # The first orders of a life may have been sent before a power cut took the journal's tail.
    assert {order.state for order in story.bot.keeper.live.values()} == {OrderState.UNKNOWN}
    assert len(story.sent) == GRID
    story.line.refuse = lambda _: None
    await story.wait(1800)
    await story.tick("2401", "2400")
    assert len(story.resting()) == GRID
    await story.ends_well()


@pytest.mark.parametrize("size", ["0", "0.02"])
@in_virtual_time
async def test_f19_one_comparison_repairs_what_a_dropped_socket_missed(size: str) -> None:
    story = await Story().start("2400")
    await story.wait(70)
    story.line.drop()
    await story.trade("2388", size)
    assert (story.position, len(story.audit.fills)) == (0, 1)
    reads = story.line.reads["open_orders"]
    await story.wait(5)
    assert story.position == story.truth != 0
    assert story.line.reads["open_orders"] == reads + 1
    await story.tick("2389")
    assert ("grid/0/c2" in story.resting()) == (size == "0" or story.truth * 2400 >= 10)
    assert [type(event).__name__ for event in story.events].count("OrderFilled") == 1
    await story.ends_well()


@in_virtual_time
async def test_a_slot_that_falls_due_while_out_of_step_waits_without_being_asked_for() -> None:
    traded = instrument("ETH/USDC")
    config = DcaConfig(symbol=traded.symbol, order_quote=Decimal(240), interval="1m", max_orders=3)
    story = Story(lambda _: DcaStrategy(BOT, config, {traded.symbol: traded}), traded=traded)
    await story.start("2400", "2400")
    story.line.cannot_read = True
    story.line.drop()
    await story.wait(90)
    assert len(story.sent) == 1
    story.line.cannot_read = False
    await story.wait(60)
    await story.tick("2400", "2400")
    assert len(story.sent) > 1
    await story.ends_well()
