"""The event vocabulary: what happened, under names that journal, webhooks and library share.

A producer leaves `seq` and `ts` at 0; the engine's bus stamps them. `seq` is gapless per
engine over all events but `PriceUpdate`, which is conflated and repeats the newest other seq.
"""

from decimal import Decimal

import msgspec

from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import Asset, BotId, ClientOrderId, OrderKey, Symbol
from nimbus_tui.core.order import OrderType, Side


def _tag(class_name: str) -> str:
    """`OrderFilled` → `orderFilled`."""
    return class_name[0].lower() + class_name[1:]


class Event(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False, tag_field="type", tag=_tag
):
    """What all events carry: `seq`, `ts` (ns since the epoch, engine clock), `bot_id` or none."""

    seq: int = 0
    ts: int = 0
    bot_id: BotId | None = None


# market and account


class PriceUpdate(Event, frozen=True, kw_only=True):
    """The newest price of a symbol; conflated, not journalled one by one."""

    symbol: Symbol
    price: Decimal


class OrderPlaced(Event, frozen=True, kw_only=True):
    """The venue has accepted an order."""

    key: OrderKey
    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    order_type: OrderType
    price: Decimal | None
    quantity: Decimal


class OrderFilled(Event, frozen=True, kw_only=True):
    """One execution has been absorbed; `position` is the bot's afterwards."""

    fill: Fill
    position: Decimal


class OrderCancelled(Event, frozen=True, kw_only=True):
    """An order ended without being filled whole (cancelled or expired); `filled` is final."""

    key: OrderKey
    client_order_id: ClientOrderId
    symbol: Symbol
    filled: Decimal
    reason: str = ""


class OrderRejected(Event, frozen=True, kw_only=True):
    """The venue, or our own validation before it, has refused an order."""

    key: OrderKey
    client_order_id: ClientOrderId | None
    symbol: Symbol
    reason: str
    passing: bool = False
    """Whether it is a passing state of the venue: nothing is wrong with the order."""


class PositionUpdate(Event, frozen=True, kw_only=True):
    """A bot's position has changed."""

    symbol: Symbol
    quantity: Decimal
    average_cost: Decimal | None


class BalanceUpdate(Event, frozen=True, kw_only=True):
    """The venue's balance of an asset has changed."""

    asset: Asset
    total: Decimal
    locked: Decimal


# strategy


class GridRebalanced(Event, frozen=True, kw_only=True):
    """A grid has moved to a new base."""

    symbol: Symbol
    old_base: Decimal
    new_base: Decimal


class DcaOrderExecuted(Event, frozen=True, kw_only=True):
    """A DCA slot has been bought (or sold)."""

    key: OrderKey
    symbol: Symbol
    price: Decimal
    quantity: Decimal
    invested: Decimal
    average_cost: Decimal


class PortfolioRebalanced(Event, frozen=True, kw_only=True):
    """A rebalance has finished; weights in percent by asset."""

    before: dict[Asset, Decimal]
    after: dict[Asset, Decimal]
    orders: int
    cost: Decimal


class MartingaleTriggered(Event, frozen=True, kw_only=True):
    """A safety order has filled."""

    symbol: Symbol
    step: int
    price: Decimal
    quantity: Decimal
    average_cost: Decimal


# risk


class StopLossTriggered(Event, frozen=True, kw_only=True):
    """The loss against the average cost has reached the limit; the position is closed."""

    symbol: Symbol
    price: Decimal
    measured: Decimal
    limit: Decimal


class TakeProfitTriggered(Event, frozen=True, kw_only=True):
    """The gain against the average cost has reached the limit; the position is closed."""

    symbol: Symbol
    price: Decimal
    measured: Decimal
    limit: Decimal


class PositionLimitWarning(Event, frozen=True, kw_only=True):
    """Position plus adding orders come near the limit, or an order was refused by it."""

    symbol: Symbol
    measured: Decimal
    limit: Decimal


class CircuitBreakerActivated(Event, frozen=True, kw_only=True):
    """A losing streak has paused the bot."""

    losses: int
    cooldown_seconds: int


class RiskEscalated(Event, frozen=True, kw_only=True):
    """A scope went up the ladder."""

    scope: str
    step: str
    rule: str
    measured: Decimal | None
    limit: Decimal | None
    action: str
    window: str = ""
    source: str = ""
    age_ms: int | None = None


class RiskCleared(Event, frozen=True, kw_only=True):
    """A scope came one step down."""

    scope: str
    step: str
    rule: str
    measured: Decimal | None
    limit: Decimal | None
    action: str = ""
    window: str = ""
    source: str = ""
    age_ms: int | None = None


# system


class Connected(Event, frozen=True, kw_only=True):
    """A venue is connected and synchronised."""

    exchange: str


class Disconnected(Event, frozen=True, kw_only=True):
    """A venue's connection is gone."""

    exchange: str
    reason: str = ""


class Initialized(Event, frozen=True, kw_only=True):
    """A bot (or, without `bot_id`, the engine) is set up."""


class Started(Event, frozen=True, kw_only=True):
    """A bot or the engine has begun to trade."""


class Paused(Event, frozen=True, kw_only=True):
    """No order that adds exposure rests or is placed until resumed."""

    reason: str = ""


class Resumed(Event, frozen=True, kw_only=True):
    """The pause is over."""


class Stopped(Event, frozen=True, kw_only=True):
    """A bot is out of the market till the operator starts it again; or the engine has ended."""

    reason: str = ""


class ConfigChanged(Event, frozen=True, kw_only=True):
    """A bot's parameters were changed; the keys that differ."""

    keys: tuple[str, ...]


class Error(Event, frozen=True, kw_only=True):
    """Something failed; `detail` may hold a traceback."""

    message: str
    detail: str = ""


class Warning(Event, frozen=True, kw_only=True):  # noqa: A001 - the vocabulary fixes the name
    """Something needs an eye but trading goes on."""

    message: str


class Info(Event, frozen=True, kw_only=True):
    """Something worth a line in the journal."""

    message: str


AnyEvent = (
    PriceUpdate
    | OrderPlaced
    | OrderFilled
    | OrderCancelled
    | OrderRejected
    | PositionUpdate
    | BalanceUpdate
    | GridRebalanced
    | DcaOrderExecuted
    | PortfolioRebalanced
    | MartingaleTriggered
    | StopLossTriggered
    | TakeProfitTriggered
    | PositionLimitWarning
    | CircuitBreakerActivated
    | RiskEscalated
    | RiskCleared
    | Connected
    | Disconnected
    | Initialized
    | Started
    | Paused
    | Resumed
    | Stopped
    | ConfigChanged
    | Error
    | Warning
    | Info
)
"""Every event, for decoding: `msgspec.json.decode(raw, type=AnyEvent)`."""


def event_type(event: Event) -> str:
    """The fixed name of an event's kind, e.g. `orderFilled`."""
    return _tag(type(event).__name__)
