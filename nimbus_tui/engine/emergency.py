"""Emergency shutdown: latched, and over only when the venues say that nothing of ours is left."""

import asyncio
from typing import TYPE_CHECKING

from nimbus_tui.core.errors import ExchangeError, JournalError
from nimbus_tui.core.events import Info, RiskEscalated
from nimbus_tui.engine import recovery
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.orders import client_id

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine

LATCH = "emergency"
"""The journal's name for the latch; its text is the reason."""
VERIFY_PAUSE_S = 1.0


class Emergency:
    """The engine's last step. The latch survives a restart; only `rearm` lifts it."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.reason = engine.journal.fact(LATCH) or ""
        self.progress = f"latched: {self.reason}" if self.reason else ""
        self._task: asyncio.Task[None] | None = None

    @property
    def latched(self) -> bool:
        """Whether an emergency holds."""
        return bool(self.reason)

    def trip(self, reason: str) -> None:
        """Latch, take every bot out of the market, and keep at it until that is verified."""
        if self.latched:
            return
        engine = self._engine
        self.reason = reason
        self.progress = "cancelling every order"
        engine.state = "emergency"
        with engine.journal.transaction():
            engine.journal.save_fact(LATCH, reason)
            engine.bus.publish(
                RiskEscalated(
                    scope="engine",
                    step="emergency",
                    rule="emergency",
                    measured=None,
                    limit=None,
                    action="every order of every bot is cancelled",
                    source=reason,
                )
            )
            for bot in engine.bots.values():
                bot.standing.emergency = True
                engine.inbox.put(BotDue(bot.bot_id))
            engine.bus.write()
        engine.process()
        self._watch()

    def rearm(self) -> None:
        """Lift the latch; every bot stays stopped until it is started."""
        engine = self._engine
        with engine.journal.transaction():
            engine.journal.save_fact(LATCH, None)
            for bot in engine.bots.values():
                bot.standing.emergency = False
                bot.standing.stop("rearmed after an emergency", close=False)
                bot.save()
            engine.bus.publish(Info(message="rearmed; every bot is stopped"))
            engine.bus.write()
        self.reason = self.progress = ""
        engine.state = "running"
        engine.process()

    def journal_lost(self, error: JournalError) -> None:
        """Without a journal nothing may be sent: cancel all orders from what the venues say."""
        engine = self._engine
        self.reason = self.reason or f"the journal failed: {error}"
        engine.state = "failed"
        self.progress = f"{self.reason}; cancelling every order"
        engine.changed()
        self._watch()

    def watch_again(self) -> None:
        """After a restart with the latch set, verify once more."""
        if self.latched:
            self._watch()

    def _watch(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._until_verified())

    async def _until_verified(self) -> None:
        engine = self._engine
        while True:
            try:
                left = await recovery.cancel_everything(engine) or await self._remaining()
            except ExchangeError as error:
                left = [str(error)]
            if not left:
                self.progress = f"verified: no order of ours is left ({self.reason})"
                engine.changed()
                return
            self.progress = "still there: " + "; ".join(left)
            engine.changed()
            await engine.clock.sleep(VERIFY_PAUSE_S)

    async def _remaining(self) -> list[str]:
        """What the venues still list as ours."""
        left: list[str] = []
        for manager in self._engine.order_managers.values():
            left += [
                f"{manager.name}: {report.client_order_id}"
                for report in await manager.exchange.open_orders()
                if client_id.is_ours(manager.engine_tag, report.client_order_id)
            ]
        return left
