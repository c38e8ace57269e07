"""The newest state of the engine as the screen knows it."""

from nimbus_tui.control.snapshots import BotDetail, BotSnapshot, EngineSnapshot, Update
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId

HISTORY = 120
EVENTS_KEPT = 300


class Feed:
    """Takes updates in; panels read from it when it is time to paint."""

    def __init__(self) -> None:
        self.engine: EngineSnapshot | None = None
        self.bots: dict[BotId, BotSnapshot] = {}
        self.detail: BotDetail | None = None
        self.events: list[Event] = []
        self.history: dict[str, list[float]] = {}
        self.revision = 0
        self.problem = ""
        self.changed = True

    def apply(self, update: Update) -> None:
        """Take in what has changed."""
        self.engine = update.engine
        if update.complete:
            self.bots = {}
        for bot in update.bots:
            self.bots[bot.bot_id] = bot
            if bot.price is not None:
                trail = self.history.setdefault(bot.bot_id, [])
                trail.append(float(bot.price))
                del trail[:-HISTORY]
        newest = self.events[-1].seq if self.events else 0
        self.events += [event for event in update.events if event.seq > newest]
        del self.events[:-EVENTS_KEPT]
        if update.detail is not None:
            self.detail = update.detail
        self.revision = update.revision
        self.problem = ""
        self.changed = True

    def lost(self, problem: str) -> None:
        """The engine doesn't answer."""
        self.problem = problem
        self.changed = True
