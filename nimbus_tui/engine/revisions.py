"""What clients have seen and what is newer: one number that rises with every change."""

import asyncio
from collections import defaultdict

from nimbus_tui.core.ids import BotId


class Revisions:
    """The newest revision, and with which one each bot was changed last."""

    def __init__(self) -> None:
        self.newest = 1
        self.roster = 0
        """With which a bot was let go last: who knows an older one needs them all."""
        self.bots: dict[BotId, int] = defaultdict(int)
        self._news = asyncio.Event()

    def bot_changed(self, bot_id: BotId) -> None:
        """A bot looks different from the next revision on."""
        self.bots[bot_id] = self.newest + 1

    def bot_gone(self) -> None:
        """A bot is missing from the next revision on."""
        self.roster = self.newest + 1

    def changed(self) -> None:
        """Tell the waiting clients that there is news."""
        self.newest += 1
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Return at the next change."""
        await self._news.wait()
