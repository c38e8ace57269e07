"""The config file as Structs; attribute docstrings are the help of each key."""

import hashlib
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec

from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.risk.limits import AccountLimits, EngineLimits, RiskLimits
from nimbus_tui.strategies.base import StrategyConfig

ZERO = Decimal(0)

Positive = Annotated[Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": 0})]
NotNegative = Annotated[Decimal, msgspec.Meta(extra_json_schema={"minimum": 0})]
Fee = Annotated[Decimal, msgspec.Meta(extra_json_schema={"minimum": 0, "exclusiveMaximum": 0.1})]
"""A share of the notional; 0.02 % is 0.0002, and more than a tenth is a slip."""
Slippage = Annotated[
    Decimal, msgspec.Meta(extra_json_schema={"minimum": 0, "exclusiveMaximum": 100})
]
Rate = Annotated[
    Decimal, msgspec.Meta(extra_json_schema={"exclusiveMinimum": -0.1, "exclusiveMaximum": 0.1})
]
"""A share of the notional of either sign."""
EXCHANGE_TYPES = ("paper",)
"""The kinds of venue that this version has."""


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the file's sections."""


class Durability(Enum):
    """What the journal survives."""

    PROCESS = "process"
    POWER = "power"


class OnShutdown(Enum):
    """What becomes of resting orders when the engine ends."""

    KEEP = "keep"
    CANCEL = "cancel"


class OnEmergency(Enum):
    """What becomes of all positions in an emergency shutdown."""

    KEEP = "keep"
    CLOSE = "close"


class Orphans(Enum):
    """What is done about orders of ours that no bot knows."""

    REPORT = "report"
    CANCEL = "cancel"
    ADOPT = "adopt"


class OnHangup(Enum):
    """What happens when the terminal goes away."""

    DETACH = "detach"
    STOP = "stop"


class OnStop(Enum):
    """What becomes of the position when a bot is stopped."""

    KEEP = "keep"
    CLOSE = "close"


class EngineSection(Section, frozen=True, kw_only=True):
    """The engine as a whole."""

    name: str = ""
    """Name of the engine and its journal; default: the file's name."""
    currency: str = "USDC"
    """Currency of the totals on the screen."""
    durability: Durability = Durability.PROCESS
    """What the journal survives: a killed process, or a power cut too."""
    shutdown_timeout: Positive = Decimal(10)
    """Seconds that an orderly shutdown may take."""
    on_shutdown: OnShutdown = OnShutdown.KEEP
    """Keep or cancel resting orders when the engine ends."""
    emergency: OnEmergency = OnEmergency.KEEP
    """Keep or close all positions in an emergency shutdown; its orders are cancelled anyway."""
    orphans: Orphans = Orphans.REPORT
    """Orders of ours that no bot knows: report them, cancel them, or give each to its only heir."""
    on_hangup: OnHangup = OnHangup.DETACH
    """When the terminal goes away: trade on without a screen, or stop."""
    max_restarts: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 5
    """How often a bot that raises is started again within the window."""
    restart_window: Annotated[int, msgspec.Meta(ge=1)] = 600
    """Length of that window in seconds."""
    history_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 90
    """How many days back the bots and prices can be shown as they were."""


class UiSection(Section, frozen=True, kw_only=True):
    """The screen."""

    theme: str = "nimbus-dark"
    """Name of a theme."""
    fps: Annotated[int, msgspec.Meta(ge=1, le=60)] = 15
    """Most paints a second."""


class RiskSection(EngineLimits, frozen=True, kw_only=True):
    """Limits over everything, and those of each bot that doesn't set its own."""


class InstrumentSection(Section, frozen=True, kw_only=True):
    """Grain and fees of one symbol; what is left out is built in."""

    tick_size: Positive | None = None
    """Grain of the price, in quote."""
    lot_size: Positive | None = None
    """Grain of the quantity, in base."""
    min_notional: NotNegative | None = None
    """Least price × quantity of an order, in quote."""
    maker_fee: Fee | None = None
    """Share of the notional that a resting order pays; 0.0002 is 0.02 %."""
    taker_fee: Fee | None = None
    """Share of the notional that a taking order pays; 0.0005 is 0.05 %."""


class MarketSource(Enum):
    """Where a paper exchange's prices come from."""

    SYNTHETIC = "synthetic"
    REPLAY = "replay"


class RegimeName(Enum):
    """What kind of market is made up."""

    MIXED = "mixed"
    RANGE = "range"
    TREND = "trend"
    CRASH = "crash"
    GAP = "gap"


class FillModelName(Enum):
    """When a resting order fills."""

    TOUCH = "touch"
    THROUGH = "through"


class FeeAsset(Enum):
    """What spot buys pay their fee in."""

    QUOTE = "quote"
    BASE = "base"


class ExchangeSection(Section, frozen=True, kw_only=True):
    """A paper exchange."""

    type: str
    """Kind of venue; this version has paper."""
    market: MarketSource = MarketSource.SYNTHETIC
    """Where the prices come from."""
    balances: dict[Asset, NotNegative] = msgspec.field(default_factory=dict)
    """What the account begins with; default: 10,000 of each quote in use."""
    instruments: dict[str, InstrumentSection] = msgspec.field(default_factory=dict)
    """Grain and fees by symbol."""
    seed: int = 1
    """Seed of the synthetic market."""
    regime: RegimeName = RegimeName.MIXED
    """Kind of synthetic market."""
    files: dict[str, str | list[str]] = msgspec.field(default_factory=dict)
    """Price files by symbol, for replay, relative to the config file; or a list if it is one."""
    speed: Positive = Decimal(1)
    """Multiple of real time, for replay."""
    fill_model: FillModelName = FillModelName.TOUCH
    """When a resting order fills: a trade touches its price, or goes through it."""
    partial_fills: bool = False
    """Whether a tick fills no more than its own size."""
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=600_000)] = 0
    """How long a request travels, in milliseconds."""
    slippage_percent: Slippage = ZERO
    """How much worse than the tick a taking order fills, in percent."""
    leverage: Positive = Decimal(10)
    """Leverage of perpetuals."""
    fee_asset: FeeAsset = FeeAsset.QUOTE
    """What spot buys pay their fee in."""
    funding_rate: Rate = ZERO
    """Share of the notional that a long perpetual pays to the shorts every 8 hours; 0.01 % is
    0.0001."""
    funding_files: dict[str, str] = msgspec.field(default_factory=dict)
    """Files of recorded funding rates by perpetual, relative to the config file."""
    dead_man_switch: bool = False
    """Whether the venue is to cancel every order of the account if it hears nothing of us."""
    risk: AccountLimits = AccountLimits()
    """Limits of this account."""


class BotSection(Section, frozen=True, kw_only=True):
    """The keys that every bot has, beside those of its strategy."""

    strategy: str
    """Name of the strategy."""
    exchange: ExchangeName
    """Name of an [exchanges.…] table."""
    live: bool = False
    """Whether real orders go out; without it everything is on paper."""
    on_stop: OnStop = OnStop.KEEP
    """What becomes of the position when the bot is stopped."""
    capital: Positive | None = None
    """Quote that the bot trades with; default: the most that its plan can commit."""
    risk: RiskLimits = RiskLimits()
    """Limits of this bot."""


class BotConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One bot: common keys and its strategy's parameters."""

    bot_id: BotId
    common: BotSection
    limits: RiskLimits
    parameters: StrategyConfig
    symbols: tuple[Symbol, ...]
    symbols_key: str = "symbol"
    """The key that the symbols come from."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    path: Path
    engine: EngineSection
    ui: UiSection
    risk: RiskSection = RiskSection()
    exchanges: dict[ExchangeName, ExchangeSection]
    instruments: dict[ExchangeName, dict[Symbol, Instrument]]
    bots: dict[BotId, BotConfig]
    text: str = ""
    """The file as it was read, variables not put in."""

    @property
    def digest(self) -> str:
        """Hash of the text: tells whether the file has changed since."""
        return hashlib.sha256(self.text.encode()).hexdigest()
