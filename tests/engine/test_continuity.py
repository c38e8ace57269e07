"""A config that no longer fits the journal, and a venue that knows more than the journal."""

from decimal import Decimal
from typing import Any

from nimbus_tui.control.commands import PauseBot
from nimbus_tui.core.fill import Fill
from nimbus_tui.engine.engine import Engine
from nimbus_tui.journal.sqlite import SqliteJournal
from tests.engine.faults import CrashWorld
from tests.simulation.worlds import instrument

SYMBOL = "ETH/USDC:USDC"


def without_its_bot(world: CrashWorld) -> CrashWorld:
    """The next process, whose config has lost the bot."""
    again = world.reborn()
    engine = again.engine
    again.engine = Engine(
        engine.settings,
        clock=again.clock,
        journal=again.memory,
        exchanges=engine.exchanges,
        bots=[],
        chance=engine.chance,
    )
    again.exchange.settle = again.engine.settle
    return again


def errors(world: CrashWorld) -> list[str]:
    return [event.message for event in world.memory.events(types=["error"])]


async def test_a_bot_that_left_the_config_with_orders_is_named_and_loses_no_fill() -> None:
    world = await CrashWorld().start("2400")
    gone = await without_its_bot(world).start("2388", "2389")
    (line,) = [line for line in errors(gone) if line.startswith("grid ")]
    assert "no longer in the config" in line
    assert "6 live orders" in line
    assert len(await gone.exchange.open_orders()) == 5
    back = await world.reborn().start("2389")
    assert back.bot.position(SYMBOL) == Decimal("0.0418")
    assert back.resting()["grid/0/c2"] == ("sell", Decimal(2400))


async def test_a_bot_that_left_the_config_flat_and_without_orders_is_nobodys_business() -> None:
    world = await CrashWorld(trigger_price=Decimal(100)).start("2400")
    gone = await without_its_bot(world).start("2400")
    assert errors(gone) == []


async def test_a_bot_whose_symbol_has_changed_is_refused_and_touches_nothing() -> None:
    world = await CrashWorld().start("2400", "2388")
    resting = await world.exchange.open_orders()
    changed: Any = CrashWorld(
        instrument("BTC/USDC:USDC", tick_size=Decimal("0.1")),
        journal=world.memory,
        store=world.store,
        start_ns=world.clock.now(),
    )
    await changed.start("60000", "60001")
    assert changed.engine.bots == {}
    (line,) = errors(changed)
    assert "ETH/USDC:USDC" in line
    assert "BTC/USDC:USDC" in line
    assert await changed.exchange.open_orders() == resting
    refused = await changed.engine.execute(PauseBot("grid"))
    assert "BTC/USDC:USDC" in refused.message


async def test_after_a_lost_journal_an_id_the_venue_knows_is_taken_over_and_never_doubled() -> None:
    world = await CrashWorld().start("2400", "2388")
    lost = world.reborn(journal=SqliteJournal.open(":memory:"))
    await lost.start("2389")
    await lost.tick("2389.5", "2389.5", "2390")
    assert lost.bot.position(SYMBOL) == Decimal("0.0418")
    at_venue = {
        report.client_order_id: (report.side.value, report.price)
        for report in await lost.exchange.open_orders()
    }
    known = {o.client_order_id: (o.side.value, o.price) for o in lost.bot.keeper.live.values()}
    assert known.items() <= at_venue.items()
    assert len(known) == 5
    assert not lost.bot.standing.is_paused
    assert len(set(at_venue.values())) == len(at_venue)


async def test_a_fill_of_an_order_of_ours_that_nobody_knows_is_told_once_and_kept() -> None:
    world = await CrashWorld().start("2400")
    tag = world.engine.order_managers["sim"].engine_tag
    stray = Fill(
        exchange="sim",
        trade_id="t9",
        client_order_id=f"{tag}ffffffffffffffffffffffffff",
        symbol=SYMBOL,
        side=world.bot.keeper.live["grid/-1/c1"].side,
        price=Decimal(2388),
        quantity=Decimal("0.01"),
        fee=Decimal(0),
        fee_asset="USDC",
        maker=True,
        ts=1,
    )
    for _ in range(3):
        world.exchange.tell_fill(stray)
        await world.engine.settle()
    (warning,) = world.memory.events(types=["warning"])
    assert "buy 0.01 ETH/USDC:USDC at 2388" in warning.message
    assert world.memory.unclaimed_fills() == [stray]
    assert world.bot.position(SYMBOL) == 0
