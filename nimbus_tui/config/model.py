"""The config file as Structs; attribute docstrings are the help of each key."""

from decimal import Decimal
from enum import Enum
from pathlib import Path

import msgspec

from nimbus_tui.core.ids import Asset, BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.risk.limits import RiskLimits
from nimbus_tui.strategies.base import StrategyConfig

ZERO = Decimal(0)


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
    shutdown_timeout: Decimal = Decimal(10)
    """Seconds that an orderly shutdown may take."""
    on_shutdown: OnShutdown = OnShutdown.KEEP
    """Keep or cancel resting orders when the engine ends."""
    on_hangup: OnHangup = OnHangup.DETACH
    """When the terminal goes away: trade on without a screen, or stop."""
    max_restarts: int = 5
    """How often a bot that raises is started again within the window."""
    restart_window: int = 600
    """Length of that window in seconds."""


class UiSection(Section, frozen=True, kw_only=True):
    """The screen."""

    theme: str = "nimbus-dark"
    """Name of a theme."""
    fps: int = 15
    """Most paints a second."""


class InstrumentSection(Section, frozen=True, kw_only=True):
    """Grain and fees of one symbol; what is left out is built in."""

    tick_size: Decimal | None = None
    """Grain of the price, in quote."""
    lot_size: Decimal | None = None
    """Grain of the quantity, in base."""
    min_notional: Decimal | None = None
    """Least price × quantity of an order, in quote."""
    maker_fee: Decimal | None = None
    """Share of the notional that a resting order pays."""
    taker_fee: Decimal | None = None
    """Share of the notional that a taking order pays."""


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
    balances: dict[Asset, Decimal] = msgspec.field(default_factory=dict)
    """What the account begins with; default: 10,000 of each quote in use."""
    instruments: dict[str, InstrumentSection] = msgspec.field(default_factory=dict)
    """Grain and fees by symbol."""
    seed: int = 1
    """Seed of the synthetic market."""
    regime: RegimeName = RegimeName.MIXED
    """Kind of synthetic market."""
    files: dict[str, str | list[str]] = msgspec.field(default_factory=dict)
    """Price files by symbol, for replay; relative to the config file."""
    speed: Decimal = Decimal(1)
    """Multiple of real time, for replay."""
    fill_model: FillModelName = FillModelName.TOUCH
    """When a resting order fills: a trade touches its price, or goes through it."""
    partial_fills: bool = False
    """Whether a tick fills no more than its own size."""
    latency_ms: int = 0
    """How long a request travels."""
    slippage_percent: Decimal = ZERO
    """How much worse than the tick a taking order fills."""
    leverage: Decimal = Decimal(10)
    """Leverage of perpetuals."""
    fee_asset: FeeAsset = FeeAsset.QUOTE
    """What spot buys pay their fee in."""


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
    capital: Decimal | None = None
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


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    path: Path
    engine: EngineSection
    ui: UiSection
    exchanges: dict[ExchangeName, ExchangeSection]
    instruments: dict[ExchangeName, dict[Symbol, Instrument]]
    bots: dict[BotId, BotConfig]
