"""The auditor finds what bookkeeping would hide, says it once, and is quiet while all is well."""

from decimal import Decimal

import msgspec
import pytest

from nimbus_tui.core.events import Error
from nimbus_tui.core.order import OrderState
from nimbus_tui.engine import auditor as auditing
from nimbus_tui.engine.snapshots import engine_snapshot
from nimbus_tui.exchanges.paper.adapter import PaperSettings
from nimbus_tui.simulation.virtual_time import LoopClock, VirtualTimeLoop
from nimbus_tui.strategies.grid_levels import InitialInventory
from tests.simulation.worlds import World, instrument

PRICES = ("2400", "2388", "2400", "2412", "2390", "2376")


def audited(world: World, times: int = 1) -> str:
    for _ in range(times):
        world.engine.auditor.check_events()
        world.engine.auditor.check(world.bot)
        world.engine.process()
    return engine_snapshot(world.engine).audit


def errors(world: World) -> list[str]:
    return [e.message for e in world.engine.journal.events(types=["error"]) if isinstance(e, Error)]


async def traded(**grid: object) -> World:
    return await World(**grid).start(*PRICES)


async def test_it_is_checking_until_it_has_looked_at_everything_once() -> None:
    world = await traded()
    assert engine_snapshot(world.engine).audit == "checking"
    assert audited(world) == "ok"
    assert errors(world) == []


@pytest.mark.parametrize("initial", [InitialInventory.BUY, InitialInventory.NONE])
async def test_on_spot_fees_in_coins_and_claims_add_up(initial: InitialInventory) -> None:
    world = await World(
        instrument("ETH/USDC"),
        balances={"USDC": Decimal(10_000), "ETH": Decimal(1)},
        venue=PaperSettings(fee_in_base=True),
        initial_inventory=initial,
    ).start(*PRICES)
    assert "ETH" in {fill.fee_asset for fill in world.fills() if fill.fee}
    assert audited(world, 2) == "ok"


async def test_coins_that_were_claimed_need_no_fill() -> None:
    world = await World(
        instrument("ETH/USDC"),
        balances={"USDC": Decimal(10_000), "ETH": Decimal(1)},
        initial_inventory=InitialInventory.EXISTING,
    ).start(*PRICES)
    assert world.bot.saved.claimed["ETH/USDC"] > 0
    assert audited(world, 2) == "ok"


async def test_a_position_that_its_fills_do_not_give_is_told_once() -> None:
    world = await traded()
    books = world.bot.saved.books
    symbol, held = next(iter(books.positions.items()))
    wrong = msgspec.structs.replace(held, quantity=held.quantity + 1)
    moved = msgspec.structs.replace(books, positions={symbol: wrong})
    world.bot.ledger.saved = msgspec.structs.replace(world.bot.saved, books=moved)
    expected = f"it holds {held.quantity + 1:f} {symbol} and its fills say {held.quantity:f}"
    assert audited(world, 3) == f"grid: {expected}"
    assert errors(world) == [f"audit: a position is the sum of its fills, but {expected}"]


async def test_what_is_put_right_is_forgotten_and_told_again_if_it_returns() -> None:
    world = await traded()
    right = world.bot.saved
    symbol = world.instrument.symbol
    wrong = msgspec.structs.replace(right, claimed={symbol: Decimal(1)})
    for saved, verdict in ((wrong, "grid: it"), (right, "ok"), (wrong, "grid: it")):
        world.bot.ledger.saved = saved
        assert audited(world).startswith(verdict)
    assert len(errors(world)) == 2


async def test_a_key_that_has_filled_more_than_its_quantity_is_found() -> None:
    world = await traded()
    assert audited(world) == "ok"
    fill = world.fills()[0]
    again = msgspec.structs.replace(fill, trade_id="twice")
    world.engine.journal.record_fill(again)
    assert any("no key fills more" in b.promise for b in world.engine.auditor._looked_at(world.bot))


async def test_a_spent_key_that_is_sent_again_is_found() -> None:
    world = await traded()
    (spent,) = world.engine.journal.orders_under("grid", world.fills()[-1].key)
    again = msgspec.structs.replace(
        spent,
        client_order_id="nbagain",
        generation=1,
        filled=Decimal(0),
        state=OrderState.CANCELLED,
    )
    world.engine.journal.save_order(again)
    assert audited(world, 2) == f"grid: {spent.key} was sent again as number 1"
    assert len(errors(world)) == 1


async def test_two_live_orders_under_a_key_and_one_that_is_forgotten_are_found() -> None:
    world = await traded()
    order = next(iter(world.bot.keeper.live.values()))
    twin = msgspec.structs.replace(order, client_order_id="nbtwin", generation=7)
    world.engine.journal.save_order(twin)
    audited(world)
    assert any("one live order per key" in message for message in errors(world))


async def test_what_rests_and_is_not_wanted_is_found_at_the_second_look() -> None:
    world = await traded()
    reviewed = world.bot.reviewed
    assert audited(world) == "ok"
    world.bot.reviewed = msgspec.structs.replace(reviewed, orders=reviewed.orders[1:])
    assert audited(world) == "ok"
    assert audited(world).startswith(f"grid: {reviewed.orders[0].key} differ")


async def test_an_event_that_is_missing_is_found() -> None:
    world = await traded()
    assert audited(world) == "ok"
    seq = world.engine.bus.seq
    await world.tick("2364")
    world.engine.journal._execute("DELETE FROM events WHERE seq = ?", (seq + 1,))
    assert "1 of the events" in audited(world, 2)
    assert len(errors(world)) == 1


async def test_it_reads_on_and_never_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "ROWS", 2)
    world = await traded()
    read: list[int] = []
    journal = world.engine.journal
    original = journal.fills_after
    monkeypatch.setattr(
        journal, "fills_after", lambda b, n, limit: read.append(n) or original(b, n, limit)
    )
    verdicts = [audited(world) for _ in range(len(world.fills()))]
    assert verdicts[0] == "checking"
    assert verdicts[-1] == "ok"
    assert read == sorted(read)
    assert read[-1] > read[0] == 0


def test_every_bot_is_looked_at_within_a_minute_and_again_in_the_next() -> None:
    loop = VirtualTimeLoop()
    looks: list[float] = []

    async def live() -> None:
        world = await traded()
        auditor, check = world.engine.auditor, world.engine.auditor.check
        world.engine.clock = LoopClock(loop, 0)
        auditor.check = lambda bot: (looks.append(loop.time()), check(bot))[1]  # type: ignore[method-assign]
        running = loop.create_task(auditor.run(lambda _: None))
        await world.engine.clock.sleep(150)
        running.cancel()
        await world.engine.stop()

    loop.run_until_complete(live())
    loop.close()
    assert looks == [60.0, 120.0]
