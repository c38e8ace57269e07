"""What those who keep a venue and the journal in step need of the engine, and nothing more."""

from collections.abc import Mapping
from typing import Protocol

from nimbus_tui.core.clock import Clock
from nimbus_tui.core.events import Event
from nimbus_tui.core.ids import BotId, ClientOrderId
from nimbus_tui.engine.accounts import Accounts
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.inbox import Inbox
from nimbus_tui.engine.revisions import Revisions
from nimbus_tui.engine.settings import EngineSettings
from nimbus_tui.journal.base import Journal


class VenueSide(Protocol):
    """The engine as its venues' keepers see it."""

    settings: EngineSettings
    clock: Clock
    journal: Journal
    inbox: Inbox
    accounts: Accounts
    revisions: Revisions

    @property
    def bots(self) -> Mapping[BotId, Bot]:
        """Every bot that is hosted."""
        ...

    def bot_of(self, identity: ClientOrderId) -> BotId | None:
        """Whose order this is."""
        ...

    def process(self) -> None:
        """Absorb what waits in the inbox."""
        ...

    def tell(self, event: Event) -> None:
        """Publish an event outside of any turn."""
        ...
