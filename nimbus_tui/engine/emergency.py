"""Emergency shutdown: latched, and over only when the venues say that nothing of ours is left."""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from nimbus_tui.core.errors import JournalError
from nimbus_tui.core.events import Error, Info, RiskEscalated
from nimbus_tui.core.redaction import redacted
from nimbus_tui.core.risk import RiskReading
from nimbus_tui.engine.clearing import Clearing
from nimbus_tui.engine.closing import is_closing_key
from nimbus_tui.engine.facts import BotDue
from nimbus_tui.engine.order_manager import Intent, describe
from nimbus_tui.engine.stopping import StopWay

if TYPE_CHECKING:
    from nimbus_tui.engine.engine import Engine

LATCH = "emergency"
"""The journal's name for the latch; its text is the reason."""
VERIFY_PAUSE_S = 1.0
LEFT_SHOWN = 5
"""How many of the orders that are left are named in a line."""


class Emergency:
    """The engine's last step. The latch survives a restart; only `rearm` lifts it.

    Each of its steps may fail: the next one is taken all the same, and the sweeps go on until the
    venues have said that nothing of ours is left. It latches once and is told of once.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.reason = engine.journal.fact(LATCH) or ""
        self.progress = f"latched: {self.reason}" if self.reason else ""
        self.left: tuple[str, ...] = ()
        """What the venues say is still there of ours, or why they don't."""
        self.verified = False
        """Whether the venues have said that nothing of ours is left."""
        self._reading: RiskReading | None = None
        """What a rule measured that has led to it."""
        self._is_journalled = bool(self.reason)
        self._clearing = Clearing(engine, engine.order_managers, lambda: engine.state != "failed")
        self._task: asyncio.Task[None] | None = None

    @property
    def latched(self) -> bool:
        """Whether an emergency holds."""
        return bool(self.reason)

    @property
    def is_under_way(self) -> bool:
        """Whether there may still be something of ours to take out."""
        return self.latched and not self.verified

    def lets_leave(self, intent: Intent) -> bool:
        """Whether an order may still be sent: while latched only one that closes a position."""
        if not self.latched:
            return True
        bot = self._engine.bots.get(intent.bot_id)
        if bot is None or self.verified or self._engine.state == "failed":
            return False
        order = bot.keeper.live.by_client_id(intent.client_order_id)
        return bot.standing.is_closing and order is not None and is_closing_key(order.key)

    def trip(self, reason: str, reading: RiskReading | None = None) -> None:
        """Latch, take every bot out of the market, and keep at it until that is verified.

        Not from inside a bot's turn: there `trip_soon`.
        """
        if self.latched:
            self._watch()
            return
        engine = self._engine
        self.reason = reason
        self._reading = reading
        self.progress = "cancelling every order"
        self.verified = False
        if engine.state == "running":
            engine.state = "emergency"
        self._watch()
        try:
            self._stop_bots()
            self._save_latch()
            self._announce()
        except JournalError as error:
            self.journal_lost(error)
        except Exception as error:  # whatever fails on the way: the orders must go
            self.engine_broken(error)
        else:
            engine.process()

    def trip_soon(self, reason: str, reading: RiskReading | None = None) -> None:
        """The same for a rule that trips inside a turn, whose transaction is still open."""
        asyncio.get_running_loop().call_soon(self.trip, reason, reading)

    def _stop_bots(self) -> None:
        engine = self._engine
        for bot in engine.bots.values():
            bot.standing.emergency = True
            engine.inbox.put(BotDue(bot.bot_id))

    def _save_latch(self) -> None:
        """The latch goes into the journal alone: what else is to be written may fail."""
        if not self._is_journalled:
            self._engine.journal.save_fact(LATCH, self.reason)
            self._engine.journal.make_durable()
            self._is_journalled = True

    def _announce(self) -> None:
        engine = self._engine
        closes = engine.settings.close_in_emergency
        reading = self._reading
        with engine.journal.transaction():
            engine.bus.publish(
                RiskEscalated(
                    scope="engine" if reading is None else reading.scope,
                    step="emergency",
                    rule="emergency" if reading is None else reading.rule,
                    measured=None if reading is None else reading.measured,
                    limit=None if reading is None else reading.limit,
                    window="" if reading is None else reading.window,
                    age_ms=None if reading is None else reading.age_ms,
                    action="every order of every bot is cancelled; positions are "
                    + ("closed" if closes else "kept"),
                    source=self.reason,
                )
            )
            engine.bus.write()

    def rearm(self) -> None:
        """Lift the latch; every bot stays stopped.

        Raises:
            JournalError: it can't be written down; then the latch holds.
        """
        engine = self._engine
        with engine.journal.transaction():
            engine.journal.save_fact(LATCH, None)
            engine.risk_desk.release()
            for bot in engine.bots.values():
                bot.standing.stop(StopWay.REARM, "rearmed after an emergency")
                bot.save()
                engine.inbox.put(BotDue(bot.bot_id))
            engine.bus.publish(Info(message="rearmed; every bot is stopped"))
            engine.bus.write()
        for bot in engine.bots.values():
            bot.standing.emergency = False
        self.reason = self.progress = ""
        self.left = ()
        self._is_journalled = False
        engine.state = "running"
        engine.process()

    # faults

    def journal_lost(self, error: JournalError) -> None:
        """Without a journal nothing may be sent: cancel all orders from what the venues say."""
        self._fail(f"the journal failed: {error}")

    def engine_broken(self, error: Exception) -> None:
        """A turn broke off in the middle: nothing that memory says can be trusted any more."""
        engine = self._engine
        if engine.state == "failed":
            return
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
        reason = redacted(reason)
        self.reason = self.reason or reason
        self.verified = False  # what was seen before may have changed with what has failed
        engine.state = "failed"
        self.progress = f"{self.reason}; cancelling every order"
        self._watch()
        _tried(self._save_latch)
        _tried(lambda: engine.bus.tell_unwritten(Error(message=f"emergency shutdown: {reason}")))
        _tried(engine.revisions.changed)

    # until it is over

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
        """Sweep until it is verified; one who does so already goes on."""
        is_under_way = self._task is not None and not self._task.done()
        if not (is_under_way or self.verified):
            self._task = asyncio.get_running_loop().create_task(self._until_verified())

    async def _until_verified(self) -> None:
        while not self.verified:
            try:
                self.left = (*self._not_reached(), *await self._clearing.sweep())
                self.verified = not self.left
            except Exception as error:  # a fault in the last step must not end the last step
                self.left = (f"the sweep failed: {describe(error)}",)
            if not self._is_journalled:
                _tried(self._save_latch)
            self._show()
            if not self.verified:
                await self._clearing.pause(VERIFY_PAUSE_S)
        _tried(self._say_verified)

    def _not_reached(self) -> list[str]:
        """What nothing is known of yet while the engine starts."""
        engine = self._engine
        if engine.state != "starting":
            return []
        names = [exchange.name for exchange in engine.exchanges.values()]
        away = [f"{name} is not reached yet" for name in names if name not in engine.order_managers]
        return away or ["the engine is starting"]

    def _show(self) -> None:
        if self.verified:
            flat = " and no position" if self._engine.settings.close_in_emergency else ""
            self.progress = f"verified: no order{flat} of ours is left ({self.reason})"
        else:
            more = len(self.left) - LEFT_SHOWN
            shown = [*self.left[:LEFT_SHOWN], *([f"and {more} more"] if more > 0 else [])]
            self.progress = "still there: " + "; ".join(shown)
        _tried(self._engine.revisions.changed)

    def _say_verified(self) -> None:
        if self._engine.state == "failed":
            self._engine.bus.tell_unwritten(Info(message=self.progress))
        else:
            self._engine.tell(Info(message=self.progress))


def _tried(step: Callable[[], None]) -> None:
    """Take a step that may fail without harm to those after it."""
    with suppress(Exception):
        step()
