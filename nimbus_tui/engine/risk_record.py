"""Keeps the risk layer's newest snapshot in the journal, for when no engine runs."""

from collections.abc import Callable

import msgspec

from nimbus_tui.control.risk import KEPT
from nimbus_tui.core.errors import JournalError
from nimbus_tui.engine.engine import Engine
from nimbus_tui.engine.risk_snapshot import risk_snapshot

KEEP_EVERY_S = 60.0


class RiskRecord:
    """One engine's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self, on_failure: Callable[[JournalError], None]) -> None:
        """Keep it now and then, until cancelled or the journal fails."""
        while True:
            try:
                self._keep()
            except JournalError as error:
                on_failure(error)
                return
            await self._engine.clock.sleep(KEEP_EVERY_S)

    def _keep(self) -> None:
        text = msgspec.json.encode(risk_snapshot(self._engine)).decode()
        with self._engine.journal.transaction():
            self._engine.journal.save_fact(KEPT, text)
