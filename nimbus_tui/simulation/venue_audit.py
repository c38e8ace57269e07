"""The judge of a fault world: looks at the venue, where the truth is, at everything that happens.

It knows orders by their client ids and keys by the journals that it has seen, also those whose
tail was lost, so that nothing an engine forgets is forgotten here.
"""

from collections import defaultdict
from decimal import Decimal

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.funding import FundingPayment
from nimbus_tui.core.ids import BotId, ClientOrderId, OrderKey
from nimbus_tui.core.order import Order, OrderReport, OrderRequest

ZERO = Decimal(0)

Intent = tuple[BotId, OrderKey]


class Violation(msgspec.Struct, frozen=True):
    """One broken promise."""

    invariant: str
    detail: str


class AtVenue(msgspec.Struct):
    """What the venue has of one order."""

    quantity: Decimal
    is_live: bool = True
    filled: Decimal = ZERO


class VenueAudit:
    """Collects what the venue has done, and says which promise is broken first."""

    def __init__(self) -> None:
        self.violation: Violation | None = None
        self.fills: list[Fill] = []
        self.payments: list[FundingPayment] = []
        self.intents: dict[ClientOrderId, Intent] = {}
        self.journal_lost = False
        """Whether a power cut has taken what an engine knew."""
        self._at_venue: dict[ClientOrderId, AtVenue] = {}
        self._by_intent: dict[Intent, set[ClientOrderId]] = defaultdict(set)

    @property
    def orders(self) -> int:
        """How many orders the venue has taken in."""
        return len(self._at_venue)

    def break_promise(self, invariant: str, detail: str) -> None:
        """Keep the first broken promise."""
        if self.violation is None:
            self.violation = Violation(invariant, detail)

    def journalled(self, order: Order) -> None:
        """An engine has written an order down; from now on its id has a meaning.

        An order that was adopted under another name first keeps the one that it was sent under.
        """
        self.intents.setdefault(order.client_order_id, (order.bot_id, order.key))
        self._by_intent[self.intents[order.client_order_id]].add(order.client_order_id)

    # at the venue

    def requested(self, request: OrderRequest, *, is_copy: bool = False) -> bool:
        """A request reaches the venue; returns whether it has an order of that id already.

        A second request under an id that is there makes no order. Only an engine that has lost its
        journal's tail, or a line that carries it twice, may send one for what has filled.
        """
        identity = request.client_order_id
        known = self._at_venue.get(identity)
        intent = self.intents.get(identity)
        if intent is None:
            self.break_promise("journal before wire", f"{identity} arrives but is in no journal")
        elif known is not None:
            spent = known.filled and not known.is_live
            if spent and not (is_copy or self.journal_lost):
                what = f"{intent[0]} {intent[1]}: {identity} has filled and arrives again"
                self.break_promise("a spent key is never sent again", what)
        else:
            self._check_spent(identity, intent)
        return known is not None

    def _check_spent(self, identity: ClientOrderId, intent: Intent) -> None:
        for other in sorted(self._by_intent[intent]):
            known = self._at_venue.get(other)
            if known is not None and known.filled:
                what = f"{intent[0]} {intent[1]} has filled as {other} and arrives as {identity}"
                self.break_promise("a spent key is never sent again", what)

    def accepted(self, request: OrderRequest) -> None:
        """The venue has taken an order in."""
        self._at_venue[request.client_order_id] = AtVenue(request.quantity)
        self._check_key(request.client_order_id)

    def reported(self, report: OrderReport) -> None:
        """The venue has changed an order."""
        known = self._at_venue.setdefault(report.client_order_id, AtVenue(report.quantity))
        known.is_live = not report.state.is_final
        self._check_key(report.client_order_id)

    def filled(self, fill: Fill) -> None:
        """The venue has executed an order."""
        self.fills.append(fill)
        known = self._at_venue.setdefault(fill.client_order_id, AtVenue(fill.quantity))
        known.filled += fill.quantity
        self._check_key(fill.client_order_id)

    def funded(self, payment: FundingPayment) -> None:
        """The venue has charged or paid funding."""
        self.payments.append(payment)

    def fills_of(self, bot_id: BotId) -> list[Fill]:
        """The fills of all orders that a bot has ever written down."""
        return [
            fill
            for fill in self.fills
            if self.intents.get(fill.client_order_id, ("",))[0] == bot_id
        ]

    def _check_key(self, identity: ClientOrderId) -> None:
        intent = self.intents.get(identity)
        if intent is None:
            return
        where = f"{intent[0]} {intent[1]}"
        mine = {
            other: self._at_venue[other]
            for other in sorted(self._by_intent[intent])
            if other in self._at_venue
        }
        live = [other for other, order in mine.items() if order.is_live]
        if len(live) > 1:
            self.break_promise("one live order per key", f"{where}: {', '.join(live)}")
        traded = [other for other, order in mine.items() if order.filled]
        if len(traded) > 1 or (live and traded and live != traded):
            what = f"{where}: {', '.join(traded)} filled, {', '.join(live)} live"
            self.break_promise("a spent key is never sent again", what)
        total = sum((order.filled for order in mine.values()), ZERO)
        most = max((mine[other].quantity for other in traded), default=ZERO)
        if total > most:
            self.break_promise("Σ filled(key) ≤ quantity(key)", f"{where}: {total} of {most}")
