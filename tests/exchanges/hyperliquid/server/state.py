"""The venue's state in a file, so that it outlives its process."""

import pickle
from collections import deque
from pathlib import Path
from typing import cast

from nimbus_tui.core.clock import Clock
from tests.exchanges.hyperliquid.server.world import VenueTime, World


def save(world: World, file: Path) -> None:
    """Write everything at once; a reader never sees a half."""
    time, news = world.time, world.news
    world.time, world.news = VenueTime(cast("Clock", None), time.offset_ms), deque()
    try:
        data = pickle.dumps(world)
    finally:
        world.time, world.news = time, news
    beside = file.with_suffix(".new")
    beside.write_bytes(data)
    beside.replace(file)


def load(file: Path, clock: Clock) -> World | None:
    """What was saved, with a clock; None if nothing was."""
    if not file.exists():
        return None
    world = cast("World", pickle.loads(file.read_bytes()))
    world.time.clock = clock
    return world
