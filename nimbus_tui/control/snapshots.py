"""What a client sees of an engine at one moment; JSON shapes of the CLI are made from these."""

from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from nimbus_tui.core.events import AnyEvent
from nimbus_tui.core.fill import Fill
from nimbus_tui.core.ids import BotId, ExchangeName, OrderKey, Symbol
from nimbus_tui.core.order import Order
from nimbus_tui.core.panels import Panel


class BotState(Enum):
    """The life of a bot."""

    INITIALIZING = "initializing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


class Mode(Enum):
    """Whose money moves."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"


Statistic = str | int | float | list[Any] | dict[str, Any] | None
"""A figure of a strategy; lists and tables hold such figures again."""


class BotSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One bot; money, prices and quantities in Decimal, `since` in ns."""

    bot_id: BotId
    strategy: str
    exchange: ExchangeName
    symbol: Symbol | None
    """None where it trades several."""
    mode: Mode
    state: BotState
    risk: str
    """The escalation step's name."""
    reason: str
    """Why it is not simply running, else empty."""
    price: Decimal | None
    price_ts: int | None
    position: Decimal | None
    average_cost: Decimal | None
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    pnl_today: Decimal
    fees: Decimal
    equity: Decimal
    capital: Decimal
    round_trips: int
    open_orders: int
    quote: str
    """The asset that money figures are in."""
    statistics: dict[str, Statistic]
    since: int
    funding: Decimal = Decimal(0)
    """What funding brought, less what it cost."""
    symbols: tuple[Symbol, ...] = ()
    """All that it trades."""
    on_stop: str = ""
    """What becomes of its position when it is stopped: keep or close; empty where nobody said."""


class ExchangeSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's connection; times in ms."""

    name: ExchangeName
    type: str
    link: str
    """connected, connecting or disconnected."""
    ping_ms: float | None
    data_age_ms: float | None
    reconnects: int
    rate_used: float
    clock_offset_ms: float | None = None
    """The venue's time less ours; None where it is not measured."""
    detail: str = ""
    """What there is to say beside the figures, e.g. why it is not connected."""


class EngineSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The engine as a whole, without its bots."""

    name: str
    version: str
    state: str
    """starting, running, emergency, stopping or stopped."""
    risk: str
    mode: Mode
    """Whose money moves: live if any bot is, else testnet if any is; totals are over those."""
    equity: Decimal | None
    exposure: Decimal | None
    currency: str
    started_ns: int
    now_ns: int
    """Engine clock at the moment of the snapshot."""
    seq: int
    """Number of the newest event."""
    exchanges: tuple[ExchangeSnapshot, ...] = ()
    emergency: str = ""
    """What an emergency shutdown still has to do or has done; empty outside one."""
    clock_offset_ms: float | None = None
    """The venue's time less ours, of the venue that is furthest off; None where none tells."""
    audit: str = "checking"
    """`ok`, `checking`, or which of the engine's own promises doesn't hold."""
    close_in_emergency: bool = False
    """Whether an emergency would close the positions too, as the config has it now."""


class BotDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot screen needs beyond the row: its panel, live orders and newest fills."""

    bot_id: BotId
    panel: Panel | None
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    """The newest, oldest first."""
    held_back: dict[OrderKey, str] = msgspec.field(default_factory=dict)
    """Orders that are wanted and not sent, with the rule and both its numbers."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed since `after`; hand `revision` back to get what changes next."""

    revision: int
    engine: EngineSnapshot
    bots: tuple[BotSnapshot, ...]
    """Only bots that changed; all of them when `complete`."""
    complete: bool
    events: tuple[AnyEvent, ...]
    """Events since then, oldest first, the newest 200 at most; prices not among them."""
    detail: BotDetail | None = None
    """The focused bot, when it changed or the focus is new."""
