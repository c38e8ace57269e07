"""How often the accounts are read: often where that is free, rarely where requests are counted."""

from typing import Any

import pytest

from nimbus_tui.core.account import AccountInfo
from nimbus_tui.core.errors import ExchangeError
from tests.engine.risk.worlds import A, B, Given, RiskWorld, in_virtual_time
from tests.engine.told_venue import ToldVenue

TWO = (Given(bot_id=A), Given(bot_id=B, exchange="other"))


class Counting(ToldVenue):
    """Counts how often its account is read."""

    used = 0.0
    hangs_s = 0.0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.reads = 0

    def _used(self) -> float:
        return self.used

    async def account_info(self) -> AccountInfo:
        self.reads += 1
        if self.hangs_s:
            await self._clock.sleep(self.hangs_s)
            raise ExchangeError("timed out")
        return await super().account_info()


async def two_venues() -> tuple[RiskWorld, Counting, Counting]:
    world = await RiskWorld(*TWO, exchange=Counting).start(ETH="100")
    sim, other = world.venues["sim"], world.venues["other"]
    assert isinstance(sim, Counting)
    assert isinstance(other, Counting)
    return world, sim, other


@pytest.mark.parametrize(("used", "reads"), [(0.0, 300), (0.1, 60), (0.49, 60), (0.5, 20)])
@in_virtual_time
async def test_an_account_is_read_as_rarely_as_the_budget_wants(used: float, reads: int) -> None:
    world, sim, other = await two_venues()
    sim.used = used
    await world.wait(60)
    before, free = sim.reads, other.reads
    await world.wait(600)
    comparing = 2 * 600 // 60
    assert abs(sim.reads - before - reads - comparing) <= 2
    assert abs(other.reads - free - 300 - comparing) <= 2


@in_virtual_time
async def test_a_venue_that_hangs_keeps_no_other_waiting() -> None:
    world, sim, other = await two_venues()
    sim.hangs_s = 100.0
    await world.wait(5)
    before = other.reads
    await world.wait(60)
    assert other.reads - before >= 30
