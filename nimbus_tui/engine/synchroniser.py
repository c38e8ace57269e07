"""Keeps the journal in step with one venue: at the start, after each reconnect, once a minute.

Always in this order: open orders, fills and funding since the cursors to the end, a look-up of
every order that should rest and isn't listed, all of it absorbed; only then may the bots plan.
"""

import asyncio
from collections.abc import Sequence, Set

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.events import Connected, Disconnected, Error, Info
from nimbus_tui.core.ids import BotId, ClientOrderId
from nimbus_tui.core.order import Order, OrderReport
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.facts import BotDue, OrderReported
from nimbus_tui.engine.holdings import Holdings
from nimbus_tui.engine.leverage import Leverages
from nimbus_tui.engine.look_ups import MARGIN_S, PAUSES_S, Sought
from nimbus_tui.engine.lost_orders import find_again
from nimbus_tui.engine.order_manager import OrderManager, describe, sought_of
from nimbus_tui.engine.orphans import Orphans
from nimbus_tui.engine.venue_side import VenueSide
from nimbus_tui.orders import client_id
from nimbus_tui.risk.gate import VenueSync

COMPARE_EVERY_S = 60.0
"""How often orders and fills are compared although all seems well: a message may have been lost."""
SECOND_LOOK_S = 5.0
"""How long after the start the second comparison follows, which settles what is an orphan."""
HURRIED_LOOKS = 12
"""How often comparisons follow each other fast while there are orders that nobody knows."""
YOUNG_NS = 3_000_000_000
"""An order changed so recently that a snapshot may not show it yet."""


class Synchroniser:
    """One venue's; its bots plan only while `in_step`."""

    def __init__(self, engine: VenueSide, manager: OrderManager) -> None:
        self._engine = engine
        self._manager = manager
        self._orphans = Orphans(engine, manager)
        self.holdings = Holdings(engine, manager)
        self._leverages = Leverages(engine, manager)
        self._wanted = asyncio.Event()
        self._losses = 0
        """How often the connection was lost; a comparison that spans a loss counts for nothing."""
        self._looks = 0
        self.begun = 0
        """How many comparisons have begun."""
        self.comparisons = 0
        """The number of the newest one that has gone through."""
        self.in_step = False

    async def first(self) -> None:
        """Connect and get in step, however long it takes."""
        attempt = 0
        while True:
            try:
                await self._manager.exchange.connect()
                break
            except ExchangeError as error:
                if not attempt:
                    self._tell(Disconnected(exchange=self._name, reason=describe(error)))
                await self._engine.clock.sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
                attempt += 1
        await self._account_is_ours()
        await self._stragglers_have_arrived()
        await self._get_in_step()

    async def _account_is_ours(self) -> None:
        """Trade on no other account than the one whose orders the journal knows."""
        manager, told = self._manager, ""
        while True:
            info = await manager.look_ups.answered(manager.exchange.account_info)
            if info.account == manager.account:
                manager.is_confirmed = True
                return
            if info.account != told:
                told = info.account
                self._engine.tell(
                    Error(
                        message=f"{self._name} is another account now: {info.account}, but the "
                        f"journal's orders are of {manager.account}; its bots wait. Put the old "
                        "keys back, or give the engine another name to begin anew"
                    )
                )
            await self._engine.clock.sleep(PAUSES_S[-1])

    async def _stragglers_have_arrived(self) -> None:
        """Wait until nothing can be under way any more that left before the machine went down.

        With it went the journal's newest entries: such a request would be looked for in vain, sent
        again under an earlier try's id, and then arrive beside that.
        """
        within_ns = self._manager.exchange.capabilities.request_arrives_within_s * NS_PER_SECOND
        if not within_ns:
            return
        until = self._engine.settings.booted_ns + round(within_ns + MARGIN_S * NS_PER_SECOND)
        left_ns = until - self._engine.clock.now()
        if left_ns > 0:
            seconds = left_ns / NS_PER_SECOND
            self._engine.tell(
                Info(
                    message=f"this machine has just started: for {seconds:.0f} s requests from "
                    f"before may still reach {self._name}; its bots wait"
                )
            )
            await self._engine.clock.sleep(seconds)

    async def run(self, first: "asyncio.Future[None]") -> None:
        """Once in step, compare again whenever it is wanted, and from time to time."""
        await first
        pause_s = SECOND_LOOK_S
        while True:
            await self._wait(pause_s)
            await self._get_in_step()
            unsettled = self._manager.strays or self._manager.unclaimed
            pause_s = (
                SECOND_LOOK_S if unsettled and self._looks < HURRIED_LOOKS else COMPARE_EVERY_S
            )
            self._looks += 1

    def compare_soon(self) -> None:
        """Data has been silent for a while: what came in between has to be asked for."""
        self._wanted.set()

    @property
    def foreign(self) -> Set[ClientOrderId]:
        """Orders with our tag that somebody else has sent since the start."""
        return self._orphans.foreign

    def link_changed(self, is_up: bool, reason: str) -> None:
        """Data flows again, or has ended."""
        if is_up:
            self._wanted.set()
            return
        self._losses += 1
        self._set_in_step(False)
        self._tell(Disconnected(exchange=self._name, reason=reason))

    @property
    def _name(self) -> str:
        return self._manager.name

    async def _wait(self, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._engine.clock.sleep(seconds))
        wanted = asyncio.ensure_future(self._wanted.wait())
        try:
            await asyncio.wait({sleeping, wanted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, wanted):
                task.cancel()
        self._wanted.clear()

    async def _get_in_step(self) -> None:
        """Compare until a comparison has gone through without a loss of the connection."""
        while True:
            losses = self._losses
            self.begun += 1
            await self._compare()
            if losses == self._losses:
                break
            if not self._manager.exchange.is_connected():
                return  # the connection's return will ask for it again
        self.comparisons = self.begun
        self._leverages.begin()
        was_in_step = self.in_step
        self._set_in_step(True)
        if not was_in_step:
            self._tell(Connected(exchange=self._name))
            for bot in self._bots():
                self._engine.inbox.put(BotDue(bot.bot_id, replan=True))

    async def _compare(self) -> None:
        manager, engine = self._manager, self._engine
        answered = manager.look_ups.answered
        reports = await answered(manager.exchange.open_orders)
        await manager.catch_up_fills()
        await manager.catch_up_funding()
        for report in reports:
            engine.inbox.put(OrderReported(manager.name, report))
        listed = {report.client_order_id for report in reports}
        for order in self._live_in_journal():
            if order.client_order_id not in listed and not self._is_young(order):
                await self._look_once(order)
        engine.process()
        if await find_again(engine, manager, self._strays(reports)):
            self._orphans.look_afresh()
        engine.process()
        manager.strays = self._strays(reports)
        await engine.accounts.read([manager.exchange])
        await self.holdings.look()
        await self._orphans.look(manager.strays | await self._ended_strays())

    def _strays(self, reports: Sequence[OrderReport]) -> dict[ClientOrderId, OrderReport]:
        """What carries our tag and belongs to no bot."""
        return {
            report.client_order_id: report
            for report in reports
            if client_id.is_ours(self._manager.engine_tag, report.client_order_id)
            and self._engine.bot_of(report.client_order_id) is None
        }

    async def _ended_strays(self) -> dict[ClientOrderId, OrderReport]:
        """Orders that no bot knows and that have filled, as the venue tells of them."""
        found = {}
        for fill in self._engine.journal.unclaimed_fills():
            identity = fill.client_order_id
            if fill.exchange == self._name and identity not in self._manager.strays:
                answer = await self._manager.look_ups.find(
                    Sought(BotId(""), identity, fill.symbol, 0)
                )
                if isinstance(answer, OrderReport):
                    found[identity] = answer
        return found

    def _live_in_journal(self) -> list[Order]:
        return [order for bot in self._bots() for order in bot.keeper.live.values()]

    def _is_young(self, order: Order) -> bool:
        return self.in_step and self._engine.clock.now() - order.updated_ns < YOUNG_NS

    async def _look_once(self, order: Order) -> None:
        """An order that should rest and isn't listed has ended, or never arrived.

        Where one look can't tell, its key stays frozen and the look-up goes on by itself.
        """
        look = asyncio.ensure_future(self._manager.look_ups.settle(sought_of(order)))
        self._manager.keep(look)
        wait_s = self._manager.exchange.capabilities.not_found_is_final_after_s
        if not wait_s:
            await look

    def _bots(self) -> list[Bot]:
        return [bot for bot in self._engine.bots.values() if bot.orders is self._manager]

    def _set_in_step(self, in_step: bool) -> None:
        self.in_step = in_step
        for bot in self._bots():
            if in_step:
                bot.sync = VenueSync.NOW
            elif bot.sync is VenueSync.NOW:
                bot.sync = VenueSync.LOST
        self._engine.revisions.changed()

    def _tell(self, event: Connected | Disconnected) -> None:
        self._engine.tell(event)
