"""The engine and a venue that says nothing until it is connected."""

import asyncio

from nimbus_tui.core.account import AccountInfo
from nimbus_tui.core.errors import NotConnected
from nimbus_tui.exchanges.paper.adapter import PaperExchange
from nimbus_tui.orders import client_id
from tests.simulation.worlds import World


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
