"""An order as the venue keeps it, and as it tells it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.exchanges.hyperliquid.server.actions import Kind, OrderWire, Trigger
from tests.exchanges.hyperliquid.server.grain import stripped, text
from tests.exchanges.hyperliquid.server.universe import Market


@dataclass(eq=False)
class Order:
    """One order that was ever sent and had a number."""

    oid: int
    user: str
    market: Market
    buy: bool
    px: Decimal
    asked: Decimal
    """The size that was asked for (`origSz`)."""
    size: Decimal
    """The real size: less than asked if a reduce-only order was cut down."""
    reduce_only: bool
    kind: Kind
    cloid: str | None
    placed: int
    filled: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    status: str = ""
    changed: int = 0
    recorded_left: Decimal = Decimal(0)
    """What was left when the status last changed: what `orderStatus` tells."""
    children: list["Order"] = field(default_factory=list)
    parent: "Order | None" = None
    waits_for_parent: bool = False
    is_position_tpsl: bool = False
    triggered: bool = False

    @property
    def left(self) -> Decimal:
        """What isn't filled of the real size."""
        return self.size - self.filled

    @property
    def is_open(self) -> bool:
        """It lives: it rests, or waits for its trigger or its parent."""
        return self.status in {"open", "triggered"}

    @property
    def trigger(self) -> Trigger | None:
        """What it waits for, until it has come."""
        trigger = self.kind.trigger
        return trigger if isinstance(trigger, Trigger) and not self.triggered else None

    @property
    def rests(self) -> bool:
        """It stands in the book."""
        return self.is_open and self.trigger is None and not self.waits_for_parent

    @property
    def tif(self) -> str | None:
        """How long it lives; triggers have none."""
        return None if self.kind.trigger else self.kind.limit.tif  # type: ignore[union-attr]

    def reaches(self, px: Decimal) -> bool:
        """The limit allows an execution at a price."""
        return px <= self.px if self.buy else px >= self.px

    def basic(self) -> dict[str, Any]:
        """As `orderUpdates` and `openOrders` tell it: optional keys only where they are set."""
        told: dict[str, Any] = {
            "coin": self.market.coin,
            "side": "B" if self.buy else "A",
            "limitPx": text(self.px),
            "sz": text(self.left),
            "oid": self.oid,
            "timestamp": self.placed,
            "origSz": text(self.asked),
        }
        if self.cloid:
            told["cloid"] = self.cloid
        if self.reduce_only:
            told["reduceOnly"] = True
        return told

    def full(self, *, recorded: bool = False) -> dict[str, Any]:
        """As `frontendOpenOrders` tells it, or `orderStatus` (`recorded`), with all keys."""
        trigger = self.kind.trigger
        waits = isinstance(trigger, Trigger)
        told = self.basic() | {
            "triggerCondition": _condition(self, trigger)
            if isinstance(trigger, Trigger)
            else "N/A",
            "isTrigger": waits,
            "triggerPx": text(Decimal(trigger.triggerPx))
            if isinstance(trigger, Trigger)
            else "0.0",
            "children": [child.full() for child in self.children if child.waits_for_parent],
            "isPositionTpsl": self.is_position_tpsl,
            "reduceOnly": self.reduce_only,
            "orderType": _type_name(trigger) if isinstance(trigger, Trigger) else "Limit",
            "tif": self.tif,
            "cloid": self.cloid,
        }
        if recorded:
            told["sz"] = text(self.recorded_left)
        return told

    def update(self) -> dict[str, Any]:
        """As one entry of `orderUpdates`."""
        return {"order": self.basic(), "status": self.status, "statusTimestamp": self.changed}

    def record(self) -> dict[str, Any]:
        """As `orderStatus` and `historicalOrders` tell it."""
        order = self.full(recorded=True)
        return {"order": order, "status": self.status, "statusTimestamp": self.changed}


def is_above(order: Order, trigger: Trigger) -> bool:
    """The order wakes when the mark price rises to its trigger (else: falls to it)."""
    return order.buy == (trigger.tpsl == "sl")


def _condition(order: Order, trigger: Trigger) -> str:
    word = "above" if is_above(order, trigger) else "below"
    return f"Price {word} {stripped(trigger.triggerPx)}"


def _type_name(trigger: Trigger) -> str:
    name = "Take Profit" if trigger.tpsl == "tp" else "Stop"
    return f"{name} {'Market' if trigger.isMarket else 'Limit'}"


def order_from(wire: OrderWire, market: Market, user: str, oid: int, now: int) -> Order:
    """The order that was sent."""
    size = Decimal(wire.s)
    return Order(
        oid=oid,
        user=user,
        market=market,
        buy=wire.b,
        px=Decimal(wire.p),
        asked=size,
        size=size,
        reduce_only=wire.r,
        kind=wire.t,
        cloid=wire.c if isinstance(wire.c, str) else None,
        placed=now,
        recorded_left=size,
    )
