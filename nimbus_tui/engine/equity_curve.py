"""The equity curves: a point of each bot per fill and per minute, kept in the journal."""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from nimbus_tui.core.account import EquityPoint
from nimbus_tui.core.clock import NS_PER_SECOND, Clock
from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId
from nimbus_tui.journal.base import Journal

if TYPE_CHECKING:
    from nimbus_tui.engine.bot import Bot

SAMPLE_NS = 60 * NS_PER_SECOND
"""Distance of the points between fills."""


class EquityCurves:
    """Writes the points of all bots; a bot's first turn gives its first point."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._fills_seen: dict[BotId, int] = {}

    def note_turn(self, bot: "Bot") -> None:
        """Write a point if the turn brought fills, in the transaction that is open."""
        fills = bot.books.fills
        if bot.saved.opened and self._fills_seen.get(bot.bot_id) != fills:
            self._fills_seen[bot.bot_id] = fills
            self._write(bot)

    async def run(
        self, bots: Collection["Bot"], on_failure: Callable[[JournalError], None]
    ) -> None:
        """Sample at every full minute, until cancelled or the journal fails."""
        while True:
            await self._clock.sleep_until((self._clock.now() // SAMPLE_NS + 1) * SAMPLE_NS)
            try:
                self.sample(bots)
            except JournalError as error:
                on_failure(error)
                return

    def sample(self, bots: Collection["Bot"]) -> None:
        """Write a point of every bot that has begun, together."""
        with self._journal.transaction():
            for bot in bots:
                if bot.saved.opened:
                    self._write(bot)

    def _write(self, bot: "Bot") -> None:
        self._journal.save_equity(bot.bot_id, EquityPoint(self._clock.now(), bot.equity()))
