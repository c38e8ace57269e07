"""Orders: what is wanted, what leaves, what came of it."""

from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import BotId, ClientOrderId, ExchangeOrderId, OrderKey, Symbol


class Side(Enum):
    """Direction of an order or fill."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """What a fill on this side does to a position: +1 buy, −1 sell."""
        return 1 if self is Side.BUY else -1


class OrderType(Enum):
    """How the price of an order is found."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(Enum):
    """How long an order may rest: till cancelled, or fill at once what can be filled."""

    GTC = "gtc"
    IOC = "ioc"


class OrderState(Enum):
    """Where an order is in its life; see `orders/lifecycle.py` for what may follow what."""

    PENDING = "pending"
    """Journalled; no answer yet."""
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """The answer was lost: frozen until a look-up by client id decides."""

    @property
    def is_final(self) -> bool:
        """Whether the venue is done with the order."""
        return self in FINAL_STATES


FINAL_STATES = frozenset(
    {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED, OrderState.EXPIRED}
)

MOST_TRIES_LOST = 16
"""How many tries under one key a power cut may have taken from the journal."""


class DesiredOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that a strategy wants to rest now.

    `quantity` is the total for the key in base units, the filled part included, so that a partial
    fill alone changes nothing.
    """

    key: OrderKey
    symbol: Symbol
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.LIMIT
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it leaves for the venue."""

    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.LIMIT
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Ask the venue to cancel one order of ours."""

    client_order_id: ClientOrderId
    symbol: Symbol
    exchange_order_id: ExchangeOrderId | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One order under one key and generation, as far as we know; times are ns since the epoch."""

    bot_id: BotId
    key: OrderKey
    generation: int
    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.LIMIT
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    state: OrderState = OrderState.PENDING
    filled: Decimal = Decimal(0)
    exchange_order_id: ExchangeOrderId | None = None
    cancel_requested: bool = False
    wished: Decimal | None = None
    """What the strategy wished for, where the law has let through less than that."""
    adopted: bool = False
    """Whether its terms are the venue's, since it was there before it was asked for."""
    created_ns: int = 0
    updated_ns: int = 0
    reason: str = ""
    """Why it was refused or ended, in the venue's or our words."""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet, in base units."""
        return self.quantity - self.filled

    @property
    def is_live(self) -> bool:
        """Whether it may still rest at the venue (also while we don't know)."""
        return not self.state.is_final

    def request(self) -> OrderRequest:
        """The order as it leaves for the venue."""
        return OrderRequest(
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            type=self.type,
            price=self.price,
            trigger_price=self.trigger_price,
            time_in_force=self.time_in_force,
            post_only=self.post_only,
            reduce_only=self.reduce_only,
        )

    def wish(self) -> DesiredOrder:
        """The wish that this order fulfils as it is."""
        return DesiredOrder(
            key=self.key,
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            type=self.type,
            price=self.price,
            trigger_price=self.trigger_price,
            time_in_force=self.time_in_force,
            post_only=self.post_only,
            reduce_only=self.reduce_only,
        )

    def cancel_request(self) -> CancelRequest:
        """What asks the venue to cancel it."""
        return CancelRequest(
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            exchange_order_id=self.exchange_order_id,
        )


class RefusalKind(Enum):
    """Why a venue or the gate refused an order, as far as the engine acts on it."""

    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    INVALID = "invalid"
    """Off tick, off lot, under the minimum, unknown symbol …"""
    REDUCE_ONLY = "reduce_only"
    DUPLICATE = "duplicate"
    NOT_FOUND = "not_found"
    """A cancel for an order that the venue doesn't have live; read its fills again."""
    BUSY = "busy"
    """A passing venue state: may be tried again later."""


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The venue has the order (or has cancelled it)."""

    exchange_order_id: ExchangeOrderId


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The venue has said no: there is no such order."""

    kind: RefusalKind
    reason: str


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """The answer was lost. Never send again; look the order up by its client id."""

    cause: str


OrderResponse = Accepted | Refused | Unknown
"""What came of a placement."""

CancelResponse = Accepted | Refused | Unknown
"""What came of a cancel."""


class OrderReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue says of an order of ours, from a stream, a snapshot or a look-up."""

    client_order_id: ClientOrderId
    exchange_order_id: ExchangeOrderId | None
    symbol: Symbol
    side: Side
    type: OrderType
    price: Decimal | None
    quantity: Decimal
    filled: Decimal
    state: OrderState
    ts: int
    """Venue time in ns."""
    reduce_only: bool = False
    reason: str = ""


class NotFound(msgspec.Struct, frozen=True, tag="not_found"):
    """The venue's answer to a look-up: it lists no order with this id.

    Evidence, not proof: a venue may forget an order for a while, and a request may still be on its
    way. How long after the sending it becomes proof is one of the venue's capabilities.
    """
