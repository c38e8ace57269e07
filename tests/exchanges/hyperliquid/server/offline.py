"""The venue without sockets and signatures, for tests of its rules."""

from decimal import Decimal
from typing import Any

from nimbus_tui.engine.clock import LiveClock
from tests.exchanges.hyperliquid.server.actions import Kind, Limit, OrderAction, OrderWire, Trigger
from tests.exchanges.hyperliquid.server.placing import place_all
from tests.exchanges.hyperliquid.server.sdk import MASTER, OTHER
from tests.exchanges.hyperliquid.server.universe import small
from tests.exchanges.hyperliquid.server.world import VenueTime, World

ETH = 4


def world_of_two() -> World:
    """A venue with two accounts of 100,000 USDC."""
    world = World(small(), VenueTime(LiveClock()))
    world.open_account(MASTER, Decimal(100_000))
    world.open_account(OTHER, Decimal(100_000))
    return world


def wire(
    px: str,
    size: str,
    *,
    buy: bool = True,
    tif: Any = "Gtc",
    reduce: bool = False,
    asset: int = ETH,
) -> OrderWire:
    """A limit order."""
    return OrderWire(asset, buy, px, size, reduce, Kind(limit=Limit(tif)))


def stop(
    px: str, size: str, trigger: str, *, buy: bool = False, reduce: bool = False, tpsl: Any = "sl"
) -> OrderWire:
    """A market order of ETH that waits for the mark price."""
    return OrderWire(ETH, buy, px, size, reduce, Kind(trigger=Trigger(True, trigger, tpsl)))


def place(world: World, *wires: OrderWire, user: str = MASTER, grouping: Any = "na") -> list[Any]:
    """Place a batch; its statuses."""
    return place_all(world, world.accounts[user], OrderAction(list(wires), grouping))


def fills(world: World, user: str = MASTER) -> list[tuple[str, str]]:
    """Price and size of an account's fills, oldest first."""
    return [(fill["px"], fill["sz"]) for fill in world.accounts[user].fills]
