"""What every engine client must answer alike; subclasses give a `client` of `the_world()`."""

from decimal import Decimal

from nimbus_tui.control.client import EngineClient
from nimbus_tui.core.account import EquityPoint
from tests.simulation.worlds import World

SECOND = 1_000_000_000


async def the_world() -> World:
    """A grid that has bought at its third second, and whose curve was sampled a minute later."""
    world = await World().start("2400", "2399", "2388", "2390")
    world.clock.jump(64 * SECOND)
    world.engine.equity_curves.sample([world.bot])
    return world


CAPITAL = Decimal("299.7574038")
FEE = Decimal("0.01996368")
BOUGHT = Decimal("0.0418")
CURVE = [
    EquityPoint(1 * SECOND, CAPITAL),
    EquityPoint(3 * SECOND, CAPITAL - FEE),
    EquityPoint(64 * SECOND, CAPITAL - FEE + BOUGHT * (2390 - 2388)),
]


class ClientContract:
    """The suite."""

    async def test_the_curve_has_a_point_at_the_start_per_fill_and_per_sample(
        self, client: EngineClient
    ) -> None:
        assert list(await client.equity("grid")) == CURVE

    async def test_a_curve_can_be_asked_for_from_a_moment_on(self, client: EngineClient) -> None:
        assert list(await client.equity("grid", since_ns=3 * SECOND)) == CURVE[1:]

    async def test_a_limit_leaves_the_newest_points(self, client: EngineClient) -> None:
        assert list(await client.equity("grid", limit=2)) == CURVE[1:]

    async def test_a_bot_that_there_is_not_has_no_curve(self, client: EngineClient) -> None:
        assert list(await client.equity("nobody")) == []
