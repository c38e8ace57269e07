"""The engine and a venue that says nothing until it is connected."""

import asyncio

import msgspec

from nimbus_tui.control.commands import EmergencyShutdown
from nimbus_tui.core.account import AccountInfo
from nimbus_tui.core.errors import NotConnected
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.orders import client_id
from tests.engine.faults import CrashWorld, FaultyExchange
from tests.simulation.worlds import World

SECOND = 1_000_000_000


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


class OverTheWire(PaperExchange):
    """Tells of its account over its connection alone, and can't be reached at first."""

    failures = 0

    async def connect(self) -> None:
        if self.failures:
            self.failures -= 1
            raise NotConnected("there is no way to it")
        await super().connect()

    async def account_info(self) -> AccountInfo:
        if not self.is_connected():
            raise NotConnected("not connected")
        return await super().account_info()


async def test_the_engine_connects_before_it_asks_who_it_is() -> None:
    world = World(exchange=OverTheWire)
    await asyncio.wait_for(world.start("2400"), 5)
    manager = world.engine.order_managers["sim"]
    assert manager.engine_tag == client_id.tag("paper:sim", "test")
    assert len(await world.exchange.open_orders()) == 6


async def test_it_tries_again_while_there_is_no_way_to_the_venue() -> None:
    world = World(exchange=OverTheWire)
    world.exchange.failures = 3  # type: ignore[attr-defined]
    starting = asyncio.ensure_future(world.engine.start())
    for second in range(1, 4):
        await asyncio.sleep(0)  # its first try, then those that a second brings
        assert not starting.done()
        await world.clock.advance_to(second * 1_000_000_000, lambda: asyncio.sleep(0))
    await asyncio.wait_for(starting, 5)
    await world.tick("2400")
    assert len(await world.exchange.open_orders()) == 6


async def test_the_first_failure_to_learn_who_we_are_is_told_while_it_goes_on() -> None:
    world = World(exchange=OverTheWire)
    world.exchange.failures = 2  # type: ignore[attr-defined]
    starting = asyncio.ensure_future(world.engine.start())
    await turns()
    (told,) = world.engine.journal.events(types=["disconnected"])
    assert (told.exchange, told.reason) == ("sim", "there is no way to it")
    await world.engine.stop()
    starting.cancel()


class Away(FaultyExchange):
    """Can't be reached while `is_away`, and may belong to somebody else."""

    is_away = False
    account = "paper:sim"

    async def connect(self) -> None:
        if self.is_away:
            raise NotConnected("there is no way to it")
        await super().connect()

    async def account_info(self) -> AccountInfo:
        if self.is_away:
            raise NotConnected("there is no way to it")
        return msgspec.structs.replace(await super().account_info(), account=self.account)


def again(world: CrashWorld) -> CrashWorld:
    """The next process, at a venue that may be away or another account."""
    args, more = world._given
    start = {"start_ns": world.clock.now(), "journal": world.memory, "store": world.store}
    reborn = CrashWorld.__new__(CrashWorld)
    reborn.memory, reborn.store, reborn._given = world.memory, world.store, (args, more)
    World.__init__(reborn, *args, exchange=Away, **(more | start))
    return reborn


async def test_a_venue_that_is_away_at_a_restart_holds_nobody_up_and_is_found_later() -> None:
    world = await CrashWorld().start("2400")
    back = again(world)
    back.exchange.is_away = True  # type: ignore[attr-defined]
    starting = asyncio.ensure_future(back.engine.start())
    await back.engine.settle()
    await back.clock.advance_to(back.clock.now() + 11 * SECOND, back.engine.settle)
    await asyncio.wait_for(starting, 5)
    assert back.engine.state == "running"
    assert back.exchange.placed == []
    back.exchange.is_away = False  # type: ignore[attr-defined]
    await back.clock.advance_to(back.clock.now() + 40 * SECOND, back.engine.settle)
    await back.tick("2400", "2388", "2388")
    assert back.bot.position("ETH/USDC:USDC") > 0


async def test_another_account_than_the_journals_is_said_and_not_traded_on() -> None:
    world = await CrashWorld().start("2400")
    other = again(world)
    other.exchange.account = "paper:somebody else"  # type: ignore[attr-defined]
    starting = asyncio.ensure_future(other.engine.start())
    await other.engine.settle()
    await other.clock.advance_to(other.clock.now() + 100 * SECOND, other.engine.settle)
    await asyncio.wait_for(starting, 5)
    await other.tick("2380", "2400")
    (error,) = [event.message for event in world.memory.events(types=["error"])]
    assert "another account now: paper:somebody else" in error
    assert "of paper:sim" in error
    assert (other.exchange.placed, other.exchange.cancelled) == ([], [])
    await other.engine.execute(EmergencyShutdown())
    await other.clock.advance_to(other.clock.now() + 10 * SECOND, turns)
    await turns()
    assert not other.engine.emergency.verified
    assert "the account is paper:somebody else" in other.engine.emergency.left[0]
    await other.engine.stop()
