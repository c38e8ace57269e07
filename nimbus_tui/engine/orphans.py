"""Orders with our tag that no bot knows: said, cancelled, or given to the bot that they fit.

Right after a start such an order may only be waiting for its bot to ask for it again, since the
journal can have lost its newest entries. It is an orphan when two looks in a row have seen it and
every bot of the venue has said what it wants.
"""

from collections.abc import Mapping

from nimbus_tui.core.clock import NS_PER_SECOND
from nimbus_tui.core.errors import ExchangeError
from nimbus_tui.core.events import Info, Warning
from nimbus_tui.core.ids import ClientOrderId, OrderKey
from nimbus_tui.core.order import CancelRequest, OrderReport
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.lost_orders import take_over
from nimbus_tui.engine.order_manager import OrderManager
from nimbus_tui.engine.settings import OrphanPolicy
from nimbus_tui.engine.venue_side import VenueSide

FOREIGN_AFTER_S = 60.0
"""How long after the start an order with our tag may still be one that an earlier life sent."""


class Orphans:
    """Those of one venue."""

    def __init__(self, engine: VenueSide, manager: OrderManager) -> None:
        self._engine = engine
        self._manager = manager
        self._began_ns = engine.clock.now()
        self._seen: set[ClientOrderId] = set()
        self._told: set[ClientOrderId] = set()
        self.foreign: set[ClientOrderId] = set()
        """Orphans that reached the venue when nothing of an earlier life could any more."""

    def look_afresh(self) -> None:
        """Bots have got orders back: from what they wish for then others may be recognised."""
        self._seen = set()

    async def look(self, strays: Mapping[ClientOrderId, OrderReport]) -> None:
        """Take another look; what was there at the last one too is an orphan."""
        if not self._all_have_planned():
            self._seen = set()
            return
        found = [report for identity, report in strays.items() if identity in self._seen]
        self._seen = set(strays)
        self.foreign = {one.client_order_id for one in found if self._is_foreign(one)}
        for report in found:
            await self._handle(report)

    def _all_have_planned(self) -> bool:
        bots = [bot for bot in self._engine.bots.values() if bot.orders is self._manager]
        return all(bot.has_planned or bot.standing.is_stopped for bot in bots)

    def _is_foreign(self, report: OrderReport) -> bool:
        """Whether an order that rests is too young to be an earlier life's."""
        capabilities = self._manager.exchange.capabilities
        within_s = max(
            capabilities.request_arrives_within_s, capabilities.not_found_is_final_after_s
        )
        margin_ns = round((within_s + FOREIGN_AFTER_S) * NS_PER_SECOND)
        return not report.state.is_final and report.ts > self._began_ns + margin_ns

    async def _handle(self, report: OrderReport) -> None:
        match self._engine.settings.orphans:
            case OrphanPolicy.CANCEL if not report.state.is_final:
                await self._cancel(report)
            case OrphanPolicy.ADOPT if (bot := self._heir(report)) is not None:
                self._adopt(bot, report)
            case _ if report.state.is_final:
                self._say(report, f"it has filled {report.filled}: restore its bot")
            case _:
                self._say(report, "cancel it at the venue or restore its bot")

    def _say(self, report: OrderReport, remedy: str) -> None:
        if report.client_order_id in self._told:
            return
        self._told.add(report.client_order_id)
        self._engine.tell(
            Warning(
                message=f"order {report.client_order_id} on {self._manager.name} "
                f"({report.side.value} {report.quantity} {report.symbol} at {report.price}) "
                f"is ours but belongs to no bot; {remedy}"
            )
        )

    async def _cancel(self, report: OrderReport) -> None:
        self._say(report, "it is being cancelled")
        request = CancelRequest(
            client_order_id=report.client_order_id,
            symbol=report.symbol,
            exchange_order_id=report.exchange_order_id,
        )
        try:
            await self._manager.exchange.cancel_order(request)
        except ExchangeError as error:
            self._engine.tell(Info(message=f"{report.client_order_id} was not cancelled: {error}"))

    def _heir(self, report: OrderReport) -> Bot | None:
        """The only bot that trades the order's symbol at this venue."""
        fitting = [
            bot
            for bot in self._engine.bots.values()
            if bot.orders is self._manager and report.symbol in bot.instruments
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _adopt(self, bot: Bot, report: OrderReport) -> None:
        """From now on its fills are the bot's; the bot, which doesn't want it, cancels it."""
        take_over(self._engine, bot, report, OrderKey(f"adopted/{report.client_order_id}"))
        self._say(report, f"{bot.bot_id} takes it over")
