"""Configs with a real venue, and what it lists."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from nimbus_tui.config.exchange_sections import (
    HyperliquidSection,
    MarketKind,
    NetworkName,
    VenueSection,
)
from nimbus_tui.config.listings import keep
from nimbus_tui.config.loader import load_text
from nimbus_tui.config.model import Config
from nimbus_tui.config.problems import BadConfig
from nimbus_tui.core.instrument import Instrument
from nimbus_tui.exchanges.paper.instruments import builtin_instrument

ADDRESS = "0x" + "a1" * 20
KEY = "c0ffee" * 10 + "beef"
"""What a private key looks like."""
READ_NS = 1_700_000_000_000_000_000

VENUE = f"""\
[exchanges.hl]
type = "hyperliquid"
network = "testnet"
account = "{ADDRESS}"
secret = "hl-agent"
"""

BOT = """
[bots.eth]
strategy = "grid"
exchange = "hl"
symbol = "ETH/USDC:USDC"
spacing = 0.5
levels = 3
quote_size = 100
"""

PATH = Path("bots.toml")

PERPETUALS = tuple(
    Instrument(
        symbol=f"{coin}/USDC:USDC",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.0001"),
        significant_figures=5,
        min_notional=Decimal(10),
        maker_fee=Decimal("0.00015"),
        taker_fee=Decimal("0.00045"),
    )
    for coin in ("BTC", "ETH")
)
SPOT = (
    Instrument(
        symbol="HYPE/USDC",
        tick_size=Decimal("0.00001"),
        lot_size=Decimal("0.01"),
        significant_figures=5,
        min_notional=Decimal(10),
        buy_fee_in_base=True,
    ),
)


def section(
    network: NetworkName = NetworkName.TESTNET, market: MarketKind = MarketKind.PERP
) -> VenueSection:
    return HyperliquidSection(type="hyperliquid", network=network, market=market)


def list_everything(at_ns: int = READ_NS) -> None:
    """Keep lists of both networks and markets, as `exchanges check` does."""
    for network in NetworkName:
        keep(section(network), PERPETUALS, at_ns)
        keep(section(network, MarketKind.SPOT), SPOT, at_ns)


def config_of(text: str, environment: Mapping[str, str] | None = None) -> Config:
    return load_text(text, PATH, builtin_instrument, environment=environment or {})


def lines_of(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """The problems as a person reads them, without the file's name."""
    try:
        config_of(text, environment)
    except BadConfig as error:
        return [str(problem).removeprefix(f"{PATH}:") for problem in error.problems]
    return []
