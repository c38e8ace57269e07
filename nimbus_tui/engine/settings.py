"""What the engine is told about itself and its bots when it is put together."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

import msgspec

from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.engine.strategy_guard import AnyStrategy
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.risk.rule import Rule


class OrphanPolicy(Enum):
    """What is done about an orphan."""

    REPORT = "report"
    CANCEL = "cancel"
    ADOPT = "adopt"


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The engine as a whole."""

    name: str
    config_path: str = ""
    """Absolute path of the config file; empty where there is none."""
    currency: str = "USDC"
    max_restarts: int = 5
    restart_window_s: int = 600
    shutdown_timeout_s: float = 10.0
    cancel_on_shutdown: bool = False
    close_in_emergency: bool = False
    orphans: OrphanPolicy = OrphanPolicy.REPORT
    """What is done about orders with our tag that no bot knows."""
    booted_ns: int = 0
    """When the machine was started: before that requests may have left that the journal lost."""
    limits: EngineLimits = EngineLimits()
    """Limits over all bots; what a bot may have of its own is in its spec."""
    account_limits: Mapping[ExchangeName, AccountLimits] = msgspec.field(default_factory=dict)
    other_rules: tuple[Rule, ...] = ()
    """Risk rules of other packages."""
    dead_man_switches: frozenset[ExchangeName] = frozenset()
    """Venues that are to cancel every order of the account once they hear nothing of us."""
    watches_streams: bool = False
    """Whether a stream that is silent pauses the bots that need it; nothing is in a backtest."""
    history_days: int = 90
    """How far back past moments are kept."""


class BotSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One bot, ready to be hosted."""

    bot_id: BotId
    strategy_name: str
    strategy: AnyStrategy
    exchange: ExchangeName
    instruments: dict[Symbol, Instrument]
    limits: RiskLimits = RiskLimits()
    close_on_stop: bool = False
    capital: Decimal = Decimal(0)
    """0: the most that the plan can commit, worked out at the first price."""
    leverage: int | None = None
    """What the venue is to use on each of its perpetuals; None: as it is there."""
    margin_mode: MarginMode = MarginMode.CROSS
    """Goes with the leverage."""
    mode: Mode = Mode.PAPER
    config: bytes = b"{}"
    """The bot's config as JSON, to notice changes at a restart."""
