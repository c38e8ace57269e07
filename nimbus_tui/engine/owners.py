"""Whose a fact is: sorts what has arrived by the bot that it concerns."""

from collections import defaultdict
from collections.abc import Mapping

from nimbus_tui.core.events import Warning
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeName, Symbol
from nimbus_tui.engine.bot import Bot
from nimbus_tui.engine.bus import EventBus
from nimbus_tui.engine.facts import (
    BotDue,
    BotFact,
    FillArrived,
    FillsRead,
    FundingArrived,
    FundingRead,
    OrderFact,
    OrderReported,
)
from nimbus_tui.engine.holdings import note_foreign_fill
from nimbus_tui.engine.inbox import Market, Post
from nimbus_tui.engine.order_manager import OrderManager, cursor_fact, funding_cursor_fact
from nimbus_tui.journal.base import Journal
from nimbus_tui.orders import client_id


class Owners:
    """Knows which bot an order, a fill or a payment belongs to."""

    def __init__(
        self,
        bots: Mapping[BotId, Bot],
        watchers: Mapping[Market, list[BotId]],
        order_managers: Mapping[ExchangeName, OrderManager],
        journal: Journal,
        bus: EventBus,
    ) -> None:
        self._bots = bots
        self._watchers = watchers
        self._order_managers = order_managers
        self._journal = journal
        self._bus = bus

    def sort(self, post: Post) -> tuple[dict[BotId, list[BotFact]], set[BotId]]:
        """Facts by the bot that they concern, and the bots that are to plan anew.

        What concerns no bot is settled here, in the transaction that is open.
        """
        facts: dict[BotId, list[BotFact]] = defaultdict(list)
        replan = set()
        for fact in post.facts:
            match fact:
                case BotDue(bot_id, wants_plan):
                    facts[bot_id] += []
                    if wants_plan:
                        replan.add(bot_id)
                case FillsRead(exchange, cursor):
                    self._journal.save_fact(cursor_fact(exchange), cursor)
                case FundingRead(exchange, cursor):
                    self._journal.save_fact(funding_cursor_fact(exchange), cursor)
                case FundingArrived(exchange, payment):
                    holder = self._holder(exchange, payment)
                    if holder is not None:
                        facts[holder].append(fact)
                    else:
                        self._journal.record_funding(payment)
                case _:
                    owner = self._owner(fact)
                    if owner is not None:
                        facts[owner].append(fact)
                    elif isinstance(fact, FillArrived):
                        self._keep_unclaimed(fact)
        return facts, replan

    def bot_of(self, identity: ClientOrderId) -> BotId | None:
        """Whose order this is; None for orders that aren't ours."""
        for bot in self._bots.values():
            if bot.keeper.live.by_client_id(identity) is not None:
                return bot.bot_id
        order = self._journal.order(identity)
        return order.bot_id if order is not None and order.bot_id in self._bots else None

    def _keep_unclaimed(self, fact: FillArrived) -> None:
        """A fill of ours that belongs to no bot here waits in the journal until one claims it."""
        fill = fact.fill
        tag = self._order_managers[fact.exchange].engine_tag
        if not client_id.is_ours(tag, fill.client_order_id):
            note_foreign_fill(self._journal, fill)
        elif self._journal.record_fill(fill):
            self._order_managers[fact.exchange].unclaimed.add(fill.client_order_id)
            self._bus.publish(
                Warning(
                    message=f"order {fill.client_order_id} of ours, of no bot here, has filled: "
                    f"{fill.side.value} {fill.quantity:f} {fill.symbol} at {fill.price:f}"
                )
            )

    def _owner(self, fact: OrderFact) -> BotId | None:
        if not isinstance(fact, FillArrived | OrderReported):
            return fact.bot_id
        named = fact.fill if isinstance(fact, FillArrived) else fact.report
        tag = self._order_managers[fact.exchange].engine_tag
        if not client_id.is_ours(tag, named.client_order_id):
            forced = isinstance(fact, FillArrived) and fact.fill.forced
            return self._forced_on(fact.exchange, named.symbol) if forced else None
        return self.bot_of(named.client_order_id)

    def _forced_on(self, exchange: ExchangeName, symbol: Symbol) -> BotId | None:
        """The bot whose position a venue has closed by force: on an account it is the only one."""
        watching = (self._bots[bot_id] for bot_id in self._watchers.get((exchange, symbol), ()))
        return next((bot.bot_id for bot in watching if bot.position(symbol)), None)

    def _holder(self, exchange: ExchangeName, payment: FundingPayment) -> BotId | None:
        """The bot that holds a derivative; what was paid before its books began isn't its own."""
        for bot_id in self._watchers.get((exchange, payment.symbol), ()):
            saved = self._bots[bot_id].saved
            if saved.opened and payment.ts >= saved.opened_ns:
                return bot_id
        return None
