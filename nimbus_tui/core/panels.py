"""What a strategy shows of itself, as values: the rows of its panel, free of any screen."""

from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import OrderKey
from nimbus_tui.core.order import Side


class RowState(Enum):
    """How things stand with one wanted order; the engine fills in what only it knows."""

    EMPTY = "empty"
    """No order is wanted at this level."""
    WANTED = "wanted"
    """Wanted, not yet sent."""
    WAITING = "waiting"
    """Held back by the strategy: it would cross, or there is nothing to sell or pay with."""
    HELD = "held"
    """Held back by risk."""
    PENDING = "pending"
    RESTING = "resting"
    PARTIAL = "partial"
    CANCELLING = "cancelling"
    UNKNOWN = "unknown"


class LadderRow(msgspec.Struct, frozen=True, kw_only=True):
    """One level of a ladder, highest price first; `offset_percent` is measured from the base."""

    level: int
    price: Decimal
    offset_percent: Decimal
    side: Side | None = None
    quantity: Decimal = Decimal(0)
    filled: Decimal = Decimal(0)
    key: OrderKey | None = None
    state: RowState = RowState.EMPTY
    fills: int = 0
    """How often this level has filled since the (re)centre."""
    profit: Decimal = Decimal(0)
    """Grid profit of the round trips that closed here since the (re)centre, in quote."""


class LadderPanel(msgspec.Struct, frozen=True, kw_only=True, tag="ladder"):
    """A ladder of price levels with what the strategy waits for."""

    rows: tuple[LadderRow, ...] = ()
    base: Decimal | None = None
    wake_below: Decimal | None = None
    wake_above: Decimal | None = None
    note: str = ""
    """What the bot is doing when it isn't simply resting, e.g. waiting for a trigger."""


Panel = LadderPanel
"""Every kind of panel a strategy may return from `get_state()`."""
