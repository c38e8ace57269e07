"""The journal's upkeep beside the order path: a look at its file, and old equity points thinned."""

import asyncio
from collections.abc import Callable, Collection, Iterator

from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId
from nimbus_tui.journal.base import Journal

EVERY_S = 5.0
"""How often the file is looked at, and at most one step of thinning is made."""
DAY_NS = 86_400 * NS_PER_SECOND
RETENTION = ((7 * DAY_NS, 300 * NS_PER_SECOND), (90 * DAY_NS, 3_600 * NS_PER_SECOND))
"""Age of equity points, and how far apart they may then be. Nothing else is ever removed."""
POINTS_A_STEP = 200
"""How many points one step looks at: a millisecond or so of the engine's time."""


class Upkeep:
    """One engine's; it ends with the journal's first failure."""

    def __init__(
        self, journal: Journal, clock: Clock, on_failure: Callable[[JournalError], None]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._on_failure = on_failure
        self._thinned: dict[tuple[BotId, int], int] = {}
        """By bot and distance, up to where its curve has been thinned."""
        self._steps: Iterator[None] = iter(())

    async def run(self, bots: Collection[BotId]) -> None:
        """Look after the journal until cancelled."""
        while True:
            await self._clock.sleep(EVERY_S)
            try:
                if self._journal.is_file:
                    await asyncio.to_thread(self._journal.look_over)
                self.thin(bots)
            except JournalError as error:
                self._on_failure(error)
                return

    def thin(self, bots: Collection[BotId]) -> None:
        """Make the next step through all curves; after the last the next round begins."""
        if next(self._steps, self) is self:
            self._steps = self._round(tuple(bots))

    def _round(self, bots: Collection[BotId]) -> Iterator[None]:
        for bot_id in bots:
            for age_ns, apart_ns in RETENTION:
                # A span is thinned when all of it is old enough.
                until = (self._clock.now() - age_ns) // apart_ns * apart_ns
                place = (bot_id, apart_ns)
                while (after := self._thinned.get(place, 0)) < until:
                    self._thinned[place] = self._step(bot_id, after, until, apart_ns)
                    yield

    def _step(self, bot_id: BotId, after: int, until: int, apart_ns: int) -> int:
        with self._journal.transaction():
            reached = self._journal.thin_equity(
                bot_id, after_ns=after, until_ns=until, apart_ns=apart_ns, limit=POINTS_A_STEP
            )
        return until if reached is None else reached
