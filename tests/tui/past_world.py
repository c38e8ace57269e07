"""An engine with a past: a grid that trades, is paused and resumed, and an error; all by hand."""

from nimbus_tui.control.commands import PauseBot, ResumeBot
from nimbus_tui.core.events import Error
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.history import History
from tests.simulation.worlds import World

GRID = BotId("grid")
START_NS = 1_763_780_820 * 1_000_000_000
"""Seven past three in the morning."""


async def past_world() -> World:
    """Two fills, a pause a minute later, its end, an error, and two fills more."""
    world = World(start_ns=START_NS)
    world.engine.recorder = History(world.engine)
    await world.start("2400", "2399", "2387", "2401")
    world.clock.jump(world.clock.now() + 60_000_000_000)
    await world.engine.execute(PauseBot(GRID))
    await world.engine.settle()
    await world.engine.execute(ResumeBot(GRID))
    await world.tick("2402")
    world.engine.tell(Error(bot_id=GRID, message="the venue hung up"))
    await world.tick("2387", "2401")
    return world
