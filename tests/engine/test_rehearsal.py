"""Whatever the price has done before, what is told of a change is what then happens."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.editing import Editing

PATHS = {
    "bought": ("2387",),
    "sold": ("2413",),
    "to and fro": ("2387", "2401", "2413", "2399"),
    "out of the grid": ("2387", "2375", "2363", "2350"),
}
CHANGES = {
    "spacing": {"spacing": Decimal("0.7")},
    "fewer levels": {"levels": 2},
    "sizes": {"quote_size": Decimal(150), "size_scale": Decimal("1.1")},
    "side": {"side": "long"},
    "limits": {"risk__position_size": Decimal(250), "risk__drawdown": 40},
    "both": {"spacing": Decimal(1), "risk__position_size": Decimal(180)},
    "no trade": {"stop_loss": 20},
    "rate": {"spacing": Decimal(1), "risk__order_rate": 30},
}


async def test_orders_that_the_rate_holds_back_are_told_apart(tmp_path: Path) -> None:
    world = await Editing(tmp_path / "bots.toml").start()
    told = await world.does_as_told_at_first(world.edited(spacing=1, risk__order_rate=15))
    assert told.message.endswith("0 placed; 6 more follow as the order rate allows")
    await world.engine.stop()


@pytest.mark.parametrize("prices", PATHS.values(), ids=PATHS.keys())
@pytest.mark.parametrize("values", CHANGES.values(), ids=CHANGES.keys())
async def test_what_is_told_is_what_happens(
    values: dict[str, object], prices: tuple[str, ...], tmp_path: Path
) -> None:
    world = await Editing(tmp_path / "bots.toml").start()
    for price in prices:
        await world.tick("ETH/USDC:USDC", price)
    await world.does_as_told_at_first(world.edited(**values))
    await world.tick("ETH/USDC:USDC", prices[-1])
    await world.does_as_told_at_first(world.edited(levels=4))
    assert world.engine.state == "running"
    await world.engine.stop()
