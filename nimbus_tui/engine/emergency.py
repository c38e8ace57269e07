"""Emergency shutdown: latched, and over only when the venues say that nothing of ours is left."""

import asyncio
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import Error, Info, RiskEscalated
from nimbus_tui.core.ids import ClientOrderId
from nimbus_tui.engine import recovery
from nimbus_tui.engine.closing import is_closing_key
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.order_manager import OrderManager, describe
from nimbus_tui.engine.stopping import StopWay

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine

LATCH = "emergency"
"""The journal's name for the latch; its text is the reason."""
VERIFY_PAUSE_S = 1.0
SWEEP_WITHIN_S = 5.0
"""How long one venue may take for one sweep before the others go on without it."""
LEFT_SHOWN = 5
"""How many of the orders that are left are named."""


class Emergency:
    """The engine's last step. The latch survives a restart; only `rearm` lifts it."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.reason = engine.journal.fact(LATCH) or ""
        self.progress = f"latched: {self.reason}" if self.reason else ""
        self.verified = False
        """Whether the venues have said that nothing of ours is left."""
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
        if engine.state == "running":
            engine.state = "emergency"
        try:
            self._latch(reason)
        except JournalError as error:
            self.journal_lost(error)
            return
        except Exception as error:  # whatever fails on the way: the orders must go
            self.engine_broken(error)
            return
        engine.process()
        self._watch()

    def _latch(self, reason: str) -> None:
        engine = self._engine
        for bot in engine.bots.values():
            bot.standing.emergency = True
            engine.inbox.put(BotDue(bot.bot_id))
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
            engine.bus.write()

    def rearm(self) -> None:
        """Lift the latch; every bot stays stopped until it is started."""
        engine = self._engine
        with engine.journal.transaction():
            engine.journal.save_fact(LATCH, None)
            for bot in engine.bots.values():
                bot.standing.emergency = False
                bot.standing.stop(StopWay.REARM, "rearmed after an emergency")
                bot.save()
                engine.inbox.put(BotDue(bot.bot_id))
            engine.bus.publish(Info(message="rearmed; every bot is stopped"))
            engine.bus.write()
        self.reason = self.progress = ""
        engine.state = "running"
        engine.process()

    def journal_lost(self, error: JournalError) -> None:
        """Without a journal nothing may be sent: cancel all orders from what the venues say."""
        self._fail(f"the journal failed: {error}")

    def engine_broken(self, error: Exception) -> None:
        """A turn broke off in the middle: nothing that memory says can be trusted any more."""
        engine = self._engine
        detail = "".join(traceback.format_exception(error))
        self._fail(f"the engine failed: {type(error).__name__}: {describe(error)}")
        with suppress(Exception):  # to tell of it is the last and the least
            engine.bus.publish(
                Error(message=f"the engine failed: {describe(error)}", detail=detail)
            )
            with engine.journal.transaction():
                engine.bus.write()
            engine.bus.dispatch()

    def _fail(self, reason: str) -> None:
        engine = self._engine
        if engine.state == "failed":
            return
        with suppress(Exception):  # the orders must go, whether anybody hears of it or not
            engine.bus.tell_unwritten(Error(message=f"emergency shutdown: {reason}"))
        self.reason = self.reason or reason
        engine.state = "failed"
        self.progress = f"{self.reason}; cancelling every order"
        engine.changed()
        self._watch()

    def watch_again(self) -> None:
        """After a restart with the latch set, verify once more."""
        if self.latched:
            self._watch()

    async def close(self) -> None:
        """Stop looking; the latch stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _watch(self) -> None:
        self.verified = False
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._until_verified())

    async def _until_verified(self) -> None:
        engine = self._engine
        while True:
            managers = engine.order_managers.values()
            swept = await asyncio.gather(*(self._swept(manager) for manager in managers))
            left = [line for lines in swept for line in lines] or self._positions_left()
            if not left:
                self.verified = True
                self.progress = f"verified: no order of ours is left ({self.reason})"
                if engine.state == "failed":
                    engine.bus.tell_unwritten(Info(message=self.progress))
                engine.changed()
                return
            more = [f"and {len(left) - LEFT_SHOWN} more"] if len(left) > LEFT_SHOWN else []
            self.progress = "still there: " + "; ".join([*left[:LEFT_SHOWN], *more])
            engine.changed()
            await engine.clock.sleep(VERIFY_PAUSE_S)

    async def _swept(self, manager: OrderManager) -> list[str]:
        """Cancel what is ours at one venue; returns what is left, whatever the venue does."""
        sweep = asyncio.ensure_future(self._sweep(manager))
        patience = asyncio.ensure_future(self._engine.clock.sleep(SWEEP_WITHIN_S))
        try:
            await asyncio.wait({sweep, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not sweep.done():
                return [f"{manager.name} does not answer"]
            return sweep.result()
        except Exception as error:  # a fault in the last step must not end the last step
            return [f"{manager.name}: {describe(error)}"]
        finally:
            sweep.cancel()
            patience.cancel()

    async def _sweep(self, manager: OrderManager) -> list[str]:
        spared = self._closing_orders(manager)
        left = await recovery.cancel_all_on(manager, but=spared)
        if left:
            return left
        reports = await recovery.ours_on(manager)
        resting = {r.client_order_id for r in reports} | manager.unanswered
        return [f"{manager.name}: {identity}" for identity in sorted(resting - spared)]

    def _closing_orders(self, manager: OrderManager) -> set[ClientOrderId]:
        """The orders that close positions where that is chosen: they are to stay."""
        return {
            order.client_order_id
            for bot in self._engine.bots.values()
            if bot.orders is manager and bot.standing.is_closing
            for order in bot.keeper.live.values()
            if is_closing_key(order.key)
        }

    def _positions_left(self) -> list[str]:
        """What still has to be closed, where that is chosen; known only while the bots work."""
        if self._engine.state == "failed":
            return []
        return [
            f"{bot.bot_id}: its position is being closed"
            for bot in self._engine.bots.values()
            if bot.standing.is_closing and not bot.standing.is_flat
        ]
