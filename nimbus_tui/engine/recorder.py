"""What the engine asks of whoever writes its past down, and the one who doesn't."""

from collections.abc import Callable
from typing import Protocol

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.ids import BotId
from nimbus_tui.engine.inbox import Market


class Recorder(Protocol):
    """Keeps past moments; everything but `run` is called inside the engine's transaction."""

    def had_turn(self, bot_id: BotId) -> None:
        """A bot may have changed."""
        ...

    def price_moved(self, market: Market) -> None:
        """A price has changed."""
        ...

    def write(self) -> None:
        """If there were events since the last time, write what has changed with them."""
        ...

    async def run(self, on_failure: Callable[[JournalError], None]) -> None:
        """Do what is done from time to time, until cancelled."""
        ...


class NoRecorder:
    """Keeps nothing: a backtest's past is looked at by nobody."""

    def had_turn(self, bot_id: BotId) -> None:
        """Not of interest."""

    def price_moved(self, market: Market) -> None:
        """Not of interest."""

    def write(self) -> None:
        """Not of interest."""

    async def run(self, on_failure: Callable[[JournalError], None]) -> None:
        """Nothing is done from time to time."""
