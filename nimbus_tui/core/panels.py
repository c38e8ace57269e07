"""What a strategy shows of itself, as values: the rows of its panel, free of any screen."""

from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.core.ids import Asset, OrderKey, Symbol
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
    """Grid profit of the round trips that closed here since the (re)centre, in quote; in a preview
    that of one round trip that begins here."""
    symbol: Symbol | None = None
    """Named where one ladder holds orders of several symbols."""


class LadderPanel(msgspec.Struct, frozen=True, kw_only=True, tag="ladder"):
    """A ladder of price levels with what the strategy waits for."""

    rows: tuple[LadderRow, ...] = ()
    base: Decimal | None = None
    """What the offsets are measured from; None = from the newest price."""
    wake_below: Decimal | None = None
    wake_above: Decimal | None = None
    wake_at: int | None = None
    """When the bot wakes by time, ns; None when only prices and fills wake it."""
    note: str = ""
    """What the bot is doing when it isn't simply resting, e.g. waiting for a trigger."""


class SlotState(Enum):
    """What became of one slot of a schedule."""

    DONE = "done"
    """Traded, as far as it was to be."""
    OPEN = "open"
    """Due; its order is on its way or rests."""
    NEXT = "next"
    LATER = "later"
    MISSED = "missed"
    """Fell due while the bot could not act, and is not made up for."""
    SKIPPED = "skipped"
    """Left out by a rule of the bot; the note says which."""


class TimelineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One slot, oldest first; the sums are those up to and with this slot."""

    due: int
    """When it is due, ns since the epoch."""
    state: SlotState
    key: OrderKey | None = None
    price: Decimal | None = None
    """Mean price of the slot's own fills."""
    quantity: Decimal = Decimal(0)
    """What the slot traded, in base."""
    spent: Decimal = Decimal(0)
    """What the slot traded, in quote, fees left out."""
    invested: Decimal = Decimal(0)
    """Sum of `spent` so far."""
    mean_price: Decimal | None = None
    """Plain mean of the slots' prices."""
    average_cost: Decimal | None = None
    """Quote spent ÷ base bought, fees in."""
    order: RowState = RowState.EMPTY
    """How the order of a slot that is due stands."""
    note: str = ""


class TimelinePanel(msgspec.Struct, frozen=True, kw_only=True, tag="timeline"):
    """A schedule of orders: what came of past slots, what comes next, how far it still goes."""

    rows: tuple[TimelineRow, ...] = ()
    side: Side = Side.BUY
    orders: int = 0
    """How many slots count towards `max_orders`."""
    max_orders: int | None = None
    invested: Decimal = Decimal(0)
    max_quote: Decimal | None = None
    next_due: int | None = None
    """When the next slot is due, ns; None when there is none left."""
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    note: str = ""


class DriftRow(msgspec.Struct, frozen=True, kw_only=True):
    """One asset of a portfolio; weights in percent of its value, `drift` in points."""

    asset: Asset
    target: Decimal
    current: Decimal | None = None
    """None while there is no price."""
    drift: Decimal | None = None
    threshold: Decimal | None = None
    """Drift in points at which this asset triggers a rebalance."""
    quantity: Decimal = Decimal(0)
    """What is held, in the asset."""
    value: Decimal | None = None
    """What that is worth, in the portfolio's quote."""
    side: Side | None = None
    """What would be (or is being) done about the drift."""
    amount: Decimal = Decimal(0)
    """How much of it, in quote."""
    key: OrderKey | None = None
    state: RowState = RowState.EMPTY
    note: str = ""


class DriftPanel(msgspec.Struct, frozen=True, kw_only=True, tag="drift"):
    """A portfolio against its targets."""

    rows: tuple[DriftRow, ...] = ()
    value: Decimal | None = None
    quote: Asset = Asset("")
    round_number: int = 0
    """The round that is going on, or was the last."""
    is_rebalancing: bool = False
    last_rebalance: int | None = None
    """When the last round ended, ns."""
    next_rebalance: int | None = None
    """When the next is due by time, ns; None when only drift triggers one."""
    note: str = ""


class StepState(Enum):
    """How things stand with one safety step."""

    WAITING = "waiting"
    IN_PLAY = "in play"
    """Its order is the next one towards the market."""
    FILLED = "filled"


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a martingale; sums are those up to and with this step."""

    step: int
    """0 is the base order."""
    state: StepState
    price: Decimal
    """Where it fills, or has filled."""
    deviation_percent: Decimal
    """Distance from the entry, in percent, against the position."""
    quantity: Decimal
    quote: Decimal
    """Size in quote."""
    cumulative_quote: Decimal
    average_cost: Decimal | None = None
    """Average cost once this step has filled, fees in."""
    target_price: Decimal | None = None
    """Take-profit price once this step has filled."""
    key: OrderKey | None = None
    order: RowState = RowState.EMPTY
    filled: Decimal = Decimal(0)


class StepsPanel(msgspec.Struct, frozen=True, kw_only=True, tag="steps"):
    """A martingale's ladder of safety orders, with its exits."""

    rows: tuple[StepRow, ...] = ()
    side: Side = Side.BUY
    cycle: int = 0
    entry_price: Decimal | None = None
    average_cost: Decimal | None = None
    target_price: Decimal | None = None
    target_quantity: Decimal = Decimal(0)
    target_key: OrderKey | None = None
    target_state: RowState = RowState.EMPTY
    stop_price: Decimal | None = None
    capital: Decimal = Decimal(0)
    """What all steps need."""
    next_cycle: int | None = None
    """When the cooldown ends, ns."""
    note: str = ""


Panel = LadderPanel | TimelinePanel | DriftPanel | StepsPanel
"""Every kind of panel a strategy may return from `get_state()`."""
