"""Sensible instruments for the symbols that people try first."""

from decimal import Decimal

from nimbus_tui.core.errors import ConfigError
from nimbus_tui.core.ids import Symbol
from nimbus_tui.core.instrument import Instrument, parse_symbol

_GRAINS = {
    "BTC": ("0.1", "0.00001"),
    "ETH": ("0.01", "0.0001"),
    "BNB": ("0.01", "0.001"),
    "SOL": ("0.01", "0.001"),
    "LTC": ("0.01", "0.001"),
    "AVAX": ("0.001", "0.01"),
    "LINK": ("0.001", "0.01"),
    "DOT": ("0.001", "0.01"),
    "XRP": ("0.0001", "0.1"),
    "ADA": ("0.0001", "0.1"),
    "MATIC": ("0.0001", "0.1"),
    "ARB": ("0.0001", "0.1"),
    "DOGE": ("0.00001", "1"),
}
"""Base asset → tick size in quote, lot size in base."""

_QUOTES = ("USDC", "USDT", "USD")


def builtin_instrument(symbol: str) -> Instrument | None:
    """The built-in instrument of a symbol, spot or perpetual; None where there is none."""
    try:
        parts = parse_symbol(symbol)
    except ConfigError:
        return None
    grain = _GRAINS.get(parts.base)
    settled = parts.settle in (None, parts.quote)
    if grain is None or parts.quote not in _QUOTES or not settled:
        return None
    return Instrument(
        symbol=Symbol(symbol),
        tick_size=Decimal(grain[0]),
        lot_size=Decimal(grain[1]),
        min_notional=Decimal(10),
        maker_fee=Decimal("0.0002"),
        taker_fee=Decimal("0.0005"),
    )


def builtin_symbols() -> list[Symbol]:
    """Every symbol that has a built-in instrument."""
    return [
        Symbol(f"{base}/{quote}{settle}")
        for base in _GRAINS
        for quote in _QUOTES
        for settle in ("", f":{quote}")
    ]
