"""The judge of a fault world: looks at the venue, where the truth is, at everything that happens.

It knows orders by their client ids and keys by the journals that it has seen, also those whose
tail was lost, so that nothing an engine forgets is forgotten here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ClientOrderId, OrderKey, Symbol
from nimbus_tui.core.order import Order, OrderReport
from nimbus_tui.engine.engine import Engine

ZERO = Decimal(0)

Intent = tuple[BotId, OrderKey]


class Violation(msgspec.Struct, frozen=True):
    """One broken promise."""

    invariant: str
    detail: str


class VenueAudit:
    """Collects what the venue has done, and says which promise is broken first."""

    def __init__(self) -> None:
        self.violation: Violation | None = None
        self.orders = 0
        self.fills: list[Fill] = []
        self._intents: dict[ClientOrderId, Intent] = {}
        self._quantities: dict[ClientOrderId, Decimal] = {}
        self._live: dict[ClientOrderId, OrderReport] = {}
        self._filled: dict[ClientOrderId, Decimal] = defaultdict(Decimal)
        self._unnamed: set[ClientOrderId] = set()

    def break_promise(self, invariant: str, detail: str) -> None:
        """Keep the first broken promise."""
        if self.violation is None:
            self.violation = Violation(invariant, detail)

    def journalled(self, order: Order) -> None:
        """An engine has written an order down; from now on its id has a meaning."""
        self._intents[order.client_order_id] = (order.bot_id, order.key)

    def intent(self, identity: ClientOrderId) -> Intent | None:
        """Whose order it is and why it exists."""
        return self._intents.get(identity)

    def reported(self, report: OrderReport) -> None:
        """The venue has taken an order in, or changed it."""
        identity = report.client_order_id
        if identity not in self._quantities:
            self.orders += 1
            self._quantities[identity] = report.quantity
            if identity not in self._intents:
                self.break_promise(
                    "journal before wire", f"{identity} is at the venue but in no journal"
                )
        if report.state.is_final:
            self._live.pop(identity, None)
        else:
            self._live[identity] = report
        self._check_key(identity)

    def filled(self, fill: Fill) -> None:
        """The venue has executed an order."""
        self.fills.append(fill)
        identity = fill.client_order_id
        self._filled[identity] += fill.quantity
        self._check_key(identity)

    def _check_key(self, identity: ClientOrderId) -> None:
        intent = self._intents.get(identity)
        if intent is None:
            return
        bot_id, key = intent
        mine = [other for other, its in self._intents.items() if its == intent]
        live = [other for other in mine if other in self._live]
        if len(live) > 1:
            self.break_promise("one live order per key", f"{bot_id} {key}: {', '.join(live)}")
        traded = [other for other in mine if self._filled.get(other)]
        if len(traded) > 1:
            self.break_promise(
                "a spent key is never sent again", f"{bot_id} {key}: {', '.join(traded)} filled"
            )
        if live and traded and live != traded:
            self.break_promise("a spent key is never sent again", f"{bot_id} {key} rests again")

    # at rest

    def check_at_rest(self, engine: Engine, open_orders: Iterable[OrderReport]) -> None:
        """The world has calmed down: what rests is what is wanted, and the books are the truth."""
        at_venue = {report.client_order_id: report for report in open_orders}
        for bot in engine.bots.values():
            wanted = {order.key for order in bot.reviewed.orders}
            live = {order.client_order_id: key for key, order in bot.keeper.live.items()}
            if set(live.values()) != wanted:
                odd = sorted(set(live.values()) ^ wanted)
                self.break_promise("at rest, live = desired", f"{bot.bot_id}: {', '.join(odd)}")
            for identity, key in live.items():
                if identity not in at_venue:
                    self.break_promise(
                        "at rest, live = desired", f"{bot.bot_id} {key} is not at the venue"
                    )
            self._check_position(bot.bot_id, {s: bot.position(s) for s in bot.instruments})
        for identity in at_venue:
            intent = self._intents.get(identity)
            known = intent is not None and any(
                order.client_order_id == identity
                for order in engine.bots[intent[0]].keeper.live.values()
            )
            if not known:
                self.break_promise("no orphan", f"{identity} {intent} rests and nobody knows it")

    def _check_position(self, bot_id: BotId, held: Mapping[Symbol, Decimal]) -> None:
        for symbol, quantity in held.items():
            truth = sum(
                (
                    fill.signed_quantity
                    for fill in self.fills
                    if fill.symbol == symbol
                    and self._intents.get(fill.client_order_id, (None,))[0] == bot_id
                ),
                ZERO,
            )
            if truth != quantity:
                self.break_promise(
                    "position of a bot = Σ its fills",
                    f"{bot_id} {symbol}: holds {quantity}, its fills at the venue say {truth}",
                )
