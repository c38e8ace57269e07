"""The dead-man's switch of an account: the venue cancels its orders once we are silent too long."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import UnsupportedByExchange
from nimbus_tui.core.events import Info, Warning
from nimbus_tui.core.ids import ExchangeName
from nimbus_tui.core.order import Order, RefusalKind, Refused, Unknown
from nimbus_tui.engine.look_ups import PAUSES_S
from nimbus_tui.engine.order_manager import OrderManager, describe
from nimbus_tui.engine.venue_side import VenueSide

SILENCE_S = 120.0
"""After how long a silence the venue cancels; a restart by hand takes less."""
REFRESH_S = SILENCE_S / 3
LOOK_EVERY_S = 5.0
"""How often it is looked whether a protective stop rests, which the switch would take away."""
REFUSED_S = 6 * 3600.0
"""How long a venue that has refused is left alone."""
_STOP_PREFIX = "stop/"


def switch_fact(exchange: ExchangeName) -> str:
    """The journal's name for that a venue's switch may be set."""
    return f"dead-man-switch/{exchange}"


class DeadManSwitch:
    """One venue's, off where it could do harm, since it takes every order of the account.

    That is while there are orders that no bot here knows, and while protective stops rest.
    """

    def __init__(
        self,
        engine: VenueSide,
        manager: OrderManager,
        neighbours: Sequence[OrderManager],
        works: Callable[[], bool],
    ) -> None:
        self._engine = engine
        self._manager = manager
        self._neighbours = neighbours
        """Whoever trades on the same account, this one too."""
        self._works = works
        """Whether the engine does what it should; a failed one lets the switch run out."""
        self._is_wanted = manager.name in engine.settings.dead_man_switches
        self._fact = switch_fact(manager.name)
        earlier_life = engine.journal.fact(self._fact) is not None
        self._fires_at = engine.clock.now() + _ns(SILENCE_S) if earlier_life else 0
        self._due = 0
        self._told = ""
        self._asking = asyncio.Lock()

    @property
    def may_fire(self) -> bool:
        """Whether the venue may cancel everything unless it hears of us."""
        return self._engine.clock.now() < self._fires_at

    async def run(self) -> None:
        """Keep it set while the engine lives and it can do no harm, until cancelled."""
        if self._is_wanted and not self._manager.exchange.capabilities.dead_man_switch:
            self._warn(f"{self._name} offers no dead-man's switch: orders stay if this engine dies")
            return
        while self._is_wanted or self.may_fire:
            async with self._asking:
                await self._look()
            await self._engine.clock.sleep(LOOK_EVERY_S)
        self._engine.journal.save_fact(self._fact, None)

    async def clear(self) -> None:
        """Take it back at an orderly end, so that what rests stays; returns when that is done."""
        attempt = 0
        async with self._asking:
            while self.may_fire:
                if await self._cleared():
                    return
                await self._engine.clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
                attempt += 1

    async def _look(self) -> None:
        if not (self._works() and self._manager.is_confirmed):
            return
        reason = self._reason_here()
        if not reason and self._engine.clock.now() < self._due:
            return
        reason = reason or await self._reason_there()
        if not self._works():
            return  # the engine has begun to end meanwhile, and will clear it
        if reason:
            await self._off(reason)
        else:
            await self._on()

    # why it has to be off

    def _reason_here(self) -> str:
        if not self._is_wanted:
            return "it is off in the config"
        stops = sorted(str(order.key) for order in self._live() if protects(order))
        return f"it would take away the protective stop {stops[0]}" if stops else ""

    def _live(self) -> Iterable[Order]:
        for bot in self._engine.bots.values():
            if bot.orders in self._neighbours:
                yield from bot.keeper.live.values()

    async def _reason_there(self) -> str:
        try:
            reports = await self._manager.exchange.open_orders()
        except Exception as error:  # whatever failed: nothing is known of the account's orders
            # One that is set would fire, which takes away more than a longer wait.
            unread = f"the account's orders can't be read: {describe(error)}"
            return "" if self.may_fire else unread
        others = [one for one in reports if self._engine.bot_of(one.client_order_id) is None]
        return f"the account has orders of no bot here ({len(others)})" if others else ""

    # what is asked of the venue

    async def _on(self) -> None:
        was_set = self.may_fire
        if not was_set:
            # Whoever starts after a kill must know of it, also if it is off by then.
            self._engine.journal.save_fact(self._fact, "set")
        answer = await self._ask(SILENCE_S)
        now = self._engine.clock.now()
        self._due = now + _ns(REFRESH_S if answer is None else LOOK_EVERY_S)
        if not isinstance(answer, Refused):
            self._fires_at = now + _ns(SILENCE_S)
        if answer is None:
            self._inform(
                f"the dead-man's switch of {self._name} is set: once it has not heard of this "
                f"engine for {SILENCE_S:.0f} s, it cancels every order of the account"
            )
        elif isinstance(answer, Refused):
            if not was_set:
                self._engine.journal.save_fact(self._fact, None)
            if answer.kind is not RefusalKind.BUSY:
                self._due = now + _ns(REFUSED_S)
                self._warn(
                    f"{self._name} refuses the dead-man's switch: {answer.reason}; "
                    "orders stay if this engine dies"
                )

    async def _off(self, reason: str) -> None:
        self._due = self._engine.clock.now() + _ns(REFRESH_S)
        if self.may_fire and not await self._cleared():
            self._due = 0
            self._inform(f"the dead-man's switch of {self._name} can't be cleared yet: {reason}")
        elif self._is_wanted:
            self._inform(f"the dead-man's switch of {self._name} is off: {reason}")

    async def _cleared(self) -> bool:
        if await self._ask(None) is not None:
            return False
        self._fires_at = 0
        self._engine.journal.save_fact(self._fact, None)
        return True

    async def _ask(self, seconds: float | None) -> Refused | Unknown | None:
        try:
            return await self._manager.exchange.cancel_all_after(seconds)
        except UnsupportedByExchange as error:
            return Refused(RefusalKind.INVALID, str(error))
        except Exception as error:  # whatever failed, the request may have arrived
            return Unknown(describe(error))

    # what is told, once each time that it changes

    @property
    def _name(self) -> ExchangeName:
        return self._manager.name

    def _inform(self, message: str) -> None:
        if message != self._told:
            self._told = message
            self._engine.tell(Info(message=message))

    def _warn(self, message: str) -> None:
        if self._told != "refused":
            self._told = "refused"
            self._engine.tell(Warning(message=message))


def protects(order: Order) -> bool:
    """Whether an order at the venue stands between a position and a loss without end."""
    return order.trigger_price is not None or order.key.startswith(_STOP_PREFIX)


def switches_of(
    engine: VenueSide, managers: Sequence[OrderManager], works: Callable[[], bool]
) -> list[DeadManSwitch]:
    """A switch for each venue whose config wants one, or has wanted it in an earlier life."""
    return [
        DeadManSwitch(
            engine, manager, [one for one in managers if one.account == manager.account], works
        )
        for manager in managers
        if manager.name in engine.settings.dead_man_switches
        or engine.journal.fact(switch_fact(manager.name)) is not None
    ]


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_SECOND)
