"""The config file as Structs; attribute docstrings are the help of each key."""

import hashlib
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated

import msgspec

from nimbus_tui.config.exchange_sections import ExchangeSection, PaperSection, VenueSection
from nimbus_tui.config.keys import Positive, Section
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.ids import BotId, ExchangeName, Symbol
from nimbus_tui.core.instrument import Instrument, MarginMode
from nimbus_tui.risk.limits import EngineLimits, RiskLimits
from nimbus_tui.strategies.base import StrategyConfig


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
    PAUSE = "pause"
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
    """When the app's terminal goes away: trade on without a screen, pause every bot, or end."""
    max_restarts: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 5
    """How often a bot that raises is started again within the window."""
    restart_window: Annotated[int, msgspec.Meta(ge=1)] = 600
    """Length of that window in seconds."""
    history_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 90
    """How many days back the bots and prices can be shown as they were."""


class Glyphs(Enum):
    """Which signs the screen is made of."""

    AUTO = "auto"
    UNICODE = "unicode"
    ASCII = "ascii"


class Notify(Enum):
    """Which of the terminals' ways a notification takes."""

    OFF = "off"
    OSC9 = "osc9"
    """iTerm2, kitty, WezTerm, Windows Terminal."""
    OSC777 = "osc777"
    """urxvt, foot, Ghostty, GNOME's terminal."""


class UiSection(Section, frozen=True, kw_only=True):
    """The screen."""

    theme: str = "auto"
    """Name of a theme; auto is nimbus-dark, or ansi-16 where the terminal has no more colours."""
    fps: Annotated[int, msgspec.Meta(ge=1, le=60)] = 15
    """Most paints a second."""
    keys: dict[str, str] = msgspec.field(default_factory=dict)
    """Other keys of an action, by its name, commas between them: `"bot.pause" = "f5,p"`."""
    glyphs: Glyphs = Glyphs.AUTO
    """Signs on the screen: unicode, ascii, or auto, which goes by the locale."""
    bell: bool = True
    """Ring the terminal's bell when risk goes to pause or worse, or a bot fails."""
    notify: Notify = Notify.OFF
    """Also send a notification through the terminal: osc9 or osc777, whichever it knows."""
    title: bool = True
    """Tell today's PnL and the risk step in the window's title."""


class RiskSection(EngineLimits, frozen=True, kw_only=True):
    """Limits over everything, and those of each bot that doesn't set its own."""


class BotSection(Section, frozen=True, kw_only=True):
    """The keys that every bot has, beside those of its strategy."""

    strategy: str
    """Name of the strategy."""
    exchange: ExchangeName
    """Name of an [exchanges.…] table."""
    live: bool = False
    """Whether real orders go out; without it the bot trades on paper, at its venue's prices."""
    leverage: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    """Leverage that is set for the perpetual at a real venue; default: as it is there."""
    margin: MarginMode | None = None
    """What stands behind the perpetual at a real venue: the account, or a part of it; default:
    cross where leverage is given, else as it is there."""
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

    def mode(self, bot_id: BotId) -> Mode:
        """Whose money a bot moves."""
        section = self.exchanges[self.bots[bot_id].common.exchange]
        return section.mode if isinstance(section, VenueSection) else Mode.PAPER

    @property
    def papers(self) -> dict[ExchangeName, PaperSection]:
        """The paper exchanges."""
        return {k: v for k, v in self.exchanges.items() if isinstance(v, PaperSection)}

    @property
    def venues(self) -> dict[ExchangeName, VenueSection]:
        """The real venues, also those that only give prices."""
        return {k: v for k, v in self.exchanges.items() if isinstance(v, VenueSection)}
