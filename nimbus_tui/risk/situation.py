"""What the gate looks at besides the plan."""

from collections.abc import Mapping, Set
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import Asset, OrderKey, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.core.order import DesiredOrder, Order
from nimbus_tui.core.risk import RiskStep
from nimbus_tui.risk.allowances import Allowance
from nimbus_tui.risk.limits import RiskLimits

ZERO = Decimal(0)
WAITS = "waits:"
"""How the reason of an order begins that is only a moment too early."""


CANCELLED = "cancelled by the operator"
"""How the reason of an order begins that was cancelled by hand."""


class VenueSync(Enum):
    """Whether what we know of the account is what the venue knows."""

    NEVER = "never"
    """Not yet since the start: nothing new may leave, not even an exit."""
    LOST = "lost"
    """It was; until it is again nothing new may leave but an exit."""
    NOW = "now"


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate looks at besides the plan."""

    step: RiskStep
    """The strictest step that holds for the bot: its own, the operator's, the engine's."""
    positions: Mapping[Symbol, Decimal]
    prices: Mapping[Symbol, Decimal]
    instruments: Mapping[Symbol, Instrument]
    limits: RiskLimits
    live: Mapping[OrderKey, Order] = msgspec.field(default_factory=dict)
    """What rests already: it passed when it was new and is not validated again."""
    filled: Mapping[OrderKey, Decimal] = msgspec.field(default_factory=dict)
    """What of a live order has filled already; its quantity includes that."""
    waiting: Mapping[OrderKey, str] = msgspec.field(default_factory=dict)
    """Keys that were refused a moment ago, with the reason; they wait for their next try."""
    cancelled: Set[OrderKey] = frozenset()
    """Keys whose orders the operator has cancelled by hand: held back until the bot is resumed."""
    closing: tuple[DesiredOrder, ...] = ()
    """The orders that close the position, while the bot is to be flat."""
    sync: VenueSync = VenueSync.NOW
    allowances: tuple[Allowance, ...] = ()
    """What the limits leave to orders that add; of the bot, its account and the engine."""
    refusal: str = ""
    """Why no new order that adds may leave, whatever it is (the API rate); empty while it may."""
    adding_left: int | None = None
    """How many new orders that add may leave now by the order rate; None: no matter how many."""
    throttled_left: int | None = None
    """The same by the throttled rate; looked at while the step is throttle."""
    free: Mapping[Asset, Decimal] | None = None
    """What of the account's balances new spot orders could use; None: not looked at."""

    def position(self, symbol: Symbol) -> Decimal:
        """The signed position; 0 where there is none."""
        return self.positions.get(symbol, ZERO)

    def reduces(self, order: DesiredOrder) -> bool:
        """Whether an order is against the position."""
        return self.position(order.symbol) * order.side.sign < 0

    def rests_as_wished(self, order: DesiredOrder) -> bool:
        """Whether what rests under the key is what is wished."""
        resting = self.live.get(order.key)
        return resting is not None and (
            (resting.symbol, resting.side, resting.price, resting.quantity)
            == (order.symbol, order.side, order.price, order.quantity)
        )
