"""The `[exchanges.NAME]` tables as Structs, one for each `type`; attribute docs are the help."""

from decimal import Decimal
from enum import Enum
from typing import Annotated

import msgspec

from nimbus_tui.config.keys import (
    ZERO,
    Fee,
    NotNegative,
    Positive,
    Rate,
    Section,
    Slippage,
)
from nimbus_tui.control.snapshots import Mode
from nimbus_tui.core.ids import Asset, ExchangeName
from nimbus_tui.core.instrument import MarketType
from nimbus_tui.risk.limits import AccountLimits


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
    LIVE = "live"


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
    """What every exchange has."""

    type: str
    """Kind of venue."""
    risk: AccountLimits = AccountLimits()
    """Limits of this account."""


class PaperSection(ExchangeSection, frozen=True, kw_only=True):
    """A paper exchange."""

    market: MarketSource = MarketSource.SYNTHETIC
    """Where the prices come from."""
    prices_from: ExchangeName | None = None
    """Name of the [exchanges.…] table of the real venue whose prices it takes, for live."""
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


class NetworkName(Enum):
    """Real money, or play money."""

    MAINNET = "mainnet"
    TESTNET = "testnet"


class MarketKind(Enum):
    """What is traded on the account."""

    PERP = "perp"
    SPOT = "spot"

    @property
    def type(self) -> MarketType:
        """The same in the words of instruments."""
        return MarketType.SPOT if self is MarketKind.SPOT else MarketType.PERPETUAL


class VenueSection(ExchangeSection, frozen=True, kw_only=True):
    """A real venue."""

    network: NetworkName
    """mainnet moves real money, testnet play money."""
    market: MarketKind = MarketKind.PERP
    """What is traded: perpetuals or spot."""
    account: str = ""
    """The account that is traded for; empty: public prices only."""
    secret: str = ""
    """Where the key is that signs: a name in the vault, env:VAR, file:PATH or
    systemd:NAME."""
    rest_url: str = ""
    """Another address for requests, https://… or http://…; default: the network's own."""
    ws_url: str = ""
    """Another address for streams, wss://… or ws://…; default: the network's own."""
    dead_man_switch: bool = False
    """Whether the venue is to cancel every order of the account if it hears nothing of us."""

    @property
    def mode(self) -> Mode:
        """Whose money its orders move."""
        return Mode.LIVE if self.network is NetworkName.MAINNET else Mode.TESTNET


class HyperliquidSection(VenueSection, frozen=True, kw_only=True):
    """Hyperliquid."""


SECTIONS: dict[str, type[ExchangeSection]] = {
    "paper": PaperSection,
    "hyperliquid": HyperliquidSection,
}
"""What the table of each type of exchange takes."""
